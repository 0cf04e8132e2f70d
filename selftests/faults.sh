#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Allocations fail: each once, one after the other, while the module is loaded,
# namespaces are made, requests are answered and connections are made; then one of a
# hundred of the module's, while stress.sh's sections run. Whoever asked is told
# ENOMEM, and nothing is lost or half done. Then the same of what teardown.sh does.

# shellcheck disable=SC2034,SC2086,SC2317 # as in the libraries; functions are called by name
# This kernel takes its time.
GONE_MS=${GONE_MS:-60000}
. ./stress-sections.sh
. ./teardown-sections.sh

KINDS="nat dr ipip4 gue-csum4 gre4"
DEBUG=/sys/kernel/debug
FAULTS=1

need_faults()
{
	[[ -e /proc/self/fail-nth && -e $DEBUG/failslab/require-start ]] ||
		skip_all "this kernel has no fault injection with a stack filter (debug-A has)"
}

# --- whose -------------------------------------------------------------------

# among START END: what fails has an address between them on the stack
among()
{
	local dir

	for dir in $DEBUG/failslab $DEBUG/fail_page_alloc; do
		echo 32 > $dir/stacktrace-depth
		echo "$1" > $dir/require-start
		echo "$2" > $dir/require-end
	done
}

# What is allocated with the module on the stack: that is where it is now.
only_own()
{
	local size start

	read -r _ size _ _ _ start _ < <(grep '^lbvs ' /proc/modules)
	among $start "$(printf '0x%x' $((start + size)))"
}

anybody()
{
	among 0 0xffffffffffffffff
}

# --- one of a hundred --------------------------------------------------------

# inject PERCENT
inject()
{
	local dir

	for dir in $DEBUG/failslab $DEBUG/fail_page_alloc; do
		echo 0 > $dir/verbose
		echo -1 > $dir/times
		echo N > $dir/ignore-gfp-wait
		echo "$1" > $dir/probability
	done
}

inject_on()
{
	only_own
	inject 1
}

# One of some hundred allocations fails, so now and then that is one of a load's own.
load_under_fire()
{
	local tries

	for tries in 1 2 3 4; do
		load_module 2> /dev/null && return
		echo "# not loaded at the first $tries"
	done
	load_module
}

