/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The real server's side of dr and tunnel: what must be so on this machine,
 * whether it is, and the commands that make it so.
 */
#ifndef LBCTL_REALSIDE_H
#define LBCTL_REALSIDE_H

#include "host.h"

#define COMMAND_ROOM 192

/* One thing that must be so. */
struct point {
	const char *name;	/* for scripts: the same whatever it is about */
	char subject[64];	/* a device, an address, a port */
	char found[160];	/* what is, in words */
	const char *why;	/* it must be so */
	bool ok;
	bool by_hand;		/* lbctl shows the command, and doesn't run it */
	char command[COMMAND_ROOM];	/* makes it so; words without quotes */
};

struct points {
	struct point *point;
	size_t count;
};

/* A device that unpacks what a director has wrapped. */
struct tunnel {
	bool gre;
	u8 outer;	/* family of the outer header */
	u8 inner;	/* of the packet in it; 0: either */
	const char *device;
	const char *kind;
	const char *module;
};

/*
 * The device for VIPs of family @inner as @cmd wants them wrapped, or NULL for dr.
 * The kernel makes it, under this name, when its module is loaded.
 */
const struct tunnel *tunnel_for(const struct command *cmd, u8 inner);

/* Is there a VIP of @family? Of one that comes in outer packets of @outer? */
bool wants_family(const struct command *cmd, u8 family);
bool wants_outer(const struct command *cmd, u8 outer);

/* Of the words that were given as VIPs; parse.c has checked them. */
struct address vip_address(const struct command *cmd, unsigned int i);
u16 gue_port(const struct command *cmd);
const char *vip_device(const struct command *cmd);

/*
 * Everything that must be so, in the order in which it is to be made so; or, to
 * undo it, what is to go. Ends the program when there is no memory.
 */
void judge_setup(const struct command *cmd, const struct host *host, struct points *points);
void judge_teardown(const struct command *cmd, const struct host *host, struct points *points);
void points_free(struct points *points);

/* "net.ipv4.conf.all.arp_ignore", as sysctl(8) and sysctl.d(5) take it. */
#define SYSCTL_ROOM 96
const char *format_sysctl(const char *key, const char *name, char buf[SYSCTL_ROOM]);

/* Files that keep it over a reboot. */
void persist(const struct command *cmd);

#endif
