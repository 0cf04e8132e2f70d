// SPDX-License-Identifier: GPL-2.0
/*
 * Method tunnel: an outer header around the client's packet, which stays as it
 * is. Segmentation offloads stay, too: the device, or the stack in its place,
 * repeats the outer headers.
 */
#include <linux/if_tunnel.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <net/ip6_checksum.h>
#include <net/ip6_route.h>
#include <net/ip_tunnels.h>
#include <net/ipv6.h>
#include <net/route.h>
#include <net/udp.h>

#include "forward_tunnel.h"

/* What the layer that segments has to know of the headers in front. */
static int offloads(u8 outer_af, u8 encap, bool csum)
{
	int ipxip = outer_af == AF_INET ? SKB_GSO_IPXIP4 : SKB_GSO_IPXIP6;

	switch (encap) {
	case LBVS_ENCAP_GUE:
		return ipxip | (csum ? SKB_GSO_UDP_TUNNEL_CSUM :
				       SKB_GSO_UDP_TUNNEL);
	case LBVS_ENCAP_GRE:
		return SKB_GSO_GRE;
	default:
		return ipxip;
	}
}

static void gue_push(struct sk_buff *skb, const struct lbvs_real *real,
		     __be16 sport, u8 inner_proto)
{
	struct guehdr *gue = skb_push(skb, sizeof(*gue));
	struct udphdr *uh;

	memset(gue, 0, sizeof(*gue));
	gue->proto_ctype = inner_proto;
	uh = skb_push(skb, sizeof(*uh));
	uh->source = sport;
	uh->dest = READ_ONCE(real->encap_port);
	uh->len = htons(skb->len);
	uh->check = 0;
}

static void gre_push(struct sk_buff *skb)
{
	struct gre_base_hdr *gre = skb_push(skb, sizeof(*gre));

	gre->flags = 0;
	gre->protocol = skb->protocol;
}

/* As ip4_dst_hoplimit(), which finds out the namespace first. */
static int hop_limit4(const struct net *net, const struct dst_entry *dst)
{
	return dst_metric_raw(dst, RTAX_HOPLIMIT) ?:
	       READ_ONCE(net->ipv4.sysctl_ip_default_ttl);
}

static void outer4_push(struct net *net, struct sk_buff *skb,
			const struct lbvs_real *real,
			const struct lbvs_route_entry *route, u8 proto, u8 tos, bool df)
{
	struct iphdr *iph = __skb_push(skb, sizeof(*iph));

	skb_reset_network_header(skb);
	iph->version = 4;
	iph->ihl = sizeof(*iph) / 4;
	iph->tos = tos;
	iph->tot_len = htons(skb->len);
	iph->id = 0;
	iph->frag_off = df ? htons(IP_DF) : 0;
	iph->ttl = hop_limit4(net, route->dst);
	iph->protocol = proto;
	iph->saddr = route->saddr[0];
	iph->daddr = real->key.addr[0];
	if (!df)
		__ip_select_ident(net, iph,
				  max_t(int, skb_shinfo(skb)->gso_segs, 1));
	iph->check = 0;
	iph->check = ip_fast_csum(iph, sizeof(*iph) / 4);
	memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
	skb->protocol = htons(ETH_P_IP);
}

static void outer6_push(struct sk_buff *skb, const struct lbvs_real *real,
			const struct lbvs_route_entry *route, u8 proto, u8 tos)
{
	struct ipv6hdr *ip6h = __skb_push(skb, sizeof(*ip6h));

	skb_reset_network_header(skb);
	ip6_flow_hdr(ip6h, tos, 0);
	ip6h->payload_len = htons(skb->len - sizeof(*ip6h));
	ip6h->nexthdr = proto;
	ip6h->hop_limit = ip6_dst_hoplimit(route->dst);
	lbvs_addr_copy(AF_INET6, ip6h->saddr.s6_addr32, route->saddr);
	lbvs_addr_copy(AF_INET6, ip6h->daddr.s6_addr32, real->key.addr);
	memset(IP6CB(skb), 0, sizeof(*IP6CB(skb)));
	skb->protocol = htons(ETH_P_IPV6);
}

static void outer_csum(struct sk_buff *skb, const struct lbvs_real *real,
		       const struct lbvs_route_entry *route, unsigned int len, bool csum)
{
	if (real->key.af == AF_INET)
		udp_set_csum(!csum, skb, route->saddr[0], real->key.addr[0], len);
	else
		udp6_set_csum(!csum, skb, &ipv6_hdr(skb)->saddr,
			      &ipv6_hdr(skb)->daddr, len);
}

/**
 * lbvs_tunnel_push() - wrap a packet for a real
 * @net: the namespace
 * @skb: the packet. Its data may be reallocated.
 * @af: its family
 * @tos: its type of service, or traffic class
 * @real: the real
 * @route: the way there
 * @df: the outer packet mustn't be fragmented
 *
 * Return: 0; or a negative error with the packet as it was to those who look at
 * its bytes
 */
int lbvs_tunnel_push(struct net *net, struct sk_buff *skb,
		     u8 af, u8 tos, const struct lbvs_real *real,
		     const struct lbvs_route_entry *route, bool df)
{
	u8 inner_proto = af == AF_INET ? IPPROTO_IPIP : IPPROTO_IPV6;
	unsigned int ip_len = real->key.af == AF_INET ? sizeof(struct iphdr) :
							sizeof(struct ipv6hdr);
	bool csum = READ_ONCE(real->encap_csum);
	u8 encap = READ_ONCE(real->encap);
	u8 proto = inner_proto;
	unsigned int l4_len;
	__be16 sport = 0;

	/* Of the encapsulation that it is to get, which may change meanwhile. */
	if (skb_cow_head(skb, LL_RESERVED_SPACE(route->dst->dev) +
			      route->dst->header_len +
			      lbvs_encap_overhead(real->key.af, encap)))
		return -ENOMEM;
	/*
	 * From here on there is room. The flow's entropy, so that routers and queues
	 * on the way see it.
	 */
	if (encap == LBVS_ENCAP_GUE)
		sport = udp_flow_src_port(net, skb, 0, 0, false);
	if (iptunnel_handle_offloads(skb, offloads(real->key.af, encap, csum)))
		return -ENOMEM;
	skb_set_inner_mac_header(skb, skb_inner_network_offset(skb));
	skb_set_inner_ipproto(skb, inner_proto);

	switch (encap) {
	case LBVS_ENCAP_GUE:
		gue_push(skb, real, sport, inner_proto);
		proto = IPPROTO_UDP;
		break;
	case LBVS_ENCAP_GRE:
		skb_set_inner_protocol(skb, skb->protocol);
		gre_push(skb);
		proto = IPPROTO_GRE;
		break;
	}
	l4_len = skb->len;
	/*
	 * DSCP and ECN outside are those inside: for ECN that is the normal mode of
	 * RFC 6040. (The kernel's helper is of RFC 3168 and hides a CE.)
	 */
	if (real->key.af == AF_INET)
		outer4_push(net, skb, real, route, proto, tos, df);
	else
		outer6_push(skb, real, route, proto, tos);
	skb_set_transport_header(skb, ip_len);
	if (encap == LBVS_ENCAP_GUE)
		outer_csum(skb, real, route, l4_len, csum);
	/* An outer IPv6 packet is fragmented by us, or by nobody. */
	skb->ignore_df = !df;
	return 0;
}
