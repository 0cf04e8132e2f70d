#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The director as its own client, and as one of the reals.

# shellcheck disable=SC2086,SC2317 # addresses have no blanks; functions are called by name
. ./lib.sh

client_cases()
{
	service tcp $VIP 80 8080 --scheduler rr -- $R1 $R2 $R3
	service udp $VIP 53 8080 --scheduler rr -- $R1 $R2 $R3
	zero_counts
	told "$V TCP from the director goes round" "r1=4 r2=4 r3=4" dir each 12 tcp $VIP 80
	counts "$V as many at the reals" tcp 4 4 4
	told "$V UDP from the director goes round" "r1=2 r2=2 r3=2" dir many u 6 udp $VIP 53
	told "$V and each flow stays" "same=6 moved=0 failed=0" dir sayall u
	tell dir open n udp $VIP 53 nocheck
	told "$V UDP without checksums" "${ANSWER}=5" dir say n 5
	tell dir open b tcp $VIP 80
	told "$V 32 MB each way from the director" good dir bulk b $((32 << 20))
	told "$V and closed in order" finished dir finish b
	on d ethtool -K s tso off gso off tx off rx off > /dev/null
	tell dir open b tcp $VIP 80
	told "$V 8 MB each way, no offloads" good dir bulk b $((8 << 20))
	on d ethtool -K s tso on gso on tx on rx on > /dev/null
	tell dir close '*'
	lb flush
}

# An address that means nothing elsewhere must not get there.
loopback_cases()
{
	local from=127.0.0.1

	[ $FAMILY = 4 ] || from=::1
	service udp $VIP 53 8080 --scheduler rr -- $R1
	drops loop
	before=$DROPS
	tell dir open l udp $VIP 53 from=$from timeout=300
	like "$V from $from, and no real here" "$ANSWER" "error: "
	drops loop
	between "$V and it is said why" $((DROPS - before)) 1 3
	lb flush
}

# The same VIP by a route only: no address to bind to, but the director may talk to it.
route_cases()
{
	service tcp $VIPL 80 8080 --scheduler rr -- $R1 $R2
	told "$V the director and a VIP by local route" "r1=3 r2=3" dir each 6 tcp $VIPL 80
	lb flush
}

# A VIP that is not the director's: its packets never come in again, so that they
# have to be caught on their way out. Nothing is behind that device.
outside_cases()
{
	local vip=203.0.113.30

	[ $FAMILY = 4 ] || vip=2001:db8:f::30
	ip -n lbvs-d route add $vip dev vip
	service tcp $vip 80 8080 --scheduler rr -- $R1 $R2
	service udp $vip 53 8080 --scheduler rr -- $R1 $R2
	told "$V the director and a VIP elsewhere, TCP" "r1=3 r2=3" dir each 6 tcp $vip 80
	told "$V the director and a VIP elsewhere, UDP" "r1=3 r2=3" dir many u 6 udp $vip 53
	tell dir close '*'
	lb flush
}

real_cases()
{
	service tcp $VIP 80 8080 --scheduler rr -- $R1 $D_REALS
	service udp $VIP 53 8080 --scheduler rr -- $R1 $D_REALS
	told "$V the director as a real, TCP" "d=5 r1=5" c1 each 10 tcp $VIP 80
	told "$V the director as a real, UDP" "d=3 r1=3" c1 many u 6 udp $VIP 53
	told "$V and each flow stays" "same=6 moved=0 failed=0" c1 sayall u
	tell c2 open b tcp $VIP 80
	told "$V 8 MB each way to it or its neighbour" good c2 bulk b $((8 << 20))
	tell c2 open c tcp $VIP 80
	told "$V 8 MB each way to the other" good c2 bulk c $((8 << 20))
	told "$V the director to itself and another" "d=2 r1=2" dir each 4 tcp $VIP 80
	tell c1 close '*'
	tell c2 close '*'
}

cases()
{
	client_cases
	loopback_cases
	route_cases
	outside_cases
	real_cases
}

begin make_network ethtool
start_servers 8080
start_server d 8080
start_client dir d
start_client c1 c1
start_client c2 c2
both_families cases
finish
