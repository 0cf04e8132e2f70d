// SPDX-License-Identifier: GPL-2.0
/*
 * What a real server of dr or tunnel needs, judged point by point. Nothing here
 * changes anything.
 */
#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "format.h"
#include "parse.h"
#include "realside.h"

static const struct tunnel tunnels[] = {
	{ false, AF_INET, AF_INET, "tunl0", "ipip", "ipip" },
	{ false, AF_INET, AF_INET6, "sit0", "sit", "sit" },
	{ false, AF_INET6, 0, "ip6tnl0", "ip6tnl", "ip6_tunnel" },
	{ true, AF_INET, 0, "gre0", "gre", "ip_gre" },
	{ true, AF_INET6, 0, "ip6gre0", "ip6gre", "ip6_gre" },
};

struct address vip_address(const struct command *cmd, unsigned int i)
{
	struct parse_error error;
	struct address address;

	parse_vip(cmd->vips[i], &address, &error);
	return address;
}

const char *vip_device(const struct command *cmd)
{
	return given(cmd, ARG_DEVICE) ? cmd->arg[ARG_DEVICE].second : "lo";
}

bool wants_family(const struct command *cmd, u8 family)
{
	for (unsigned int i = 0; i < cmd->num_vips; i++)
		if (vip_address(cmd, i).family == family)
			return true;
	return false;
}

static u8 outer_of(const struct command *cmd, u8 inner)
{
	return given(cmd, ARG_OUTER) ? cmd->outer : inner;
}

bool wants_outer(const struct command *cmd, u8 outer)
{
	return cmd->method == LBVS_METHOD_TUNNEL &&
	       ((wants_family(cmd, AF_INET) && outer_of(cmd, AF_INET) == outer) ||
		(wants_family(cmd, AF_INET6) && outer_of(cmd, AF_INET6) == outer));
}

const struct tunnel *tunnel_for(const struct command *cmd, u8 inner)
{
	bool gre = cmd->encap == LBVS_ENCAP_GRE;

	if (cmd->method != LBVS_METHOD_TUNNEL || !wants_family(cmd, inner))
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(tunnels); i++)
		if (tunnels[i].gre == gre && tunnels[i].outer == outer_of(cmd, inner) &&
		    (!tunnels[i].inner || tunnels[i].inner == inner))
			return &tunnels[i];
	return NULL;
}

static struct point *add_point(struct points *points, const char *name, const char *subject,
			       const char *why)
{
	struct point *point = realloc(points->point, (points->count + 1) * sizeof(*point));

	if (!point) {
		perror("lbctl");
		exit(EXIT_REFUSED);
	}
	points->point = point;
	point += points->count++;
	memset(point, 0, sizeof(*point));
	point->name = name;
	point->why = why;
	snprintf(point->subject, sizeof(point->subject), "%s", subject);
	return point;
}

void points_free(struct points *points)
{
	free(points->point);
	memset(points, 0, sizeof(*points));
}

static __printf(2, 3) void found(struct point *point, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(point->found, sizeof(point->found), format, args);
	va_end(args);
}

static __printf(2, 3) void mend(struct point *point, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(point->command, sizeof(point->command), format, args);
	va_end(args);
}

/* A dot in a device's name would part it; behind a slash it doesn't. */
const char *format_sysctl(const char *key, const char *name, char buf[SYSCTL_ROOM])
{
	snprintf(buf, SYSCTL_ROOM, key, name);
	for (char *at = buf; *at && !strchr(name, '.'); at++)
		if (*at == '/')
			*at = '.';
	return buf;
}

struct sysctl {
	const char *name;
	const char *key;
	bool (*is_right)(int value);
	const char *must;	/* be, in words */
	int right;		/* what it is set to */
	const char *why;
};

