#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Paths that take less than 1500 bytes, to the real and back: the sender is told
# by ICMP what fits, and its TCP gets through without MSS clamping. r4 is behind
# the router mid, c2 behind rt.

# shellcheck disable=SC2086,SC2317 # addresses have no blanks; functions are called by name
. ./methods-lib.sh

P=8080
MTU=1400
LOCAL_KINDS="nat dr ipip4 ipip6 gue4"

# narrow SPACE MTU|0 NETWORK4 NETWORK6 DEVICE: from there on only so much fits. The
# metric is that of the kernel's own route.
narrow()
{
	ip -n lbvs-$1 -4 route replace $3 dev $5 mtu $2
	ip -n lbvs-$1 -6 route replace $4 dev $5 metric 256 mtu $2
}

# too_big_cases MTU ROUTER: 1400 bytes are too much for the path
too_big_cases()
{
	tell c1 connect u udp $VIP $P errors whole
	told "$L a datagram too large, sent" sent c1 send u 1400
	error_is "$L the client is told of it, with the right MTU" "$TOO_BIG info=$1 from=$2" c1 u
	told "$L another, sent" sent c1 send u 1400
	error_is "$L the same again" "$TOO_BIG info=$1 from=.*" c1 u
	tell c1 close u
	forget_paths c1 d
	tell c1 open t tcp $VIP $P
	told "$L 1 MB each way, without MSS clamping" good c1 bulk t $((1 << 20))
	learned "$L the client has learned the path's MTU" $1 c1 $VIP
	told "$L closed in order" finished c1 finish t
	forget_paths c1 d
}

# Routers don't fragment an outer IPv6 packet: one is lost, and the director knows.
teach_director()
{
	[ $METHOD$REAL_FAMILY$1 = tunnel6r4 ] || return
	forget_paths d
	tell c1 send u 1400
	pause 0.3
}

whole_or_not()
{
	[ $FAMILY = 4 ] || return
	on c1 sysctl -qw net.ipv4.ip_no_pmtu_disc=1
	tell c1 connect u udp $VIP $P
	teach_director $1
	told "$L without DF it is fragmented, and arrives" $1 c1 big u 1400
	on c1 sysctl -qw net.ipv4.ip_no_pmtu_disc=0
	tell c1 close u
}

never_df()
{
	lb set tunnel-df never
	tell c1 connect u udp $VIP $P errors whole
	teach_director $1
	told "$L DF for tunnels never: it arrives" $1 c1 big u 1400
	lb set tunnel-df inherit
	tell c1 close u
}

# narrow_cases CASE KIND...: "CASE REAL ROUTER" where the director's own link to the real
# is narrow, and where one behind a router is; the one that says so is ROUTER
narrow_cases()
{
	local router

	numbers
	narrow d $MTU 10.0.0.11/32 2001:db8:10::11/128 s
	for name in "${@:2}"; do
		kind $name
		L="$V $name, next to the director:"
		$1 1 "($VIP|$D)"
	done
	ip -n lbvs-d -4 route delete 10.0.0.11/32
	ip -n lbvs-d -6 route delete 2001:db8:10::11/128
	narrow mid $MTU 10.1.0.0/24 2001:db8:11::/64 f
	for name in "${@:2}"; do
		[ $name != dr ] || continue
		kind $name
		L="$V $name, further on:"
		router="($VIP|$D)"
		[ $name != nat ] || router=$MID
		$1 4 "$router"
	done
	narrow mid 0 10.1.0.0/24 2001:db8:11::/64 f
}

mtu_case()
{
	balance tcp $VIP $P $1
	balance udp $VIP $P $1
	too_big_cases $((MTU - OVERHEAD)) "$2"
	whole_or_not r$1
	[ $METHOD != tunnel ] || never_df r$1
	lb flush
	forget_paths c1 d
}

mtu_cases()
{
	narrow_cases mtu_case $KINDS
}

# The director's own client. For that the VIP is next door, where all lengths fit.
local_client_case()
{
	balance tcp $VIP $P $1
	tell dir open t tcp $VIP $P from=$D_REALS timeout=8000
	told "$L from the director, 1 MB each way" good dir bulk t $((1 << 20))
	told "$L closed in order" finished dir finish t
	lb flush
	forget_paths d
}

local_client_cases()
{
	narrow_cases local_client_case $LOCAL_KINDS
}

reply_mtu_cases()
{
	local from

	numbers
	narrow rt $MTU 198.51.100.0/24 2001:db8:2::/64 c2
	for name in $KINDS; do
		kind $name
		from=
		[ $name = nat ] || from="from $VIP"
		balance tcp $VIP $P 1
		learned "$L the real knows nothing yet" "" r1 $C2 $from
		tell c2 open t tcp $VIP $P
		told "$L 1 MB each way, less fits towards the client" good c2 bulk t $((1 << 20))
		learned "$L the real has learned it" $MTU r1 $C2 $from
		tell c2 close t
		lb flush
		forget_paths c2 r1
		# Its exceptions go with the route itself only.
		ip -n lbvs-r1 -6 route replace default via 2001:db8:10::2 table 100
	done
	narrow rt 0 198.51.100.0/24 2001:db8:2::/64 c2
}

begin make_methods_network nft
start_servers $P
start_server r4 $P
start_client c1 c1
start_client c2 c2
start_client dir d
both_families local_client_cases
both_families mtu_cases
both_families reply_mtu_cases
finish
