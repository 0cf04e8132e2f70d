#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# ICMP errors about balanced packets, as the sockets at either end have them; those
# about a path's MTU are in pmtu.sh. r4 is behind the router mid.

# shellcheck disable=SC2086,SC2317 # addresses have no blanks; functions are called by name
. ./methods-lib.sh

P=8080
# No server there.
CLOSED=8090

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
	local real

	numbers
	for name in $KINDS; do
		kind $name
		real=4
		[ $name != dr ] || real=1
		balance udp $VIP $P $real
		tell c1 connect u udp $VIP $P errors ttl=1
		tell c1 send u 100
		error_is "$L a TTL of 1 ends at the director" "$EXCEEDED info=0 from=($VIP|$D)" c1 u
		tell c1 send u 100
		error_is "$L and that of a known connection" "$EXCEEDED info=0 from=($VIP|$D)" c1 u
		tell c1 close u
		tell c1 connect u udp $VIP $P errors ttl=2 timeout=1000
		if [ $name = nat ]; then
			tell c1 send u 100
			error_is "$L a TTL of 2 at the router behind it" "$EXCEEDED info=0 from=$MID" c1 u
		else
			told "$L a TTL of 2 is enough" r$real c1 big u 100
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
	local i other from from_of=()

	numbers
	for name in $KINDS; do
		kind $name
		balance udp $VIP $CLOSED 1 2
		for i in 1 2; do
			real_of $FAMILY $i
			from=$VIP
			[ $name != nat ] || from=$REAL
			from_of[i]=$from
			tell s$i connect b udp $C1 7100 from=$from sport=$CLOSED errors timeout=1000
		done
		tell c1 connect a udp $VIP $CLOSED sport=7100
		tell c1 send a 10
		real=$(lbq '.connections[] | select(.client_port == 7100) | .real' connections)
		i=${real: -1}
		other=$((3 - i))
		tell c1 close a
		# What goes wrong there does at once.
		tell s$other close b
		tell s$other connect b udp $C1 7100 from=${from_of[other]} sport=$CLOSED errors timeout=200
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
		table inet errors {
			counter unreachable { }
			chain in {
				type filter hook prerouting priority 0;
				icmp type destination-unreachable counter name unreachable
				icmpv6 type { destination-unreachable, packet-too-big } counter name unreachable
			}
		}
	END
}

# forged DESCRIPTION WORDS...: an ICMP message from mid
forged()
{
	told "$1: sent" sent m icmp "${@:2}"
}

# arrived [SPACE]
arrived()
{
	nft_counter ${1:-r1} errors unreachable
	[ "$PACKETS" != 0 ]
}

# options_case: the stack judges options before it delivers, and has nothing against these
options_case()
{
	on r1 nft reset counters > /dev/null
	forged "$L one with options" $about $1 $2 0 6 $quoted options=01010101
	eventually "$L the real has that, too" 5 arrived
}

