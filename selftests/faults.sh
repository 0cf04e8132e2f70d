#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Allocations fail: each once, one after the other, while the module is loaded,
# namespaces are made, requests are answered and connections are made; then one of a
# hundred of the module's, while stress.sh's sections run. Whoever asked is told
# ENOMEM, and nothing is lost or half done.

# shellcheck disable=SC2034,SC2086,SC2317 # as in the libraries; functions are called by name
. ./stress-sections.sh

KINDS="nat dr ipip4 gue-csum4 gre4"
DEBUG=/sys/kernel/debug
FAULTS=1

need_faults()
{
	[[ -e /proc/self/fail-nth && -e $DEBUG/failslab/require-start ]] ||
		skip_all "this kernel has no fault injection with a stack filter (debug-A has)"
}

# --- one of a hundred --------------------------------------------------------

# inject PERCENT: of what is allocated with the module on the stack
inject()
{
	local dir size start

	read -r _ size _ _ _ start _ < <(grep '^lbvs ' /proc/modules)
	for dir in $DEBUG/failslab $DEBUG/fail_page_alloc; do
		echo 0 > $dir/probability
		echo 0 > $dir/verbose
		echo -1 > $dir/times
		echo N > $dir/ignore-gfp-wait
		echo 32 > $dir/stacktrace-depth
		echo "$start" > $dir/require-start
		printf '0x%x' $((start + size)) > $dir/require-end
		echo "$1" > $dir/probability
	done
}

inject_on()
{
	inject 1
}

inject_off()
{
	inject 0
}

# --- each once ---------------------------------------------------------------

# tallied FILE: "2 ENOMEM, 3 ok, 1 done ok", into TALLY
tallied()
{
	TALLY=$(sort "$1" | uniq -c | awk '{ $1 = $1; printf "%s%s", n++ ? ", " : "", $0 }')
}

# all_right DESCRIPTION FILE: every answer was ENOMEM or success, and the last success
all_right()
{
	tallied "$2"
	echo "# $1: $TALLY"
	is "$1: ENOMEM, or it does without" "$(grep -vE '^(ok|ENOMEM|ENOBUFS|ENOBUFS lost|done ok)$' "$2" | sort | uniq -c)" ""
	is "$1: in the end it comes through" "$(tail -n 1 "$2")" "done ok"
	between "$1: some answers were ENOMEM, or it did without" "$(grep -vc "^done" "$2")" 1 1000000
}

module_cases()
{
	local file

	file=${LBVS_KO:-$(modinfo -n lbvs)}
	check "unloaded" rmmod lbvs
	./faults module "$file" > "$TMP/answers" 2>&1
	is "loading: it comes through" "$(head -n 1 "$TMP/answers")" ok
	tac "$TMP/answers" | sed '$s/^/done /' > "$TMP/turned"
	all_right "loading" "$TMP/turned"
	is "loading: no slab is left" "$(grep -o '^lbvs_[^ ]*' /proc/slabinfo | paste -sd ' ')" ""
	check "loaded" load_module
}

# What isn't the module's is spared, as not all of it takes that well; so this is at random.
netns_cases()
{
	inject 5
	./faults netns "${NAMESPACES:-200}" > "$TMP/answers" 2>&1
	inject 0
	./faults netns 1 | sed 's/^/done /' >> "$TMP/answers"
	all_right "a namespace" "$TMP/answers"
}

config()
{
	CONFIG=$(lb save; lb settings)
}

# undo "COMMAND ATTRIBUTES" or ""
undo()
{
	[ -z "$1" ] || on d ./nl "${1%% *}" "${1#* }" > /dev/null
}

# failing DESCRIPTION "COMMAND ATTRIBUTES" ["UNDO ATTRIBUTES"]
failing()
{
	local before after wanted nth status answer half='' ask=("${2%% *}" "${2#* }")

	[ "$2" != "${2%% *}" ] || ask=("$2")
	undo "${3:-}"
	config
	before=$CONFIG
	on d ./nl "${ask[@]}" > /dev/null
	config
	wanted=$CONFIG
	: > "$TMP/answers"
	status=0
	for ((nth = 1; status == 0; nth++)); do
		undo "${3:-}"
		answer=$(on d ./nl $DUMP -f $nth "${ask[@]}")
		status=$?
		config
		after=$CONFIG
		case $answer,$after in
		"ok,$wanted"|"ok: "*",$wanted"|E*",$before"|*"lost,$wanted"|",$after")	;;
		*)	half+="$nth: $answer"$'\n' ;;
		esac
		[ $status = 0 ] || printf 'done ' >> "$TMP/answers"
		sed 's/^\(ok\|E[A-Z]*\).*: .*/\1/; s/^\(E[A-Z]*\) [A-Z].*/\1/' <<< "${answer:-ok}" >> "$TMP/answers"
	done
	all_right "$1" "$TMP/answers"
	is "$1: done, or nothing of it" "$half" ""
	undo "${3:-}"
}

