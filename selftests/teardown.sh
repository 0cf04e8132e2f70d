#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What goes away under fire: namespaces with connections, devices, routes, neighbours,
# CPUs, and the module itself. In bounded time, and without a trace.
#
#   CONNS=100000 TIMES=100	connections of a namespace that is deleted, and how often
#   RELOADS=100			how often the module is loaded and unloaded
#   SECONDS_EACH=60		for how long devices, routes, CPUs come and go

# shellcheck disable=SC2086,SC2317 # addresses have no blanks; functions are called by name
. ./stress-lib.sh

CONNS=${CONNS:-10000}
TIMES=${TIMES:-3}
RELOADS=${RELOADS:-3}
# A namespace's end, in milliseconds: this, and so much for each thousand connections.
GONE_MS=${GONE_MS:-10000}
GONE_MS_K=${GONE_MS_K:-100}

SPACES+=(x away)

# --- a namespace -------------------------------------------------------------

# A director of its own, with the flood's other end; its reals are behind a dummy.
make_x()
{
	[ -e /run/netns/lbvs-x ] || add_spaces x
	forward x
	ip -n lbvs-f link add big type veth peer name f netns lbvs-x
	ip -n lbvs-x -batch - <<-END
		link set lo up
		link add reals type dummy
		addr add 10.0.0.1/24 dev reals
		link set reals up
		link set f address 02:00:00:00:00:0f
		addr add 10.64.0.1/24 dev f
		link set f up
		route add local 203.0.113.10 dev lo
		route add 10.128.0.0/9 via 10.64.0.2 dev f
		neigh add 10.64.0.2 lladdr $FLOODER dev f nud permanent
		neigh add 10.0.0.11 lladdr $FLOODER dev reals nud permanent
		neigh add 10.0.0.12 lladdr $FLOODER dev reals nud permanent
	END
	ip -n lbvs-f link set big up
	on x "$LBCTL" set conn-limit $((2 * CONNS + 1000))
	on x "$LBCTL" restore - <<-END
		add-service udp 203.0.113.10:$P --scheduler rr --timeout udp-new=10000
		add-real udp 203.0.113.10:$P 10.0.0.11:$P
		add-real udp 203.0.113.10:$P 10.0.0.12:$P --method dr
	END
}

big_gone()
{
	! ip -n lbvs-f link show big
}

# The core has a lock for as long as it takes namespaces down, which who registers
# something for each namespace waits for: so a module's loading tells when it is done.
wait_for_core()
{
	modprobe vxlan && rmmod vxlan
}

delete_x()
{
	local i before worst=0 sum=0 min=$CONNS had

	rmmod vxlan 2> /dev/null
	for ((i = 0; i < TIMES; i++)); do
		make_x
		on f ./flood -m 02:00:00:00:00:0f big $CONNS 203.0.113.10 $P > /dev/null
		had=$(on x "$LBCTL" --json stats | jq .connections)
		[ "$had" -ge $min ] || min=$had
		job f ./flood -m 02:00:00:00:00:0f -r -t 60 big 0 203.0.113.10 $P > /dev/null
		pause 0.1
		now_ms
		before=$NOW
		ip netns delete lbvs-x
		wait_for 60 big_gone || failed "the namespace's devices are gone" "not within 60 s"
		wait_for_core
		now_ms
		before=$((NOW - before))
		[ $before -le $worst ] || worst=$before
		sum=$((sum + before))
		kill "$JOB"
		wait "$JOB"
	done
	echo "# a namespace with $CONNS connections, $TIMES times under flood: gone in $((sum / TIMES)) ms, $worst ms at most"
	between "there were so many connections" $min $CONNS $((2 * CONNS + 1000))
	between "a namespace with connections is gone in time (ms)" $worst 1 $((GONE_MS + CONNS * GONE_MS_K / 1000))
}

# --- devices, routes, CPUs ---------------------------------------------------

# again_and_again COMMAND...: for SECONDS_EACH; how often into ROUNDS
again_and_again()
{
	local end

	now_ms
	end=$((NOW + SECONDS_EACH * 1000))
	ROUNDS=0
	while [ $NOW -lt $end ] || [ $ROUNDS -lt 2 ]; do
		"$@"
		ROUNDS=$((ROUNDS + 1))
		now_ms
	done
}

# shaken DESCRIPTION COMMAND...: under flood and load, and afterwards it works
shaken()
{
	flood_for 1000 shaken -r
	load_all
	again_and_again "${@:2}"
	load_end
	kill "$FLOOD"
	flooded shaken
	echo "# $1: $ROUNDS times under $RATE packets a second"
	between "$1: several times" $ROUNDS 2 1000000
	recovers "$1"
}

restore_s()
{
	ip -n lbvs-d -force -batch - 2> /dev/null <<-END
		$(address s fe80::1 10.0.0.1/24 2001:db8:10::1/64)
		route replace 10.1.0.0/24 via 10.0.0.3
		route replace 2001:db8:11::/64 via 2001:db8:10::3
	END
}

