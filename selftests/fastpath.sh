#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The fast path takes packets of known connections, all of them; what is odd it
# leaves to the stack, which counts and does what it does without a fast path. Others
# who look at packets see them as they came. With "all" it takes new connections, too.

# shellcheck disable=SC2086,SC2317 # addresses have no blanks; functions are called by name
. ./fast-lib.sh

taken_cases()
{
	for name in $KINDS; do
		use $name
		tell c1 open t tcp $VIP $P
		told "$L UDP" r1=20 c1 say u 20
		mark_frames
		told "$L 20 more" r1=20 c1 say u 20
		takes_all "$L UDP" "$(with_reply 20)"
		mark_frames
		told "$L TCP" r1=20 c1 say t 20
		told "$L TCP, closed" finished c1 finish t
		takes_all "$L TCP" "$(with_reply 22)"
		done_with
	done
}

# What a connection's packets are left for, one after the other. The rest is taken.
header_cases()
{
	local odd=options=01010100

	# A destination options header of nothing but padding.
	[ $FAMILY = 4 ] || odd=ext=60:1100010400000000
	for name in nat dr gue4; do
		use $name
		mark
		told "$L a new flow" r1 c1 open n udp $VIP $P
		did "$L its first packet is of no known connection" \
			"$([ $name != nat ] || echo "taken=1 ")unknown=1"
		count r1 udp
		had=$COUNT
		tell c1 open x udp $VIP $P sport=7300
		mark
		for _ in 1 2 3; do
			tell c1 craft udp $C1 7300 $VIP $P 100 $odd
		done
		wait_for 2 udp_count_is $((had + 4))
		is "$L IPv4 options, IPv6 extension headers: they arrive" $((COUNT - had)) 4
		did "$L these are left" "$([ $name != nat ] || echo "taken=3 ")header=3"
		mark
		told "$L fragments" r1 c1 big u 3000
		did "$L these are left" "fragment=$(with_reply 3)"
		done_with
	done
}

udp_count_is()
{
	count r1 udp
	[ "$COUNT" = "$1" ]
}

# A frame made by hand, of the flow u from port 7400.
frame_cases()
{
	mac d c
	for name in nat dr ipip4 ipip6 gue4 gre6; do
		kind $name
		balance udp $VIP $P 1
		zero_counts
		tell c1 open u udp $VIP $P sport=7400
		mark
		watch_length
		told "$L a short frame is padded: sent" sent c1 frame eth0 $MAC $C1 7400 $VIP $P pad=18
		wait_for 2 udp_count_is 2
		is "$L it arrives" "$COUNT" 2
		did "$L and was taken" "taken=$(with_reply 1)"
		[ $METHOD != tunnel ] || padding_case
		[ $FAMILY != 4 ] || checksum_case
		done_with
	done
}

# watch_length: packets from the director at r1, and those of the right length
watch_length()
{
	local own=$((FAMILY == 4 ? 30 : 50))
	local rule="ip saddr 10.0.0.1" length="ip length $((own + OVERHEAD))"

	if [ $REAL_FAMILY = 6 ]; then
		rule="ip6 saddr 2001:db8:10::1"
		length="ip6 length $((own + OVERHEAD - 40))"
	fi
	on r1 nft -f - <<-END
		table inet length { }
		delete table inet length
		table inet length {
			counter whole { }
			counter right { }
			chain in {
				type filter hook prerouting priority -450;
				$rule meta l4proto { 4, 41, 47, udp } counter name whole
				$rule meta l4proto { 4, 41, 47, udp } $length counter name right
			}
		}
	END
}

padding_case()
{
	nft_counter r1 length whole
	is "$L in a single outer packet" "$PACKETS" 1
	nft_counter r1 length right
	is "$L without the padding" "$PACKETS" 1
}

# The real finds that out, as any host does.
checksum_case()
{
	told "$L a wrong header checksum: sent" sent c1 frame eth0 $MAC $C1 7400 $VIP $P badsum
	told "$L a right one: sent" sent c1 frame eth0 $MAC $C1 7400 $VIP $P
	wait_for 2 udp_count_is 3
	pause 0.1
	count r1 udp
	is "$L a wrong header checksum isn't mended" "$COUNT" 3
}

ttl_cases()
{
	numbers
	for name in nat dr ipip6; do
		use $name
		tell c1 connect x udp $VIP $P errors ttl=1
		mark
		for _ in 1 2 3; do
			tell c1 send x 100
			error_is "$L a TTL of 1: the client is told" "$EXCEEDED info=0 from=($VIP|$D)" c1 x
		done
		did "$L these are left" ttl=3
		dropped "$L and dropped once each" ttl 3
		done_with
	done
}

# to_real WORDS: a route on the director, to r1 alone, in place of the @
to_real()
{
	local bits=32

	real_of $REAL_FAMILY 1
	[ $REAL_FAMILY = 4 ] || bits=128
	ip -n lbvs-d -$REAL_FAMILY route "${@/@/$REAL/$bits}"
}

