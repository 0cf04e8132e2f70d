// SPDX-License-Identifier: GPL-2.0
/*
 * The parser under libFuzzer. The first byte of an input is the family, the
 * second is where the packet, which follows, is split. What is an error is read
 * as one, too: see packet_read(). fuzz_one() is to be compiled under the name that
 * libFuzzer calls.
 */
#include "packets.h"
#include "tap.h"

int fuzz_one(const u8 *data, size_t size)
{
	unsigned int split;

	if (size < 2)
		return 0;
	size -= 2;
	split = data[1] < size ? data[1] : size;
	packet_check(data + 2, size, split, data[0] & 1 ? AF_INET6 : AF_INET);
	return 0;
}
