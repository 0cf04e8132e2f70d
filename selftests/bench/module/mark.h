/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Numbers that are loaded into a register where a profiler that watches from
 * outside is to begin and end.
 */
#ifndef _LBVS_BENCH_MARK_H
#define _LBVS_BENCH_MARK_H

#define BENCH_MARK_BEGIN	0x6cb5be61U
#define BENCH_MARK_END		0x6cb5e4d1U

#endif /* _LBVS_BENCH_MARK_H */
