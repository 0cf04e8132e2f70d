#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Packets on the wire, field by field: one as the client's device sends it, and the
# same as the real's device gets it, by each method. Documentation/methods.md has the
# table that they are held against.

# shellcheck disable=SC2086,SC2317 # addresses have no blanks; functions are called by name
. ./methods-lib.sh

P=8080
RPORT=8081
declare -A FRAMES

# watch NAME SPACE DEVICE in|out: frames there, from now on, for next_frame
watch()
{
	local fd

	mkfifo $TMP/frames.$1
	./enter lbvs-$2 ./frames $3 $4 > $TMP/frames.$1 &
	JOBS+=($!)
	exec {fd}< $TMP/frames.$1
	FRAMES[$1]=$fd
	read -rt 10 -u $fd _ || echo "# nothing watches $3 of $2"
}

# next_frame NAME: the next one with the port SPORT, into FRAME. Others are late ones of
# the case before.
next_frame()
{
	local line=

	FRAME="no frame"
	until [[ $line == "frame "*port=$SPORT* ]]; do
		read -rt 3 -u ${FRAMES[$1]} line || return
	done
	FRAME=${line#frame }
}

# frame_is DESCRIPTION NAME WORDS: the next one there has exactly these, each a pattern
frame_is()
{
	local got wanted i wrong=

	next_frame $2
	read -ra got <<< "$FRAME"
	read -ra wanted <<< "$3"
	for ((i = 0; i < ${#got[@]} || i < ${#wanted[@]}; i++)); do
		# shellcheck disable=SC2053 # a pattern is meant
		[[ ${got[i]:-nothing} == ${wanted[i]:-nothing more} ]] ||
			wrong+="got ${got[i]:-nothing}, wanted ${wanted[i]:-nothing more}"$'\n'
	done
	if [ -z "$wrong" ]; then
		passed "$1"
	else
		failed "$1" "${wrong}all of it: $FRAME"
	fi
}

# field NAME: of FRAME, into VALUE
field()
{
	VALUE=" $FRAME"
	VALUE=${VALUE#* "$1"=}
	VALUE=${VALUE%% *}
}

# replaced WORDS NAME=VALUE...: the same words but for those, into WORDS
replaced()
{
	local word new

	WORDS=
	for word in $1; do
		for new in "${@:2}"; do
			[ "${word%%=*}" != "${new%%=*}" ] || word=$new
		done
		WORDS+=" $word"
	done
	WORDS=${WORDS# }
}

# bare_mac SPACE DEVICE: as frames writes it, into MAC
bare_mac()
{
	mac $1 $2
	MAC=${MAC//:/}
}

learn_macs()
{
	bare_mac c1 eth0
	AT_CLIENT=$MAC
	bare_mac d c
	D_CLIENTS=$MAC
	bare_mac d s
	D_REALS_MAC=$MAC
	bare_mac r1 eth0
	AT_REAL=$MAC
}

# --- the packets -------------------------------------------------------------

# The client's packet is described by TOS FRAG ID OPTIONS (IPv4 options, or extension
# headers with the first one's type before: 60:...) L4 (protocol number) and L4_LEN.
# ip_words TTL FROM TO: its IP header
ip_words()
{
	local more=${OPTIONS#*:} len

	len=$((${#more} / 2 + L4_LEN))
	IP="ip.v=$FAMILY ip.tos=$TOS"
	if [ $FAMILY = 4 ]; then
		LEN=$((20 + len))
		IP+=" ip.len=$LEN ip.id=$ID ip.frag=$FRAG ip.ttl=$1 ip.proto=$L4 ip.sum=good ip.src=$2 ip.dst=$3${more:+ ip.options=$more}"
	else
		LEN=$((40 + len))
		IP+=" ip.flow=00000 ip.len=$len ip.ttl=$1 ip.proto=${OPTIONS:+${OPTIONS%%:*}}"
		[ -n "$OPTIONS" ] || IP+=$L4
		IP+=" ip.src=$2 ip.dst=$3${more:+ ip.ext=$more}"
	fi
}

# l4_words PORT PORT
l4_words()
{
	case $L4 in
	17)	L4_WORDS="udp.sport=$1 udp.dport=$2 udp.len=$L4_LEN udp.sum=$SUM" ;;
	6)	L4_WORDS="tcp.sport=$1 tcp.dport=$2 tcp.seq=0 tcp.flags=02 tcp.sum=$SUM" ;;
	esac
}

# outer_words: the tunnel's own header, around LEN bytes. DF is as inside, and without
# it the ID tells packets apart; an IPv6 packet inside is DF.
outer_words()
{
	local from to protocol=4 type=0800 shim='' len=$LEN sum=none port=6080

	[ $FAMILY = 4 ] || protocol=41 type=86dd
	case $KIND in
	gue*)
		[ "${KIND%?}" = gue ] || sum=good port=6081
		len=$((len + 12))
		shim=" udp.sport=* udp.dport=$port udp.len=$len udp.sum=$sum gue=00$(printf %02x $protocol)0000"
		protocol=17 ;;
	gre*)
		len=$((len + 4))
		shim=" gre=0000$type"
		protocol=47 ;;
	esac
	real_of $REAL_FAMILY 1
	to=$REAL
	from=10.0.0.1
	[ $REAL_FAMILY = 4 ] || from=2001:db8:10::1
	OUTER="ip.v=$REAL_FAMILY ip.tos=$TOS"
	if [ $REAL_FAMILY = 6 ]; then
		OUTER+=" ip.flow=00000 ip.len=$len ip.ttl=64 ip.proto=$protocol"
	elif [ $FAMILY = 6 ] || [ $FRAG = 4000 ]; then
		OUTER+=" ip.len=$((len + 20)) ip.id=0 ip.frag=4000 ip.ttl=64 ip.proto=$protocol ip.sum=good"
	else
		OUTER+=" ip.len=$((len + 20)) ip.id=[1-9]* ip.frag=0000 ip.ttl=64 ip.proto=$protocol ip.sum=good"
	fi
	OUTER+=" ip.src=$from ip.dst=$to$shim"
}

# prefixed PREFIX WORDS: into WORDS
prefixed()
{
	WORDS=" $2"
	WORDS=${WORDS// / $1}
	WORDS=${WORDS# }
}

# The packet in, as the client's device sends it.
packet_in()
{
	ip_words 64 $C1 $VIP
	l4_words $SPORT $P
	IN="eth.dst=$D_CLIENTS eth.src=$AT_CLIENT $IP $L4_WORDS"
}

# The packet out, as the real's device gets it. By any method: the director's hardware
# address, and the TTL is one less.
packet_out()
{
	case $METHOD in
	# The destination is the real.
	nat)
		ip_words 63 $C1 $R1
		l4_words $SPORT $RPORT
		WORDS="$IP $L4_WORDS" ;;
	# Nothing else.
	dr)
		ip_words 63 $C1 $VIP
		l4_words $SPORT $P
		WORDS="$IP $L4_WORDS" ;;
	# Nothing else, and all of that inside of another packet.
	tunnel)
		ip_words 63 $C1 $VIP
		l4_words $SPORT $P
		outer_words
		prefixed in. "$IP $L4_WORDS"
		WORDS="$OUTER $WORDS" ;;
	esac
	OUT="eth.dst=$AT_REAL eth.src=$D_REALS_MAC $WORDS"
}

# fixture SENTENCE CRAFT-OPTIONS...: a packet in, a packet out
fixture()
{
	local protocol=udp

	[ $L4 = 17 ] || protocol=tcp
	SPORT=$((SPORT + 1))
	packet_in
	packet_out
	told "$L $1: sent" sent c1 craft $protocol $C1 $SPORT $VIP $P $((L4_LEN - 8)) "${@:2}"
	frame_is "$L $1: the packet in" client_out "$IN"
	frame_is "$L $1: the packet out" real_in "$OUT"
}

# What the fixtures have unless they say otherwise.
plain()
{
	TOS=00 FRAG=4000 ID=0 OPTIONS='' L4=17 L4_LEN=108 SUM=good
	[ $FAMILY = 4 ] || FRAG=
}

# --- the cases ---------------------------------------------------------------

one_real()
{
	local port=$P

	[ $METHOD != nat ] || port=$RPORT
	reals 1
	service udp $VIP $P $port --scheduler rr -- $REALS
	service tcp $VIP $P $port --scheduler rr -- $REALS
}

request_cases()
{
	plain
	fixture "UDP" df
	L4=6 L4_LEN=20
	fixture "TCP" df
	plain
	TOS=28
	fixture "the service class goes along, inside and outside" df tos=28
	for TOS in 02 03 b9; do
		fixture "so does ECN, congestion included: $TOS" df tos=$TOS
	done
	TOS=00 SUM=none
	fixture "no checksum stays no checksum" df nosum
}

fragmentable_cases()
{
	local first

	plain
	[ $FAMILY = 4 ] || return
	FRAG=0000 ID=77
	fixture "may be fragmented: so may the outer packet, which has an ID" id=77
	[ $METHOD$REAL_FAMILY = tunnel4 ] || return
	tell c1 craft udp $C1 $SPORT $VIP $P 100 id=77
	next_frame real_in
	field ip.id
	first=$VALUE
	tell c1 craft udp $C1 $SPORT $VIP $P 100 id=77
	next_frame real_in
	field ip.id
	like "$L and the next one another" "$first $VALUE" '^([1-9][0-9]*) [1-9][0-9]*$'
	is "$L indeed" "$([ "$first" != "$VALUE" ] && echo differ)" differ
}

# option_fixture SENTENCE OPTIONS-IN OPTIONS-OUT: IPv4's, which the stack fills in
option_fixture()
{
	OPTIONS=$2
	packet_in
	OPTIONS=$3
	packet_out
	told "$L $1: sent" sent c1 craft udp $C1 $SPORT $VIP $P 100 df options=$2
	frame_is "$L $1: the packet in" client_out "$IN"
	frame_is "$L $1: the packet out" real_in "$OUT"
}

option_cases()
{
	plain
	SPORT=$((SPORT + 1))
	if [ $FAMILY = 4 ]; then
		option_fixture "record route: the VIP is on it" 0707040000000000 070708cb00710a00
		option_fixture "a time stamp: the director's" 4408050000000000 44080900????????
	else
		OPTIONS=60:1100010400000000
		fixture "destination options" ext=$OPTIONS
		OPTIONS=0:1100010400000000
		fixture "hop-by-hop options" ext=$OPTIONS
		OPTIONS=43:1100000000000000
		fixture "a routing header that is used up" ext=$OPTIONS
		OPTIONS=0:3c000104000000001100010400000000
		fixture "two extension headers" ext=$OPTIONS
	fi
	plain
}

# A flow's outer packets are alike, so that they stay in order; flows differ.
entropy_cases()
{
	local before=$SPORT ports=

	[ "${KIND#gue}" != $KIND ] || return
	for SPORT in 7801 7802 7803 7804 7805 7806 7807 7808 7808 7808; do
		tell c1 craft udp $C1 $SPORT $VIP $P 100
		next_frame real_in
		field udp.sport
		ports+=$VALUE$'\n'
	done
	SPORT=$before
	ports=${ports%$'\n'}
	is "$L one flow, one outer source port" "$(tail -n 3 <<< "$ports" | sort -u | wc -l)" 1
	between "$L eight flows, several of them" "$(sort -u <<< "$ports" | wc -l)" 6 8
}

# The real's answer. By nat it gets the VIP for its source on the director; otherwise
# it has that already, and goes by the other router.
answer_case()
{
	plain
	SPORT=$((SPORT + 1))
	tell c1 craft udp $C1 $SPORT $VIP $P 100
	next_frame real_out
	field ip.src
	if [ $METHOD = nat ]; then
		is "$L the answer comes from the real" "$VALUE" $R1
		replaced "$FRAME" eth.dst=$AT_CLIENT eth.src=$D_CLIENTS ip.ttl=63 ip.src=$VIP udp.sport=$P
	else
		is "$L the answer comes from the VIP" "$VALUE" $VIP
		replaced "$FRAME" eth.dst=$AT_CLIENT eth.src=$ROUTER ip.ttl=63
	fi
	frame_is "$L the answer as the client gets it" client_in "$WORDS"
}

# error_out SENTENCE: FRAME is an ICMP error of the client's about an answer; how the
# real has it. By nat it goes to the real and quotes what the real has sent.
error_out()
{
	field ip.tos
	TOS=$VALUE
	field ip.len
	LEN=$VALUE
	[ $FAMILY = 4 ] || LEN=$((LEN + 40))
	field ip.frag
	FRAG=$VALUE
	replaced "$FRAME" ip.ttl=63
	case $METHOD in
	nat)	replaced "$WORDS" ip.dst=$R1 q.ip.src=$R1 q.udp.sport=$RPORT q.tcp.sport=$RPORT ;;
	tunnel)
		outer_words
		prefixed in. "${WORDS#* * }"
		WORDS="- - $OUTER $WORDS" ;;
	esac
	frame_is "$L $1" real_in "eth.dst=$AT_REAL eth.src=$D_REALS_MAC ${WORDS#* * }"
}

client_error_cases()
{
	local protocol before=$SPORT

	plain
	for protocol in udp tcp; do
		REFUSED=$((REFUSED + 1))
		SPORT=$REFUSED
		tell c1 craft $protocol $C1 $SPORT $VIP $P 100
		next_frame client_out
		next_frame real_in
		next_frame client_out
		like "$L an error of the client's about $protocol, all of it right" "$FRAME" \
			"icmp.sum=good .*q.ip.dst=$C1 .*q.$protocol.sport=$P .*q.$protocol.sum=good"
		error_out "so the real has it, about $protocol"
	done
	SPORT=$before
}

# A router behind the director doesn't know the way to r4 any more.
router_error_cases()
{
	[ $METHOD = nat ] || return
	real_of $FAMILY 4
	service udp $VIP2 $P $RPORT --scheduler rr -- $REAL
	ip -n lbvs-mid -$FAMILY route add unreachable $REAL
	SPORT=$((SPORT + 1))
	tell c1 craft udp $C1 $SPORT $VIP2 $P 100
	next_frame router_out
	like "$L a router's error, all of it right" "$FRAME" \
		"ip.dst=$C1 .*icmp.sum=good .*q.ip.dst=$REAL .*q.udp.dport=$RPORT .*q.udp.sum=good"
	replaced "$FRAME" eth.dst=$AT_CLIENT eth.src=$D_CLIENTS ip.ttl=63 q.ip.dst=$VIP2 q.udp.dport=$P
	frame_is "$L the client gets it about its own packet" client_in "$WORDS"
	tell c1 frag $C1 $SPORT $VIP2 $P 3000
	next_frame router_out
	like "$L an error about a first fragment" "$FRAME" "q.ip.dst=$REAL .*q.udp.dport=$RPORT .*q.udp.sum=cut"
	replaced "$FRAME" eth.dst=$AT_CLIENT eth.src=$D_CLIENTS ip.ttl=63 q.ip.dst=$VIP2 q.udp.dport=$P
	frame_is "$L the client gets that, too" client_in "$WORDS"
	ip -n lbvs-mid -$FAMILY route delete unreachable $REAL
}

cases()
{
	# What is late of the other family's isn't to be taken for this one's.
	SPORT=$((FAMILY * 100 + 6600))
	REFUSED=$((FAMILY * 20 + 7820))
	for name in $KINDS; do
		kind $name
		one_real
		request_cases
		fragmentable_cases
		option_cases
		entropy_cases
		answer_case
		client_error_cases
		router_error_cases
		lb flush
	done
}

# Checksums are to be there in each frame. The client says nothing to answers but at
# ports from 7900 on, and there no by ICMP even to TCP.
prepare()
{
	local space

	on c1 ethtool -K eth0 tx off > /dev/null
	on r1 ethtool -K eth0 tx off > /dev/null
	on d ethtool -K s tx off > /dev/null
	for space in c1 mid; do
		on $space sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0
	done
	on c1 nft -f - <<-END
		table inet refuse {
			chain in {
				type filter hook input priority 0;
				meta l4proto { tcp, udp } th dport 7000-7899 drop
				tcp dport 7900-7999 reject with icmpx port-unreachable
			}
		}
	END
	bare_mac rt eth0
	ROUTER=$MAC
}

begin make_methods_network nft ethtool
start_servers $P $RPORT
start_client c1 c1
prepare
learn_macs
watch client_out c1 eth0 out
watch client_in c1 eth0 in
watch real_in r1 eth0 in
watch real_out r1 eth0 out
watch router_out mid r out
both_families cases
finish
