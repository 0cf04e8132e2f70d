#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# ICMP errors about balanced packets, as the sockets at either end have them, and
# what they teach about the path's MTU. r4 is behind the router mid.

# shellcheck disable=SC2086,SC2317 # addresses have no blanks; functions are called by name
. ./methods-lib.sh

P=8080
# No server there.
CLOSED=8090
MTU=1400
KINDS="nat dr ipip mix gue gue-csum gre"

# What the errors are in this family.
numbers()
{
	case $FAMILY in
	4)	PORT="type=3 code=3" HOST="type=3 code=1" NO_ROUTE="type=3 code=1"
		EXCEEDED="type=11 code=0" TOO_BIG="type=3 code=4" MID=10.0.0.3 ;;
	6)	PORT="type=1 code=4" HOST="type=1 code=3" NO_ROUTE="type=1 code=0"
		EXCEEDED="type=3 code=0" TOO_BIG="type=2 code=0" MID=2001:db8:10::3 ;;
	esac
}

forget_paths()
{
	local space

	for space in c1 c2 d r1 r4; do
		ip -n lbvs-$space -4 route flush cache
		ip -n lbvs-$space -6 route flush cache
	done
}

# error_is DESCRIPTION WANTED CLIENT ID: the next ICMP error that its socket has
error_is()
{
	tell $3 error $4
	like "$1" "$ANSWER" "^$2\$"
}

# learned DESCRIPTION MTU|"" SPACE ADDRESS [from ADDRESS]
learned()
{
	is "$1" "$(ip -n lbvs-$3 route get $4 "${@:5}" | sed -n 's/.* mtu \([0-9]*\).*/\1/p')" "$2"
}

# narrow SPACE MTU NETWORK4 NETWORK6 DEVICE: from there on only so much fits
narrow()
{
	local words="dev $5"

	[ $2 = 0 ] || words+=" mtu $2"
	ip -n lbvs-$1 -4 route replace $3 $words
	ip -n lbvs-$1 -6 route replace $4 $words
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
	forget_paths
	tell c1 open t tcp $VIP $P
	told "$L 1 MB each way, without MSS clamping" good c1 bulk t $((1 << 20))
	learned "$L the client has learned the path's MTU" $1 c1 $VIP
	told "$L closed in order" finished c1 finish t
	forget_paths
}

whole_or_not()
{
	[ $FAMILY = 4 ] || return
	on c1 sysctl -qw net.ipv4.ip_no_pmtu_disc=1
	tell c1 connect u udp $VIP $P
	told "$L without DF it is fragmented, and arrives" $1 c1 big u 1400
	on c1 sysctl -qw net.ipv4.ip_no_pmtu_disc=0
	tell c1 close u
}

never_df()
{
	lb set tunnel-df never
	tell c1 connect u udp $VIP $P errors whole
	told "$L DF for tunnels never: it arrives" $1 c1 big u 1400
	lb set tunnel-df inherit
	tell c1 close u
}

mtu_cases()
{
	numbers
	# The director's own link to the real.
	narrow d $MTU 10.0.0.11/32 2001:db8:10::11/128 s
	for name in $KINDS; do
		kind $name
		balance tcp $VIP $P 1
		balance udp $VIP $P 1
		L="$V $name, next to the director:"
		too_big_cases $((MTU - OVERHEAD)) "($VIP|$D)"
		whole_or_not r1
		[ $METHOD != tunnel ] || never_df r1
		lb flush
		forget_paths
	done
	ip -n lbvs-d -4 route delete 10.0.0.11/32
	ip -n lbvs-d -6 route delete 2001:db8:10::11/128
	# A link behind a router.
	narrow mid $MTU 10.1.0.0/24 2001:db8:11::/64 f
	for name in ${KINDS/dr /}; do
		kind $name
		balance tcp $VIP $P 4
		balance udp $VIP $P 4
		L="$V $name, further on:"
		router="($VIP|$D)"
		[ $name != nat ] || router=$MID
		too_big_cases $((MTU - OVERHEAD)) "$router"
		whole_or_not r4
		[ $METHOD != tunnel ] || never_df r4
		lb flush
		forget_paths
	done
	narrow mid 0 10.1.0.0/24 2001:db8:11::/64 f
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
		forget_paths
	done
	narrow rt 0 198.51.100.0/24 2001:db8:2::/64 c2
}

unreachable_cases()
{
	numbers
	for name in $KINDS; do
		kind $name
		balance udp $VIP $CLOSED 1
		told "$L nobody listens: refused" "error: refused" c1 open u udp $VIP $CLOSED
		tell c1 connect u udp $VIP $CLOSED errors
		tell c1 send u 100
		error_is "$L and it is the VIP that says so" "$PORT info=0 from=$VIP" c1 u
		tell c1 close u
		lb flush
	done
}

