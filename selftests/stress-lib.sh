# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What the tests under fire share, beside methods-lib.sh: a wire that floods come
# by, load by all methods, and requests as fast as they are answered.
#
#   f - d    10.64.0.0/24, 2001:db8:64::/64; behind f, who answers nothing, are
#            10.128.0.0/9 and 2001:db8:80::/64
#
# SECONDS_EACH is how long each thing goes on.
#
# shellcheck disable=SC2034,SC2086 # the tests use what is set here; addresses have no blanks

. ./methods-lib.sh

P=8080
SECONDS_EACH=${SECONDS_EACH:-2}
SPACES+=(f)
FLOODER=02:00:00:00:00:99
HAMMERS=()
LOADS=()
declare -A LOADED ASKED
family 4

add_flooder()
{
	ip -n lbvs-f link add eth0 type veth peer name f netns lbvs-d
	ip -n lbvs-d -batch - <<-END
		link set f addrgenmode none
		addr add 10.64.0.1/24 dev f
		link set f up
		neigh add 10.64.0.2 lladdr $FLOODER dev f nud permanent
		route add 10.128.0.0/9 via 10.64.0.2
		addr add 2001:db8:64::1/64 dev f nodad
		neigh add 2001:db8:64::2 lladdr $FLOODER dev f nud permanent
		route add 2001:db8:80::/64 via 2001:db8:64::2
	END
	ip -n lbvs-f link set eth0 addrgenmode none
	ip -n lbvs-f link set eth0 up
	mac d f
	FLOOD_MAC=$MAC
}

make_stress_network()
{
	make_methods_network && add_flooder
}

# flood_for SECONDS NAME OPTIONS...: to the VIP, in the background, at FLOOD_RATE packets a
# second if that is set; its figures are for flooded
flood_for()
{
	job f ./flood -m $FLOOD_MAC -t "$1" ${FLOOD_RATE:+-R $FLOOD_RATE} "${@:3}" eth0 0 "${FLOOD_VIP:-203.0.113.10}" $P > "$TMP/flood.$2"
	FLOOD=$JOB
}

# flooded NAME: waits for its end; packets into FLOODED, packets a second into RATE, how long
# it took into FLOOD_MS
flooded()
{
	wait "$FLOOD"
	read -r FLOODED FLOOD_MS < "$TMP/flood.$1"
	FLOOD_MS=$((FLOOD_MS + 1))
	RATE=$((FLOODED * 1000 / FLOOD_MS))
}

# hammer NAME OPTIONS...: ./nl on the director for SECONDS_EACH, in the background
hammer()
{
	job d ./nl -t $SECONDS_EACH "${@:2}" > "$TMP/hammer.$1"
	HAMMERS+=("$JOB $1")
}

# hammered: what each had for answers, judged and shown; how many a second, into ASKED by name
hammered()
{
	local row name sent ms

	ASKED=()
	for row in "${HAMMERS[@]}"; do
		wait "${row%% *}"
		name=${row#* }
		ANSWERS=$(< "$TMP/hammer.$name")
		sent=${ANSWERS#sent=}
		ms=${ANSWERS#*ms=}
		ASKED[$name]=$((${sent%% *} * 1000 / (${ms%% *} + 1)))
		echo "# $name: ${ASKED[$name]} requests a second; $ANSWERS"
		judge_answers "$name" "$ANSWERS"
	done
	HAMMERS=()
}

# judge_answers NAME ANSWERS: nobody is told what can't be, and some had their will
judge_answers()
{
	local allowed='sent|ms|ok|ENOENT|EEXIST'

	[ "${FAULTS:-0}" = 0 ] || allowed+='|ENOMEM|ENOBUFS'
	if grep -qE " ok=[1-9]" <<< "$2" && ! tr ' ' '\n' <<< "$2" | grep -qvE "^($allowed)="; then
		passed "$1: answers are as they should be"
	else
		failed "$1: answers are as they should be" "$2"
	fi
}

# Where allocations are made to fail: see faults.sh.
inject_on()
{
	:
}

load_under_fire()
{
	load_module
}

inject_off()
{
	:
}

# load_begin NAME SPACE HOW...: one request after the other
load_begin()
{
	[ -n "${PID[$1]:-}" ] || start_client "$1" "$2"
	order "$1" load "${@:3}" timeout=200
	LOADS+=("$1")
}

# load_end: into LOADED by name; and shown
load_end()
{
	local name

	for name in "${LOADS[@]}"; do
		tell "$name" stop
		LOADED[$name]=$ANSWER
		echo "# load $name: $ANSWER"
	done
	LOADS=()
}

# hex_of ADDRESS
hex_of()
{
	local part

	case $1 in
	*:*)	printf '20010db8%04x0000000000000000%04x' "0x$(cut -d : -f 3 <<< "$1")" "0x${1##*:}" ;;
	*)	for part in ${1//./ }; do printf '%02x' $part; done ;;
	esac
}

# svc PROTOCOL [PORT], real ADDRESS [WORDS]: in the words of ./nl, into SVC and REAL
svc()
{
	local af=2 number=6

	[ $FAMILY = 4 ] || af=10
	[ $1 = tcp ] || number=17
	SVC="AF=u8:$af PROTOCOL=u8:$number ADDR=x:$(hex_of $VIP) PORT=be16:${2:-$P}"
}

real_words()
{
	local af=2

	[[ $1 != *:* ]] || af=10
	REAL="REAL{ AF=u8:$af ADDR=x:$(hex_of $1) PORT=be16:$P ${*:2} }"
}

# A nat, a dr and a tunnel real for each protocol of each family: by IPIP, GUE and GRE.
mixed_services()
{
	local was=$FAMILY encap

	for FAMILY in 4 6; do
		family $FAMILY
		for protocol in tcp udp; do
			case $protocol$FAMILY in
			udp4)	encap="--encap gue" ;;
			tcp6)	encap="--encap gre" ;;
			*)	encap= ;;
			esac
			service $protocol $VIP $P $P --scheduler rr -- $R1 $R2 --method dr $R3 --method tunnel $encap
		done
	done
	family $was
}

load_all()
{
	load_begin tcp4 c1 tcp 203.0.113.10 $P
	load_begin udp4 c2 udp 203.0.113.10 $P
	load_begin tcp6 c2 tcp 2001:db8:f::10 $P
	load_begin udp6 c1 udp 2001:db8:f::10 $P
}

# The fast path off and on: it may have had no memory for a device.
defaults()
{
	lb set conn-limit 100000
	lb set fast-path off
	lb set fast-path "$FAST_PATH"
	lb set transmit queue
	lb set conntrack off
	on d ./nl SETTINGS_SET "SETTINGS{ TIMEOUTS{ 1=u32:60 2=u32:60 3=u32:900 4=u32:120 5=u32:120 6=u32:30 7=u32:60 8=u32:10 9=u32:30 10=u32:300 } }" > /dev/null
}

# Nothing is left, and it all works again.
recovers()
{
	lb flush
	connections "$1: afterwards a flush leaves nothing" 0
	mixed_services
	for FAMILY in 4 6; do
		family $FAMILY
		told "$1: afterwards IPv$FAMILY TCP works" "r1=2 r2=2 r3=2" tcp4 each 6 tcp $VIP $P
		told "$1: afterwards IPv$FAMILY UDP works" "r1=2 r2=2 r3=2" tcp4 each 6 udp $VIP $P
	done
	family 4
}
