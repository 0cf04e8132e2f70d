/* SPDX-License-Identifier: GPL-2.0 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM lbvs

#if !defined(_LBVS_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _LBVS_TRACE_H

#include <linux/skbuff.h>
#include <linux/tracepoint.h>
#include <uapi/linux/lbvs.h>

TRACE_EVENT(lbvs_drop,
	    TP_PROTO(const struct sk_buff *skb, enum lbvs_drop why),
	    TP_ARGS(skb, why),
	    TP_STRUCT__entry(__field(const void *, skbaddr)
			     __field(unsigned int, len)
			     __field(u8, why)),
	    TP_fast_assign(__entry->skbaddr = skb;
			   __entry->len = skb->len;
			   __entry->why = why;),
	    TP_printk("skbaddr=%p len=%u why=%s", __entry->skbaddr,
		      __entry->len,
		      __print_symbolic(__entry->why,
				       { LBVS_DROP_NO_REAL, "no_real" },
				       { LBVS_DROP_CONN_LIMIT, "conn_limit" },
				       { LBVS_DROP_NO_MEMORY, "no_memory" },
				       { LBVS_DROP_CLASH, "clash" },
				       { LBVS_DROP_TCP_UNKNOWN, "tcp_unknown" },
				       { LBVS_DROP_NO_ROUTE, "no_route" },
				       { LBVS_DROP_TTL, "ttl" },
				       { LBVS_DROP_TOO_BIG, "too_big" },
				       { LBVS_DROP_LOOP, "loop" },
				       { LBVS_DROP_GATEWAY, "gateway" },
				       { LBVS_DROP_LRO, "lro" },
				       { LBVS_DROP_POLICY, "policy" },
				       { LBVS_DROP_BUSY, "busy" }))
);

#endif /* _LBVS_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