/* @value is what the kernel makes of the device's own and of conf/all's. */
static void judge_sysctl(const struct sysctl *sysctl, const char *device, int value,
			 struct points *points)
{
	struct point *point = add_point(points, sysctl->name, device, sysctl->why);
	char text[SYSCTL_ROOM];

	format_sysctl(sysctl->key, device, text);
	point->ok = sysctl->is_right(value);
	found(point, "%s counts as %d%s%s", text, value, point->ok ? "" : " and must be ",
	      point->ok ? "" : sysctl->must);
	if (!point->ok)
		mend(point, "sysctl -qw %s=%d", text, sysctl->right);
}

/* Where a device isn't there yet, the default's will be its own. */
static int own_sysctl(const struct host *host, const struct sysctl *sysctl, const char *device)
{
	int value = host->sysctl(sysctl->key, device);

	return value < 0 ? host->sysctl(sysctl->key, "default") : value;
}

static int larger(int a, int b)
{
	return a > b ? a : b;
}

/* 1 and 2: only for addresses of the device that is asked; 8: for none. */
static bool is_silent(int arp_ignore)
{
	return arp_ignore == 1 || arp_ignore == 2 || arp_ignore == 8;
}

static bool is_discreet(int arp_announce)
{
	return arp_announce == 2;
}

static bool is_loose(int rp_filter)
{
	return rp_filter != 1;
}

static bool is_off(int value)
{
	return !value;
}

static const struct sysctl arps[] = {
	{ "arp_ignore", "net/ipv4/conf/%s/arp_ignore", is_silent, "1, 2 or 8", 1,
	  "otherwise this machine answers ARP for the VIP, and packets pass the director by" },
	{ "arp_announce", "net/ipv4/conf/%s/arp_announce", is_discreet, "2", 2,
	  "otherwise its ARP requests name the VIP as their sender, and neighbours learn that" },
};

static const struct sysctl rp_filter = {
	"rp_filter", "net/ipv4/conf/%s/rp_filter", is_loose, "0 or 2", 2,
	"otherwise what it unpacks is dropped, since answers to clients leave by another device",
};

static const struct sysctl disable_ipv6 = {
	"disable_ipv6", "net/ipv6/conf/%s/disable_ipv6", is_off, "0", 0,
	"otherwise the device takes no IPv6",
};

/*
 * The larger of conf/all's value and the device's counts, so all's own is enough
 * for every device, later ones too; but for one whose own is larger and wrong.
 */
static void judge_arp(const struct host *host, const struct sysctl *arp,
		      struct points *points)
{
	int all = host->sysctl(arp->key, "all");

	judge_sysctl(arp, "all", all, points);
	if (!arp->is_right(all))
		all = arp->right;
	for (size_t i = 0; i < host->num_links; i++) {
		const char *device = host->links[i].name;
		int value = larger(all, host->sysctl(arp->key, device));

		if (host->links[i].arp && !arp->is_right(value))
			judge_sysctl(arp, device, value, points);
	}
}

/* Where VIPs are put. */
static bool is_for_vips(const struct host_link *link)
{
	return link->loopback || !strcmp(link->kind, "dummy");
}

/* Where they do no harm, tunnels included: nobody asks there whose they are. */
static bool may_hold_vip(const struct host_link *link)
{
	return !link->arp;
}