# Of the director's own way to the real, not of one further on; see pmtu.sh for that.
too_big_cases()
{
	numbers
	for name in nat dr ipip4 ipip6 gue4 gre6; do
		use $name
		to_real add @ dev s mtu lock 1400
		tell c1 open w udp $VIP $P errors whole
		told "$L what fits is answered" r1=3 c1 say w 3
		mark
		told "$L too big for the way to the real: sent" sent c1 send w 1390
		error_is "$L the client is told what fits" "$TOO_BIG info=$((1400 - OVERHEAD)) from=.*" c1 w
		did "$L it is left" too_big=1
		dropped "$L and dropped once" too_big 1
		forget_paths c1
		[ $FAMILY != 4 ] || fragment_case
		[ $METHOD != tunnel ] || never_df_case
		to_real delete @
		done_with
	done
}

fragment_case()
{
	on c1 sysctl -qw net.ipv4.ip_no_pmtu_disc=1
	tell c1 open f udp $VIP $P timeout=1000
	mark
	told "$L without DF it is fragmented, and answered" r1 c1 big f 1390
	did "$L by the stack" "$([ $METHOD != nat ] || echo "taken=1 ")too_big=1"
	on c1 sysctl -qw net.ipv4.ip_no_pmtu_disc=0
}

never_df_case()
{
	lb set tunnel-df never
	tell c1 open g udp $VIP $P whole timeout=1000
	mark
	told "$L DF for tunnels never: it is fragmented, and answered" r1 c1 big g 1390
	did "$L by the stack" too_big=1
	lb set tunnel-df inherit
}

route_cases()
{
	for name in nat dr ipip4 gue6; do
		use $name
		to_real add unreachable @
		mark
		told "$L no route" "error: timeout" c1 say u
		did "$L it is left" route=1
		dropped "$L and dropped once" no_route 1
		to_real delete unreachable @
		tell c1 close u
		tell c1 open u udp $VIP $P timeout=1000
		ip -n lbvs-d neigh flush dev s
		mark
		told "$L a neighbour that isn't known is asked for" r1=2 c1 say u 2
		did "$L by the stack" "taken=$(($(with_reply 2) - 1)) neighbour=1"
		done_with
	done
	use nat
	ip -n lbvs-d neigh flush dev c
	mark
	told "$V nat: the client's address isn't known: it is asked for" r1=2 c1 say u 2
	did "$V nat: by the stack" "taken=3 neighbour=1"
	done_with
	use dr
	to_real add @ via $MID_ON_LAN
	mark
	told "$V dr: a gateway before the real" "error: timeout" c1 say u
	did "$V dr: it is left" route=1
	dropped "$V dr: and dropped once" gateway 1
	to_real delete @
	done_with
}

# A way that is no Ethernet device's.
device_route_cases()
{
	local device=tunl0 kind=ipip real=10.8.0.3 bits=32

	[ $FAMILY = 4 ] || device=sit0 kind=sit real=2001:db8:8::3 bits=128
	ip -n lbvs-d -batch - <<-END
		link add t3 type $kind local 10.0.0.1 remote 10.0.0.13
		link set t3 up
		route add $real/$bits dev t3
	END
	ip -n lbvs-r3 addr add $real/$bits dev $device
	service udp $VIP $P $P -- $real
	tell c1 open u udp $VIP $P
	mark
	told "$V a real behind a tunnel device" r3=3 c1 say u 3
	did "$V what goes there is left" "taken=3 route=3"
	ip -n lbvs-r3 addr delete $real/$bits dev $device
	ip -n lbvs-d link delete t3
	done_with
}

local_cases()
{
	for name in nat dr; do
		L="$V $name:"
		service udp $VIP $P $P -- $D_REALS --method $name
		tell c1 open u udp $VIP $P timeout=1000
		mark
		told "$L the director itself is the real" d=3 c1 say u 3
		did "$L what goes there is left" local=3
		done_with
	done
}

policy_cases()
{
	for name in nat dr ipip6; do
		use $name
		on d ip xfrm policy add src 192.168.7.0/24 dst 192.168.8.0/24 dir out
		mark
		told "$L with an IPsec policy about others" r1=3 c1 say u 3
		did "$L packets are left" "policy=$(with_reply 3)"
		on d ip xfrm policy flush
		mark
		told "$L without it" r1=3 c1 say u 3
		did "$L they are taken" "taken=$(with_reply 3)"
		done_with
	done
}

other_host_cases()
{
	use nat
	tell c1 connect o udp $VIP $P timeout=300
	mac d c
	ip -n lbvs-c1 neigh replace $D lladdr 02:00:00:00:00:77 dev eth0 nud permanent
	mark
	told "$V to another hardware address" "error: timeout" c1 say o
	did "$V it is left" device=1
	passed_on "$V and passed on by nobody" 0
	ip -n lbvs-c1 neigh replace $D lladdr $MAC dev eth0 nud reachable
	told "$V to the director's own again" r1 c1 say u
	done_with
}

