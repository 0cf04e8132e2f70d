// SPDX-License-Identifier: GPL-2.0
/*
 * Files that make a real server at boot: what real-setup does, in the words of
 * sysctl.d, modules-load.d, systemd-networkd, and systemd for the rest.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "format.h"
#include "realside.h"

static void begin_file(const char *path)
{
	printf("# %s\n", path);
}

/* In the order of families; the second is NULL when it's the first again. */
static void wanted_tunnels(const struct command *cmd, const struct tunnel *tunnels[2])
{
	tunnels[0] = tunnel_for(cmd, AF_INET);
	tunnels[1] = tunnel_for(cmd, AF_INET6);
	if (tunnels[0] == tunnels[1])
		tunnels[1] = NULL;
}

static void persist_sysctls(const struct command *cmd)
{
	const struct tunnel *tunnel = tunnel_for(cmd, AF_INET);

	if (!wants_family(cmd, AF_INET))
		return;
	begin_file("/etc/sysctl.d/60-lbvs-real.conf");
	puts("net.ipv4.conf.all.arp_ignore = 1\n"
	     "net.ipv4.conf.all.arp_announce = 2");
	/* udev has it set when the device appears. */
	if (tunnel)
		printf("-net.ipv4.conf.%s.rp_filter = 2\n", tunnel->device);
	putchar('\n');
}

static void persist_modules(const struct command *cmd)
{
	const struct tunnel *tunnels[2];

	wanted_tunnels(cmd, tunnels);
	if (!tunnels[0] && !tunnels[1])
		return;
	begin_file("/etc/modules-load.d/lbvs-real.conf");
	for (size_t i = 0; i < ARRAY_SIZE(tunnels); i++)
		if (tunnels[i])
			puts(tunnels[i]->module);
	if (cmd->encap == LBVS_ENCAP_GUE)
		puts("fou");
	putchar('\n');
}

static void persist_vips(const struct command *cmd)
{
	const char *device = vip_device(cmd);
	char path[96];

	if (strcmp(device, "lo")) {
		snprintf(path, sizeof(path), "/etc/systemd/network/60-lbvs-%s.netdev", device);
		begin_file(path);
		printf("[NetDev]\nName=%s\nKind=dummy\n\n", device);
	}
	snprintf(path, sizeof(path), "/etc/systemd/network/60-lbvs-%s.network", device);
	begin_file(path);
	printf("[Match]\nName=%s\n", device);
	/* What networkd does of itself on an Ethernet device is nothing for VIPs. */
	if (strcmp(device, "lo"))
		puts("\n[Link]\nRequiredForOnline=no\n\n[Network]\nLinkLocalAddressing=no");
	for (unsigned int i = 0; i < cmd->num_vips; i++) {
		struct address vip = vip_address(cmd, i);
		char text[INET6_ADDRSTRLEN];

		printf("\n[Address]\nAddress=%s/%u\n", format_address(&vip, text),
		       vip.family == AF_INET ? 32 : 128);
		if (vip.family == AF_INET6)
			puts("DuplicateAddressDetection=none");
	}
	putchar('\n');
}

/* A loose rp_filter wants one. */
static void persist_tunnel_address(const struct command *cmd)
{
	for (unsigned int i = 0; i < cmd->num_vips; i++) {
		struct address vip = vip_address(cmd, i);
		char text[INET6_ADDRSTRLEN];

		if (vip.family != AF_INET)
			continue;
		printf("Address=%s/32\n", format_address(&vip, text));
		return;
	}
}

static void persist_tunnels(const struct command *cmd)
{
	const struct tunnel *tunnels[2];
	char path[96];

	wanted_tunnels(cmd, tunnels);
	for (size_t i = 0; i < ARRAY_SIZE(tunnels); i++) {
		if (!tunnels[i])
			continue;
		snprintf(path, sizeof(path), "/etc/systemd/network/60-lbvs-%s.network",
			 tunnels[i]->device);
		begin_file(path);
		printf("[Match]\nName=%s\n\n[Link]\nRequiredForOnline=no\n\n"
		       "[Network]\nLinkLocalAddressing=no\n", tunnels[i]->device);
		if (tunnels[i] == tunnel_for(cmd, AF_INET))
			persist_tunnel_address(cmd);
		putchar('\n');
	}
}

/* The mode of the kernel's own ip6tnl0, and GUE over IPv6, are no words of networkd. */
static void persist_rest(const struct command *cmd)
{
	const struct tunnel *tunnel = tunnel_for(cmd, AF_INET);
	bool mode = tunnel && !strcmp(tunnel->kind, "ip6tnl");
	bool gue = cmd->method == LBVS_METHOD_TUNNEL && cmd->encap == LBVS_ENCAP_GUE;

	if (!mode && !gue)
		return;
	begin_file("/etc/systemd/system/lbvs-real.service; then: systemctl enable lbvs-real");
	puts("[Unit]\nDescription=what lbvs's tunnels need on a real server\n"
	     "After=systemd-modules-load.service\nBefore=network-pre.target\n"
	     "Wants=network-pre.target\n\n[Service]\nType=oneshot\nRemainAfterExit=yes");
	if (mode)
		printf("ExecStart=ip -6 tunnel change %s mode any\n", tunnel->device);
	if (gue && wants_outer(cmd, AF_INET))
		printf("ExecStart=ip fou add port %u gue\n", gue_port(cmd));
	if (gue && wants_outer(cmd, AF_INET6))
		printf("ExecStart=ip fou add port %u gue -6\n", gue_port(cmd));
	puts("\n[Install]\nWantedBy=multi-user.target\n");
}

void persist(const struct command *cmd)
{
	persist_sysctls(cmd);
	persist_modules(cmd);
	persist_vips(cmd);
	persist_tunnels(cmd);
	persist_rest(cmd);
}