ttl_cases()
{
	local router

	numbers
	for name in $KINDS; do
		kind $name
		balance udp $VIP $P 4
		[ $name != dr ] || continue
		tell c1 connect u udp $VIP $P errors ttl=1
		tell c1 send u 100
		error_is "$L a TTL of 1 ends at the director" "$EXCEEDED info=0 from=$D" c1 u
		tell c1 close u
		tell c1 connect u udp $VIP $P errors ttl=2 timeout=1000
		if [ $name = nat ]; then
			tell c1 send u 100
			error_is "$L a TTL of 2 at the router behind it" "$EXCEEDED info=0 from=$MID" c1 u
		else
			told "$L a TTL of 2 is enough in a tunnel" r4 c1 big u 100
		fi
		tell c1 close u
		lb flush
	done
	ip -n lbvs-mid -4 route add unreachable 10.1.0.14/32
	ip -n lbvs-mid -6 route add unreachable 2001:db8:11::14/128
	for name in ${KINDS/dr /}; do
		kind $name
		balance udp $VIP $P 4
		tell c1 connect u udp $VIP $P errors
		tell c1 send u 100
		if [ $name = nat ]; then
			error_is "$L no way to the real, says the router" "$NO_ROUTE info=0 from=$MID" c1 u
		else
			error_is "$L no way to the real: the client is told" "$HOST info=0 from=.*" c1 u
		fi
		tell c1 close u
		lb flush
	done
	ip -n lbvs-mid -4 route delete unreachable 10.1.0.14/32
	ip -n lbvs-mid -6 route delete unreachable 2001:db8:11::14/128
}

# A client that has gone: its host says so to who answers.
client_gone_cases()
{
	local i other from

	numbers
	for name in $KINDS; do
		kind $name
		balance udp $VIP $CLOSED 1 2
		for i in 1 2; do
			real_of $FAMILY $i
			from=$VIP
			[ $name != nat ] || from=$REAL
			tell s$i connect b udp $C1 7100 from=$from sport=$CLOSED errors timeout=1000
		done
		tell c1 connect a udp $VIP $CLOSED sport=7100
		tell c1 send a 10
		real=$(lbq '.connections[] | select(.client_port == 7100) | .real' connections)
		i=${real: -1}
		other=$((3 - i))
		tell c1 close a
		tell s$i send b 10
		error_is "$L the real is told that its client is gone" "$PORT info=0 from=$C1" s$i b
		told "$L and no other real" "error: timeout" s$other error b
		tell s1 close b
		tell s2 close b
		lb flush
	done
}

icmp_counter()
{
	on $1 nft -f - <<-END
		table inet icmp {
			counter unreachable { }
			chain in {
				type filter hook input priority 0;
				icmp type destination-unreachable counter name unreachable
				icmpv6 type { destination-unreachable, packet-too-big } counter name unreachable
			}
		}
	END
}

# forged DESCRIPTION SPACE COUNT WORDS...: an ICMP message from mid; so many arrive there
forged()
{
	on $2 nft reset counters > /dev/null
	told "$1: sent" sent m icmp "${@:4}"
	pause 0.3
	nft_counter $2 icmp unreachable
	is "$1: $3 arrive" "$PACKETS" "$3"
}

# From the reals' side about requests, under nat; about answers else.
forged_cases()
{
	local about target quoted

	numbers
	for name in $KINDS; do
		kind $name
		balance tcp $VIP $P 1
		tell c1 open t tcp $VIP $P sport=7200
		case $name in
		nat)	target=c1 about="$MID $C1" quoted="$C1 7200 $R1 $P" unknown="$C1 7201 $R1 $P" ;;
		*)	target=r1 about="$MID $VIP" quoted="$VIP $P $C1 7200" unknown="$VIP $P $C1 7201" ;;
		esac
		set -- ${PORT//[a-z=]/}
		forged "$L an error about it" $target 1 $about $1 $2 0 6 $quoted
		forged "$L the same with a bad checksum" $target 0 $about $1 $2 0 6 $quoted badsum
		[ $name = nat ] || forged "$L about another connection" $target 0 $about $1 $2 0 6 $unknown
		[ $name = nat ] || forged "$L with half a quoted header" $target 0 $about $1 $2 0 6 $quoted quote=16
		[ $name = nat ] || forged "$L with no ports in the quote" $target 0 $about $1 $2 0 6 $quoted \
			quote=$((FAMILY == 4 ? 22 : 42))
		told "$L the connection goes on" r1=20 c1 say t 20
		learned "$L the client thinks of no MTU" "" c1 $VIP
		told "$L closed in order" finished c1 finish t
		forget_paths
		lb flush
	done
}

ping_cases()
{
	for name in nat dr ipip; do
		kind $name
		balance tcp $VIP $P 1
		balance tcp $VIPL $P 1
		check "$L the VIP answers ping" on c1 ping -n -q -c 2 -i 0.2 -W 3 $VIP
		check "$L by a router" on c2 ping -n -q -c 2 -i 0.2 -W 3 $VIP
		check "$L one by local route, too" on c1 ping -n -q -c 2 -i 0.2 -W 3 $VIPL
		lb flush
	done
}

begin make_methods_network nft ping
start_servers $P
start_server r4 $P
for i in c1 c2; do
	start_client $i $i
done
start_client s1 r1
start_client s2 r2
start_client m mid
both_families mtu_cases
both_families reply_mtu_cases
both_families unreachable_cases
both_families ttl_cases
both_families client_gone_cases
icmp_counter c1
icmp_counter r1
both_families forged_cases
both_families ping_cases
finish
