#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Floods at the connection limit: those who are there lose nothing, new ones get in,
# memory stays within the limit, and afterwards it is as if nothing had been.
# SECONDS_EACH is how long each flood lasts, LIMIT the connection limit, which the new ones
# that are asked for meanwhile mustn't reach by themselves, RATE_MAX how many
# packets a second a flood has that makes connections, RATE_OTHER one that makes none (0:
# as many as it can, which a slow kernel has in its backlog for seconds), PATIENCE_MS
# when an answer counts as lost: others' patience is in proportion, so that what a slow
# kernel is late with doesn't count as kept out.

# shellcheck disable=SC2086,SC2317 # addresses have no blanks; functions are called by name
. ./stress-lib.sh

LIMIT=${LIMIT:-4000}
PATIENCE_MS=${PATIENCE_MS:-5000}
RATE_MAX=${RATE_MAX:-$((LIMIT / 2))}
RATE_OTHER=${RATE_OTHER:-0}
HEADROOM=$((LIMIT / 16 > 64 ? LIMIT / 16 : 64))
# These are from port 1024 on. Those of c1's connections begin at 1030, so that a slow
# kernel, too, which a few packets a second are a flood for, sees some at one of them.
AT_CLIENT="-c $C1 -n 64"

kinds()
{
	kind $1
	# No TIME_WAIT of the client's: the next ones have the same ports.
	tell c1 rst '*'
	lb flush
	balance tcp $VIP $P 1 2
	balance udp $VIP $P 1 2
	tell c1 many t 20 tcp $VIP $P sport=1030 timeout=$PATIENCE_MS
	tell c1 many u 20 udp $VIP $P timeout=$PATIENCE_MS
	tell c1 sayall t
	tell c1 sayall u
	find_cache
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

# objects: in memory as connections of this kind, into OBJECTS. With what a CPU has of a
# slab that it takes from, but cpu_partial is 0.
objects()
{
	local name active

	OBJECTS=0
	while read -r name active _; do
		[ "$name" != $CACHE ] || OBJECTS=$active
	done < /proc/slabinfo
}

# Whether connections have a slab cache of their own, whose objects are what they are.
find_cache()
{
	local dir

	CACHE=lbvs_conn$FAMILY
	[ $METHOD != nat ] || CACHE+=_nat
	dir=/sys/kernel/slab/$CACHE
	NO_CACHE="this kernel has no such cache of its own: slab_nomerge"
	grep -q "^$CACHE " /proc/slabinfo && [ -w $dir/cpu_partial ] || return
	NO_CACHE="what is freed waits in KASAN's quarantine"
	[ ! -e /sys/kernel/debug/kmemleak ] || return
	NO_CACHE=
	echo 0 > $dir/cpu_partial
	SLACK=$(($(nproc) * $(< $dir/objs_per_slab)))
}

# all_the_while FLOOD: those that are there are asked, and counted
all_the_while()
{
	local closed

	SAID=0 LOST=0 MOST=0 LOOKED=0 MOST_OBJECTS=0
	while kill -0 "$1" 2> /dev/null; do
		ask_them t
		ask_them u
		total connections
		[ $TOTAL -le $MOST ] || MOST=$TOTAL
		objects
		[ $OBJECTS -le $MOST_OBJECTS ] || MOST_OBJECTS=$OBJECTS
		[ -n "$BESIDE" ] || continue
		closed=$(lb connections --client $C1 | grep -c tcp-close)
		[ $closed -le $LOOKED ] || LOOKED=$closed
	done
}

# lost_by NAME WORDS: what its load has found, whose answer the words are: how many new ones
# there were, into MADE, had no answer, into UNANSWERED, and didn't get in at once, into LOST_BY,
# and how long those took, into WAITED. By TCP he hasn't, too, who had to send his SYN again;
# but he may only have been answered late, which says nothing where nothing is put out, or
# where the kernel is slow: there only the unanswered count.
lost_by()
{
	local again took

	MADE=${2#requests=} MADE=${MADE%% *}
	UNANSWERED=${2#*failed=} UNANSWERED=${UNANSWERED%% *}
	LOST_BY=$UNANSWERED
	tell $1 late
	WAITED=${ANSWER#*failed=}
	again=${ANSWER#again=} took=${ANSWER#*took=}
	[ $MAKING = 0 ] || [ $PATIENCE_MS -gt 5000 ] || {
		LOST_BY=$((LOST_BY + ${again%% *}))
		WAITED=$((WAITED + ${took%% *}))
	}
}

# most_refused: how many of a thousand may be, into MOST_REFUSED: as many as came, while
# memory was on its way back, beyond what there is room for (twice the headroom); and 50, as
# what RCU is done with is freed a while after. GRACE_MS are the times that this took. The
# flood may have been held up at other times.
most_refused()
{
	local ms more beyond=0 rate=$((RATE_MAX + (WANTED - FLOODED) * 1000 / FLOOD_MS))

	[ $rate -ge $MAKING ] || rate=$MAKING
	for ms in $GRACE_MS; do
		more=$((rate * ms / 1000 - 2 * HEADROOM))
		[ $more -le 0 ] || beyond=$((beyond + more))
	done
	MOST_REFUSED=$((beyond * 1000 / WANTED + 50))
}

# judge_refused: of those that wanted a place at the limit so many of a thousand, into REFUSED;
# as many a second as wanted one are MAKING connections
judge_refused()
{
	local title="$L and of a thousand no more were refused than while memory was away"

	between "$L and some were put out" "$EVICTED" 1 100000000
	[ $WANTED -gt 0 ] || return
	MAKING=$((WANTED * 1000 / FLOOD_MS))
	REFUSED=$((DROPS * 1000 / WANTED))
	if [ $RATE_MAX = 0 ]; then
		MOST_REFUSED=1000
		skip "$title" "what RCU is done with is freed far later by such a rate"
	elif [ -z "$GRACE_MS" ]; then
		MOST_REFUSED=50
		skip "$title" "grace periods take no time here"
	else
		most_refused
		between "$title" $REFUSED 0 $MOST_REFUSED
	fi
}

# A new one gets in if it is through before the flood has gone once through what may be
# put out, and what it put out has come back. What may be lost is what
# Documentation/under-attack.md says of that, with what was refused and may be, and
# three standard deviations; if the flood makes no connections, one packet. How long
# one takes is reckoned without those that were lost.
# got_in WHAT NAME WORDS: of the load of that name, whose answer the words are
got_in()
{
	local allowed

	lost_by $2 "$3"
	allowed=$(awk -v n=$MADE -v lost=$LOST_BY -v f=$MAKING -v l=$((LIMIT - HEADROOM - KEPT)) \
			-v s=$SECONDS_EACH -v share=$((REFUSED < MOST_REFUSED ? REFUSED : MOST_REFUSED)) \
			-v waited=$WAITED 'BEGIN {
		if ((s -= waited / 1000) < 0)
			s = 0
		got = n - lost
		put_out = got && l > 0 ? (f * s / got / l) ^ 4 : f > 0
		lost = n * (1 - (1 - share / 1000) * (1 - (put_out < 1 ? put_out : 1)))
		print int(lost + 3 * sqrt(lost) + 1)
	}')
	echo "# $1: $((MADE - LOST_BY)) of $MADE at once, $allowed may be lost, $LOST_BY were; $3; in $WAITED ms"
	between "$1: new ones got in" $((MADE > UNANSWERED)) 1 1
	between "$1: as many as is promised: not" $LOST_BY 0 $allowed
}

only_those()
{
	total connections
	[ $TOTAL = 40 ]
}

# The flood that came first is over, and what it has put out is free.
memory_is_back()
{
	local before=$TOTAL

	total connections
	[ $TOTAL = $before ] && [ $TOTAL -ge $((LIMIT - HEADROOM)) ] &&
		[ $TOTAL -le $((LIMIT - HEADROOM * 7 / 8)) ]
}

# begin_flood NAME OPTIONS...: one that makes connections begins at the limit
begin_flood()
{
	local rate="-R $RATE_OTHER"

	lb del-connection --client $FLOOD_CLIENTS > /dev/null
	lb del-connection --client $C2 > /dev/null
	eventually "$L it begins with those that are there" 5 only_those
	MAKING=0 KEPT=0 REFUSED=0 MOST_REFUSED=0
	case $1 in
	SYN*|UDP*)
		rate="-R $RATE_MAX"
		on f ./flood -m $FLOOD_MAC "${@:2}" eth0 $LIMIT $VIP $P > /dev/null
		eventually "$L it begins at the limit" 10 memory_is_back ;;
	esac
	lb zero
	flood_for $SECONDS_EACH flood "${@:2}" $rate
	job d ./grace $SECONDS_EACH > $TMP/grace
	GRACE=$JOB
	[ -z "$BESIDE" ] || job f ./flood -m $FLOOD_MAC -t $SECONDS_EACH -R $RATE_OTHER $BESIDE eth0 0 $VIP $P > /dev/null
}

# under_flood NAME OPTIONS...
under_flood()
{
	local tcp udp

	L="$V $KIND, $1:"
	lb set conn-limit $LIMIT
	begin_flood "$@"
	order c2 load tcp $VIP $P timeout=$((PATIENCE_MS * 4 / 5))
	order c2u load udp $VIP $P timeout=$((PATIENCE_MS * 3 / 50))
	all_the_while $FLOOD
	flooded flood
	drops conn_limit
	total evicted
	# All that wanted a place at the limit, the new ones, too.
	EVICTED=$TOTAL WANTED=$((TOTAL + DROPS))
	tell c2 stop
	tcp=$ANSWER
	tell c2u stop
	udp=$ANSWER
	wait $GRACE || failed "$L how long memory was away can't be told" "status $?"
	GRACE_MS=$(< $TMP/grace)
	echo "# $L $RATE packets a second, $FLOODED in all; $MOST connections at most, $MOST_OBJECTS in memory, $EVICTED put out, $DROPS dropped at the limit, memory back in $(sort -n $TMP/grace | tail -n 1) ms at most"
	between "$L there was a flood" "${FLOODED:-0}" 1 100000000
	is "$L of those that were there, none lost anything" "$LOST" 0
	between "$L and they were heard" $SAID 40 1000000
	# What is just being refused is counted, too.
	between "$L there were no more connections than may be" $MOST 40 $((LIMIT + HEADROOM + 4))
	# What waits for RCU is counted, too.
	if [ -n "$NO_CACHE" ]; then
		skip "$L and no more of them in memory" "$NO_CACHE"
	else
		between "$L and no more of them in memory" $MOST_OBJECTS 40 $((LIMIT + HEADROOM + 4 + SLACK))
	fi
	case $1 in
	SYN*|UDP*)
		KEPT=$(($(lb connections --client $C2 | wc -l) + 40))
		between "$L and it was at the limit" $MOST $((LIMIT - HEADROOM)) 1000000
		judge_refused ;;
	*)	is "$L and nobody was refused" "$DROPS" 0 ;;
	esac
	[ -z "$BESIDE" ] || between "$L some of them looked closed" $LOOKED 1 20
	got_in "$L TCP" c2 "$tcp"
	got_in "$L UDP" c2u "$udp"
	afterwards
}

# Those that are there come first: a connection with a RST lives for some seconds only.
afterwards()
{
	told "$L and those that were there are" "same=20 moved=0 failed=0" c1 sayall t
	tell c2 each 100 tcp $VIP $P timeout=$((PATIENCE_MS * 9 / 50))
	case $ANSWER in
	*failed=*)
		ANSWER=${ANSWER#*failed=}
		between "$L afterwards new ones get in at once, of 100 not" "${ANSWER%% *}" 0 1 ;;
	*)	like "$L afterwards new ones get in at once" "$ANSWER" '^r1=[0-9]+ r2=[0-9]+$' ;;
	esac
}

all_floods()
{
	under_flood "SYNs from anywhere" -r -k syn
	under_flood "UDP from anywhere" -r -k udp
	under_flood "ACKs from anywhere" -r -k ack
	under_flood "RSTs from anywhere" -r -k rst
	BESIDE="-k rst $AT_CLIENT"
	under_flood "SYNs from anywhere, RSTs in a client's name" -r -k syn
	BESIDE=
	under_flood "ICMP errors from anywhere" -r -k icmp
	under_flood "ICMP errors about a client" -k icmp $AT_CLIENT
}

both_that_connect()
{
	under_flood "SYNs from anywhere" -r -k syn
	under_flood "UDP from anywhere" -r -k udp
}

# This is about the director: its reals shall not drown. They defend themselves against
# SYNs, say nothing twice, and are spared UDP, which would fill their socket.
strengthen()
{
	on $1 sysctl -qw net.ipv4.tcp_syncookies=1 net.ipv4.tcp_synack_retries=0
	on $1 nft -f - <<-END
		table ip spared {
			chain in {
				type filter hook prerouting priority -450;
				ip saddr 10.128.0.0/9 udp dport $P drop
			}
		}
		table ip6 spared {
			chain in {
				type filter hook prerouting priority -450;
				ip6 saddr 2001:db8:80::/64 udp dport $P drop
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
FLOOD_CLIENTS=10.128.0.0/9
BESIDE=
kinds nat
all_floods
for other in dr ipip4; do
	kinds $other
	both_that_connect
done
family 6
V=IPv6
FLOOD_CLIENTS=2001:db8:80::/64
FLOOD_VIP=$VIP
for other in nat gue6; do
	kinds $other
	both_that_connect
done
finish
