// SPDX-License-Identifier: GPL-2.0
/*
 * inject [SEED]
 *
 * Make two tap devices, "fc" for clients and "fr" for reals, inject packets by them
 * and see what the director sends by them. Their neighbours have the hardware addresses
 * 02:00:00:00:SIDE:ANY. Says "ready" when the devices are there. Then, for each line
 *
 *   run SECONDS [tap]
 *	inject for so long; tap: while a packet socket looks on, so that packets are
 *	clones. Answers with counters, "shots=N forward=N ...", and after a packet that
 *	mustn't be with "# ..." lines before.
 *
 * A packet is in pieces of any length; one write is one pass through the receive path,
 * so what leaves because of it is there when the write returns; or a little later, when
 * another CPU was at the device's queue.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "inject.h"
#include "util.h"

#define WRONG_MAX 5
#define PATIENCE_MS 1000

const struct kind kinds[KINDS] = {
	[KIND_NAT] = { "nat" }, [KIND_DR] = { "dr" },
	{ "ipip4", IPPROTO_IPIP, AF_INET }, { "ipip6", IPPROTO_IPIP, AF_INET6 },
	{ "gue4", IPPROTO_UDP, AF_INET }, { "gue6", IPPROTO_UDP, AF_INET6 },
	{ "gre4", IPPROTO_GRE, AF_INET }, { "gre6", IPPROTO_GRE, AF_INET6 },
};

__u8 device_mac[SIDES][ETH_ALEN];
static const char *const device_name[SIDES] = { "fc", "fr" };
static int device_fd[SIDES];
/* Of the frame that was injected last. */
static struct iovec piece[PIECES_MAX];
static unsigned int pieces;

/**
 * struct result - of a run
 * @shots: packets injected
 * @refused: those that the device didn't take
 * @due: those that had to be passed on
 * @lost: those of them that weren't
 * @events: packets that were passed on, whole or in parts
 * @found: frames that left, by &enum finding
 */
struct result {
	unsigned long shots;
	unsigned long refused;
	unsigned long due;
	unsigned long lost;
	unsigned long events;
	unsigned long found[FINDINGS];
};

bool chance(unsigned int percent)
{
	return rnd(100) < percent;
}

static int open_tap(enum side side)
{
	struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_NAPI |
					      IFF_NAPI_FRAGS };
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);

	strcpy(request.ifr_name, device_name[side]);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &request))
		die("inject: no tap device %s: %s", device_name[side], strerror(errno));
	return fd;
}

static void learn_mac(enum side side)
{
	struct ifreq request = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	strcpy(request.ifr_name, device_name[side]);
	if (ioctl(fd, SIOCGIFHWADDR, &request))
		die("inject: %s: %s", device_name[side], strerror(errno));
	memcpy(device_mac[side], request.ifr_hwaddr.sa_data, ETH_ALEN);
	close(fd);
}

static int open_looker(void)
{
	int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));

	if (fd < 0)
		die("inject: no packet socket: %s", strerror(errno));
	return fd;
}