delete_device()
{
	ip -n lbvs-d link delete s
	ip -n lbvs-sw -batch - <<-END
		link add ds type veth peer name s address $S_MAC netns lbvs-d
		link set ds master reals up
	END
	restore_s
}

move_device()
{
	ip -n lbvs-d link set s netns lbvs-away
	ip -n lbvs-away link set s up
	ip -n lbvs-away link set s netns lbvs-d
	restore_s
}

flap_mtu()
{
	ip -n lbvs-d -batch - <<-END
		link set s mtu 1400
		link set c mtu 1400
		link set s mtu 1280
		link set s mtu 1500
		link set c mtu 1500
	END
}

flap_carrier()
{
	ip -n lbvs-sw link set ds down
	ip -n lbvs-sw link set ds up
	ip -n lbvs-d link set s down
	restore_s
}

change_routes()
{
	ip -n lbvs-d -force -batch - <<-END
		route add 10.0.0.11/32 via 10.0.0.3
		route add unreachable 10.0.0.12/32
		route add 2001:db8:10::11/128 via 2001:db8:10::3
		route add unreachable 2001:db8:10::12/128
		rule add from 203.0.113.10 lookup 77
		route delete 10.0.0.11/32 via 10.0.0.3
		route delete unreachable 10.0.0.12/32
		route delete 2001:db8:10::11/128 via 2001:db8:10::3
		route delete unreachable 2001:db8:10::12/128
		rule delete from 203.0.113.10 lookup 77
		addr add 10.0.0.77/24 dev s
		addr delete 10.0.0.77/24 dev s
		route flush cache
	END
}

change_neighbours()
{
	ip -n lbvs-d -batch - <<-END
		neigh flush dev s
		neigh flush dev c
		neigh replace 10.0.0.11 lladdr 02:00:00:00:00:77 dev s nud permanent
		neigh replace 2001:db8:10::12 lladdr 02:00:00:00:00:77 dev s nud permanent
		neigh delete 10.0.0.11 dev s
		neigh delete 2001:db8:10::12 dev s
	END
}

flap_cpus()
{
	local i

	for i in 1 2 3; do
		[ ! -e /sys/devices/system/cpu/cpu$i/online ] || echo 0 > /sys/devices/system/cpu/cpu$i/online
	done
	for i in 1 2 3; do
		[ ! -e /sys/devices/system/cpu/cpu$i/online ] || echo 1 > /sys/devices/system/cpu/cpu$i/online
	done
}

# --- the module --------------------------------------------------------------

# unloaded DESCRIPTION: under flood, and in time
unloaded()
{
	now_ms
	before=$NOW
	check "$1" rmmod lbvs
	now_ms
	echo "# $1: $((NOW - before)) ms"
	between "$1: in time (ms)" $((NOW - before)) 1 30000
}

loaded()
{
	check "$1" load_module
	fast_path_of d
}

many_connections()
{
	total connections
	[ $TOTAL -gt 500 ]
}

unload_cases()
{
	local held said dump before

	flood_for 1000 unload -r
	lb flush
	mixed_services
	load_all
	pause 1
	unloaded "unloaded under load, with services and connections"
	loaded "loaded under load"
	mixed_services
	pause 1
	exec {held}< "$PROC/connections"
	read -r -u $held said
	unloaded "unloaded with a file of /proc held open"
	read -r -u $held said 2> /dev/null
	is "which can't be read any more" "$?" 1
	exec {held}<&-
	loaded "loaded again"
	mixed_services
	eventually "with many connections again" 10 many_connections
	job d ./nl -w 1000 -d -b 4096 CONN_GET
	dump=$JOB
	pause 0.5
	like "not unloaded while somebody reads a dump" "$(rmmod lbvs 2>&1)" "in use"
	kill $dump
	wait $dump 2> /dev/null
	unloaded "unloaded when that has gone"
	load_end
	kill "$FLOOD"
	flooded unload
	[ -d /sys/module/lbvs ] || load_module
	recovers "afterwards"
}

reload_cases()
{
	local i failures=0

	flood_for 1000 reload -r
	lb flush
	now_ms
	before=$NOW
	for ((i = 0; i < RELOADS; i++)); do
		mixed_services
		rmmod lbvs && load_module || failures=$((failures + 1))
	done
	now_ms
	kill "$FLOOD"
	flooded reload
	echo "# loaded and unloaded $RELOADS times: $(((NOW - before) / RELOADS)) ms each, under $RATE packets a second"
	is "loaded and unloaded $RELOADS times under flood, failures" $failures 0
	recovers "after that"
}

begin make_stress_network nft
cpus 4
mac d s
S_MAC=$MAC
start_servers $P
delete_x
mixed_services
shaken "the device to the reals deleted and made anew" delete_device
shaken "the device in another namespace and back" move_device
shaken "MTUs" flap_mtu
shaken "carrier, down and up" flap_carrier
shaken "routes, rules and addresses" change_routes
shaken "neighbours" change_neighbours
shaken "CPUs 1 to 3 off and on" flap_cpus
unload_cases
reload_cases
lb flush
finish
