// SPDX-License-Identifier: GPL-2.0
/*
 * The hash of the connection table, kmod/conn.h: it has to spread what real clients
 * send, and what somebody sends who wants long chains and doesn't know the key. What
 * random numbers would do is computed, and each result is held against that.
 */
#include <stdio.h>

#include "lbvs.h"
#include "rnd.h"
#include "tap.h"

/* As the table is: half as many entries as buckets, or fewer. */
#define BUCKETS		65536
#define ENTRIES		(BUCKETS / 2)
/* Unlucky keys are what is looked for, so there have to be many. */
#define KEYS		100
/* For pairs: small, so that there are collisions to be counted. */
#define SMALL		1024
#define PAIRS		(64 * SMALL)

/* As the kernel makes it. */
static void new_key(struct lbvs_conn_family *fam)
{
	unsigned int i;

	for (i = 0; i < LBVS_HASH_WORDS; i++)
		fam->key[i] = rnd64() | 1ULL << 63;
}

/* From a client to the VIP; what a set doesn't vary. */
static struct lbvs_tuple plain(u8 af)
{
	struct lbvs_tuple tuple = {
		.af = af, .proto = IPPROTO_TCP,
		.sport = htons(40000), .dport = htons(80),
		.saddr = { htonl(0xc0000201) }, .daddr = { htonl(0xcb00710a) },
	};

	if (af == AF_INET6) {
		tuple.saddr[0] = htonl(0x20010db8);
		tuple.saddr[3] = htonl(1);
		tuple.daddr[0] = htonl(0x20010db8);
		tuple.daddr[3] = htonl(0x10);
	}
	return tuple;
}

/* The word of an address that has the host in it. */
static unsigned int host(const struct lbvs_tuple *tuple)
{
	return lbvs_addr_words(tuple->af) - 1;
}

/* Sets of tuples: each function makes the i-th of one. */
typedef void (*set_fn)(struct lbvs_tuple *tuple, u32 i);

static void by_port(struct lbvs_tuple *tuple, u32 i)
{
	tuple->sport = htons(32768 + i);
}

static void by_even_port(struct lbvs_tuple *tuple, u32 i)
{
	tuple->sport = htons(i * 2);
}

static void by_dport(struct lbvs_tuple *tuple, u32 i)
{
	tuple->dport = htons(i);
}

static void by_client(struct lbvs_tuple *tuple, u32 i)
{
	tuple->saddr[host(tuple)] = htonl(0x0a000000 + i);
}

static void by_network(struct lbvs_tuple *tuple, u32 i)
{
	tuple->saddr[0] = htonl(i << 8);
}

static void by_high_bits(struct lbvs_tuple *tuple, u32 i)
{
	tuple->saddr[0] = htonl(i << 17);
}

/* As it stands in memory, where the highest byte comes last. */
static void by_swapped(struct lbvs_tuple *tuple, u32 i)
{
	tuple->saddr[host(tuple)] = (__force __be32)i;
}

static void by_swapped_high(struct lbvs_tuple *tuple, u32 i)
{
	tuple->saddr[host(tuple)] = (__force __be32)(i << 17);
}

static void by_client_and_port(struct lbvs_tuple *tuple, u32 i)
{
	tuple->saddr[host(tuple)] = htonl(0x0a000000 + i / 128);
	tuple->sport = htons(1024 + i % 128);
}

static void by_network_and_port(struct lbvs_tuple *tuple, u32 i)
{
	tuple->saddr[host(tuple)] = htonl(0x0a000000 + (i / 256 << 8));
	tuple->sport = htons(1024 + i % 256);
}

static void by_vip(struct lbvs_tuple *tuple, u32 i)
{
	tuple->daddr[host(tuple)] = htonl(0x0a000000 + i);
}

/* Both ends move, and so that their difference, or sum, stays. */
static void by_both(struct lbvs_tuple *tuple, u32 i)
{
	by_client(tuple, i);
	by_vip(tuple, i);
}

