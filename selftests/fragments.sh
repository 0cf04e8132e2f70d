#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Datagrams larger than a packet, each way, by each method, with and without
# connection tracking on the director; out of order, and overlapping.

# shellcheck disable=SC2086,SC2317 # addresses have no blanks; functions are called by name
. ./methods-lib.sh

P=8080

big_cases()
{
	local real

	tell c1 connect u udp $VIP $P
	tell c1 big u 60000
	real=$ANSWER
	like "$L 60,000 bytes each way" "$real" '^r[123]$'
	told "$L the real that has the flow" "$real" c1 big u 60000
	told "$L a small one, too" "$real" c1 big u 100
	tell c2 connect u udp $VIP $P
	tell c2 big u 60000
	like "$L 60,000 bytes each way by a router" "$ANSWER" '^r[123]$'
	told "$L one byte more than fits" "$ANSWER" c2 big u 1473
	wait_for 2 udp_sum_is 5
	is "$L as many at the reals" $((${COUNTS// /+})) 5
	tell c1 close u
	tell c2 close u
}

# Fragments made by hand, of a connection that there is none of yet; and of one
# that there is.
order_cases()
{
	local how

	# IPv6's never may be fragmented on the way.
	for how in "" reverse $([ $FAMILY = 6 ] || echo df); do
		zero_counts
		tell c1 connect f udp $VIP $P sport=7300
		told "$L fragments ${how:-in order}" sent c1 frag $C1 7300 $VIP $P 9000 $how
		wait_for 2 udp_sum_is 1
		get_counts udp
		is "$L ${how:-in order}: put together, once" $((${COUNTS// /+})) 1
		told "$L ${how:-in order}: again" sent c1 frag $C1 7300 $VIP $P 9000 $how
		wait_for 2 udp_sum_is 2
		get_counts udp
		is "$L ${how:-in order}: and again to the same real" "${COUNTS//0/}" "$(expected_place)"
		tell c1 close f
		lb del-connection --all > /dev/null
	done
}

udp_sum_is()
{
	get_counts udp
	[ $((${COUNTS// /+})) = "$1" ]
}

# Two at one of the reals, nothing at the others.
expected_place()
{
	case $COUNTS in
	"2 0 0")	echo "2  " ;;
	"0 2 0")	echo " 2 " ;;
	"0 0 2")	echo "  2" ;;
	*)		echo "2 at one real" ;;
	esac
}

overlap_cases()
{
	local how

	for how in overlap "overlap reverse"; do
		zero_counts
		told "$L fragments, $how" sent c1 frag $C1 7301 $VIP $P 9000 $how
		told "$L a whole one after them" sent c1 frag $C1 7302 $VIP $P 9000
		# Time for what shouldn't come.
		pause 0.3
		get_counts udp
		is "$L $how: only the whole one got through" $((${COUNTS// /+})) 1
	done
}

each_kind()
{
	for name in $KINDS; do
		kind $name
		L="$V $name$WITH:"
		balance udp $VIP $P 1 2 3
		zero_counts
		big_cases
		order_cases
		overlap_cases
		counts "$L no fault at the reals" errors 0 0 0
		lb flush
	done
}

# To a port of a VIP that is no service's: what was put together here is the stack's.
own_cases()
{
	local how

	kind nat
	balance udp $VIP $P 1
	for how in "" $([ $FAMILY = 4 ] || echo dest); do
		count d udp
		told "$V to a socket of the director's, fragments $how" sent c1 frag $C1 7310 $VIP 9100 3000 $how
		eventually "$V it has them $how" 3 count_is d udp $((COUNT + 1))
	done
	lb flush
}

begin make_methods_network nft
start_servers $P
start_server d 9100
start_client c1 c1
start_client c2 c2
WITH=
both_families own_cases
both_families each_kind
on d nft -f - <<-END
	table inet track {
		chain in {
			type filter hook prerouting priority -150;
			ct state invalid drop
		}
		chain out {
			type filter hook postrouting priority 0;
			ct state invalid drop
		}
	}
END
WITH=" with conntrack"
both_families each_kind
finish
