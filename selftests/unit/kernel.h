/* SPDX-License-Identifier: GPL-2.0 */
/*
 * As much of the kernel as the code under test needs, for userspace. It comes
 * before everything else (gcc -include).
 */
#ifndef _KERNEL_H
#define _KERNEL_H

#ifdef __x86_64__
#define CONFIG_X86_64		1
#endif

/* What differs between kernels is of no use here: kmod/compat.h stays out. */
#define _LBVS_COMPAT_H

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <linux/types.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s32 s32;

#define BIT(nr)			(1U << (nr))
#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))
#define READ_ONCE(var)		__atomic_load_n(&(var), __ATOMIC_RELAXED)
#define __attribute(...)	__attribute__((__VA_ARGS__))
#define __aligned(bytes)	__attribute(aligned(bytes))
/* As the C library has it, or so; how much is inlined is of no use here. */
#ifndef __always_inline
#define __always_inline inline
#endif
#define noinline		__attribute(noinline)
#define fallthrough		__attribute(fallthrough)
#define __noreturn		__attribute(noreturn)
#define __printf(text, args)	__attribute(format(printf, text, args))
#define ____cacheline_aligned_in_smp __aligned(64)
#define __force
#define __percpu
#define __rcu
#define rcu_dereference(pointer) (pointer)

#define __pick(type, x, op, y) \
	({ type __x = (x); type __y = (y); __x op __y ? __x : __y; })
#define max_t(type, x, y)	__pick(type, x, >, y)
#define min_t(type, x, y)	__pick(type, x, <, y)
#define max(x, y)		max_t(typeof(x), x, y)
#define min(x, y)		min_t(typeof(x), x, y)
#define U32_MAX			UINT_MAX
#define S32_MAX			INT_MAX
#define S32_MIN			INT_MIN

#define ERR_PTR(error)		((void *)(long)(error))
#define IS_ERR(pointer)		((unsigned long)(pointer) >= -4095UL)

/* As list.h has it: the newest first. */
struct hlist_node { struct hlist_node *next, **pprev; };
struct hlist_head { struct hlist_node *first; };

static inline void hlist_add_head(struct hlist_node *node, struct hlist_head *head)
{
	node->next = head->first;
	node->pprev = &head->first;
	if (head->first)
		head->first->pprev = &node->next;
	head->first = node;
}

static inline void hlist_del(struct hlist_node *node)
{
	*node->pprev = node->next;
	if (node->next)
		node->next->pprev = node->pprev;
}

static inline void *hlist_container(const struct hlist_node *node, size_t offset)
{
	return node ? (char *)node - offset : NULL;
}

/* Of entries whose node is called that, as all are here. */
#define hlist_for_each_entry_rcu(pos, head, node) \
	for (pos = hlist_container((head)->first, offsetof(typeof(*(pos)), node)); pos; \
	     pos = hlist_container((pos)->node.next, offsetof(typeof(*(pos)), node)))

/* For who uses it, to be set by the test. */
extern unsigned long jiffies;
#define HZ			250

/* Types of fields that the code under test has, and doesn't touch. */
#define OPAQUE(name)		struct name { char opaque; }
OPAQUE(delayed_work);
OPAQUE(list_head);
OPAQUE(llist_head);
OPAQUE(llist_node);
OPAQUE(mutex);
OPAQUE(rcu_head);
OPAQUE(rhash_head);
OPAQUE(rhashtable);
OPAQUE(u64_stats_sync);
OPAQUE(work_struct);
OPAQUE(xarray);
#define IFNAMSIZ		16
#define hsiphash_key_t		u64
#define refcount_t		int
#define spinlock_t		int
#define u64_stats_t		u64

/* One CPU. */
#define this_cpu_ptr(pointer)	(pointer)
#define u64_stats_update_begin(syncp) ((void)(syncp))
#define u64_stats_update_end(syncp) ((void)(syncp))
#define u64_stats_inc(counter)	(++*(counter))
#define u64_stats_add(counter, more) (*(counter) += (more))

struct dst_entry;
struct net;
struct nf_hook_ops { void *priv; };
struct nf_hook_state;
struct net_device;
struct netlink_ext_ack;
struct rhashtable_params;
void *net_generic(const struct net *net, unsigned int id);
void dst_release(struct dst_entry *dst);

typedef struct { int counter; } atomic_t;