tracked_cases()
{
	lb set conntrack on
	for name in nat dr; do
		use $name
		mark
		told "$L with conntrack" r1=3 c1 say u 3
		did "$L those by nat are left" "$([ $name = nat ] && echo tracked=6 || echo taken=3)"
		done_with
	done
	lb set conntrack off
	use nat
	mark
	told "$V without conntrack again" r1=3 c1 say u 3
	did "$V they are taken" taken=6
	done_with
}

# Stock pktgen keeps a hold on the packets that it hands to the stack.
shared_cases()
{
	local pgdev=/proc/net/pktgen/c dst=dst from=src_min port=udp_src_min

	kind dr
	balance udp $VIP $P 1
	[ $FAMILY = 4 ] || dst=dst6 from=src6
	tell c1 open u udp $VIP $P sport=7500
	mac d c
	on r1 nft -f - <<-END
		table inet shared {
			counter came { }
			chain in {
				type filter hook prerouting priority -450;
				udp sport 7500 counter name came drop
			}
		}
	END
	mark
	on d bash -c "
		echo rem_device_all > /proc/net/pktgen/kpktgend_0
		echo add_device c > /proc/net/pktgen/kpktgend_0
		for word in 'count 10' 'pkt_size 100' 'xmit_mode netif_receive' 'dst_mac $MAC' \
			'$dst $VIP' '$from $C1' '${from/min/max} $C1' \
			'$port 7500' '${port/min/max} 7500' 'udp_dst_min $P' 'udp_dst_max $P'; do
			echo \"\$word\" > $pgdev
		done
		echo start > /proc/net/pktgen/pgctrl
		echo rem_device_all > /proc/net/pktgen/kpktgend_0"
	did "$V packets that somebody else holds, too, are left" shared=10
	nft_counter r1 shared came
	is "$V and passed on by the stack" "$PACKETS" 10
	on r1 nft delete table inet shared
	done_with
}

# A tunnel device that tells routes what was around a packet.
marked_cases()
{
	ip -n lbvs-d -batch - <<-END
		link add vx type vxlan external dstport 4789
		$(address vx fe80::9 10.9.0.1/24 2001:db8:9::1/64)
	END
	ip -n lbvs-c1 -batch - <<-END
		link add vx type vxlan id 7 remote 192.0.2.1 dstport 4789
		$(address vx fe80::8 10.9.0.2/24 2001:db8:9::2/64)
	END
	mac d vx
	use nat
	tell c1 open o udp $VIP $P from=$C1
	ip -n lbvs-c1 neigh add $VX lladdr $MAC dev vx
	ip -n lbvs-c1 route add $VIP via $VX dev vx src $C1
	mark
	told "$V by a tunnel device" r1=3 c1 say o 3
	# As for the frames of the tunnel, they are the director's own.
	did "$V what has a tunnel's mark is left" "taken=3 marked=3"
	ip -n lbvs-c1 route delete $VIP via $VX
	ip -n lbvs-c1 link delete vx
	ip -n lbvs-d link delete vx
	done_with
}

# A device that puts more in front of packets than they have room for.
room_cases()
{
	ip -n lbvs-d -batch - <<-END
		link add vx type vxlan id 8 remote 10.0.0.13 dstport 4789
		$(address vx fe80::9 10.9.0.1/24 2001:db8:9::1/64)
	END
	ip -n lbvs-r3 -batch - <<-END
		link add vx type vxlan id 8 remote 10.0.0.1 dstport 4789
		$(address vx fe80::8 10.9.0.3/24 2001:db8:9::3/64)
	END
	service udp $VIP $P $P -- "${VX/%1/3}" --method dr
	tell c1 open u udp $VIP $P
	mark
	told "$V dr by a vxlan device" r3=3 c1 say u 3
	did "$V packets without room for its headers are left" no_memory=3
	ip -n lbvs-r3 link delete vx
	ip -n lbvs-d link delete vx
	done_with
}

# Neither balanced packets nor TCP or UDP.
others_cases()
{
	use nat
	mark
	check "$V ping to the VIP" on c1 ping -n -q -c 2 -i 0.2 -W 3 $VIP
	check "$V ping through the director" on c1 ping -n -q -c 2 -i 0.2 -W 3 $R2
	tell c1 connect o udp $D 9
	tell c1 send o 100
	did "$V the fast path has nothing to do with that" ""
	done_with
}

begin make_methods_network nft ping
modprobe -a pktgen vxlan 2> /dev/null || skip_all "no pktgen or vxlan"
count_frames
on d sysctl -qw net.ipv6.ip_nonlocal_bind=1
start_servers $P
start_server d $P
start_client c1 c1
both_families taken_cases
both_families header_cases
both_families frame_cases
both_families ttl_cases
both_families too_big_cases
for FAMILY in 4 6; do
	family $FAMILY
	V=IPv$FAMILY
	MID_ON_LAN=10.0.0.3 VX=10.9.0.1
	[ $FAMILY = 4 ] || MID_ON_LAN=2001:db8:10::3 VX=2001:db8:9::1
	route_cases
	device_route_cases
	marked_cases
	room_cases
done
both_families local_cases
both_families policy_cases
both_families other_host_cases
both_families tracked_cases
both_families shared_cases
both_families others_cases
finish
