// SPDX-License-Identifier: GPL-2.0
/*
 * What leaves the director, held against what was injected; see inject.c and
 * Documentation/methods.md.
 */

#include <linux/icmp.h>
#include <netinet/in.h>
#include <string.h>

#include "inject.h"

/* Why something isn't right. */
static const char *wrong;

static bool fail(const char *why)
{
	wrong = why;
	return false;
}

static bool same_addr(__u8 af, const __u8 *a, const __u8 *b)
{
	return !memcmp(a, b, addr_size(af));
}

static const struct kind *kind_of_vip(__u8 af, const __u8 *addr)
{
	unsigned int i;

	for (i = 0; i < KINDS; i++)
		if (same_addr(af, addr, vip_of(af, &kinds[i])))
			return &kinds[i];
	return NULL;
}

static bool is_real(__u8 af, const __u8 *addr)
{
	unsigned int i;

	for (i = 0; i < REALS; i++)
		if (same_addr(af, addr, real_of(af, i)))
			return true;
	return false;
}

static __u8 ttl_of(const struct view *view)
{
	return view->bytes[view->af == AF_INET ? 8 : 7];
}

static size_t src_at(__u8 af)
{
	return af == AF_INET ? 12 : 8;
}

static bool is_error(const struct view *view)
{
	__u8 type;

	if (!view->l4)
		return false;
	type = view->bytes[view->l4];
	if (view->af == AF_INET)
		return view->proto == IPPROTO_ICMP && (type == 3 || type == 11 || type == 12);
	return view->proto == IPPROTO_ICMPV6 && type < 128;
}

static bool is_flow(const struct view *view)
{
	return view->l4 && (view->proto == IPPROTO_TCP || view->proto == IPPROTO_UDP);
}

/* One hop, and a header that is as right as it was. */
static bool hop_ok(const struct shot *shot, const struct view *in, const struct view *out)
{
	if (in->af != out->af)
		return fail("another family");
	if (ttl_of(in) < 2 || ttl_of(out) != ttl_of(in) - 1)
		return fail("TTL");
	/* Put together, it has a new one. */
	if (ip_residue(out) != (shot->fragments ? 0 : ip_residue(in)))
		return fail("IP checksum");
	return true;
}

/* --- bytes --- */

/* What is left out when bytes are compared. */
struct mask {
	__u8 skip[PACKET_MAX];
};

static void skip(struct mask *mask, size_t from, size_t len)
{
	memset(mask->skip + from, 1, len);
}

/* The headers that change on any way: TTL, checksum, options that routers fill in. */
static void skip_hop(struct mask *mask, const struct shot *shot, const struct view *in)
{
	memset(mask, 0, sizeof(*mask));
	/* Put together, it has the length that the fragments had. */
	if (shot->fragments)
		skip(mask, in->af == AF_INET ? 2 : 4, 2);
	if (in->af == AF_INET6) {
		skip(mask, 7, 1);
		return;
	}
	skip(mask, 8, 1);
	skip(mask, 10, 2);
	skip(mask, 20, (in->bytes[0] & 0xf) * 4 - 20);
	/* And may be fragmented or not. */
	if (shot->fragments)
		skip(mask, 6, 2);
}

/* A SYN's MSS is cut to what the service says; the 2 bytes at this place. */
static bool is_cut(const struct view *in, const struct view *out, size_t i)
{
	return in->proto == IPPROTO_TCP && in->bytes[in->l4 + 13] & 2 && i >= in->l4 + 22 &&
	       i + 2 <= in->len && in->bytes[i - 2] == 2 && in->bytes[i - 1] == 4 &&
	       get16(in->bytes + i) > NAT_MSS && get16(out->bytes + i) == NAT_MSS;
}

