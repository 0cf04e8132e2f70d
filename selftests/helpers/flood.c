// SPDX-License-Identifier: GPL-2.0
/*
 * flood DEVICE COUNT ADDRESS PORT
 *
 * Make a tun device and let COUNT UDP packets come in by it, each from another
 * address and port; says how many the device took, and the milliseconds. One
 * write is one pass through the receive path, so none is lost in a queue.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "util.h"

#define PORT_FIRST	1024
#define PORTS		60000
#define CLIENT_FIRST	0x0a800001 /* 10.128.0.1 */

struct packet {
	struct iphdr ip;
	struct udphdr udp;
	__u32 number;
};

static int open_tun(const char *device)
{
	struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	int fd, control;

	fd = open("/dev/net/tun", O_RDWR);
	if (fd < 0)
		die("/dev/net/tun: %s", strerror(errno));
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", device);
	if (ioctl(fd, TUNSETIFF, &request))
		die("%s: %s", device, strerror(errno));
	control = socket(AF_INET, SOCK_DGRAM, 0);
	request.ifr_flags = IFF_UP;
	if (ioctl(control, SIOCSIFFLAGS, &request))
		die("%s: %s", device, strerror(errno));
	close(control);
	return fd;
}

static __u16 header_checksum(const struct iphdr *ip)
{
	const __u16 *words = (const __u16 *)ip;
	__u32 sum = 0;
	int i;

	for (i = 0; i < 10; i++)
		sum += words[i];
	sum = (sum & 0xffff) + (sum >> 16);
	return ~(sum + (sum >> 16));
}

static void fill(struct packet *packet, __u32 number)
{
	packet->number = htonl(number);
	packet->udp.source = htons(PORT_FIRST + number % PORTS);
	packet->ip.saddr = htonl(CLIENT_FIRST + number / PORTS);
	packet->ip.check = 0;
	packet->ip.check = header_checksum(&packet->ip);
}

int main(int argc, char **argv)
{
	struct packet packet = {
		.ip = { .version = 4, .ihl = 5, .tot_len = htons(sizeof(packet)), .ttl = 64,
			.protocol = IPPROTO_UDP },
		.udp = { .len = htons(sizeof(packet) - sizeof(packet.ip)) },
	};
	unsigned long count, i, taken = 0;
	__u64 start;
	int fd;

	if (argc != 5 || inet_pton(AF_INET, argv[3], &packet.ip.daddr) != 1)
		die("usage: flood DEVICE COUNT ADDRESS PORT");
	packet.udp.dest = htons(atoi(argv[4]));
	count = strtoul(argv[2], NULL, 10);
	fd = open_tun(argv[1]);
	start = now_ms();
	for (i = 0; i < count; i++) {
		fill(&packet, i);
		if (write(fd, &packet, sizeof(packet)) == sizeof(packet))
			taken++;
	}
	printf("%lu %llu\n", taken, now_ms() - start);
	return 0;
}
