#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The module goes and comes again in the midst of traffic. With its configuration
# restored, and adopt, connections that were quiet meanwhile go on.

# shellcheck disable=SC2086,SC2317 # addresses have no blanks; functions are called by name
. ./lib.sh

# Asked for, the module is loaded, unless the kernel has no way to do so.
without_modprobe()
{
	local path

	read -r path < /proc/sys/kernel/modprobe
	echo /nowhere > /proc/sys/kernel/modprobe
	"$@"
	echo "$path" > /proc/sys/kernel/modprobe
}

unload_case()
{
	local saved

	service tcp $VIP 80 8080 --adopt -- $R1
	service udp $VIP 53 8080 -- $R1
	tell c1 many quiet 10 tcp $VIP 80
	tell c1 many u 10 udp $VIP 53
	order c2 load tcp $VIP 80 timeout=200
	order busy load udp $VIP 53 timeout=50
	pause 0.3
	saved=$(lb save)
	check "$V unloaded in the midst of traffic" rmmod lbvs
	without_modprobe refused "$V lbctl says that the module is not there, and what to do" 3 "modprobe" list
	pause 0.2
	check "$V loaded again" load_module
	is "$V it has forgotten everything" "$(lbq '[.services, .connections] | join(" ")' stats)" "0 0"
	check "$V restored" lb restore - <<< "$saved"
	pause 0.3
	tell c2 stop
	like "$V TCP load" "$ANSWER" '^requests=[0-9]+ .*r1=[1-9]'
	tell busy stop
	like "$V UDP load" "$ANSWER" '^requests=[0-9]+ .*r1=[1-9]'
	told "$V quiet TCP connections go on, adopted" "same=10 moved=0 failed=0" c1 sayall quiet
	told "$V UDP goes on" "same=10 moved=0 failed=0" c1 sayall u
	told "$V new ones as ever" r1=5 c1 each 5 tcp $VIP 80
	tell c1 close '*'
}

# Nothing to do with a director: load, unload, no namespace, no traffic.
repeat_case()
{
	local i

	lb flush
	for i in 1 2 3; do
		rmmod lbvs || break
		load_module || break
	done
	is "$i times unloaded and loaded" "$i $(lbq .services stats)" "3 0"
}

begin make_network
need_module_file
start_servers 8080
start_client c1 c1
start_client c2 c2
start_client busy c2
both_families unload_case
repeat_case
finish
