#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The ways that are kept for reals and clients: a real whose method changes while it
# has connections, IPv4 by an IPv6 next hop, a tunnel that takes less than IPv6's
# least MTU, clients that give themselves an address which is no host's, and gateways that
# don't answer any more.

# shellcheck disable=SC2086,SC2317 # addresses have no blanks; functions are called by name
. ./fast-lib.sh

# From each to each, in a ring and back.
CHANGES="nat:dr dr:nat nat:ipip4 ipip4:nat nat:ipip6 ipip6:dr dr:ipip4 ipip6:nat"

# Old connections keep their way, and are the first to use the real after the change.
method_cases()
{
	local change from path real

	real_of $FAMILY 1
	real=$REAL
	for change in $CHANGES; do
		from=${change%:*}
		kind $from
		# A real is one of its family for good.
		[ $METHOD != tunnel ] || [ $REAL_FAMILY = $FAMILY ] || continue
		kind ${change#*:}
		[ $METHOD != tunnel ] || [ $REAL_FAMILY = $FAMILY ] || continue
		for path in on off; do
			lb set fast-path $path
			kind $from
			L="$V $change, fast path $path:"
			balance tcp $VIP $P 1
			told "$L a connection" r1 c1 open old tcp $VIP $P
			kind ${change#*:}
			L="$V $change, fast path $path:"
			at $VIP $P
			service=$AT
			at $real $P
			lb edit-real tcp "$service" "$AT" $WAY
			told "$L goes on" r1=3 c1 say old 3
			told "$L new ones work" "r1=4" c1 each 4 tcp $VIP $P
			told "$L beside the old one" r1=3 c1 say old 3
			ip -n lbvs-d -$FAMILY route flush cache
			told "$L and when they are first" "r1=4" c1 each 4 tcp $VIP $P
			told "$L the old one as well" r1=3 c1 say old 3
			done_with
		done
	done
	lb set fast-path $FAST_PATH
}

# What is kept of an IPv6 neighbour is for IPv6.
other_family_cases()
{
	local way

	for way in 4 6; do
		[ $way = 4 ] || ip -n lbvs-d route replace 198.51.100.0/24 via inet6 2001:db8:1::2
		[ $way = 4 ] || ip -n lbvs-d route replace 10.0.0.11/32 via inet6 2001:db8:10::11
		for name in nat ipip4; do
			kind $name
			balance tcp $VIP $P 1
			L="$V $name, by an IPv$way next hop:"
			told "$L TCP" r1=2 c2 each 2 tcp $VIP $P
			told "$L a connection" r1 c2 open t tcp $VIP $P
			told "$L messages" r1=20 c2 say t 20
			told "$L 1 MB each way" good c2 bulk t $((1 << 20))
			tell c2 close '*'
			lb flush
		done
	done
	ip -n lbvs-d route replace 198.51.100.0/24 via 192.0.2.2
	ip -n lbvs-d route del 10.0.0.11/32
}

# How many packets the director could not fragment, into FAILED_ONES
frag_fails()
{
	FAILED_ONES=$(on d nstat -asz IpFragFails Ip6FragFails | awk '/FragFails/ { sum += $2 } END { print sum }')
}

# Packets that the director's GRO has put together are fragmented piece by piece.
narrow_cases()
{
	local before

	for name in ipip4 ipip6 gue6; do
		kind $name
		real_of $REAL_FAMILY 1
		ip -n lbvs-d -$REAL_FAMILY route replace $REAL dev s mtu 1280
		balance tcp $VIP $P 1
		tell c1 open t tcp $VIP $P
		frag_fails
		before=$FAILED_ONES
		told "$L 1 MB each way, where 1,280 bytes fit" good c1 bulk t $((1 << 20))
		frag_fails
		is "$L none is lost there" $((FAILED_ONES - before)) 0
		tell c1 close t
		lb flush
		ip -n lbvs-d -$REAL_FAMILY route del $REAL dev s mtu 1280
		forget_paths c1 d
	done
}

# gateway_dies PORT ADDRESS: it is unplugged, and the director has asked it in vain. Then
# it is back.
gateway_dies()
{
	ip -n lbvs-sw link set $1 down
	ip -n lbvs-d neigh replace $2 dev s nud failed
	told "$L $2 is dead: a connection goes by the other" r1=3 c1 say t 3
	told "$L and so do new ones" r1=3 c1 each 3 tcp $VIP $P
	ip -n lbvs-sw link set $1 up
	ip -n lbvs-d neigh delete $2 dev s
	told "$L $2 is back" r1=3 c1 say t 3
}

# Of two gateways to a real, either.
gateway_cases()
{
	local one=10.0.0.3 other=10.0.0.12 bits=32 path

	[ $FAMILY = 4 ] || one=2001:db8:10::3 other=2001:db8:10::12 bits=128
	real_of $FAMILY 1
	ip -n lbvs-d -batch - <<-END
		nexthop add id 1 via $one dev s
		nexthop add id 2 via $other dev s
		nexthop add id 3 group 1/2
		route add $REAL/$bits nhid 3
	END
	for name in nat ipip$FAMILY; do
		for path in on off; do
			kind $name
			L="$L fast path $path:"
			lb set fast-path $path
			balance tcp $VIP $P 1
			told "$L a connection by two gateways" r1 c1 open t tcp $VIP $P timeout=3000
			gateway_dies mid $one
			gateway_dies r2 $other
			tell c1 close t
			lb flush
		done
	done
	lb set fast-path $FAST_PATH
	ip -n lbvs-d -batch - <<-END
		route delete $REAL/$bits nhid 3
		nexthop delete id 3
		nexthop delete id 2
		nexthop delete id 1
	END
}

# The answer to a whole link would be a broadcast.
nobody_cases()
{
	kind nat
	lb set fast-path all
	balance udp $VIP $P 1
	mark
	told "$V from a link's broadcast address" sent c1 frag 192.0.2.255 7400 $VIP $P 100
	pause 0.3
	dropped "$V is not answered" no_route 1
	lb flush
	lb set fast-path $FAST_PATH
}

begin make_methods_network nft
start_servers $P
start_client c1 c1
start_client c2 c2
both_families method_cases
both_families narrow_cases
forward r2 net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.eth0.send_redirects=0
both_families gateway_cases
family 4; V=IPv4
other_family_cases
nobody_cases
finish