static bool is_same(const struct address *a, const struct address *b)
{
	return a->family == b->family && !memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

static u8 full_length(const struct address *address)
{
	return address->family == AF_INET ? 32 : 128;
}

/* This machine's own address, given as a VIP by mistake, must not be taken away. */
static void judge_elsewhere(const struct host *host, const struct address *vip,
			    struct points *points)
{
	char text[INET6_ADDRSTRLEN];

	format_address(vip, text);
	for (size_t i = 0; i < host->num_addresses; i++) {
		const struct host_address *address = &host->addresses[i];
		const struct host_link *link = host_link_of(host, address);
		struct point *point;

		if (!link || may_hold_vip(link) || !is_same(&address->address, vip))
			continue;
		point = add_point(points, "elsewhere", text,
				  "that device answers ARP or neighbour solicitations for it, as it should for this machine's own addresses, but not for a VIP");
		found(point, "%s is on %s", text, link->name);
		point->by_hand = true;
		mend(point, "ip addr del %s/%u dev %s", text, address->length, link->name);
	}
}

static void judge_device_kind(const struct command *cmd, const struct host *host,
			      struct points *points)
{
	const struct host_link *link = host_link(host, vip_device(cmd));
	struct point *point;

	if (!link || is_for_vips(link))
		return;
	point = add_point(points, "device_kind", link->name,
			  "any other device answers ARP or neighbour solicitations for its addresses; leave --device away, or name a dummy device that is there or to be made");
	found(point, "%s is neither lo nor a dummy device", link->name);
	point->by_hand = true;
}

static void judge_up(const struct host_link *link, const char *device, const char *why,
		     struct points *points)
{
	struct point *point = add_point(points, "up", device, why);

	point->ok = link && link->up;
	found(point, "%s is %s", device, point->ok ? "up" : "down");
	if (!point->ok)
		mend(point, "ip link set %s up", device);
}

static bool is_loaded(const char *module)
{
	char path[96];

	snprintf(path, sizeof(path), "/sys/module/%s", module);
	return !access(path, F_OK);
}

/* Loading the module makes it, but where fb_tunnels_only_for_init_net forbids. */
static void judge_tunnel_there(const struct host_link *link, const struct tunnel *tunnel,
			       struct points *points)
{
	struct point *point = add_point(points, "tunnel", tunnel->device,
					"nothing else unpacks what the director has wrapped");

	point->ok = link;
	found(point, "%s is %s", tunnel->device, link ? "there" : "missing");
	if (link)
		return;
	if (is_loaded(tunnel->module))
		mend(point, "ip link add name %s type %s%s local any remote any", tunnel->device,
		     tunnel->kind, strcmp(tunnel->kind, "ip6tnl") ? "" : " mode any");
	else
		mend(point, "modprobe %s", tunnel->module);
}

/* The kernel's own ip6tnl0 begins with IPv6 in IPv6 only. */
static void judge_tunnel_mode(const struct host_link *link, const struct tunnel *tunnel, u8 inner,
			      struct points *points)
{
	int proto = link ? link->tunnel_proto : IPPROTO_IPV6;
	struct point *point;

	if (strcmp(tunnel->kind, "ip6tnl"))
		return;
	point = add_point(points, "tunnel_mode", tunnel->device,
			  "otherwise the director's packets are dropped");
	point->ok = !proto || proto == (inner == AF_INET ? IPPROTO_IPIP : IPPROTO_IPV6);
	found(point, "%s %s IPv%u in IPv6", tunnel->device,
	      point->ok ? "unpacks" : "doesn't unpack", inner == AF_INET ? 4 : 6);
	if (!point->ok)
		mend(point, "ip -6 tunnel change %s mode any", tunnel->device);
}

static bool has_ipv4(const struct host *host, const struct host_link *link)
{
	for (size_t i = 0; link && i < host->num_addresses; i++)
		if (host->addresses[i].index == link->index &&
		    host->addresses[i].address.family == AF_INET)
			return true;
	return false;
}

/*
 * A filter that is loose drops all the same what comes by a device without any
 * IPv4 address. The VIP is one that is at hand.
 */
static void judge_tunnel_address(const struct command *cmd, const struct host *host,
				 const struct tunnel *tunnel, struct points *points)
{
	struct point *point = add_point(points, "tunnel_address", tunnel->device,
					"otherwise even a loose rp_filter drops what it unpacks");
	char text[INET6_ADDRSTRLEN];
	struct address vip;

	point->ok = has_ipv4(host, host_link(host, tunnel->device));
	found(point, "%s has %s IPv4 address", tunnel->device, point->ok ? "an" : "no");
	for (unsigned int i = 0; i < cmd->num_vips && !point->ok && !*point->command; i++) {
		vip = vip_address(cmd, i);
		if (vip.family == AF_INET)
			mend(point, "ip addr add %s/32 dev %s", format_address(&vip, text),
			     tunnel->device);
	}
}

/* Strict where all or the device says 1, and neither says 2. */
static void judge_rp_filter(const struct command *cmd, const struct host *host,
			    const struct tunnel *tunnel, struct points *points)
{
	int value = larger(host->sysctl(rp_filter.key, "all"),
			   own_sysctl(host, &rp_filter, tunnel->device));

	judge_sysctl(&rp_filter, tunnel->device, value, points);
	if (value)
		judge_tunnel_address(cmd, host, tunnel, points);
}

static void judge_ipv6(const struct host *host, const char *device, struct points *points)
{
	judge_sysctl(&disable_ipv6, device, own_sysctl(host, &disable_ipv6, device), points);
}

/* One device may serve both families. */
static bool is_second(const struct command *cmd, u8 inner)
{
	return inner == AF_INET6 && tunnel_for(cmd, AF_INET) == tunnel_for(cmd, AF_INET6);
}

static void judge_tunnel(const struct command *cmd, const struct host *host, u8 inner,
			 struct points *points)
{
	const struct tunnel *tunnel = tunnel_for(cmd, inner);
	const struct host_link *link;

	if (!tunnel)
		return;
	link = host_link(host, tunnel->device);
	if (!is_second(cmd, inner))
		judge_tunnel_there(link, tunnel, points);
	judge_tunnel_mode(link, tunnel, inner, points);
	if (inner == AF_INET)
		judge_rp_filter(cmd, host, tunnel, points);
	else
		judge_ipv6(host, tunnel->device, points);
	if (!is_second(cmd, inner))
		judge_up(link, tunnel->device, "then it unpacks nothing", points);
}

static const struct host_fou *find_fou(const struct host *host, u16 port, u8 family)
{
	for (size_t i = 0; i < host->num_fous; i++)
		if (host->fous[i].port == port && host->fous[i].family == family)
			return &host->fous[i];
	return NULL;
}

u16 gue_port(const struct command *cmd)
{
	return given(cmd, ARG_ENCAP_PORT) ? cmd->encap_port : LBVS_GUE_PORT;
}

#define SUBJECT_ROOM 16

static const char *gue_subject(const struct command *cmd, u8 outer, char buf[SUBJECT_ROOM])
{
	snprintf(buf, SUBJECT_ROOM, "%u/%s", gue_port(cmd), outer == AF_INET ? "inet" : "inet6");
	return buf;
}

static bool wants_gue(const struct command *cmd, u8 outer)
{
	return cmd->encap == LBVS_ENCAP_GUE && wants_outer(cmd, outer);
}

/* The device behind it needn't know of GUE: it gets the packets without. */
static void judge_gue(const struct command *cmd, const struct host *host, u8 outer,
		      struct points *points)
{
	const struct host_fou *fou = find_fou(host, gue_port(cmd), outer);
	const char *option = outer == AF_INET6 ? " -6" : "";
	struct point *point;
	char subject[SUBJECT_ROOM];

	if (!wants_gue(cmd, outer))
		return;
	if (!host->has_fou) {
		point = add_point(points, "module", "fou", "then there is no GUE");
		found(point, "the module fou isn't loaded");
		mend(point, "modprobe fou");
	}
	point = add_point(points, "gue", gue_subject(cmd, outer, subject),
			  "nothing else takes the UDP and GUE headers off");
	point->ok = fou && fou->gue;
	point->by_hand = fou && !fou->gue;
	found(point, "UDP port %u over IPv%u %s", gue_port(cmd), outer == AF_INET ? 4 : 6,
	      !fou ? "isn't unpacked" : fou->gue ? "is unpacked as GUE" :
	      "is unpacked, but not as GUE");
	if (point->ok)
		return;
	if (fou)
		mend(point, "ip fou del port %u%s", gue_port(cmd), option);
	else
		mend(point, "ip fou add port %u gue%s", gue_port(cmd), option);
}

static void judge_device(const struct command *cmd, const struct host *host,
			 struct points *points)
{
	const char *device = vip_device(cmd);
	const struct host_link *link = host_link(host, device);
	struct point *point;

	if (strcmp(device, "lo")) {
		point = add_point(points, "device", device, "it holds the VIPs");
		point->ok = link;
		found(point, "%s is %s", device, link ? "there" : "missing");
		if (!link)
			mend(point, "ip link add name %s type dummy", device);
	}
	judge_up(link, device, "then its addresses don't count", points);
	if (wants_family(cmd, AF_INET6))
		judge_ipv6(host, device, points);
}

/* Another lo or dummy device that has it will do. */
static void judge_vip(const struct command *cmd, const struct host *host,
		      const struct address *vip, struct points *points)
{
	const char *why = "otherwise this machine doesn't take packets to it for its own";
	const struct host_link *holder = NULL;
	char text[INET6_ADDRSTRLEN];
	struct point *point;

	format_address(vip, text);
	for (size_t i = 0; i < host->num_addresses; i++) {
		const struct host_address *address = &host->addresses[i];
		const struct host_link *link = host_link_of(host, address);

		if (!link || !may_hold_vip(link) || !is_same(&address->address, vip))
			continue;
		if (address->length == full_length(vip)) {
			holder = is_for_vips(link) ? link : holder;
			continue;
		}
		point = add_point(points, "prefix", text,
				  "then the whole network counts as this machine's, or as that device's");
		found(point, "%s/%u is on %s", text, address->length, link->name);
		mend(point, "ip addr del %s/%u dev %s", text, address->length, link->name);
	}
	point = add_point(points, "vip", text, why);
	point->ok = holder;
	if (holder)
		found(point, "%s/%u is on %s", text, full_length(vip), holder->name);
	else
		found(point, "%s/%u is neither on lo nor on a dummy device", text,
		      full_length(vip));
	if (!holder)
		mend(point, "ip addr add %s/%u dev %s%s", text, full_length(vip), vip_device(cmd),
		     vip->family == AF_INET6 ? " nodad" : "");
}

/*
 * IPv6 needs nothing in place of arp_ignore: a device answers neighbour
 * solicitations for its own addresses alone, and names no others in its own.
 */
void judge_setup(const struct command *cmd, const struct host *host, struct points *points)
{
	struct address vip;

	judge_device_kind(cmd, host, points);
	for (unsigned int i = 0; i < cmd->num_vips; i++) {
		vip = vip_address(cmd, i);
		judge_elsewhere(host, &vip, points);
	}
	/* Before the VIP is there, so that nobody ever hears of it. */
	for (size_t i = 0; i < ARRAY_SIZE(arps) && wants_family(cmd, AF_INET); i++)
		judge_arp(host, &arps[i], points);
	judge_tunnel(cmd, host, AF_INET, points);
	judge_tunnel(cmd, host, AF_INET6, points);
	judge_gue(cmd, host, AF_INET, points);
	judge_gue(cmd, host, AF_INET6, points);
	judge_device(cmd, host, points);
	for (unsigned int i = 0; i < cmd->num_vips; i++) {
		vip = vip_address(cmd, i);
		judge_vip(cmd, host, &vip, points);
	}
}

static bool is_given_vip(const struct command *cmd, const struct address *address)
{
	for (unsigned int i = 0; i < cmd->num_vips; i++) {
		struct address vip = vip_address(cmd, i);

		if (is_same(&vip, address))
			return true;
	}
	return false;
}

/* Addresses that lo and tunnels have of themselves. */
static bool is_natural(const struct address *address)
{
	static const u8 zeros[12];
	const u8 *bytes = address->bytes;

	if (address->family == AF_INET)
		return bytes[0] == 127;
	/* ::1 and those that sit0 makes of IPv4 ones; link-local ones. */
	return !memcmp(bytes, zeros, sizeof(zeros)) ||
	       (bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80);
}

/* An address on @link that isn't to go. */
static bool has_others(const struct command *cmd, const struct host *host,
		       const struct host_link *link)
{
	for (size_t i = 0; i < host->num_addresses; i++)
		if (host->addresses[i].index == link->index &&
		    !is_natural(&host->addresses[i].address) &&
		    !is_given_vip(cmd, &host->addresses[i].address))
			return true;
	return false;
}

static bool has_other_vips(const struct command *cmd, const struct host *host)
{
	for (size_t i = 0; i < host->num_links; i++)
		if (is_for_vips(&host->links[i]) && has_others(cmd, host, &host->links[i]))
			return true;
	return false;
}

/* What is to go. */
static struct point *undo(struct points *points, const char *name, const char *subject)
{
	struct point *point = add_point(points, name, subject, "it was for the VIPs");

	found(point, "%s is there", subject);
	return point;
}

static void undo_vips(const struct command *cmd, const struct host *host, struct points *points)
{
	for (size_t i = 0; i < host->num_addresses; i++) {
		const struct host_address *address = &host->addresses[i];
		const struct host_link *link = host_link_of(host, address);
		char text[INET6_ADDRSTRLEN];
		struct point *point;

		if (!link || !may_hold_vip(link) || is_natural(&address->address) ||
		    !is_given_vip(cmd, &address->address))
			continue;
		format_address(&address->address, text);
		point = undo(points, "vip", text);
		mend(point, "ip addr del %s/%u dev %s", text, address->length, link->name);
	}
}

static void undo_gue(const struct command *cmd, const struct host *host, u8 outer,
		     struct points *points)
{
	const struct host_fou *fou = find_fou(host, gue_port(cmd), outer);
	char subject[SUBJECT_ROOM];
	struct point *point;

	if (!wants_gue(cmd, outer) || !fou || !fou->gue)
		return;
	point = undo(points, "gue", gue_subject(cmd, outer, subject));
	mend(point, "ip fou del port %u%s", gue_port(cmd), outer == AF_INET6 ? " -6" : "");
}

/* A tunnel device with addresses of its own is somebody else's, too. */
static void undo_tunnel(const struct command *cmd, const struct host *host, u8 inner,
			struct points *points)
{
	const struct tunnel *tunnel = tunnel_for(cmd, inner);
	const struct host_link *link = tunnel ? host_link(host, tunnel->device) : NULL;
	struct point *point;

	if (!link || is_second(cmd, inner) || !link->up || has_others(cmd, host, link))
		return;
	point = undo(points, "up", tunnel->device);
	mend(point, "ip link set %s down", tunnel->device);
}

static void undo_device(const struct command *cmd, const struct host *host,
			struct points *points)
{
	const struct host_link *link = host_link(host, vip_device(cmd));
	struct point *point;

	if (!link || strcmp(link->kind, "dummy") || has_others(cmd, host, link))
		return;
	point = undo(points, "device", link->name);
	mend(point, "ip link del %s", link->name);
}

/* Whether somebody else wants the sysctls can't be known: they stay. */
void judge_teardown(const struct command *cmd, const struct host *host, struct points *points)
{
	undo_vips(cmd, host, points);
	undo_device(cmd, host, points);
	if (has_other_vips(cmd, host))
		return;
	undo_gue(cmd, host, AF_INET, points);
	undo_gue(cmd, host, AF_INET6, points);
	undo_tunnel(cmd, host, AF_INET, points);
	undo_tunnel(cmd, host, AF_INET6, points);
}