static bool same_bytes(const struct view *in, const struct view *out, const struct mask *mask,
		       bool cut)
{
	size_t i;

	if (in->len != out->len)
		return fail("length");
	for (i = 0; i < in->len; i++) {
		if (mask->skip[i] || in->bytes[i] == out->bytes[i])
			continue;
		if (cut && is_cut(in, out, i)) {
			i++;
			continue;
		}
		/* The first byte may be the same as before. */
		if (cut && i && is_cut(in, out, i - 1))
			continue;
		return fail(i < 40 ? "IP header" : i < in->l4 + 20 ? "TCP or UDP header" : "data");
	}
	return true;
}

/* The transport's checksum is as right as it was; or has been filled in, and is. */
static bool sum_ok(const struct shot *shot, const struct view *in, const struct view *out)
{
	if (!is_flow(in) && !is_error(in))
		return true;
	if (in->proto == IPPROTO_UDP && !shot->partial && !get16(in->bytes + in->l4 + 6))
		return get16(out->bytes + out->l4 + 6) ? fail("a checksum for none") : true;
	if (shot->partial)
		return l4_residue(out) ? fail("checksum not filled in") : true;
	if (l4_residue(in) != l4_residue(out))
		return fail("transport's checksum");
	/* A device that was to fill it in may have made 0 of ffff. */
	if (in->proto == IPPROTO_UDP && !get16(out->bytes + out->l4 + 6))
		return fail("no checksum for one");
	return true;
}

/* --- segments --- */

/* A segment: right by itself, and with the data that belong at its place. */
static bool segment_ok(const struct view *in, const struct view *out)
{
	const __u8 *tcp_in = in->bytes + in->l4, *tcp = out->bytes + out->l4;
	size_t header, off, len;

	if (out->proto != IPPROTO_TCP || !out->l4 || out->len < out->l4 + 20)
		return fail("no segment");
	header = (tcp[12] >> 4) * 4;
	if (l4_residue(out) || tcp[12] != tcp_in[12] || out->len < out->l4 + header)
		return fail("a segment's header");
	off = ((__u32)get16(tcp + 4) << 16 | get16(tcp + 6)) -
	      ((__u32)get16(tcp_in + 4) << 16 | get16(tcp_in + 6));
	len = out->len - out->l4 - header;
	if (off > in->len || in->l4 + header + off + len > in->len)
		return fail("a segment's place");
	return !memcmp(tcp + header, tcp_in + header + off, len) ? true : fail("a segment's data");
}

/*
 * What this looks like is not to be told. A fragment that wasn't torn off may be all of
 * its packet: that goes on without the fragment header.
 */
static bool is_vague(const struct shot *shot, const struct view *in, const struct view *out)
{
	return shot->odd_csum || out->fragment || (in->fragment && !shot->fragments);
}

/* --- methods --- */

/* As it came, but for one hop. */
static bool same_packet(const struct shot *shot, const struct view *in, const struct view *out)
{
	struct mask mask;

	if (!same_addr(in->af, in->src, out->src) || !same_addr(in->af, in->dst, out->dst))
		return fail("addresses");
	if (in->af != out->af || ttl_of(in) < 2 || ttl_of(out) != ttl_of(in) - 1)
		return fail("TTL");
	if (is_vague(shot, in, out))
		return true;
	if (shot->gso && in->len != out->len)
		return segment_ok(in, out);
	if (!hop_ok(shot, in, out))
		return false;
	skip_hop(&mask, shot, in);
	if (shot->partial)
		skip(&mask, shot->vnet.csum_start - ETH_HLEN + shot->vnet.csum_offset, 2);
	return same_bytes(in, out, &mask, false) && sum_ok(shot, in, out);
}