static void by_both_against(struct lbvs_tuple *tuple, u32 i)
{
	by_client(tuple, i);
	by_vip(tuple, ENTRIES - i);
}

static void by_zero_but_port(struct lbvs_tuple *tuple, u32 i)
{
	memset(tuple->saddr, 0, sizeof(tuple->saddr));
	memset(tuple->daddr, 0, sizeof(tuple->daddr));
	tuple->dport = 0;
	tuple->sport = htons(i);
}

static void by_zero_but_client(struct lbvs_tuple *tuple, u32 i)
{
	memset(tuple->saddr, 0, sizeof(tuple->saddr));
	memset(tuple->daddr, 0, sizeof(tuple->daddr));
	tuple->sport = 0;
	tuple->dport = 0;
	tuple->saddr[host(tuple)] = htonl(i);
}

static const struct set {
	const char *name;
	set_fn make;
} sets[] = {
	{ "one client's ports", by_port },
	{ "one client's even ports", by_even_port },
	{ "the ports of a VIP", by_dport },
	{ "clients in sequence", by_client },
	{ "networks in sequence", by_network },
	{ "the high bits of an address", by_high_bits },
	{ "the high bytes of an address in sequence", by_swapped },
	{ "the low bits of an address in reverse", by_swapped_high },
	{ "256 clients, 128 ports each", by_client_and_port },
	{ "128 networks, 256 ports each", by_network_and_port },
	{ "VIPs in sequence", by_vip },
	{ "both ends in sequence", by_both },
	{ "both ends, against each other", by_both_against },
	{ "zero but for a port", by_zero_but_port },
	{ "zero but for a client", by_zero_but_client },
};

/*
 * The longest chain that random numbers may be believed to make in KEYS tables: one
 * that is longer turns up in one of 1000 such tests.
 */
static unsigned int longest_chain(void)
{
	double load = (double)ENTRIES / BUCKETS, term = 1;
	unsigned int len = 0;

	/* Poisson's law: term is at first e^load times too large, which is on the safe side. */
	while (term * BUCKETS * KEYS > 0.001)
		term *= load / ++len;
	return len;
}

struct spread {
	const struct set *set;
	u8 af;
};

/* Length of the longest chain; adds the number of pairs that share one. */
static unsigned int fill(const struct lbvs_conn_family *fam,
			 const struct spread *spread, u64 *pairs)
{
	static u16 chain[BUCKETS];
	struct lbvs_tuple tuple;
	unsigned int longest = 0;
	u32 i;

	memset(chain, 0, sizeof(chain));
	for (i = 0; i < ENTRIES; i++) {
		u16 *len;

		tuple = plain(spread->af);
		spread->set->make(&tuple, i);
		len = &chain[lbvs_table_hash(fam, &tuple) % BUCKETS];
		*pairs += (*len)++;
		longest = max_t(unsigned int, longest, *len);
	}
	return longest;
}

static void check_spread(const void *arg)
{
	double expected = (double)KEYS * ENTRIES / 2 * ENTRIES / BUCKETS;
	const struct spread *spread = arg;
	unsigned int longest, limit = longest_chain(), worst = 0, bad = 0, i;
	struct lbvs_conn_family fam;
	u64 pairs = 0;

	rnd_state = 1;
	for (i = 0; i < KEYS; i++) {
		new_key(&fam);
		longest = fill(&fam, spread, &pairs);
		worst = max(worst, longest);
		bad += longest > limit;
	}
	CHECK(!bad, "%u of %u keys make chains longer than %u: up to %u", bad,
	      KEYS, limit, worst);
	/* The deviation is about 1/1000 of that. */
	CHECK(pairs < expected * 1.01, "%llu pairs share a chain, not %.0f",
	      (unsigned long long)pairs, expected);
}

