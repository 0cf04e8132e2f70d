/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RND_H
#define _RND_H

/* Set by each case, so that it has the same numbers every time. */
static u64 rnd_state;

/* Not xorshift: it is linear, and so are hashes. */
static inline u64 rnd64(void)
{
	u64 z = rnd_state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

#endif /* _RND_H */
