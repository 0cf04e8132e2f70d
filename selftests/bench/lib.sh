# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What the programs in the VM share: the director, cases by name, packets.
#
#   clients 100.64.0.1... -- 192.0.2.2 -- bench0  director  bench1 -- real 10.0.0.11, host 10.0.0.99
#           2001:db8:64::1..  2001:db8:1::2                           2001:db8:10::11, ::99
#
# The words of a case's name are described in ../../Documentation/benchmark.md.
#
# shellcheck disable=SC2034 # the programs use what is set here

set -u -o pipefail

cd "$(dirname "$0")/.." || exit 1
# Of a case that went wrong, to be said instead of a figure.
WHY=

fail()
{
	WHY=${WHY:-$*}
	return 1
}

# As a JSON string's inside.
quoted()
{
	local text=${1//\\/\\\\}

	text=${text//\"/\\\"}
	echo "${text//[[:cntrl:]]/ }"
}

# --- the director ------------------------------------------------------------

device()
{
	echo "link set $1 addrgenmode none"
	echo "addr add $2/24 dev $1"
	echo "addr add $3/64 dev $1 nodad"
	echo "link set $1 up"
}

director()
{
	insmod ./lbvs_bench.ko || return 1
	sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.conf.all.send_redirects=0
	ip -batch - <<-END
		$(device bench0 192.0.2.1 2001:db8:1::1)
		$(device bench1 10.0.0.1 2001:db8:10::1)
		addr add 203.0.113.10/32 dev lo
		addr add 2001:db8:f::10/128 dev lo nodad
		neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 dev bench0 nud permanent
		neigh add 2001:db8:1::2 lladdr 02:00:00:00:00:02 dev bench0 nud permanent
		neigh add 10.0.0.11 lladdr 02:00:00:00:00:11 dev bench1 nud permanent
		neigh add 2001:db8:10::11 lladdr 02:00:00:00:00:11 dev bench1 nud permanent
		neigh add 10.0.0.99 lladdr 02:00:00:00:00:99 dev bench1 nud permanent
		neigh add 2001:db8:10::99 lladdr 02:00:00:00:00:99 dev bench1 nud permanent
		route add 100.64.0.0/10 via 192.0.2.2
		route add 2001:db8:64::/64 via 2001:db8:1::2
	END
}

# --- a case's name -----------------------------------------------------------

# parse NAME: IMPL/WAY/KIND[+MOD]...
parse()
{
	local mod mods

	IFS=+ read -ra mods <<< "$1"
	IFS=/ read -r IMPL WAY KIND <<< "${mods[0]}"
	AF=4 FLOWS=1 SERVICES=1 CONNTRACK='' FILTER='' LIST=0 RANDOM_ORDER=0 TABLE=20 LENGTH=128 GSO=0 LOSSY='' SETTINGS=()
	for mod in "${mods[@]:1}"; do
		case $mod in
		ipv6)		AF=6 ;;
		list)		LIST=1 ;;
		10k)		FLOWS=10000 RANDOM_ORDER=1 ;;
		1m)		FLOWS=1000000 RANDOM_ORDER=1 ;;
		services)	SERVICES=1000 FLOWS=1000 ;;
		conntrack)	CONNTRACK=1 ;;
		filter)		FILTER=1 ;;
		default)	TABLE=12 ;;
		gso)		GSO=1400 ;;
		lossy)		LOSSY=1 ;;
		off)		SETTINGS+=("fast-path off") ;;
		all)		SETTINGS+=("fast-path all") ;;
		direct)		SETTINGS+=("transmit direct") ;;
		*)		fail "no modifier $mod"; return ;;
		esac
	done
	case $KIND in
	udp|tcp|syn)	;;
	*)		fail "no kind '$KIND'"; return ;;
	esac
	[ "$GSO" = 0 ] || [ "$KIND" = tcp ] || fail "+gso is for tcp" || return
	addresses
}