/* The word of a tuple that a bit is in, as the wire has it: addresses, then ports. */
static void flip(struct lbvs_tuple *tuple, unsigned int bit)
{
	unsigned int words = lbvs_addr_words(tuple->af), i = bit / 32;
	u32 mask = 1U << bit % 32;

	if (i < words)
		tuple->saddr[i] ^= (__force __be32)mask;
	else if (i < 2 * words)
		tuple->daddr[i - words] ^= (__force __be32)mask;
	else if (mask >> 16)
		tuple->sport ^= (__force __be16)(mask >> 16);
	else
		tuple->dport ^= (__force __be16)mask;
}

static unsigned int tuple_bits(u8 af)
{
	return (2 * lbvs_addr_words(af) + 1) * 32;
}

/* A difference is the bits in which two tuples differ, at most this many. */
#define BITS_MAX 64

struct difference {
	u8 af;
	unsigned int num;
	unsigned int bit[BITS_MAX];
};

static unsigned int collisions(const struct difference *diff, u32 buckets,
			       unsigned int tries)
{
	struct lbvs_conn_family fam;
	struct lbvs_tuple a, b;
	unsigned int i, found = 0;
	u32 n;

	for (n = 0; n < tries; n++) {
		new_key(&fam);
		a = plain(diff->af);
		b = a;
		for (i = 0; i < diff->num; i++)
			flip(&b, diff->bit[i]);
		found += !((lbvs_table_hash(&fam, &a) ^
			    lbvs_table_hash(&fam, &b)) % buckets);
	}
	return found;
}

/* 64 are expected, and the deviation is 8: more than this has a reason. */
static void check_difference(const struct difference *diff)
{
	unsigned int found = collisions(diff, SMALL, PAIRS);

	CHECK(found < 64 + 7 * 8,
	      "%u bits, the first of them %u: %u of %u pairs collide, not 64",
	      diff->num, diff->bit[0], found, PAIRS);
}

static void check_single_bits(const void *arg)
{
	struct difference diff = { .af = *(const u8 *)arg, .num = 1 };

	rnd_state = 2;
	for (; diff.bit[0] < tuple_bits(diff.af); diff.bit[0]++)
		check_difference(&diff);
}

/* Runs of bits, as carries and masks make them, in one word or in two. */
static void check_runs(const void *arg)
{
	u8 af = *(const u8 *)arg;
	unsigned int from, len, i, bits = tuple_bits(af);

	rnd_state = 3;
	for (len = 2; len <= BITS_MAX; len *= 2) {
		for (from = 0; from + len <= bits; from += 8) {
			struct difference diff = { .af = af, .num = len };

			for (i = 0; i < len; i++)
				diff.bit[i] = from + i;
			check_difference(&diff);
		}
	}
}

/* A bit here and a bit there, so that the two could make up for each other. */
static void check_two_bits(const void *arg)
{
	struct difference diff = { .af = *(const u8 *)arg, .num = 2 };
	unsigned int i;

	rnd_state = 4;
	for (i = 0; i < 100; i++) {
		diff.bit[0] = rnd64() % tuple_bits(diff.af);
		diff.bit[1] = rnd64() % tuple_bits(diff.af);
		if (diff.bit[0] != diff.bit[1])
			check_difference(&diff);
	}
}

/* Clients of an attacker: he can have any address and port. */
static struct lbvs_tuple random_client(u8 af)
{
	struct lbvs_tuple tuple = plain(af);
	unsigned int i;

	for (i = 0; i < lbvs_addr_words(af); i++)
		tuple.saddr[i] = (__force __be32)rnd64();
	tuple.sport = (__force __be16)rnd64();
	return tuple;
}

#define CHAIN 64