inject_off()
{
	inject 0
	anybody
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

# What nothing leads to any more, into LOST. Where a slab can't be made, the kernel forgets
# its name, in sysfs_slab_add(): that isn't ours, and is not to be found again.
find_lost()
{
	LOST=
	[ -e $DEBUG/kmemleak ] || return
	for _ in 1 2; do
		pause 6
		echo scan > $DEBUG/kmemleak
	done
	LOST=$(awk -v RS="unreferenced object" 'NR > 1 && !/sysfs_slab_add|comm "swapper/' $DEBUG/kmemleak)
	echo clear > $DEBUG/kmemleak
}

# Nor is it a complaint that the kernel shows its stack then. What is one is a panic, and
# said all the same.
module_cases()
{
	local file level

	file=${LBVS_KO:-$(modinfo -n lbvs)}
	check "unloaded" rmmod lbvs
	read -r level _ < /proc/sys/kernel/printk
	echo 1 > /proc/sys/kernel/printk
	./faults module "$file" > "$TMP/answers" 2>&1
	echo $level > /proc/sys/kernel/printk
	is "loading: it comes through" "$(head -n 1 "$TMP/answers")" ok
	tac "$TMP/answers" | sed '$s/^/done /' > "$TMP/turned"
	all_right "loading" "$TMP/turned"
	is "loading: no slab is left" "$(grep -o '^lbvs_[^ ]*' /proc/slabinfo | paste -sd ' ')" ""
	find_lost
	is "loading: nothing is lost" "$LOST" ""
	check "loaded" load_module
}

# Only the module's own: what other subsystems set up doesn't take it well everywhere.
netns_cases()
{
	only_own
	./faults netns > "$TMP/answers" 2>&1
	anybody
	sed -i '$s/^/done /' "$TMP/answers"
	all_right "a namespace" "$TMP/answers"
}

config()
{
	CONFIG=$(lb save; lb settings)
}

# undo "COMMAND ATTRIBUTES": a line each, or ""
undo()
{
	local line

	[ -n "$1" ] || return
	while read -r line; do
		on d ./nl "${line%% *}" "${line#* }" > /dev/null
	done <<< "$1"
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
	local DUMP='' service other nat dr tunnel down new filled

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
	failing "$V SERVICE_NEW, in place of one" "SERVICE_NEW $service SCHEDULER=s:wlc ON_REMOVE=u8:2 TIMEOUTS{ 9=u32:7 } } REPLACE=x:" \
		"SERVICE_NEW $service SCHEDULER=s:rr } REPLACE=x:"
	failing "$V SERVICE_NEW, in place of none" "SERVICE_NEW $other REPLACE=x:" "SERVICE_DEL $other"
	failing "$V REAL_NEW, in place of one" "REAL_NEW ${dr/METHOD=u8:1/METHOD=u8:2 WEIGHT=u32:9 STATE=u8:1} REPLACE=x:" \
		"REAL_NEW $dr REPLACE=x:"
	# Its connections keep a real that goes, and are closed.
	filled="SERVICE_NEW ${other%\}}ON_REMOVE=u8:2 }"
	for new in "$nat" "$dr" "$tunnel"; do
		filled+=$'\n'"REAL_NEW $other REAL{ ${new#*REAL\{ }"
	done
	# Kept, they come back with it.
	undo "${filled/ON_REMOVE=u8:2/ON_REMOVE=u8:1}"
	tell c1 many k 6 udp $VIP2 $P timeout=1000
	failing "$V REAL_NEW, its connections there" "REAL_NEW $other REAL{ ${nat#*REAL\{ }" "REAL_DEL $other REAL{ ${nat#*REAL\{ }"
	told "$V and they go on" "same=6 moved=0 failed=0" c1 sayall k
	tell c1 close '*'
	undo "SERVICE_DEL $other"
	undo "$filled"
	tell c1 many k 6 udp $VIP2 $P timeout=1000
	failing "$V REAL_DEL, connections closed" "REAL_DEL $other REAL{ ${nat#*REAL\{ }" "REAL_NEW $other REAL{ ${nat#*REAL\{ }"
	failing "$V SERVICE_DEL, with reals" "SERVICE_DEL $other" "$filled"
	tell c1 close '*'
	lb flush
}

settings_cases()
{
	local DUMP=''

	mixed_services
	failing "SETTINGS_SET" "SETTINGS_SET SETTINGS{ CONN_LIMIT=u32:777 FAST_PATH=u8:0 }" \
		"SETTINGS_SET SETTINGS{ CONN_LIMIT=u32:100000 FAST_PATH=u8:1 }"
	failing "SETTINGS_SET, conntrack" "SETTINGS_SET SETTINGS{ CONNTRACK=u8:1 }" "SETTINGS_SET SETTINGS{ CONNTRACK=u8:0 }"
	failing "SETTINGS_SET, devices" "SETTINGS_SET SETTINGS{ FAST_PATH=u8:1 FAST_DEVICES{ 1=s:c 1=s:s } }" \
		"SETTINGS_SET SETTINGS{ FAST_PATH=u8:1 FAST_DEVICES{ } }"
	failing "SETTINGS_SET, fast path" "SETTINGS_SET SETTINGS{ FAST_PATH=u8:1 }" "SETTINGS_SET SETTINGS{ FAST_PATH=u8:0 }"
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

# first_service NAME ATTRIBUTES: in a namespace that had none
first_service()
{
	local nth status=0 answer half='' what="the first SERVICE_NEW of a namespace, $1"

	: > "$TMP/answers"
	for ((nth = 1; status == 0; nth++)); do
		add_spaces x
		answer=$(on x ./nl -f $nth SERVICE_NEW "SERVICE{ $2 }")
		status=$?
		case $answer,$(on x "$LBCTL" save) in
		ok,*add-service*|"ENOBUFS lost,"*)	;;
		E*,*add-service*|ok,*)	half+="$nth: $answer"$'\n' ;;
		esac
		[ $status = 0 ] || printf 'done ' >> "$TMP/answers"
		echo "$answer" >> "$TMP/answers"
		ip netns delete lbvs-x
	done
	all_right "$what" "$TMP/answers"
	is "$what: done, or nothing of it" "$half" ""
}