/* By nat: one end renamed, the other as it was. @end: 0 the source, 1 the destination. */
static bool renamed(const struct shot *shot, const struct view *in, const struct view *out,
		    unsigned int end)
{
	size_t size = addr_size(in->af), addrs = src_at(in->af);
	struct mask mask;

	if (in->af != out->af || ttl_of(in) < 2 || ttl_of(out) != ttl_of(in) - 1)
		return fail("TTL");
	if (memcmp(in->bytes + addrs + (1 - end) * size, out->bytes + addrs + (1 - end) * size,
		   size))
		return fail("the other end's address");
	if (is_vague(shot, in, out))
		return true;
	if (!out->l4 || in->proto != out->proto)
		return fail("protocol");
	if (memcmp(in->bytes + in->l4 + (1 - end) * 2, out->bytes + out->l4 + (1 - end) * 2, 2))
		return fail("the other end's port");
	if (get16(out->bytes + out->l4 + end * 2) != (end ? NAT_PORT : VIP_PORT))
		return fail("port");
	if (shot->gso && in->len != out->len)
		return segment_ok(in, out);
	if (!hop_ok(shot, in, out))
		return false;
	skip_hop(&mask, shot, in);
	skip(&mask, addrs + end * size, size);
	skip(&mask, in->l4 + end * 2, 2);
	skip(&mask, in->l4 + csum_at(in->proto), 2);
	return same_bytes(in, out, &mask, true) && sum_ok(shot, in, out);
}

/* The quote in an error. */
static struct view quote_of(const struct view *view)
{
	size_t off = view->l4 + 8;

	return view_packet(view->bytes + off, view->len - off);
}

static bool is_whole(const struct view *view)
{
	size_t stated = view->af == AF_INET ? get16(view->bytes + 2) :
					      get16(view->bytes + 4) + 40U;

	return stated == view->len && !view->fragment;
}

/*
 * An error by nat: the same to people who know the other name. @end: of the quoted
 * packet that has it.
 */
static bool renamed_error(const struct shot *shot, const struct view *in, const struct view *out,
			  unsigned int end)
{
	struct view before = quote_of(in), after = quote_of(out);
	__u16 port = end ? VIP_PORT : NAT_PORT;
	const __u8 *name;

	if (!hop_ok(shot, in, out) || in->len != out->len)
		return fail("an error's IP header");
	if (l4_residue(out))
		return fail("an error's checksum");
	if (!shot->partial && l4_residue(in))
		return fail("an error that was damaged on its way");
	if (memcmp(in->bytes + in->l4 + 4, out->bytes + out->l4 + 4, 4) ||
	    get16(in->bytes + in->l4) != get16(out->bytes + out->l4))
		return fail("an error's own header");
	if (!after.af || after.af != before.af)
		return fail("what an error quotes");
	name = end ? after.dst : after.src;
	if (end ? !kind_of_vip(after.af, name) : !is_real(after.af, name))
		return fail("whom an error quotes");
	if (after.l4 && is_flow(&after) && get16(after.bytes + after.l4 + end * 2) != port)
		return fail("the port that an error quotes");
	if (ip_residue(&before) != ip_residue(&after))
		return fail("the IP checksum that an error quotes");
	/* All of it is there. */
	if (is_flow(&after) && after.len == before.len && before.l4 &&
	    is_whole(&after) && l4_residue(&before) != l4_residue(&after))
		return fail("the checksum that an error quotes");
	return true;
}

/* Returns where the inner packet begins; 0: that isn't as it has to be. */
static size_t shim_len(const struct kind *kind, const struct view *outer, __u8 inner_af)
{
	const __u8 *l4 = outer->bytes + outer->l4;
	__u8 inner = inner_af == AF_INET ? IPPROTO_IPIP : IPPROTO_IPV6;

	switch (kind->outer) {
	case IPPROTO_UDP:
		if (outer->proto != IPPROTO_UDP || get16(l4 + 2) != GUE_PORT ||
		    get16(l4 + 4) != outer->len - outer->l4)
			return 0;
		if (kind->outer_af == AF_INET ? l4_residue(outer) : get16(l4 + 6))
			return 0;
		return l4[8] || l4[9] != inner || get16(l4 + 10) ? 0 : outer->l4 + 12;
	case IPPROTO_GRE:
		if (outer->proto != IPPROTO_GRE || get16(l4) ||
		    get16(l4 + 2) != (inner_af == AF_INET ? ETHERTYPE_IP : ETHERTYPE_IPV6))
			return 0;
		return outer->l4 + 4;
	default:
		return outer->proto == inner ? outer->l4 : 0;
	}
}

