#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Directors that are each other's dr reals, d and r1, then r2 with them. A packet
# that one has sent to another stays there: it is never sent back. c3 is the client,
# in their LAN, and chooses its director by a route.

# shellcheck disable=SC2086,SC2317 # addresses have no blanks; functions are called by name
. ./methods-lib.sh

P=8080

# by DIRECTOR COMMAND...: lb, service, drops and the like look there
by()
{
	local DIRECTOR=$1 PROC=/proc/${PID[$1]}/net/lbvs

	"${@:2}"
}

# address_of SPACE: as a real, into REAL
address_of()
{
	case $1 in
	d)	REAL=$D_REALS ;;
	r*)	real_of $FAMILY ${1#r} ;;
	esac
}

# each_has "DIRECTOR REAL..." ...: that director's services, and their dr reals
each_has()
{
	local row director reals name

	for row; do
		reals=
		for name in ${row#* }; do
			address_of $name
			reals+=" $REAL --method dr"
		done
		director=${row%% *}
		by $director lb flush
		by $director service tcp $VIP $P $P --scheduler rr -- $reals
		by $director service udp $VIP $P $P --scheduler rr $ONE_PACKET -- $reals
	done
	for director in d r1 r2; do
		on $director nft reset counters table netdev crossed > /dev/null
	done
}

# count_crossings SPACE DEVICE: frames to the VIP, as they come from the LAN
count_crossings()
{
	on $1 nft -f - <<-END
		table netdev crossed {
			counter frames { }
			chain in {
				type filter hook ingress device $2 priority 0;
				ip daddr 203.0.113.10 counter name frames
				ip6 daddr 2001:db8:f::10 counter name frames
			}
		}
	END
}

# crossed: since the services were made, "d=N r1=N r2=N" into CROSSED
crossed()
{
	local director

	CROSSED=
	for director in d r1 r2; do
		PACKETS=$(on $director nft -j list counter netdev crossed frames | jq '.nftables[].counter // empty | .packets')
		CROSSED+="${CROSSED:+ }$director=$PACKETS"
	done
}

# The client's director from now on.
ask()
{
	address_of $1
	on c3 ip route replace $VIP via $REAL
}

pair_cases()
{
	for first in d r1; do
		L="$V each other's reals, asked at $first:"
		ONE_PACKET=
		each_has "d d r1" "r1 d r1"
		ask $first
		told "$L TCP" "d=4 r1=4" c3 each 8 tcp $VIP $P
		told "$L UDP" "d=3 r1=3" c3 many u 6 udp $VIP $P
		told "$L each flow stays" "same=6 moved=0 failed=0" c3 sayall u
		tell c3 open t tcp $VIP $P
		real=$ANSWER
		told "$L many messages on a connection" "$real=50" c3 say t 50
		tell c3 open b tcp $VIP $P
		told "$L 2 MB each way to one of them" good c3 bulk b $((2 << 20))
		tell c3 open c tcp $VIP $P
		told "$L and to the other" good c3 bulk c $((2 << 20))
		tell c3 close '*'
		ONE_PACKET=--one-packet
		each_has "d d r1" "r1 d r1"
		tell c3 connect u udp $VIP $P
		told "$L a one-packet service" "d=10 r1=10" c3 say u 20
		crossed
		other=d
		[ $first = r1 ] || other=r1
		like "$L each packet has crossed the LAN once, or twice to the other" \
			"$CROSSED" "(^| )$first=20( .*)?$"
		like "$L so half of them the second time" "$CROSSED" "(^| )$other=10( .*)?$"
		tell c3 close u
	done
}

# The client asked r1 first, whose connections remember that; then it asks d, which
# has forgotten.
moved_cases()
{
	L="$V the client turns to the other director:"
	ONE_PACKET=
	each_has "d d r1" "r1 d r1"
	ask r1
	told "$L UDP before" "d=4 r1=4" c3 many u 8 udp $VIP $P
	by d lb del-connection --all > /dev/null
	ask d
	on d nft reset counters table netdev crossed > /dev/null
	on r1 nft reset counters table netdev crossed > /dev/null
	tell c3 sayall u
	like "$L each flow has an answer" "$ANSWER" '^same=[0-9]+ moved=[0-9]+ failed=0$'
	told "$L and then stays" "same=8 moved=0 failed=0" c3 sayall u
	crossed
	is "$L nothing went round" "$CROSSED" "d=16 r1=8 r2=0"
	tell c3 close '*'
}

# A director that is a real has forgotten its connections: what the other one sends
# it is its own all the same.
forgetful_case()
{
	local i

	L="$V a real that is a director, too, forgets its connections:"
	each_has "d r1" "r1 d r1"
	ask d
	for i in 1 2 3 4; do
		tell c3 open t$i tcp $VIP $P
	done
	by r1 lb del-connection --all > /dev/null
	told "$L the other one's go on" "same=4 moved=0 failed=0" c3 sayall t
	by r1 drops tcp_unknown
	is "$L none is reset" $DROPS 0
	tell c3 close '*'
}

nobody_cases()
{
	local before

	for ONE_PACKET in "" --one-packet; do
		L="$V only each other${ONE_PACKET:+, one-packet}:"
		each_has "d r1" "r1 d"
		ask d
		by r1 drops loop
		before=$DROPS
		tell c3 connect u udp $VIP $P
		told "$L UDP, sent" sent c3 send u 100
		pause 0.3
		crossed
		is "$L it goes no further than to the second" "$CROSSED" "d=1 r1=1 r2=0"
		by r1 drops loop
		is "$L where it is dropped, with the reason" $((DROPS - before)) 1
		tell c3 close u
	done
	told "$L TCP gets nowhere" "error: timeout" c3 open t tcp $VIP $P timeout=500
	crossed
	like "$L nor does that go round" "$CROSSED" '^d=2 r1=2 r2=0$'
}

# Three in a ring don't know who of them began.
ring_cases()
{
	ONE_PACKET=
	L="$V a ring of three, one serves:"
	each_has "d r1" "r1 r2" "r2 r2"
	ask d
	told "$L TCP" r2=3 c3 each 3 tcp $VIP $P
	told "$L UDP" r2=3 c3 many u 3 udp $VIP $P
	tell c3 close '*'
	L="$V a ring of three, each a real, too:"
	each_has "d d r1 r2" "r1 d r1 r2" "r2 d r1 r2"
	# Those that have not met yet don't know each other's hardware addresses.
	tell c3 each 3 tcp $VIP $P
	told "$L TCP" "d=3 r1=3 r2=3" c3 each 9 tcp $VIP $P
	told "$L UDP" "d=3 r1=3 r2=3" c3 many u 9 udp $VIP $P
	tell c3 close '*'
	L="$V a ring of three, none serves:"
	each_has "d r1" "r1 r2" "r2 d"
	numbers
	tell c3 connect u udp $VIP $P errors ttl=30
	told "$L UDP, sent" sent c3 send u 100
	error_is "$L the TTL ends it, and the client is told" "$EXCEEDED info=0 from=.*" c3 u
	crossed
	is "$L after so many hops" "$CROSSED" "d=10 r1=10 r2=10"
	tell c3 close u
}

# their_addresses add|delete: those that the directors are reals by
their_addresses()
{
	local director device bits

	for director in d r1 r2; do
		address_of $director
		device=eth0 bits=24
		[ $director != d ] || device=s
		[ $FAMILY = 4 ] || bits=64
		on $director ip address $1 $REAL/$bits dev $device
	done
}

# IPv6 looks for others that have an address, for a second or two.
settled()
{
	local director

	for director in d r1 r2; do
		[ -z "$(on $director ip -6 -oneline address show tentative)" ] || return
	done
}

# As when a host boots: what has to know that it is its own real can't see it yet.
late_cases()
{
	L="$V a ring of three, whose addresses come after their services:"
	their_addresses delete
	each_has "d d r1 r2" "r1 d r1 r2" "r2 d r1 r2"
	their_addresses add
	eventually "$L they are there" 10 settled
	ask d
	tell c3 each 3 tcp $VIP $P
	told "$L TCP" "d=3 r1=3 r2=3" c3 each 9 tcp $VIP $P
	told "$L UDP" "d=3 r1=3 r2=3" c3 many u 9 udp $VIP $P
	tell c3 close '*'
}

cases()
{
	pair_cases
	moved_cases
	forgetful_case
	nobody_cases
	ring_cases
	late_cases
	for director in r1 r2; do
		by $director lb flush
	done
	on c3 ip route delete $VIP
}

begin make_methods_network nft
start_servers $P
start_server d $P
start_client c3 c3
for i in d r1 r2; do
	forward $i
done
fast_path_of r1 r2
count_crossings d s
count_crossings r1 eth0
count_crossings r2 eth0
both_families cases
finish