static inline int atomic_read(const atomic_t *v)
{
	return READ_ONCE(v->counter);
}

/* Wraps, as the kernel's. */
static inline int atomic_inc_return(atomic_t *v)
{
	return __atomic_add_fetch(&v->counter, 1, __ATOMIC_SEQ_CST);
}

static inline u64 div64_u64(u64 dividend, u64 divisor)
{
	return dividend / divisor;
}

#define div_u64			div64_u64

static inline int fls(unsigned int word)
{
	return word ? 32 - __builtin_clz(word) : 0;
}

static inline u32 rol32(u32 word, unsigned int shift)
{
	return word << shift % 32 | word >> -shift % 32;
}

static inline u64 mul_u64_u64_shr(u64 a, u64 b, unsigned int shift)
{
	return (u64)((__uint128_t)a * b >> shift);
}

static inline unsigned long gcd(unsigned long a, unsigned long b)
{
	return b ? gcd(b, a % b) : a;
}

static inline void sort(void *base, size_t num, size_t size,
			int (*cmp)(const void *a, const void *b), void *swap)
{
	qsort(base, num, size, cmp);
}

/* Which allocation from now on fails; 0 is none. */
extern unsigned int kernel_alloc_fails;

#define GFP_KERNEL		0
#define GFP_KERNEL_ACCOUNT	0

static inline void *kvmalloc_array(size_t num, size_t size, int flags)
{
	if (kernel_alloc_fails && !--kernel_alloc_fails)
		return NULL;
	return reallocarray(NULL, num, size);
}

#define kvfree			free

#define GOLDEN_RATIO_64		0x61c8864680b583ebULL

static inline u32 hash_32(u32 value, unsigned int bits)
{
	return (value * 0x61c88647U) >> (32 - bits);
}

/* What net/ip.h, net/ipv6.h and net/tcp.h name. */
#define IP_DF			0x4000
#define IP_MF			0x2000
#define IP_OFFSET		0x1fff
#define IP6_OFFSET		0xfff8
#define NEXTHDR_HOP		0
#define NEXTHDR_ROUTING		43
#define NEXTHDR_FRAGMENT	44
#define NEXTHDR_ESP		50
#define NEXTHDR_AUTH		51
#define NEXTHDR_NONE		59
#define NEXTHDR_DEST		60

#define TCPOPT_EOL		0
#define TCPOPT_NOP		1
#define TCPOPT_MSS		2
#define TCPOLEN_MSS		4
#define MAX_TCP_OPTION_SPACE	40

struct frag_hdr {
	u8 nexthdr;
	u8 reserved;
	__be16 frag_off;
	__be32 identification;
};

#define ipv6_get_dsfield(ip6h)	(ntohs(*(const __be16 *)(ip6h)) >> 4 & 0xff)

static inline bool ipv4_is_loopback(__be32 addr)
{
	return (ntohl(addr) >> 24) == 127;
}

static inline bool ipv6_addr_loopback(const struct in6_addr *addr)
{
	return IN6_IS_ADDR_LOOPBACK(addr);
}

static inline u16 get_unaligned_be16(const u8 *bytes)
{
	return bytes[0] << 8 | bytes[1];
}

struct skb_shared_info {
	u16 gso_segs;
};

#define skb_shinfo(skb)		(&(skb)->shinfo)
#define skb_is_gso(skb)		(skb_shinfo(skb)->gso_segs > 0)

/**
 * struct sk_buff - a packet in two pieces
 * @data: the linear piece
 * @frag: the other one; it can be copied from only
 * @len: of both together
 * @data_len: of @frag
 * @network_offset: of the IP header, from @data
 * @shinfo: what else is known of it
 */
struct sk_buff {
	u8 *data;
	u8 *frag;
	unsigned int len;
	unsigned int data_len;
	int network_offset;
	struct skb_shared_info shinfo;
};

static inline int skb_network_offset(const struct sk_buff *skb)
{
	return skb->network_offset;
}

static inline unsigned char *skb_network_header(const struct sk_buff *skb)
{
	return skb->data + skb->network_offset;
}

static inline unsigned int skb_headlen(const struct sk_buff *skb)
{
	return skb->len - skb->data_len;
}

void *skb_header_pointer(const struct sk_buff *skb, int offset, int len,
			 void *buffer);

#endif /* _KERNEL_H */
