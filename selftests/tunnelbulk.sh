#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Many bytes each way by dr and each kind of tunnel, each byte checked at either
# end, with offloads on and off around the director. The client learns what fits
# by ICMP: there is no MSS clamping.

# shellcheck disable=SC2086,SC2317 # addresses have no blanks; functions are called by name
. ./methods-lib.sh

MB=${MB:-16}
FEW=$(((MB + 3) / 4))
P=8080

# offloads on|off: of all that the director and its peers have; and those of the
# client alone, so that the director's GRO has something to put together.
offloads()
{
	local all="tx $1 rx $1 tso $1 gso $1 gro $1 sg $1"

	on d ethtool -K c $all > /dev/null
	on d ethtool -K s $all > /dev/null
	on sw ethtool -K dc $all > /dev/null
	on sw ethtool -K ds $all > /dev/null
	on c1 ethtool -K eth0 $all > /dev/null
	on sw ethtool -K c1 $all > /dev/null
	on r1 ethtool -K eth0 $all > /dev/null
	on sw ethtool -K r1 $all > /dev/null
}

# transfer MB DESCRIPTION
transfer()
{
	total_mb=$((total_mb + $1))
	tell c1 open b tcp $VIP $P
	told "$L $1 MB each way, $2" good c1 bulk b $(($1 << 20))
	took c1
	echo "# $TOOK ms"
	told "$L closed in order, $2" finished c1 finish b
}

each_kind()
{
	for name in ${KINDS/nat /}; do
		kind $name
		balance tcp $VIP $P 1
		zero_counts
		on r1 nft reset counters > /dev/null
		total_mb=0
		transfer $MB "offloads on"
		on d ethtool -K s tso off > /dev/null
		transfer $FEW "segmented by the stack on its way out"
		on d ethtool -K s tso on > /dev/null
		on c1 ethtool -K eth0 tso off gso off > /dev/null
		transfer $FEW "the client's segments put together by the director"
		offloads off
		transfer $FEW "all offloads off"
		offloads on
		outer_is "$L wrapped so" r1
		counts "$L the real found no fault" errors 0 0 0
		between "$L bytes in, as counted" "$(lbq '.services[0].stats.bytes_in' list)" \
			$((total_mb << 20)) $((total_mb * 7 / 6 << 20))
		nft_counter d watch replies
		is "$L no answer passed the director" "$PACKETS" 0
		lb flush
	done
}

begin make_methods_network ethtool nft
start_servers $P
start_client c1 c1
both_families each_kind
finish
