#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# CLIENTS TCP connections (200) are kept open while the configuration changes under
# them. After each change every one of them has to exchange a message; how many
# can't is what the change has broken. The kernel's own ip_vs goes through
# the same for comparison; what lbvs promises has to be so.

# shellcheck disable=SC2016,SC2034,SC2086,SC2317 # changes are evaluated later; addresses have no blanks
. ./lib.sh

CLIENTS=${CLIENTS:-200}
ADDRESSES=0
TITLES=()
declare -A BROKEN

# ipvs OPTIONS...: on the director
ipvs()
{
	on d ipvsadm "$@"
}

# open_more COUNT: more connections, from an address that had none: ip_vs may remember a
# port's last connection, and send what comes by it to a real that is gone.
open_more()
{
	[ $1 -gt 0 ] || return
	ADDRESSES=$((ADDRESSES + 1))
	ip -n lbvs-c1 addr add 192.0.2.$((100 + ADDRESSES))/32 dev eth0
	tell c1 many t $1 tcp $VIP 80 from=192.0.2.$((100 + ADDRESSES)) timeout=$((5000 + CLIENTS))
	case $ANSWER in
	*failed=*)	failed "$SYSTEM: new connections are opened" "$ANSWER" ;;
	esac
}

# Those that the last change broke are replaced: each change has all of them before it.
fill_up()
{
	tell c1 prune t
	open_more ${ANSWER#closed=}
}

# at_real REAL: lbvs's connections there, also those made before it was deleted and added
at_real()
{
	lbq '[.connections[] | select(.state == "tcp-established")] | length' connections --real "$1"
}

# change PROMISE TITLE LBVS [IPVS [AFTER-LBVS [AFTER-IPVS]]]
#
# What either of them is told; empty: it has no such thing. PROMISE: how many lbvs
# may break, or "-". AFTER takes the change back, and is not judged.
change()
{
	local promise=$1 title=$2 words after said

	case $SYSTEM in
	lbvs)	words=$3 after=${5:-} ;;
	ip_vs)	words=${4:-} after=${6:-} ;;
	esac
	[ $SYSTEM != lbvs ] || TITLES+=("$title")
	[ -n "$words" ] || return
	if ! said=$(eval "$words" 2>&1); then
		failed "$SYSTEM: $title" "$said"
		return
	fi
	tell c1 sayall t
	said=${ANSWER#same=}
	BROKEN[$SYSTEM $title]=$((CLIENTS - ${said%% *}))
	if [ $SYSTEM = lbvs ] && [ "$promise" != - ]; then
		is "$title: as many as promised are broken" "$ANSWER" "same=$((CLIENTS - promise)) moved=0 failed=$promise"
	else
		echo "# $SYSTEM: $title: $ANSWER"
	fi
	eval "$after" || echo "# $SYSTEM: could not take back: $title"
	fill_up
}

reals_change()
{
	change 0 "a real's weight changed" 'lb edit-real $S $A --weight 5' 'ipvs -e $T -r $A -m -w 5'
	change 0 "a real's weight set to 0" 'lb edit-real $S $A --weight 0' 'ipvs -e $T -r $A -m -w 0' \
		'lb edit-real $S $A --weight 1' 'ipvs -e $T -r $A -m -w 1'
	change 0 "a real drained" 'lb edit-real $S $A --state drain' '' 'lb edit-real $S $A --state up'
	change 0 "a real set down" 'lb edit-real $S $A --state down' '' 'lb edit-real $S $A --state up'
	change 0 "a real added" 'lb add-real $S $C' 'ipvs -a $T -r $C -m'
	change 0 "a real deleted and added again" 'lb del-real $S $A && lb add-real $S $A' \
		'ipvs -d $T -r $A && ipvs -a $T -r $A -m'
	change 0 "a real deleted" 'lb del-real $S $A' 'ipvs -d $T -r $A' 'lb add-real $S $A' 'ipvs -a $T -r $A -m'
	# Not for nothing is the whole counted: this has to be seen.
	change "$([ $SYSTEM != lbvs ] || at_real $A)" "a real deleted, --on-remove close" \
		'lb edit-service $S --on-remove close && lb del-real $S $A' '' \
		'lb edit-service $S --on-remove default && lb add-real $S $A'
}

service_changes()
{
	change 0 "another scheduler" 'lb edit-service $S --scheduler wrr' 'ipvs -E $T -s wrr'
	change 0 "the service edited" 'lb edit-service $S --mss 1200 --adopt' 'ipvs -E $T -s wrr -p 300' \
		'lb edit-service $S --mss 0 --no-adopt' 'ipvs -E $T -s wrr'
	change 0 "the service's timeouts set" 'lb edit-service $S --timeout tcp-established=800'
	change 0 "counters set to 0" 'lb zero' 'ipvs -Z'
	change 0 "the service deleted and made again" \
		'saved=$(lb save) && lb del-service $S && lb restore - <<< "$(grep -v ^set <<< "$saved")"' \
		'saved=$(ipvs -S -n) && ipvs -D $T && ipvs -R <<< "$saved"'
	change 0 "the service deleted" 'lb save > $TMP/saved && lb del-service $S' 'ipvs -S -n > $TMP/saved && ipvs -D $T' \
		'lb restore - <<< "$(grep -v ^set $TMP/saved)"' 'ipvs -R < $TMP/saved'
}

