/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the network namespace that lbctl runs in has: devices, addresses, ports
 * of fou, sysctls. It needs no module of ours.
 */
#ifndef LBCTL_HOST_H
#define LBCTL_HOST_H

#include <linux/if.h>

#include "lbctl.h"

struct host_link {
	int index;
	char name[IFNAMSIZ];
	char kind[IFNAMSIZ];	/* "dummy", "ipip"...; "" for hardware */
	bool up;
	bool loopback;
	bool arp;
	int tunnel_proto;	/* of an ip6tnl, 0 for any; or -1 */
};

struct host_address {
	struct address address;
	u8 length;		/* of the prefix */
	int index;		/* of the link */
};

struct host_fou {
	u16 port;
	u8 family;
	bool gue;
};

struct host {
	struct host_link *links;
	size_t num_links;
	struct host_address *addresses;
	size_t num_addresses;
	struct host_fou *fous;
	size_t num_fous;
	bool has_fou;		/* the kernel's module is loaded, or built in */
	/* Such as key "net/ipv4/conf/%s/rp_filter" of device name; -1: there is none. */
	int (*sysctl)(const char *key, const char *name);
};

/* Returns 0 or -errno; host_free() is due either way. */
int host_read(struct host *host);
void host_free(struct host *host);

const struct host_link *host_link(const struct host *host, const char *name);
const struct host_link *host_link_of(const struct host *host, const struct host_address *address);

#endif
