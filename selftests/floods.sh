#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Floods at the connection limit: those who are there lose nothing, new ones get in,
# memory stays within the limit, and afterwards it is as if nothing had been.
# SECONDS_EACH is how long each flood lasts, LIMIT and LIMIT_UDP the connection limit.

# shellcheck disable=SC2086,SC2317 # addresses have no blanks; functions are called by name
. ./stress-lib.sh

LIMIT=${LIMIT:-1500}
# UDP floods are as much faster to make.
LIMIT_UDP=${LIMIT_UDP:-$((4 * LIMIT))}
# What the policy promises to new connections while a flood is on: of a hundred.
PROMISE=${PROMISE:-95}

kinds()
{
	kind $1
	lb flush
	balance tcp $VIP $P 1 2
	balance udp $VIP $P 1 2
	tell c1 close '*'
	tell c1 many t 20 tcp $VIP $P
	tell c1 many u 20 udp $VIP $P timeout=2000
	tell c1 sayall t
	tell c1 sayall u
}

# ask_them WORD: those that are there, into SAID and LOST
ask_them()
{
	tell c1 sayall $1
	SAID=$((SAID + 20))
	case $ANSWER in
	"same=20 moved=0 failed=0")	;;
	*)	LOST=$((LOST + 1)); echo "# $ANSWER" ;;
	esac
}

# new_ones WHO: what the load of new ones had, into MADE, and REFUSED
new_ones()
{
	tell $1 stop
	MADE=${ANSWER#requests=}
	MADE=${MADE%% *}
	REFUSED=${ANSWER#*failed=}
	REFUSED=${REFUSED%% *}
}

# A new one has to be through before the flood has pushed out as many as there is room for.
got_in()
{
	local percent=$((MADE ? 100 * (MADE - REFUSED) / MADE : 0))

	echo "# $1: $((MADE - REFUSED)) of $MADE"
	between "$1: new ones got in (of a hundred)" $percent $PROMISE 100
}

few_connections()
{
	total connections
	[ $TOTAL -lt $((LIMIT / 2)) ]
}

came_to_the_limit()
{
	if [ "$FLOODED" -lt $limit ]; then
		skip "$L and it came to the limit" "only $FLOODED packets in the time: a slow machine"
		return
	fi
	between "$L and it came to the limit" $most $((limit - HEADROOM)) 1000000
}

# under_flood NAME OPTIONS...
under_flood()
{
	local most=0 limit=$LIMIT HEADROOM

	[[ $1 != UDP* ]] || limit=$LIMIT_UDP
	# A lower limit would close none.
	lb del-connection --client 10.128.0.0/9 > /dev/null
	wait_for 5 few_connections
	lb set conn-limit $limit
	HEADROOM=$((limit / 16 > 64 ? limit / 16 : 64))
	L="$KIND, $1:"
	lb zero
	flood_for $SECONDS_EACH flood "${@:2}"
	order c2 load tcp $VIP $P timeout=4000
	order c2u load udp $VIP $P timeout=1000
	SAID=0 LOST=0
	while kill -0 "$FLOOD" 2> /dev/null; do
		ask_them t
		ask_them u
		total connections
		[ $TOTAL -le $most ] || most=$TOTAL
	done
	flooded flood
	drops conn_limit
	echo "# $L $RATE packets a second, $FLOODED in all; $most connections at most, $DROPS dropped at the limit"
	is "$L of those that were there, none lost anything" "$LOST" 0
	between "$L and they were heard" $SAID 40 1000000
	# What is just being refused is counted, too.
	between "$L there were no more connections than may be" $most 40 $((limit + HEADROOM + 4))
	[[ $1 != @(SYN|UDP)* ]] || came_to_the_limit
	new_ones c2
	got_in "$L TCP"
	new_ones c2u
	got_in "$L UDP"
	afterwards
}

afterwards()
{
	tell c2 each 100 tcp $VIP $P timeout=900
	ANSWER=${ANSWER#*failed=}
	case $ANSWER in
	r*)	passed "$L afterwards new ones get in at once" ;;
	*)	between "$L afterwards new ones get in at once, of 100 not" "${ANSWER%% *}" 0 1 ;;
	esac
	told "$L and those that were there are" "same=20 moved=0 failed=0" c1 sayall t
}

all_floods()
{
	under_flood "SYNs from anywhere" -r -k syn
	under_flood "UDP from anywhere" -r -k udp
	under_flood "ACKs from anywhere" -r -k ack
	under_flood "RSTs from anywhere" -r -k rst
	under_flood "RSTs in a client's name" -k rst -c $C1
	under_flood "ICMP errors from anywhere" -r -k icmp
	under_flood "ICMP errors about a client" -k icmp -c $C1
}

# This is about the director: its reals shall not drown. They defend themselves against
# SYNs, and are spared UDP, which would fill their socket.
strengthen()
{
	on $1 sysctl -qw net.ipv4.tcp_syncookies=1
	on $1 nft -f - <<-END
		table ip spared {
			chain in {
				type filter hook prerouting priority -450;
				ip saddr 10.128.0.0/9 udp dport $P drop
			}
		}
	END
}

begin make_stress_network nft
cpus 4
sysctl -qw net.core.netdev_max_backlog=20000
for i in 1 2; do
	strengthen r$i
done
start_servers $P
start_client c1 c1
start_client c2 c2
start_client c2u c2
family 4
V=IPv4
kinds nat
all_floods
for other in dr ipip4; do
	kinds $other
	under_flood "SYNs from anywhere" -r -k syn
	under_flood "UDP from anywhere" -r -k udp
done
finish