addresses()
{
	case $AF in
	4)	VIP=203.0.113.10 REAL=10.0.0.11 OTHER=10.0.0.99 CLIENT=100.64.0.1 NFT=ip HEADER=20
		VIP_AT=$VIP REAL_AT=$REAL ;;
	6)	VIP=2001:db8:f::10 REAL=2001:db8:10::11 OTHER=2001:db8:10::99 CLIENT=2001:db8:64::1 NFT=ip6 HEADER=40
		VIP_AT=[$VIP] REAL_AT=[$REAL] ;;
	esac
	PROTOCOL=${KIND/syn/tcp}
	# The most that 64 KB hold, of segments that leave room for a tunnel's header.
	SEGMENTS=1
	[ "$GSO" = 0 ] || SEGMENTS=46 LENGTH=$((14 + HEADER + 20 + 46 * GSO))
	BYTES=$LENGTH
	case $IMPL/$WAY in
	receive/drop)			SERVER=$OTHER ;;
	forward/plain|forward/with-*)	SERVER=$OTHER ;;
	flowtable/forward)		SERVER=$OTHER ;;
	flowtable/dnat)			SERVER=$VIP ;;
	ipvs/tunnel|lbvs/tunnel)	SERVER=$VIP BYTES=$((LENGTH + HEADER)) ;;
	ipvs/dr|lbvs/dr|ipvs/nat|lbvs/nat|ipvs/nat-reply|lbvs/nat-reply)
					SERVER=$VIP ;;
	*)				fail "no path $IMPL/$WAY" ;;
	esac
}

# --- what is measured --------------------------------------------------------

# Lines for ipvsadm -R and lbctl restore: SERVICES services of one real each.
ipvs_rules()
{
	local port letter=${PROTOCOL:0:1} method

	case $1 in
	dr)	method=-g ;;
	tunnel)	method=-i ;;
	nat*)	method=-m ;;
	esac
	for ((port = 1000; port < 1000 + SERVICES; port++)); do
		echo "-A -$letter $VIP_AT:$port -s rr"
		echo "-a -$letter $VIP_AT:$port -r $REAL_AT:$port $method"
	done
}

lbvs_rules()
{
	local port

	for ((port = 1000; port < 1000 + SERVICES; port++)); do
		echo "add-service $PROTOCOL $VIP_AT:$port --scheduler rr"
		echo "add-real $PROTOCOL $VIP_AT:$port $REAL_AT:$port --method ${1%-reply}"
	done
}

# doing COMMAND...: what it says when it fails is why the case failed.
doing()
{
	local said

	said=$("$@" 2>&1) || fail "$*: $said"
}

set_up_ipvs()
{
	doing modprobe ip_vs conn_tab_bits="$TABLE" && doing modprobe ip_vs_rr && doing ipvsadm -R < <(ipvs_rules "$1") || return
	[ "$FLOWS" -le 100000 ] || doing ipvsadm --set 100000 100000 100000
}

# It takes a while to make so many; the first must still be there when the last is.
have_patience()
{
	doing lbctl set conn-limit 4000000 && doing lbctl set timeout udp-new 100000 && doing lbctl set timeout udp 100000
}

set_up_lbvs()
{
	local setting

	doing modprobe lbvs || return
	for setting in "${SETTINGS[@]}"; do
		# shellcheck disable=SC2086 # several words
		doing lbctl set $setting || return
	done
	[ "$FLOWS" -le 100000 ] || have_patience || return
	doing lbctl restore - < <(lbvs_rules "$1")
}

dnat()
{
	doing nft -f - <<-END
		add table $NFT bench
		add chain $NFT bench nat { type nat hook prerouting priority dstnat; }
		add rule $NFT bench nat $NFT daddr $VIP dnat to $REAL
	END
}

set_up_flowtable()
{
	[ "$1" != dnat ] || dnat || return
	doing nft -f - <<-END
		add table inet bench-flows
		add flowtable inet bench-flows fast { hook ingress priority 0; devices = { bench0, bench1 }; }
		add chain inet bench-flows forward { type filter hook forward priority 0; }
		add rule inet bench-flows forward meta l4proto { tcp, udp } flow add @fast
	END
}

# A stateful firewall, as plain as can be.
set_up_conntrack()
{
	doing nft -f - <<-END
		add table inet bench-state
		add chain inet bench-state input { type filter hook input priority 0; }
		add rule inet bench-state input ct state established,related accept
		add chain inet bench-state forward { type filter hook forward priority 0; }
		add rule inet bench-state forward ct state established,related accept
	END
}