# About answers that went past the director: the error is for the director to pass
# on. The right one comes last, so whatever else got through is there before it.
forged_cases()
{
	local about quoted="$VIP $P $C1 7200"

	numbers
	about="$MID $VIP"
	set -- ${PORT//[a-z=]/}
	for name in ${KINDS/nat /}; do
		kind $name
		balance tcp $VIP $P 1
		tell c1 open t tcp $VIP $P sport=7200
		on r1 nft reset counters > /dev/null
		forged "$L an error with a bad checksum" $about $1 $2 0 6 $quoted badsum
		forged "$L about another connection" $about $1 $2 0 6 $VIP $P $C1 7201
		forged "$L with half a quoted header" $about $1 $2 0 6 $quoted quote=16
		forged "$L with no ports in the quote" $about $1 $2 0 6 $quoted \
			quote=$((FAMILY == 4 ? 22 : 42))
		[ $FAMILY != 4 ] || forged "$L one that names its route" $about $1 $2 0 6 $quoted \
			options=830704c000020100
		forged "$L the right one" $about $1 $2 0 6 $quoted
		wait_for 2 arrived
		nft_counter r1 errors unreachable
		is "$L the real has that one alone" "$PACKETS" 1
		[ $FAMILY != 4 ] || options_case $1 $2
		told "$L the connection goes on" r1=20 c1 say t 20
		told "$L closed in order" finished c1 finish t
		lb flush
	done
}

# forged_mtu DESCRIPTION MTU|"" WORDS...: after that packet the client thinks of that MTU
forged_mtu()
{
	told "$1: sent" sent m icmp "${@:3}"
	pause 0.3
	learned "$1" "$2" c1 $VIP
}

# About requests: the client is whom they are for, and they pass the director anyway.
forged_nat_cases()
{
	local mtu=1300 about

	numbers
	kind nat
	balance udp $VIP $P 1
	tell c1 open u udp $VIP $P sport=7203
	about="$MID $C1 ${TOO_BIG//[a-z=]/} $mtu 17"
	forged_mtu "$L a bad checksum teaches nothing" "" $about $C1 7203 $R1 $P badsum
	forged_mtu "$L nor does another connection" "" $about $C1 7204 $R1 $P
	forged_mtu "$L nor another real" "" $about $C1 7203 $R2 $P
	forged_mtu "$L nor half a quoted header" "" $about $C1 7203 $R1 $P quote=16
	told "$L the flow goes on" r1=10 c1 say u 10
	forged_mtu "$L but what is right does" $mtu $about $C1 7203 $R1 $P
	tell c1 close u
	forget_paths c1
	lb flush
	short_quote_case
}

# TCP's checksum is behind what routers have to quote.
short_quote_case()
{
	balance tcp $VIP $P 1
	tell c1 open t tcp $VIP $P sport=7205
	on c1 nft reset counters > /dev/null
	forged "$L an error with 8 bytes of TCP" $MID $C1 ${PORT//[a-z=]/} 0 6 $C1 7205 $R1 $P
	eventually "$L it is passed on" 5 arrived c1
	tell c1 close t
	lb flush
}

# Routers needn't quote more than 8 bytes behind the outer header. Whose packet that was
# nobody knows then, but the path's MTU is the same for all.
short_outer_cases()
{
	local mtu=1400 about other

	numbers
	other=${R1%1}9
	for name in ipip$FAMILY gue$FAMILY gre$FAMILY; do
		kind $name
		about="$MID $D_REALS ${TOO_BIG//[a-z=]/} $mtu $(outer_protocol)"
		set -- 9 $R1 6080
		# Known, but not for tunnels.
		service udp $VIP2 $P $P -- $R2
		balance udp $VIP $P 1
		tell c1 connect u udp $VIP $P errors whole
		tell c1 say u
		forged "$L with a bad checksum" $about $D_REALS "$@" badsum
		forged "$L to somebody else" $about $C1 "$@"
		forged "$L about none of our protocols" ${about% *} 132 $D_REALS "$@"
		forged "$L about who is no real" $about $D_REALS 9 $other 6080
		# From others the kernel's own tunnels learn, whosoever they are.
		[ $name != ipip$FAMILY ] || forged "$L about a real of nat" $about $D_REALS 9 $R2 6080
		pause 0.3
		learned "$L these teach nothing" "" d $R1
		learned "$L nor of others" "" d $R2
		forged "$L the right one" $about $D_REALS "$@"
		wait_for 3 has_learned d $R1
		learned "$L the director has learned the path's MTU" $mtu d $R1
		tell c1 send u 1400
		error_is "$L the next packet's client is told" "$TOO_BIG info=$((mtu - OVERHEAD)) from=.*" c1 u
		tell c1 close u
		lb flush
		forget_paths c1 d
	done
}

# outer_protocol: of this kind
outer_protocol()
{
	case $KIND in
	gue?)	echo 17 ;;
	gre?)	echo 47 ;;
	ipip4)	echo 4 ;;
	ipip6)	echo 41 ;;
	esac
}

has_learned()
{
	[[ $(ip -n lbvs-$1 route get $2) = *" mtu "* ]]
}

ping_cases()
{
	for name in nat dr ipip4; do
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
both_families unreachable_cases
both_families ttl_cases
both_families client_gone_cases
icmp_counter r1
icmp_counter c1
both_families forged_cases
both_families forged_nat_cases
both_families short_outer_cases
both_families ping_cases
finish