request_cases()
{
	local DUMP='' service other nat dr tunnel down new

	svc udp
	other="SERVICE{ ${SVC/$(hex_of $VIP)/$(hex_of $VIP2)} }"
	service="SERVICE{ $SVC"
	real_words $R1; nat="$service } $REAL"
	real_words $R1 STATE=u8:2; down="$service } $REAL"
	real_words $R2 METHOD=u8:1; dr="$service } $REAL"
	real_words $R3 METHOD=u8:2; tunnel="$service } $REAL"
	mixed_services
	failing "$V SERVICE_NEW" "SERVICE_NEW $other" "SERVICE_DEL $other"
	failing "$V SERVICE_SET" "SERVICE_SET $service SCHEDULER=s:wrr TIMEOUTS{ 9=u32:7 } }" \
		"SERVICE_SET $service SCHEDULER=s:rr TIMEOUTS{ 9=u32:0 } }"
	failing "$V SERVICE_SET, one-packet" "SERVICE_SET $service FLAGS=bits:1/1 }" "SERVICE_SET $service FLAGS=bits:0/1 }"
	failing "$V REAL_DEL" "REAL_DEL ${dr/METHOD=u8:1/}" "REAL_NEW $dr"
	new=${nat/$(hex_of $R1)/$(hex_of $D_REALS)}
	failing "$V REAL_NEW, nat" "REAL_NEW $new" "REAL_DEL $new"
	failing "$V REAL_NEW, dr" "REAL_NEW ${dr/$(hex_of $R2)/$(hex_of $D_REALS)}" "REAL_DEL $new"
	failing "$V REAL_NEW, tunnel" "REAL_NEW ${tunnel/$(hex_of $R3)/$(hex_of $D_REALS)}" "REAL_DEL $new"
	failing "$V REAL_SET" "REAL_SET ${dr/METHOD=u8:1/METHOD=u8:0 WEIGHT=u32:9}" "REAL_SET ${dr/METHOD=u8:1/METHOD=u8:1 WEIGHT=u32:1}"
	failing "$V REAL_SET, down" "REAL_SET $down" "REAL_SET ${down/STATE=u8:2/STATE=u8:0}"
	failing "$V SERVICE_DEL" "SERVICE_DEL $other" "SERVICE_NEW $other"
	lb flush
}

settings_cases()
{
	local DUMP=''

	mixed_services
	failing "SETTINGS_SET" "SETTINGS_SET SETTINGS{ CONN_LIMIT=u32:777 FAST_PATH=u8:0 }" \
		"SETTINGS_SET SETTINGS{ CONN_LIMIT=u32:100000 FAST_PATH=u8:1 }"
	failing "SETTINGS_SET, conntrack" "SETTINGS_SET SETTINGS{ CONNTRACK=u8:1 }" "SETTINGS_SET SETTINGS{ CONNTRACK=u8:0 }"
	failing "CONN_DEL" "CONN_DEL FILTER{ }"
	failing "ZERO" ZERO
	failing "STATS_GET" STATS_GET
	failing "INFO_GET" INFO_GET
	DUMP=-d
	failing "SERVICE_GET, all" SERVICE_GET
	svc tcp
	failing "REAL_GET, all" "REAL_GET SERVICE{ $SVC }"
	failing "CONN_GET, all" CONN_GET
	DUMP=
	lb flush
	failing "FLUSH" FLUSH "SERVICE_NEW SERVICE{ $SVC }"
}

# In a namespace that had none.
first_service_cases()
{
	local nth status=0 answer half=''

	: > "$TMP/answers"
	svc tcp
	for ((nth = 1; status == 0; nth++)); do
		add_spaces x
		answer=$(on x ./nl -f $nth SERVICE_NEW "SERVICE{ $SVC }")
		status=$?
		case $answer,$(on x "$LBCTL" save) in
		ok,*add-service*|"ENOBUFS lost,"*)	;;
		E*,*add-service*|ok,*)	half+="$nth: $answer"$'\n' ;;
		esac
		[ $status = 0 ] || printf 'done ' >> "$TMP/answers"
		echo "$answer" >> "$TMP/answers"
		ip netns delete lbvs-x
	done
	all_right "the first SERVICE_NEW of a namespace" "$TMP/answers"
	is "the first SERVICE_NEW of a namespace: done, or nothing of it" "$half" ""
}

connection_cases()
{
	local count

	for name in $KINDS; do
		kind $name
		lb flush
		lb zero
		balance udp $VIP $P 1
		balance tcp $VIP $P 1
		# Its way, and the neighbours.
		tell c1 each 2 udp $VIP $P
		for protocol in udp syn; do
			count=$(on d ./flood -k $protocol -f t 0 $VIP $P)
			echo "# $L $protocol: $count allocations failed"
			between "$L a $protocol packet that makes a connection: allocations failed" "${count:-0}" 1 1000
		done
		drops no_memory
		between "$L some for want of memory" $DROPS 1 1000
		told "$L and the next connections are made" r1=5 c1 each 5 tcp $VIP $P
		lb flush
		connections "$L and forgotten" 0
	done
}

words_case()
{
	inject 100
	refused "lbctl says what is the matter" 1 "memory" add-service tcp 203.0.113.11:99
	inject 0
}

# The module first, as long as there are few namespaces to be set up by it.
module_then_network()
{
	inject 0
	module_cases
	inject 0
	make_stress_network
}

need_faults
begin module_then_network nft
cpus 4
start_servers $P
start_client c1 c1
modprobe -q tun
netns_cases
both_families request_cases
family 4
V=IPv4
settings_cases
first_service_cases
words_case
connection_cases
run_sections
finish