# ipvs_conntrack 0|1: how ip_vs is told, where it was built with that
ipvs_conntrack()
{
	[ ! -e /proc/sys/net/ipv4/vs/conntrack ] || echo "on d sysctl -qw net.ipv4.vs.conntrack=$1"
}

settings_change()
{
	change 0 "timeouts set" 'lb set timeout tcp-established 700' 'ipvs --set 700 120 300'
	change 0 "fast path off" 'lb set fast-path off'
	change 0 "fast path for new ones, too" 'lb set fast-path all'
	change 0 "fast path on" 'lb set fast-path on' '' 'fast_path_of d'
	change 0 "sent past the queue" 'lb set transmit direct' '' 'lb set transmit queue'
	change 0 "unknown ones dropped" 'lb set tcp-unknown drop' '' 'lb set tcp-unknown reset'
	change 0 "conntrack on" 'lb set conntrack on' "$(ipvs_conntrack 1)"
	change 0 "conntrack off" 'lb set conntrack off' "$(ipvs_conntrack 0)"
	change 0 "the limit set below their number" 'lbq .conn_limit settings > $TMP/limit && lb set conn-limit $((CLIENTS / 2))' '' \
		'lb set conn-limit $(< $TMP/limit)'
}

around_it()
{
	change 0 "neighbours forgotten" 'ip -n lbvs-d neigh flush all' 'ip -n lbvs-d neigh flush all'
	change 0 "the device to the reals down and up" \
		'ip -n lbvs-d link set s down && ip -n lbvs-d link set s up' \
		'ip -n lbvs-d link set s down && ip -n lbvs-d link set s up'
}

whole_configuration()
{
	change 0 "the same configuration restored" 'lb save > $TMP/saved && lb restore --replace $TMP/saved' \
		'ipvs -S -n > $TMP/saved && ipvs -C && ipvs -R < $TMP/saved'
	change - "the module loaded again" 'lb save > $TMP/saved && rmmod lbvs && load_module && lb restore $TMP/saved' \
		'ipvs -S -n > $TMP/saved && ipvs -C && unload_ipvs && modprobe ip_vs && ipvs -R < $TMP/saved'
	change - "the same, --adopt" \
		'lb edit-service $S --adopt && lb save > $TMP/saved && rmmod lbvs && load_module && lb restore $TMP/saved'
}

all_changes()
{
	open_more $CLIENTS
	change 0 "nothing" true true
	reals_change
	service_changes
	settings_change
	around_it
	whole_configuration
	tell c1 close '*'
}

unload_ipvs()
{
	modprobe -r ip_vs_rr ip_vs_wrr ip_vs
}

try_lbvs()
{
	SYSTEM=lbvs
	service tcp $VIP 80 8080 --scheduler rr -- $R1 $R2
	all_changes
	lb flush
}

try_ipvs()
{
	SYSTEM=ip_vs
	if ! modprobe -qa ip_vs ip_vs_rr ip_vs_wrr; then
		skip "ip_vs beside it" "this kernel has none"
		return
	fi
	ipvs -A $T -s rr && ipvs -a $T -r $A -m && ipvs -a $T -r $B -m
	all_changes
	is "ip_vs: with nothing changed, nothing is broken" "${BROKEN[ip_vs nothing]}" 0
	ipvs -C
	unload_ipvs
}

# share SYSTEM TITLE
share()
{
	local broken=${BROKEN[$1 $2]:-}

	case $broken in
	"")	echo - ;;
	*)	echo "$((broken * 100 / CLIENTS)).$((broken * 1000 / CLIENTS % 10)) %" ;;
	esac
}

table()
{
	local title

	printf '# broken of %s connections by%18s%12s\n' $CLIENTS lbvs ip_vs
	for title in "${TITLES[@]}"; do
		printf '# %-36s%10s%12s\n' "$title" "$(share lbvs "$title")" "$(share ip_vs "$title")"
	done
}

# Each has a socket at either end, and what is broken stays at a real's.
ulimit -n $((CLIENTS * 10 + 1000))
begin make_network ipvsadm
need_module_file
start_servers 8080
start_client c1 c1
family 4
at $VIP 80; S="tcp $AT" T="-t $AT"
at $R1 8080; A=$AT
at $R2 8080; B=$AT
at $R3 8080; C=$AT
try_lbvs
try_ipvs
table
finish
