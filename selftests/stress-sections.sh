# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What stress.sh does; faults.sh does it once more while allocations fail.
#
# shellcheck disable=SC2034,SC2086,SC2317 # as in the libraries; sections are called by name

. ./stress-lib.sh

SECTIONS=(reals services schedulers expiry flushes dumps limits settings everything)

# Of debug kernels alone
SECOND=/sys/module/lbvs/parameters/timeout_second

# run_section NAME: under load, then judged
run_section()
{
	mixed_services
	load_all
	inject_on
	"section_$1"
	hammered
	inject_off
	load_end
	defaults
	recovers "$1"
	lb flush
	RUN=$((RUN + 1))
}

# A mistake in one of them would end it without a word.
run_sections()
{
	local section

	RUN=0
	for section in "${SECTIONS[@]}"; do
		run_section "$section"
	done
	is "all of it was run" $RUN ${#SECTIONS[@]}
}

# by_hammer NAME PROTOCOL REQUEST...: of that service; "NAME WORDS" or "NAME real ADDRESS WORDS"
by_hammer()
{
	local name=$1 request words=() command rest

	svc $2
	for request in "${@:3}"; do
		command=${request%% *}
		rest=${request#"$command"}
		rest=${rest# }
		case $command in
		REAL_*)
			real_words $rest
			words+=("$command" "SERVICE{ $SVC } $REAL") ;;
		SERVICE_*)
			words+=("$command" "SERVICE{ $SVC $rest }") ;;
		*)
			words+=("$command" "$rest") ;;
		esac
	done
	hammer "$name" -i "${INTERVAL:-0}" "${words[@]}"
}

section_reals()
{
	flood_for $SECONDS_EACH reals -r
	by_hammer "reals added and deleted, nat" tcp "REAL_DEL $R1" "REAL_NEW $R1"
	by_hammer "reals added and deleted, dr" udp "REAL_DEL $R2" "REAL_NEW $R2 METHOD=u8:1"
	family 6
	by_hammer "reals down, drained and up" tcp "REAL_SET $R1 STATE=u8:2" "REAL_SET $R2 STATE=u8:1" \
		"REAL_SET $R1 STATE=u8:0" "REAL_SET $R2 STATE=u8:0"
	by_hammer "the method changed" udp "REAL_SET $R3 METHOD=u8:0" "REAL_SET $R3 METHOD=u8:1" "REAL_SET $R3 METHOD=u8:2"
	family 4
	flooded reals
	echo "# reals: $RATE packets a second at random"
}

section_services()
{
	flood_for $SECONDS_EACH services -r
	by_hammer "services deleted and added, IPv4" tcp SERVICE_DEL SERVICE_NEW "REAL_NEW $R1" \
		"REAL_NEW $R2 METHOD=u8:1" "REAL_NEW $R3 METHOD=u8:2"
	family 6
	by_hammer "services deleted and added, IPv6" udp SERVICE_DEL "SERVICE_NEW ON_REMOVE=u8:2" "REAL_NEW $R1" \
		"REAL_NEW $R2 METHOD=u8:1" "REAL_NEW $R3 METHOD=u8:2"
	family 4
	flooded services
	echo "# services: $RATE packets a second at random"
}

section_schedulers()
{
	# A thousand a second, if this machine is as fast.
	local INTERVAL=1000

	flood_for $SECONDS_EACH schedulers -r
	by_hammer "schedulers" tcp "SERVICE_SET SCHEDULER=s:wrr" "SERVICE_SET SCHEDULER=s:lc" \
		"SERVICE_SET SCHEDULER=s:wlc" "SERVICE_SET SCHEDULER=s:rr"
	family 6
	by_hammer "weights" tcp "REAL_SET $R1 WEIGHT=u32:7" "REAL_SET $R2 WEIGHT=u32:65535" "REAL_SET $R3 WEIGHT=u32:0" \
		"REAL_SET $R1 WEIGHT=u32:1" "REAL_SET $R2 WEIGHT=u32:1" "REAL_SET $R3 WEIGHT=u32:1"
	family 4
	flooded schedulers
	echo "# schedulers: $RATE packets a second at random"
	hammered
	# So slow, it is the kernel's own checks that take the time.
	[ -e $SECOND ] || for name in "${!ASKED[@]}"; do
		between "$name changed as often as asked for, or half of that (a second)" ${ASKED[$name]} 500 1100
	done
}

# Timeouts as short as may be: a second, or in debug kernels a jiffy, which is told as 0.
expire_soon()
{
	local i all=

	for i in {1..10}; do
		all+="$i=u32:1 "
	done
	on d ./nl SETTINGS_SET "SETTINGS{ TIMEOUTS{ $all} }" > /dev/null
	TIMEOUTS=$(lbq '[.timeouts[]] | unique | join(" ")' settings)
	[ "$TIMEOUTS" = "$1" ]
}

