// SPDX-License-Identifier: GPL-2.0
/* What method nat rewrites now and then: the MSS of a SYN. */
#include "compat.h"
#include "forward_nat.h"

/**
 * lbvs_mss_replace() - have a SYN announce another MSS
 * @skb: the packet, writable as far as that goes
 * @check: its checksum
 * @l4_off: offset of its TCP header from skb->data
 * @old: the MSS that it announces
 * @mss: what it is to be
 */
void lbvs_mss_replace(struct sk_buff *skb, __sum16 *check, unsigned int l4_off,
		      struct lbvs_mss old, u16 mss)
{
	__be16 from = htons(old.value), to = htons(mss);

	/* At an odd offset its bytes count for the other half of a word. */
	if ((old.off - l4_off) % 2) {
		from = (__force __be16)swab16((__force u16)from);
		to = (__force __be16)swab16((__force u16)to);
	}
	inet_proto_csum_replace2(check, skb, from, to, false);
	put_unaligned_be16(mss, skb->data + old.off);
}
