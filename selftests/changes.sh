#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Neighbours, routes, addresses and devices that change or vanish under traffic:
# it follows, or is refused with a reason, and nothing is held back. And where a
# dr real may be.

# shellcheck disable=SC2086,SC2317 # addresses have no blanks; functions are called by name
. ./methods-lib.sh

P=8080
KINDS="nat dr ipip4 ipip6 gre4"
# Milliseconds that a device may take to go; held by somebody, it takes ten seconds and more.
AT_ONCE=${AT_ONCE:-3000}

# ip(8) on the director, in either family's words
on_d()
{
	ip -n lbvs-d "-$REAL_FAMILY" "$@"
}

neighbour_cases()
{
	local i failures

	order c1 load tcp $VIP $P
	for i in 1 2 3 4 5; do
		pause 0.2
		ip -n lbvs-d neigh flush dev s
		ip -n lbvs-d neigh flush dev c
	done
	tell c1 stop
	like "$L neighbours forgotten under load: it goes on" "$ANSWER" '^requests=[1-9][0-9]* .*r1=[1-9]'
	# The stack fails what waits for a neighbour that is just being forgotten.
	failures=${ANSWER#*failed=}
	between "$L and hardly anybody notices" "${failures%% *}" 0 3
}

# Another way to the real, by a router in the LAN.
route_cases()
{
	local bits=32 gateway=10.0.0.3

	[ $REAL_FAMILY = 4 ] || bits=128 gateway=2001:db8:10::3
	real_of $REAL_FAMILY 1
	on mid nft reset counters > /dev/null
	drops gateway
	before=$DROPS
	on_d route add $REAL/$bits via $gateway
	if [ $METHOD = dr ]; then
		told "$L a real behind a gateway: nothing gets there" "error: timeout" c1 say u
		drops gateway
		# The load before has left packets on their way.
		between "$L and it is said why" $((DROPS - before)) 1 50
	else
		told "$L another route: it goes on" r1 c1 say u
		told "$L TCP, too" r1=10 c1 say t 10
		nft_counter mid path in
		between "$L by that way" "$PACKETS" 11 100
	fi
	on_d route delete $REAL/$bits
	tell c1 close u
	tell c1 open u udp $VIP $P timeout=1000
	told "$L the old route again" r1 c1 say u
	told "$L and the connection goes on" r1=10 c1 say t 10
	on_d route add unreachable $REAL/$bits
	drops no_route
	before=$DROPS
	told "$L no route at all" "error: timeout" c1 say u
	drops no_route
	between "$L and that is counted" $((DROPS - before)) 1 50
	on_d route delete unreachable $REAL/$bits
	tell c1 close u
	tell c1 open u udp $VIP $P timeout=1000
	is "$L and back" "$ANSWER" r1
}

addresses_of_s()
{
	ip -n lbvs-d -batch - <<-END
		$(address s fe80::1 10.0.0.1/24 2001:db8:10::1/64)
	END
}

# The new device has the old one's address, so that nobody has to unlearn that.
new_device()
{
	ip -n lbvs-sw -batch - <<-END
		link add ds type veth peer name s address $1 netns lbvs-d
		link set ds master reals up
	END
	addresses_of_s
}

# delete_device WORDS
delete_device()
{
	now_ms
	before=$NOW
	check "$L the device to the reals deleted $1" ip -n lbvs-d link delete s
	now_ms
	between "$L at once, $1" $((NOW - before)) 0 $AT_ONCE
}

device_cases()
{
	local before

	mac d s
	order c1 load tcp $VIP $P timeout=500
	pause 0.5
	delete_device "under load"
	pause 0.3
	new_device $MAC
	tell c1 stop
	like "$L some requests were answered" "$ANSWER" 'r1=[1-9]'
	eventually "$L a new device: it goes on" 5 said_again
	told "$L nothing of it failed" r1=10 c1 say t 10
	delete_device "when idle"
	new_device $MAC
	eventually "$L another one: it goes on" 5 said_again
}

said_again()
{
	tell c1 each 1 tcp $VIP $P timeout=500
	[ "$ANSWER" = r1=1 ]
}

# The tunnel's outer source address is of the director's choice.
source_cases()
{
	local new=10.0.0.9/24 old=10.0.0.1/24 vip=203.0.113.10 bits=32 nodad=

	[ $REAL_FAMILY = 4 ] ||
		new=2001:db8:10::9/64 old=2001:db8:10::1/64 vip=2001:db8:f::10 bits=128 nodad=nodad
	real_of $REAL_FAMILY 1
	on d sysctl -qw net.ipv4.conf.s.promote_secondaries=1
	on_d addr add $new dev s $nodad
	on_d addr delete $old dev s
	on r1 nft reset counters > /dev/null
	told "$L without the address that it came from it goes on" r1=10 c1 say t 10
	nft_counter r1 source new
	between "$L from the other" "$PACKETS" 10 100
	on_d addr add $old dev s $nodad
	on_d addr delete $new dev s
	[ $REAL_FAMILY = $FAMILY ] || return
	# The real has that itself, and would drop what comes from there.
	on_d route add $REAL/$bits dev s src $vip
	told "$L a route that asks for the VIP as the source: another is taken" r1=10 c1 say t 10
	on_d route delete $REAL/$bits dev s
}

watch_paths()
{
	on mid nft -f - <<-END
		table inet path {
			counter in { }
			chain in {
				type filter hook forward priority 0;
				ip daddr 10.0.0.11 counter name in
				ip6 daddr 2001:db8:10::11 counter name in
			}
		}
	END
	on r1 nft -f - <<-END
		table inet source {
			counter new { }
			chain in {
				type filter hook prerouting priority -450;
				ip saddr 10.0.0.9 counter name new
				ip6 saddr 2001:db8:10::9 counter name new
			}
		}
	END
}

each_kind()
{
	for name in $KINDS; do
		kind $name
		balance tcp $VIP $P 1
		balance udp $VIP $P 1
		tell c1 open t tcp $VIP $P
		tell c1 open u udp $VIP $P timeout=1000
		neighbour_cases
		route_cases
		device_cases
		[ $METHOD != tunnel ] || source_cases
		tell c1 close '*'
		lb flush
	done
}

# local_case METHOD VIP
local_case()
{
	local protocol

	L="$V $1, $2:"
	for protocol in tcp udp; do
		service $protocol $2 $P $P --scheduler rr -- $R1 --method $1 $D_REALS --method $1
	done
	told "$L the director as a real, TCP" "d=3 r1=3" c1 each 6 tcp $2 $P
	told "$L UDP" "d=2 r1=2" c1 many u 4 udp $2 $P
	told "$L each flow stays" "same=4 moved=0 failed=0" c1 sayall u
	tell c1 open b tcp $2 $P
	told "$L 2 MB each way" good c1 bulk b $((2 << 20))
	tell c1 open c tcp $2 $P
	told "$L and to the other" good c1 bulk c $((2 << 20))
	tell c1 close '*'
	lb flush
}

local_cases()
{
	local method

	# A server answers from an address that its host has no device for.
	on d sysctl -qw net.ipv6.ip_nonlocal_bind=1
	for method in dr tunnel; do
		local_case $method $VIP
		local_case $method $VIPL
	done
}

begin make_methods_network nft
watch_paths
start_servers $P
start_server d $P
start_client c1 c1
both_families each_kind
both_families local_cases
finish