# One that keeps no state, as dedicated directors have: a rule for input.
set_up_filter()
{
	doing nft -f - <<-END
		add table inet bench-filter
		add chain inet bench-filter input { type filter hook input priority 0; }
		add rule inet bench-filter input meta l4proto { tcp, udp } th dport 1000-1999 accept
	END
}

# So that a test can see the benchmark notice: every hundredth packet that is forwarded goes missing.
lose_packets()
{
	doing nft -f - <<-END
		add table inet bench-loss
		add chain inet bench-loss forward { type filter hook forward priority 0; }
		add rule inet bench-loss forward numgen inc mod 100 99 drop
	END
}

set_up()
{
	[ ! -d /sys/module/ip_vs ] && [ ! -d /sys/module/lbvs ] || fail "a module of an earlier case is still there" || return
	[ -z "$LOSSY" ] || lose_packets || return
	[ -z "$CONNTRACK" ] || set_up_conntrack || return
	[ -z "$FILTER" ] || set_up_filter || return
	case $IMPL/$WAY in
	forward/with-ipvs)	set_up_ipvs dr ;;
	forward/with-lbvs)	set_up_lbvs dr ;;
	forward/with-lbvs-nat)	set_up_lbvs nat ;;
	ipvs/*)			set_up_ipvs "$WAY" ;;
	lbvs/*)			set_up_lbvs "$WAY" ;;
	flowtable/*)		set_up_flowtable "$WAY" ;;
	esac
}

# Modules leave with their connections: the next case finds nothing.
tear_down()
{
	doing nft flush ruleset
	if [ -d /sys/module/ip_vs ]; then
		ipvsadm -C
		doing rmmod ip_vs_rr ip_vs
	fi
	[ ! -d /sys/module/lbvs ] || doing rmmod lbvs
	[ ! -d /sys/module/nf_conntrack ] || conntrack -F 2> /dev/null
}

# --- packets -----------------------------------------------------------------

# inject WORDS...: into SENT LEFT BACK SUNK TOOK MIN MEDIAN MAX and SEEN, the bytes
inject()
{
	local result word

	exec 3<> /proc/lbvs_bench
	echo "af=$AF client=$CLIENT sport=1000 sports=$SERVICES flows=$FLOWS $*" >&3 && read -r result <&3
	exec 3>&-
	[ -n "${result:-}" ] || fail "the module refuses: $*" || return
	for word in $result; do
		case $word in
		sent=*)		SENT=${word#*=} ;;
		left=*)		LEFT=${word#*=} ;;
		back=*)		BACK=${word#*=} ;;
		sunk=*)		SUNK=${word#*=} ;;
		bytes=*)	SEEN=${word#*=} ;;
		ns=*)		TOOK=${word#*=} ;;
		min=*)		MIN=${word#*=} ;;
		median=*)	MEDIAN=${word#*=} ;;
		max=*)		MAX=${word#*=} ;;
		esac
	done
}

# all_flows WORDS...: a packet of each, which must all get out
all_flows()
{
	inject count="$FLOWS" batch=$((FLOWS < 64 ? FLOWS : 64)) "$@" || return
	[ "$LEFT" = "$SENT" ] || fail "to begin with, $LEFT of $SENT packets got through ($*)"
}

# Connections as they are when both ends have spoken.
establish()
{
	local first=udp second=udp last=udp from=$REAL

	[ "$KIND" != tcp ] || first=syn second=synack last=ack
	[ "$SERVER" = "$VIP" ] || from=$SERVER
	all_flows kind=$first server="$SERVER" || return
	case $IMPL/$WAY in
	*/dr|*/tunnel)	;;
	*)	all_flows kind=$second server="$from" reply=1 || return ;;
	esac
	all_flows kind=$last server="$SERVER"
}

# --- counters ----------------------------------------------------------------

# lbvs_total NAME: a line of its statistics
lbvs_total()
{
	awk -v name="$1" '$1 == name { print $2 }' /proc/net/lbvs/stats
}

# ipvs_packets COLUMN: of the CPUs' lines; the totals below them are up to 2 s old, and the rates are no packets
ipvs_packets()
{
	gawk --non-decimal-data -v column="$1" '$1 == "~" { exit } $1 ~ /^[0-9A-F]+$/ { sum += strtonum("0x" $column) }
		END { print sum }' /proc/net/ip_vs_stats_percpu
}
