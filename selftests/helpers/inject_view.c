// SPDX-License-Identifier: GPL-2.0
/* Packets, read without trust; see inject.c. */

#include <netinet/in.h>
#include <string.h>

#include "inject.h"
#include "util.h"

#define EXTENSIONS_MAX 16

void put16(__u8 *to, __u16 value)
{
	to[0] = value >> 8;
	to[1] = value;
}

__u16 get16(const __u8 *from)
{
	return from[0] << 8 | from[1];
}

size_t addr_size(__u8 af)
{
	return af == AF_INET ? 4 : 16;
}

/* Where the checksum is in the transport's header; 0: it has none. */
size_t csum_at(__u8 proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return 16;
	case IPPROTO_UDP:
		return 6;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return 2;
	default:
		return 0;
	}
}

static void view_ipv4(struct view *view, size_t there)
{
	const __u8 *ip = view->bytes;
	size_t header = (ip[0] & 0xf) * 4;

	if (there < 20 || header < 20 || there < header)
		return;
	view->af = AF_INET;
	view->len = get16(ip + 2);
	view->cut = view->len > there || view->len < header;
	if (view->cut)
		view->len = there;
	view->src = ip + 12;
	view->dst = ip + 16;
	view->proto = ip[9];
	view->fragment = get16(ip + 6) & 0x3fff;
	if (!(get16(ip + 6) & 0x1fff))
		view->l4 = header;
}

static void view_ipv6(struct view *view, size_t there)
{
	const __u8 *ip = view->bytes;
	size_t off = 40;
	int i;

	if (there < 40)
		return;
	view->af = AF_INET6;
	view->len = get16(ip + 4) + 40;
	view->cut = view->len > there;
	/* A jumbogram, whether or not the option for that is there: the stack doesn't mind. */
	if (view->cut || (view->len == 40 && ip[6] == IPPROTO_HOPOPTS))
		view->len = there;
	view->src = ip + 8;
	view->dst = ip + 24;
	view->proto = ip[6];
	for (i = 0; i < EXTENSIONS_MAX; i++) {
		bool fragment = view->proto == IPPROTO_FRAGMENT;

		if (view->proto != IPPROTO_HOPOPTS && view->proto != IPPROTO_ROUTING &&
		    view->proto != IPPROTO_DSTOPTS && !fragment) {
			view->l4 = off;
			return;
		}
		if (view->len < off + 8)
			return;
		view->fragment |= fragment;
		view->proto = ip[off];
		if (fragment && get16(ip + off + 2) & 0xfff8)
			return;
		off += fragment ? 8 : (ip[off + 1] + 1) * 8;
	}
}

struct view view_packet(const __u8 *bytes, size_t len)
{
	struct view view = { .bytes = bytes };

	if (!len)
		return view;
	if (bytes[0] >> 4 == 4)
		view_ipv4(&view, len);
	else if (bytes[0] >> 4 == 6)
		view_ipv6(&view, len);
	if (view.len < view.l4 + 8)
		view.l4 = 0;
	return view;
}

/* A sum that is right has the residue 0. What is changed with care leaves it alone. */
static __u16 residue(__u32 sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff ? 0 : sum;
}

/* Of the IPv4 header's. */
__u16 ip_residue(const struct view *view)
{
	if (view->af != AF_INET)
		return 0;
	return residue(sum_words(view->bytes, (view->bytes[0] & 0xf) * 4, 0));
}

/* Of the transport's, the pseudo header included. */
__u16 l4_residue(const struct view *view)
{
	size_t len = view->len - view->l4;
	__u32 sum = 0;

	if (view->proto != IPPROTO_ICMP) {
		sum = sum_words(view->src, 2 * addr_size(view->af), view->proto);
		sum += len;
	}
	return residue(sum_words(view->bytes + view->l4, len, sum));
}