/* Who knew one key, by leak or by luck, has nothing against another one. */
static void check_other_keys(const void *arg)
{
	u8 af = *(const u8 *)arg;
	struct lbvs_tuple tuple[CHAIN];
	struct lbvs_conn_family fam;
	unsigned int num = 0, i, k, pairs = 0;
	const unsigned int keys = 2000;
	double expected = keys * CHAIN * (CHAIN - 1) / 2.0 / SMALL;

	rnd_state = 5;
	new_key(&fam);
	while (num < CHAIN) {
		tuple[num] = random_client(af);
		num += !(lbvs_table_hash(&fam, &tuple[num]) % SMALL);
	}
	for (k = 0; k < keys; k++) {
		new_key(&fam);
		for (num = 0; num < CHAIN; num++)
			for (i = 0; i < num; i++)
				pairs += !((lbvs_table_hash(&fam, &tuple[i]) ^
					    lbvs_table_hash(&fam, &tuple[num])) %
					   SMALL);
	}
	CHECK(pairs < expected * 1.2, "%u pairs collide, not %.0f", pairs, expected);
}

/* Two clients that share a chain, and differ in one word of the address. */
static u32 find_collision(const struct lbvs_conn_family *fam, struct lbvs_tuple *a)
{
	struct lbvs_tuple b;
	u32 step;

	*a = random_client(a->af);
	for (step = 1; step < 32 * BUCKETS; step++) {
		b = *a;
		b.saddr[host(a)] += (__force __be32)step;
		if (!((lbvs_table_hash(fam, a) ^ lbvs_table_hash(fam, &b)) %
		      BUCKETS))
			return step;
	}
	return 0;
}

/*
 * Who has found, by measuring times, two clients that share a chain can do nothing
 * with their distance: neither are twice as distant ones any likelier to share one,
 * nor other clients at that distance.
 */
static void check_extension(const void *arg)
{
	struct lbvs_tuple a = { .af = *(const u8 *)arg }, b, c;
	unsigned int key, i, more = 0, elsewhere = 0;
	const unsigned int keys = 100, tries = 600;
	struct lbvs_conn_family fam;

	rnd_state = 6;
	for (key = 0; key < keys; key++) {
		u32 step;

		new_key(&fam);
		step = find_collision(&fam, &a);
		CHECK(step, "no two clients that collide");
		for (i = 0; i < tries; i++) {
			b = a;
			b.saddr[host(&a)] += (__force __be32)(step * (i + 2));
			more += !((lbvs_table_hash(&fam, &a) ^
				   lbvs_table_hash(&fam, &b)) % BUCKETS);
			b.saddr[host(&a)] = (__force __be32)rnd64();
			c = b;
			c.saddr[host(&a)] += (__force __be32)step;
			elsewhere += !((lbvs_table_hash(&fam, &b) ^
					lbvs_table_hash(&fam, &c)) % BUCKETS);
		}
	}
	/* Of each, 1 is expected. */
	CHECK(more <= 8, "%u of %u multiples of the distance collide, too", more,
	      keys * tries);
	CHECK(elsewhere <= 8, "%u of %u others at that distance collide, too",
	      elsewhere, keys * tries);
}

/* Each single bit of a tuple decides about each bit of the hash, half of the time. */
static void check_avalanche(const void *arg)
{
	u8 af = *(const u8 *)arg;
	unsigned int bit, out, n;
	const unsigned int tries = 2048;

	rnd_state = 7;
	for (bit = 0; bit < tuple_bits(af); bit++) {
		unsigned int changed[32] = { 0 };

		for (n = 0; n < tries; n++) {
			struct lbvs_tuple a = random_client(af), b = a;
			struct lbvs_conn_family fam;
			u32 diff;

			new_key(&fam);
			flip(&b, bit);
			diff = lbvs_table_hash(&fam, &a) ^ lbvs_table_hash(&fam, &b);
			for (out = 0; out < 32; out++)
				changed[out] += diff >> out & 1;
		}
		for (out = 0; out < 32; out++)
			CHECK(changed[out] > tries / 2 - 6 * 23 &&
			      changed[out] < tries / 2 + 6 * 23,
			      "bit %u of the tuple changes bit %u of the hash in %u of %u",
			      bit, out, changed[out], tries);
	}
}