first_service_cases()
{
	svc tcp
	# The first of them is to be as new as the others.
	ip netns delete lbvs-x
	first_service "by address" "$SVC"
	first_service "by firewall mark" "AF=u8:2 FWMARK=u32:7"
	first_service "by firewall mark, IPv6" "AF=u8:10 FWMARK=u32:7"
}

# connection_case WHERE WANTED OPTIONS...: packets come in by a device of ./flood's; the
# fast path has taken as many as WANTED, which is a pattern, of those that make connections
connection_case()
{
	local count protocol taken

	lb zero
	for protocol in udp syn; do
		total fast_taken
		taken=$TOTAL
		count=$(on d ./flood -k $protocol -f "${@:3}" t 0 $VIP $P)
		total fast_taken
		taken=$((TOTAL - taken))
		echo "# $L $protocol $1: $count allocations failed, $taken packets taken by the fast path"
		between "$L a $protocol packet that makes a connection $1: allocations failed" "${count:-0}" 1 1000
		like "$L $protocol $1: packets taken there" $taken "$2"
	done
	drops no_memory
	between "$L some for want of memory, $1" $DROPS 1 1000
	told "$L and the next connections are made, $1" r1=5 c1 each 5 tcp $VIP $P
}

# A tun device has no frames, and no fast path; a tap device has one, and here no other.
connection_cases()
{
	for name in $KINDS; do
		kind $name
		lb flush
		balance udp $VIP $P 1
		balance tcp $VIP $P 1
		# Its way, and the neighbours.
		tell c1 each 2 udp $VIP $P
		lb set fast-path all t 2> /dev/null
		connection_case "behind the stack" '^0$'
		connection_case "at ingress" '^[1-9]' -e
		lb set fast-path "$FAST_PATH"
		lb flush
		connections "$L and forgotten" 0
	done
}

# A worker attaches the fast path, which no request's Nth allocation comes to: so all that
# it wants fails. Packets go on, and it is there when it is switched on the next time.
attach_case()
{
	local range taken

	kind nat
	lb flush
	balance udp $VIP $P 1
	tell c1 open u udp $VIP $P timeout=2000
	lb set fast-path off
	range=$(sort /proc/kallsyms | awk 'start { print start, "0x" $1; exit }
		$3 == "fast_work" && $4 == "[lbvs]" { start = "0x" $1 }')
	among $range
	inject 100
	lb set fast-path on c s
	inject_off
	total fast_taken
	taken=$TOTAL
	told "no memory to attach the fast path: packets pass" r1=5 c1 say u 5
	total fast_taken
	is "no memory to attach the fast path: it isn't there" $TOTAL $taken
	lb set fast-path off
	lb set fast-path on
	told "and attached when there is" r1=5 c1 say u 5
	total fast_taken
	between "and it takes packets" $((TOTAL - taken)) 5 10
	tell c1 close u
	lb set fast-path "$FAST_PATH"
	lb flush
}

# What teardown.sh does, while one of a hundred fails. As fast as it goes, packets would
# leave no time for anything else: kmemleak has a lock for all CPUs.
teardown_cases()
{
	local FLOOD_RATE=100

	delete_x
	shaken_all
	unload_cases
	reload_cases
	lb flush
}

words_case()
{
	only_own
	inject 100
	refused "lbctl says what is the matter" 1 "memory" add-service tcp 203.0.113.11:99
	inject_off
}

# The module first, as long as there are few namespaces to be set up by it.
module_then_network()
{
	inject_off
	module_cases
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
attach_case
both_families connection_cases
family 4
V=IPv4
run_sections
teardown_cases
finish