static void note(const char *format, ...)
{
	va_list args;

	printf("# ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
}

static void note_bytes(const char *what, const __u8 *bytes, size_t len)
{
	size_t i;

	printf("# %s, %zu bytes:", what, len);
	for (i = 0; i < len && i < 200; i++)
		printf("%s%02x", i % 4 ? "" : " ", bytes[i]);
	printf("%s\n", len > 200 ? " ..." : "");
}

static void note_shot(const struct shot *shot)
{
	unsigned int i;

	note("for %s by %s%s%s%s%s%s, %u fragments; flags %u gso %u/%u header %u sum %u+%u",
	     shot->kind->name, device_name[shot->side],
	     shot->noise ? ", noise" : shot->mutated ? ", mutated" : "",
	     shot->partial ? ", partial" : "", shot->odd_csum ? ", odd sum" : "",
	     shot->gso ? ", gso" : "", shot->to_us ? "" : ", to another", shot->fragments,
	     shot->vnet.flags, shot->vnet.gso_type, shot->vnet.gso_size, shot->vnet.hdr_len,
	     shot->vnet.csum_start, shot->vnet.csum_offset);
	printf("# pieces, of the last frame:");
	for (i = 0; i < pieces; i++)
		printf(" %zu", piece[i].iov_len);
	printf("\n");
	note_bytes("injected", shot->bytes, shot->len);
}

/* --- in --- */

static size_t add_ethernet(const struct shot *shot, __u8 *frame)
{
	__u8 *type = frame + 12;

	memcpy(frame, device_mac[shot->side], ETH_ALEN);
	memcpy(frame + ETH_ALEN, (__u8 [ETH_ALEN]) { 2, 0, 0, 0, shot->side, 1 }, ETH_ALEN);
	if (!shot->to_us) {
		memset(frame, chance(50) ? 0xff : 0x33, ETH_ALEN);
		frame[0] = chance(50) ? 0xff : 0x12;
	}
	if (shot->vlan) {
		put16(type, ETHERTYPE_VLAN);
		put16(type + 2, 7);
		type += 4;
	}
	put16(type, shot->ethertype);
	return type + 2 - frame;
}

/*
 * In pieces: the first has what the device is told, the hardware header, and perhaps
 * all there is.
 */
static bool send_frame(const struct shot *shot, const __u8 *packet, size_t len)
{
	static __u8 frame[sizeof(struct virtio_net_hdr) + ETH_HLEN + 4 + PACKET_MAX];
	size_t done, there, first = sizeof(shot->vnet);
	unsigned int n = 0;

	memcpy(frame, &shot->vnet, sizeof(shot->vnet));
	first += add_ethernet(shot, frame + first);
	memcpy(frame + first, packet, len);
	there = first + len;
	done = chance(40) ? there : first + rnd(chance(50) ? 100 : len + 1);
	if (done > there || there > 4000)
		done = there > 4000 ? first + 100 : there;
	piece[n++] = (struct iovec) { frame, done };
	while (done < there) {
		size_t size = 1 + rnd(there - done);

		if (n == PIECES_MAX - 1 || there > 4000)
			size = there - done;
		if (size > 4096)
			size = 4096;
		piece[n++] = (struct iovec) { frame + done, size };
		done += size;
	}
	pieces = n;
	return writev(device_fd[shot->side], piece, n) == (ssize_t)there;
}

static bool send_shot(const struct shot *shot)
{
	__u8 fragment[PACKET_MAX];
	unsigned int i;
	size_t len;

	if (!shot->fragments)
		return send_frame(shot, shot->bytes, shot->len);
	for (i = 0; i < shot->fragments; i++) {
		len = make_fragment(shot, i, fragment);
		if (len && !send_frame(shot, fragment, len))
			return false;
	}
	return true;
}

/* --- out --- */

/* Another CPU may have been busy with the queue, so that it is the one before's. */
static enum finding find(struct shot **shot, struct shot *before, enum side side,
			 const __u8 *frame, size_t len, const char **why)
{
	enum finding found = judge(*shot, side, frame, len, why), late;
	const char *why_not;

	if (found != WRONG || !before->len)
		return found;
	late = judge(before, side, frame, len, &why_not);
	if (late != WRONG)
		*shot = before;
	return late;
}

static void note_wrong(const struct shot *shot, enum side side, const __u8 *frame, size_t len,
		       const char *why)
{
	note("by %s leaves what mustn't: %s", device_name[side], why);
	note_shot(shot);
	note_bytes("left", frame + ETH_HLEN, len - ETH_HLEN);
}

static void look(struct shot *shot, struct shot *before, enum side side, struct result *result)
{
	static __u8 frame[sizeof(struct virtio_net_hdr) + 65536];
	const ssize_t head = sizeof(struct virtio_net_hdr);
	enum finding found;
	const char *why;
	ssize_t len;

	while ((len = read(device_fd[side], frame, sizeof(frame)) - head) > 0) {
		struct shot *its = shot;

		found = find(&its, before, side, frame + head, len, &why);
		if (found == FORWARD && its->passed && !its->gso && !its->odd_csum) {
			found = WRONG;
			why = "it was passed on already";
		}
		result->found[found]++;
		if (found == WRONG)
			note_wrong(its, side, frame + head, len, why);
		if ((found == FORWARD || found == SEGMENT) && !its->passed) {
			its->passed = true;
			result->events++;
		}
	}
}

static void look_both(struct shot *shot, struct shot *before, struct result *result)
{
	enum side side;

	for (side = 0; side < SIDES; side++)
		look(shot, before, side, result);
}

static void wait_for(struct shot *shot, struct shot *before, struct result *result)
{
	struct pollfd fds[SIDES] = { { device_fd[0], POLLIN, 0 }, { device_fd[1], POLLIN, 0 } };
	__u64 end = now_ms() + PATIENCE_MS;

	while (!shot->passed && now_ms() < end) {
		poll(fds, SIDES, PATIENCE_MS);
		look_both(shot, before, result);
	}
}

static void fire(struct shot *shot, struct shot *before, struct result *result)
{
	make_shot(shot);
	result->shots++;
	if (!send_shot(shot)) {
		result->refused++;
		shot->must_pass = false;
	}
	look_both(shot, before, result);
	if (!shot->must_pass)
		return;
	wait_for(shot, before, result);
	result->due++;
	if (shot->passed)
		return;
	if (result->lost++ < WRONG_MAX) {
		note("this wasn't passed on");
		note_shot(shot);
	}
}

/*
 * What timers send (errors about fragments that waited too long) doesn't get between
 * here and the queue when they run on the same CPU.
 */
static void stay_here(void)
{
	cpu_set_t here;

	CPU_ZERO(&here);
	CPU_SET(sched_getcpu(), &here);
	if (sched_setaffinity(0, sizeof(here), &here))
		die("inject: can't stay on a CPU: %s", strerror(errno));
}

static void drain(void)
{
	__u8 frame[2048];
	enum side side;

	for (side = 0; side < SIDES; side++)
		while (read(device_fd[side], frame, sizeof(frame)) > 0)
			;
}

static void run(unsigned int seconds, bool looker)
{
	__u64 end = now_ms() + seconds * 1000ULL;
	static struct shot shots[2];
	struct result result = { 0 };
	int fd = looker ? open_looker() : -1;

	drain();
	while (now_ms() < end && result.found[WRONG] < WRONG_MAX)
		fire(&shots[result.shots & 1], &shots[~result.shots & 1], &result);
	if (fd >= 0)
		close(fd);
	printf("shots=%lu refused=%lu due=%lu lost=%lu passed=%lu ", result.shots,
	       result.refused, result.due, result.lost, result.events);
	printf("forward=%lu segment=%lu answer=%lu routed=%lu wrong=%lu\n",
	       result.found[FORWARD], result.found[SEGMENT], result.found[ANSWER],
	       result.found[ROUTED], result.found[WRONG]);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	unsigned int seconds;
	char line[128], word[16];
	enum side side;
	int n;

	stay_here();
	rnd_state = argc > 1 ? strtoull(argv[1], NULL, 0) : (__u64)time(NULL);
	for (side = 0; side < SIDES; side++)
		device_fd[side] = open_tap(side);
	printf("ready\n");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		n = sscanf(line, "run %u %15s", &seconds, word);
		if (n < 1)
			die("inject: what is %s", line);
		for (side = 0; side < SIDES; side++)
			learn_mac(side);
		run(seconds, n > 1);
	}
	return 0;
}
