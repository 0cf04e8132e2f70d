// SPDX-License-Identifier: GPL-2.0
/*
 * Letting conntrack see nat connections. It is a module of its own, which this
 * one must not drag in: all that is done here is inline.
 */
#include <net/netfilter/nf_conntrack.h>

#include "lbvs.h"

/**
 * lbvs_conntrack_keeps() - is a packet's entry the one that its connection is to have
 * @skb: the packet
 * @dir: its direction
 *
 * A reply that nobody knows the request of has an entry of its own, the wrong way
 * round: in the way of the one that the client's next packet makes.
 */
bool lbvs_conntrack_keeps(const struct sk_buff *skb, enum lbvs_dir dir)
{
#if IS_ENABLED(CONFIG_NF_CONNTRACK)
	enum ip_conntrack_info ctinfo;
	const struct nf_conn *ct = nf_ct_get(skb, &ctinfo);

	return dir == LBVS_DIR_IN || (ct && nf_ct_is_confirmed(ct));
#else
	return false;
#endif
}

/**
 * lbvs_conntrack_reply() - tell conntrack what the answer will look like
 * @skb: a packet from a client; the first one's entry isn't confirmed yet, so
 *	nobody else knows of it
 * @conn: its connection
 */
void lbvs_conntrack_reply(struct sk_buff *skb, const struct lbvs_conn *conn)
{
#if IS_ENABLED(CONFIG_NF_CONNTRACK)
	struct nf_conntrack_tuple *reply;
	enum ip_conntrack_info ctinfo;
	struct lbvs_tuple out;
	struct nf_conn *ct;

	ct = nf_ct_get(skb, &ctinfo);
	/* What the operator's own rules have translated is theirs. */
	if (!ct || nf_ct_is_confirmed(ct) || ct->status & IPS_NAT_MASK)
		return;
	lbvs_conn_tuple(conn, LBVS_DIR_OUT, &out);
	reply = &ct->tuplehash[IP_CT_DIR_REPLY].tuple;
	lbvs_addr_copy(out.af, reply->src.u3.ip6, out.saddr);
	reply->src.u.all = out.sport;
#endif
}
