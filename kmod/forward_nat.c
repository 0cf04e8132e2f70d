// SPDX-License-Identifier: GPL-2.0
/* What method nat rewrites now and then: the MSS of a SYN. */
#include "compat.h"
#include "forward_nat.h"

/**
 * lbvs_mss_replace() - have a SYN announce another MSS
 * @skb: the packet, writable as far as that goes
 * @check: its checksum
 * @l4_off: offset of its TCP header from skb->data
 * @mss_off: offset of the MSS
 * @from: the MSS
 * @to: what it is to be
 */
void lbvs_mss_replace(struct sk_buff *skb, __sum16 *check, unsigned int l4_off,
		      unsigned int mss_off, u16 from, u16 to)
{
	__be16 old = htons(from), new = htons(to);

	/* At an odd offset its bytes count for the other half of a word. */
	if ((mss_off - l4_off) % 2) {
		old = (__force __be16)swab16((__force u16)old);
		new = (__force __be16)swab16((__force u16)new);
	}
	inet_proto_csum_replace2(check, skb, old, new, false);
	put_unaligned_be16(to, skb->data + mss_off);
}