static void service_by_host(struct lbvs_service_key *key, u32 i)
{
	key->addr[lbvs_addr_words(key->af) - 1] = htonl(i);
}

static void service_by_net(struct lbvs_service_key *key, u32 i)
{
	key->addr[lbvs_addr_words(key->af) / 4] = htonl(i << 8);
}

static void service_by_port(struct lbvs_service_key *key, u32 i)
{
	key->port = htons(i);
}

static void service_by_mark(struct lbvs_service_key *key, u32 i)
{
	*key = (struct lbvs_service_key){ .af = key->af, .mark = i };
}

static const struct service_set {
	const char *name;
	void (*make)(struct lbvs_service_key *key, u32 i);
} service_sets[] = {
	{ "host", service_by_host },
	{ "network", service_by_net },
	{ "port", service_by_port },
	{ "mark", service_by_mark },
};

struct services {
	const struct service_set *set;
	u8 af;
};

static void check_services(const void *arg)
{
	const struct services *services = arg;
	unsigned int longest = 0, i, k;
	static u16 chain[BUCKETS];

	rnd_state = 8;
	for (k = 0; k < KEYS; k++) {
		u32 seed = rnd64();

		memset(chain, 0, sizeof(chain));
		for (i = 0; i < ENTRIES; i++) {
			struct lbvs_service_key key = {
				.af = services->af, .proto = IPPROTO_TCP,
				.port = htons(80), .addr = { htonl(0x20010db8) },
			};
			u16 *len;

			services->set->make(&key, i);
			len = &chain[lbvs_service_hash(&key, seed) % BUCKETS];
			longest = max_t(unsigned int, longest, ++*len);
		}
	}
	CHECK(longest <= longest_chain(), "a chain of %u", longest);
}

/* Whatever a machine has for it, it is that. */
static void check_mix(const void *arg)
{
	unsigned int i;

	rnd_state = 9;
	for (i = 0; i < SMALL; i++) {
		u64 a = i ? rnd64() : ~0ULL, b = i ? rnd64() : ~0ULL;
		u64 want = mul_u64_u64_shr(a, b, 64) ^ a * b;

		CHECK(lbvs_hash_mix(a, b) == want, "%llu by %llu", a, b);
	}
}

static void service_cases(u8 af, const char *family)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(service_sets); i++) {
		struct services services = { &service_sets[i], af };

		tap_case(check_services, &services,
			 "hash, %s: services by %s are spread", family,
			 service_sets[i].name);
	}
}

static void spread_cases(u8 af, const char *family)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sets); i++) {
		struct spread spread = { &sets[i], af };

		tap_case(check_spread, &spread, "hash, %s: %s are spread", family,
			 sets[i].name);
	}
}

int main(void)
{
	static const u8 families[] = { AF_INET, AF_INET6 };
	unsigned int i;

	tap_case(check_mix, NULL, "hash: both halves of a product");
	for (i = 0; i < ARRAY_SIZE(families); i++) {
		const char *family = i ? "IPv6" : "IPv4";
		const u8 *af = &families[i];

		spread_cases(*af, family);
		tap_case(check_single_bits, af, "hash, %s: pairs that differ in a bit", family);
		tap_case(check_runs, af, "hash, %s: pairs that differ in a run of bits", family);
		tap_case(check_two_bits, af, "hash, %s: pairs that differ in two bits", family);
		tap_case(check_other_keys, af,
			 "hash, %s: a chain of one key is none of another", family);
		tap_case(check_extension, af,
			 "hash, %s: one collision doesn't lead to others", family);
		tap_case(check_avalanche, af, "hash, %s: avalanche", family);
		service_cases(*af, family);
	}
	return tap_end();
}