# Few tuples come again and again, about when they expire.
section_expiry()
{
	local was='' least=1 tuples=30000 made

	if [ -e $SECOND ]; then
		was=$(< $SECOND)
		echo 1 > $SECOND
		least=0 tuples=4
	fi
	# It may take several, while allocations fail.
	wait_for 5 expire_soon $least
	is "expiry: timeouts are as short as may be here" "$TIMEOUTS" $least
	total conns
	made=$TOTAL
	flood_for $SECONDS_EACH expiry -n $tuples
	by_hammer "timeouts" udp "SERVICE_SET TIMEOUTS{ 9=u32:1 10=u32:1 }" "SERVICE_SET TIMEOUTS{ 9=u32:2 10=u32:2 }"
	flooded expiry
	total conns
	echo "# expiry: $RATE packets a second of $tuples tuples, $FLOODED in all; $((TOTAL - made)) connections"
	hammered
	[ -z "$was" ] || echo $was > $SECOND
}

section_flushes()
{
	flood_for $SECONDS_EACH flushes -r
	by_hammer "flush and all anew" tcp FLUSH SERVICE_NEW "REAL_NEW $R1" "REAL_NEW $R2 METHOD=u8:1"
	by_hammer "deleted connections" udp SERVICE_NEW "REAL_NEW $R3 METHOD=u8:2" "CONN_DEL FILTER{ }"
	flooded flushes
	echo "# flushes: $RATE packets a second at random"
}

section_dumps()
{
	flood_for $SECONDS_EACH dumps -n 20000
	hammer "dump of connections, 4 KiB" -d -b 4096 CONN_GET ""
	hammer "dump of connections, 64 KiB" -d CONN_GET ""
	hammer "dump of services, 4 KiB" -d -b 4096 SERVICE_GET ""
	hammer "statistics" STATS_GET ""
	by_hammer "changes under dumps" tcp "REAL_DEL $R1" "REAL_NEW $R1" "SERVICE_SET SCHEDULER=s:lc" "SERVICE_SET SCHEDULER=s:rr"
	while kill -0 "$FLOOD" 2> /dev/null; do
		cat "$PROC"/* > /dev/null
	done
	flooded dumps
	echo "# dumps: $RATE packets a second of 20000 tuples"
}

section_limits()
{
	flood_for $SECONDS_EACH limits -r -k syn
	hammer "connection limits" SETTINGS_SET "SETTINGS{ CONN_LIMIT=u32:1 }" SETTINGS_SET "SETTINGS{ CONN_LIMIT=u32:100000 }" \
		SETTINGS_SET "SETTINGS{ CONN_LIMIT=u32:500 }" SETTINGS_SET "SETTINGS{ CONN_LIMIT=u32:20000 }"
	flooded limits
	echo "# limits: $RATE SYNs a second"
}

section_settings()
{
	flood_for $SECONDS_EACH settings -n 20000
	hammer "settings" SETTINGS_SET "SETTINGS{ FAST_PATH=u8:1 }" SETTINGS_SET "SETTINGS{ FAST_PATH=u8:0 }" \
		SETTINGS_SET "SETTINGS{ FAST_PATH=u8:2 }" SETTINGS_SET "SETTINGS{ TRANSMIT=u8:1 }" \
		SETTINGS_SET "SETTINGS{ CONNTRACK=u8:1 }" SETTINGS_SET "SETTINGS{ TRANSMIT=u8:0 }" \
		SETTINGS_SET "SETTINGS{ CONNTRACK=u8:0 }" ZERO ""
	flooded settings
	echo "# settings: $RATE packets a second of 20000 tuples"
}

section_everything()
{
	flood_for $SECONDS_EACH everything -r
	by_hammer "all: services" tcp SERVICE_DEL SERVICE_NEW "REAL_NEW $R1" "REAL_NEW $R2 METHOD=u8:1" "REAL_NEW $R3 METHOD=u8:2"
	by_hammer "all: reals" udp "REAL_DEL $R1" "REAL_NEW $R1" "SERVICE_SET SCHEDULER=s:wlc" "SERVICE_SET SCHEDULER=s:rr"
	hammer "all: settings" SETTINGS_SET "SETTINGS{ FAST_PATH=u8:0 }" SETTINGS_SET "SETTINGS{ FAST_PATH=u8:2 }" \
		SETTINGS_SET "SETTINGS{ CONN_LIMIT=u32:2000 }" SETTINGS_SET "SETTINGS{ CONN_LIMIT=u32:100000 }"
	hammer "all: dumps" -d -b 4096 CONN_GET ""
	hammer "all: deleted connections" -i 20000 CONN_DEL "FILTER{ }"
	flooded everything
	echo "# everything: $RATE packets a second at random"
}
