#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What the reading verbs say, as JSON and as text, and what /proc says.

# shellcheck disable=SC2086,SC2317 # addresses have no blanks; functions are called by name
. ./lib.sh

# Those that are off, too: they may have counted before.
CPUS=$(find /sys/devices/system/cpu -maxdepth 1 -name 'cpu[0-9]*' | wc -l)

proc()
{
	on d cat "/proc/net/lbvs/$1"
}

set_up()
{
	service tcp $VIP 80 8080 --scheduler wrr --adopt --on-remove close --timeout tcp-established=777 -- \
		$R1 --weight 5 $R2 --state drain
	service udp $VIP2 53 8081 --scheduler rr --one-packet -- $R3
	tell c1 open a tcp $VIP 80 sport=6001
	tell c1 open b tcp $VIP 80 sport=6002
}

json_cases()
{
	is "$V list: a service" "$(lbq '.services[0] | [.af, .protocol, .address, .port, .scheduler, (.flags | join("+")), .on_remove, .timeouts["tcp-established"]] | join(" ")' list)" \
		"$1 tcp $VIP 80 wrr adopt close 777"
	is "$V list: its connections" "$(lbq '.services[0].stats.connections' list)" 2
	is "$V list: its reals" "$(lbq '.services[0].reals[] | [.address, .port, .method, .weight, .state, .active, .connections] | join(" ")' list | paste -sd /)" \
		"$R1 8080 nat 5 up 2 2/$R2 8080 nat 1 drain 0 0"
	is "$V list: the other service" "$(lbq '.services[1] | [.protocol, .address, (.flags | join("+")), .reals[0].address] | join(" ")' list)" \
		"udp $VIP2 one-packet $R3"
	at $VIP 80
	is "$V list of one service" "$(lbq '[.services[].address] | join(" ")' list tcp "$AT")" "$VIP"
	is "$V show, as JSON" "$(lbq '[.. | objects | select(has("scheduler")) | .address, .scheduler] | join(" ")' show tcp "$AT")" "$VIP wrr"
	is "$V connections" "$(lbq '.connections[] | select(.client_port == 6001) | [.af, .protocol, .client, .virtual, .virtual_port, .real, .real_port, .method, .state] | join(" ")' connections)" \
		"$1 tcp $C1 $VIP 80 $R1 8080 nat tcp-established"
	is "$V connections of a client" "$(lbq '.connections | length' connections --client $C1)" 2
	is "$V connections of another" "$(lbq '.connections | length' connections --client $C2)" 0
	is "$V connections of a network" "$(lbq '.connections | length' connections --client $ANY)" 2
	is "$V connections of a service" "$(lbq '.connections | length' connections tcp "$AT")" 2
	is "$V connections of a real" "$(lbq '.connections | length' connections --real $R1)" 2
	is "$V connections of another real" "$(lbq '.connections | length' connections --real $R2)" 0
	is "$V stats: what there is" "$(lbq '[.services, .reals, .connections] | join(" ")' stats)" "2 3 2"
	is "$V stats: every reason to drop has a number" \
		"$(lbq '.drops | keys | sort | .[]' stats)" "$(proc drops | cut -d ' ' -f 1 | sort)"
	is "$V stats: every fate on the fast path has a number" \
		"$(lbq '.fast_path | keys | .[]' stats | sort)" "$(proc stats | sed -n 's/^fast_\([^ ]*\) .*/\1/p' | sort)"
	like "$V /proc: drops, the reasons" "$(proc drops | paste -sd ' ')" "no_real [0-9]+ conn_limit [0-9]+ "
	is "$V stats --per-cpu: one each" "$(lbq '.cpus | length' stats --per-cpu)" "$CPUS"
}

module_cases()
{
	is "version: the schedulers" "$(lbq '.schedulers | sort | join(" ")' version)" "lc rr wlc wrr"
	like "version: the module's" "$(lbq .module version)" '^[0-9]+\.[0-9]+\.[0-9]+$'
	is "version: of one make" "$(lbq '.lbctl == .module' version)" true
	like "settings: a limit" "$(lbq .conn_limit settings)" '^[1-9][0-9]+$'
	is "settings: the limit of stats" "$(lbq .conn_limit settings)" "$(lbq .conn_limit stats)"
	like "dmesg: the line at load" "$(dmesg | grep -m 1 'lbvs: version')" "lbvs: version $(lbq .module version), [0-9]+ connections"
	like "/proc/net/lbvs has all its files" "$(on d ls /proc/net/lbvs | paste -sd ' ')" \
		'^connections drops services stats stats_percpu$'
}

text_cases()
{
	local text

	at $VIP 80
	text=$(lb list)
	like "$V list as text: the service" "$text" "tcp +[^ ]*${VIP}[^ ]*80.*wrr"
	like "$V list as text: a real" "$text" "${R1}[^ ]*8080.*nat.* 5 .*up"
	text=$(lb show tcp "$AT")
	like "$V show as text: the scheduler" "$text" "wrr"
	like "$V show as text: a timeout" "$text" "777"
	text=$(lb connections)
	like "$V connections as text" "$text" "${C1}[^ ]*6001.*$VIP.*$R1.*tcp-established"
	is "$V connections as text: a line each, and a head" "$(grep -c tcp-established <<< "$text")" 2
}

proc_cases()
{
	local text

	text=$(proc services)
	like "$V /proc: the service" "$text" "$VIP.*80.*wrr"
	like "$V /proc: its real" "$text" "$R1.*8080"
	text=$(proc connections)
	is "$V /proc: as many connections" "$(grep -c 8080 <<< "$text")" 2
	like "$V /proc: a connection" "$text" "$C1.*6001.*$VIP.*80.*$R1.*8080"
	like "$V /proc: drops" "$(proc drops)" "conn.limit +[0-9]+"
	like "$V /proc: stats" "$(proc stats)" "(^|[^0-9])$(lbq .stats.packets_in stats)([^0-9]|$)"
	is "$V /proc: a line each CPU" "$(proc stats_percpu | grep -cE '^ *(cpu)? *[0-9]+')" "$CPUS"
}

cases()
{
	local inet=inet

	[ $FAMILY = 4 ] || inet=inet6
	set_up
	json_cases $inet
	text_cases
	proc_cases
	tell c1 close '*'
}

begin make_network
start_servers 8080
start_client c1 c1
module_cases
both_families cases
finish