static bool wrapped(const struct shot *shot, const struct kind *kind, const struct view *in,
		    const struct view *out, bool *part)
{
	struct view inner;
	size_t off;

	if (out->af != kind->outer_af || !is_real(out->af, out->dst) ||
	    !same_addr(out->af, out->src, own_of(out->af, REAL_SIDE)))
		return fail("outer addresses");
	if (ip_residue(out))
		return fail("outer IP checksum");
	*part = out->fragment;
	if (out->fragment)
		return true;
	off = out->l4 ? shim_len(kind, out, in->af) : 0;
	/* With a checksum to be filled in anywhere, that may be in here. */
	if (!off)
		return shot->odd_csum || fail("outer header");
	inner = view_packet(out->bytes + off, out->len - off);
	if (inner.len != out->len - off)
		return fail("length of what is inside");
	*part = inner.len != in->len;
	return same_packet(shot, in, &inner);
}

static bool to_real(const struct shot *shot, const struct kind *kind, const struct view *in,
		    const struct view *out, bool *part)
{
	if (kind->outer)
		return wrapped(shot, kind, in, out, part);
	*part = out->fragment || out->len != in->len;
	if (kind == &kinds[KIND_DR])
		return same_packet(shot, in, out);
	if (!is_real(out->af, out->dst))
		return fail("no real");
	if (is_error(in)) {
		if (!same_addr(in->af, in->src, out->src))
			return fail("an error's sender");
		return is_vague(shot, in, out) || renamed_error(shot, in, out, 0);
	}
	return is_flow(in) ? renamed(shot, in, out, 1) : fail("no flow");
}

static bool to_client(const struct shot *shot, const struct view *in, const struct view *out,
		      bool *part)
{
	const __u8 *vip = vip_of(in->af, &kinds[KIND_NAT]);

	*part = out->fragment || out->len != in->len;
	if (!same_addr(in->af, in->dst, out->dst))
		return fail("client's address");
	if (!is_error(in))
		return !same_addr(in->af, out->src, vip) ? fail("no VIP") :
		       is_flow(in) ? renamed(shot, in, out, 0) : fail("no flow");
	if (!same_addr(in->af, out->src, in->src) && !same_addr(in->af, out->src, vip))
		return fail("an error's sender");
	return is_vague(shot, in, out) || renamed_error(shot, in, out, 1);
}

/* --- what isn't passed on --- */

/* An error of the director's own tells nobody a real's address. */
static bool own_error_ok(const struct view *in, const struct view *out)
{
	struct view quote = quote_of(out);

	if (ip_residue(out) || l4_residue(out))
		return fail("a checksum of the director's own error");
	if (in->af && is_flow(in) && kind_of_vip(in->af, in->dst) && quote.af &&
	    is_real(quote.af, quote.dst))
		return fail("an error tells a real's address");
	return true;
}

static bool is_answer(const struct view *in, const struct view *out)
{
	__u8 type;

	if (!out->l4 || ip_residue(out))
		return false;
	type = out->bytes[out->l4];
	if (is_error(out))
		return own_error_ok(in, out);
	if (in->af != out->af || !same_addr(in->af, in->src, out->dst))
		return false;
	if (out->proto == IPPROTO_TCP)
		return out->bytes[out->l4 + 13] & 4 && !l4_residue(out);
	/* Echo, or a time stamp that a mutated type asks for. */
	return (out->proto == IPPROTO_ICMP && (!type || type == ICMP_TIMESTAMPREPLY)) ||
	       (out->proto == IPPROTO_ICMPV6 && type == 129);
}

static bool is_chatter(__u16 ethertype, const struct view *view)
{
	if (ethertype == ETHERTYPE_ARP)
		return true;
	return view->af == AF_INET6 && view->proto == IPPROTO_ICMPV6 && view->l4 &&
	       view->bytes[view->l4] >= 130;
}

/*
 * A device that says so has a checksum put anywhere, before or after the headers are
 * changed: what a packet looks like then is not to be told.
 */
static bool is_spoilt(const struct shot *shot, const struct view *in)
{
	size_t at = shot->vnet.csum_start + shot->vnet.csum_offset;

	return shot->odd_csum && shot->vnet.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM &&
	       (!in->l4 || at < ETH_HLEN + in->l4 + 20);
}

/* What the stack and we leave alone altogether. */
static bool may_pass(const struct shot *shot, const struct view *in)
{
	if (!shot->to_us)
		return fail("it was for another host");
	if (shot->vlan)
		return fail("it has a tag");
	if (shot->ethertype != (in->af == AF_INET ? ETHERTYPE_IP : ETHERTYPE_IPV6))
		return fail("its Ethertype is of the other family");
	/* Fragments have lengths of their own. */
	if (in->cut && !shot->fragments)
		return fail("it is shorter than it says");
	return true;
}

/* An error whose quote can't be looked at: perhaps it is about no connection. */
static bool may_be_routed(const struct shot *shot, const struct view *in, const struct view *out)
{
	return is_error(in) && is_vague(shot, in, out);
}

static enum finding judge_packet(const struct shot *shot, enum side side, const struct view *in,
				 const struct view *out)
{
	const struct kind *kind = in->af ? kind_of_vip(in->af, in->dst) : NULL;
	const char *because;
	bool part = false;

	wrong = "nothing like it was injected";
	if (in->af && kind && side == REAL_SIDE && to_real(shot, kind, in, out, &part))
		return may_pass(shot, in) ? part ? SEGMENT : FORWARD : WRONG;
	because = wrong;
	if (in->af && !kind && side == CLIENT_SIDE && in->af == out->af &&
	    to_client(shot, in, out, &part))
		return !may_pass(shot, in) ? WRONG : may_be_routed(shot, in, out) ? ROUTED :
		       part ? SEGMENT : FORWARD;
	if (!kind && side == CLIENT_SIDE)
		because = wrong;
	if (is_answer(in, out))
		return ANSWER;
	if (in->af && !kind && in->af == out->af && same_packet(shot, in, out))
		return may_pass(shot, in) ? ROUTED : WRONG;
	wrong = because;
	return WRONG;
}

/* Of one frame that leaves. @why: what is wrong with it. */
enum finding judge(const struct shot *shot, enum side side, const __u8 *frame, size_t len,
		   const char **why)
{
	struct view in = view_packet(shot->bytes, shot->len), out;
	enum finding res;

	*why = "a frame that is too short";
	if (len <= ETH_HLEN)
		return WRONG;
	out = view_packet(frame + ETH_HLEN, len - ETH_HLEN);
	if (is_chatter(get16(frame + 12), &out))
		return CHATTER;
	if (is_spoilt(shot, &in))
		return ROUTED;
	*why = "no IP packet, or not all of one";
	if (!out.af || out.len != len - ETH_HLEN)
		return WRONG;
	res = judge_packet(shot, side, &in, &out);
	*why = wrong;
	if (shot->noise && (res == FORWARD || res == SEGMENT)) {
		*why = "it was noise, and is balanced";
		return WRONG;
	}
	/* The stack answers who has a broadcast address. */
	if (res == ANSWER || (!memcmp(frame + ETH_ALEN, device_mac[side], ETH_ALEN) &&
			      frame[0] == 2 && frame[4] == side))
		return res;
	*why = "hardware addresses";
	return WRONG;
}
