# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What teardown.sh does; faults.sh does it once more while allocations fail. After
# stress-lib.sh.
#
# shellcheck disable=SC2034,SC2086,SC2317 # as in the libraries; functions are called by name

CONNS=${CONNS:-10000}
TIMES=${TIMES:-3}
RELOADS=${RELOADS:-3}
# A namespace's end, in milliseconds: this, and so much for each thousand connections.
GONE_MS=${GONE_MS:-10000}
GONE_MS_K=${GONE_MS_K:-100}

SPACES+=(x away)
CPUS_DIR=/sys/devices/system/cpu

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

# Beyond those that have made the connections
big_flooded()
{
	[ "$(ip -n lbvs-f -s -j link show big | jq '.[].stats64.tx.packets')" -gt $((CONNS + 100)) ]
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
		inject_on
		wait_for 20 big_flooded || failed "a flood to the namespace" "it doesn't begin"
		now_ms
		before=$NOW
		ip netns delete lbvs-x
		wait_for 60 big_gone || failed "the namespace's devices are gone" "not within 60 s"
		wait_for_core
		now_ms
		before=$((NOW - before))
		inject_off
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
	inject_on
	again_and_again "${@:2}"
	inject_off
	load_end
	kill "$FLOOD"
	flooded shaken
	echo "# $1: $ROUNDS times under $RATE packets a second"
	between "$1: several times" $ROUNDS 2 1000000
	defaults
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

# cpus_are 0|1: off or on, all but the first, as far as there are any
cpus_are()
{
	local cpu

	for cpu in "$CPUS_DIR"/cpu[1-3]/online; do
		[ ! -e $cpu ] || echo $1 > $cpu
	done
}

flap_cpus()
{
	cpus_are 0
	[ "$(< $CPUS_DIR/online)" = 0 ] || ODD_CPUS+=" stayed: $(< $CPUS_DIR/online)"
	cpus_are 1
	[ "$(< $CPUS_DIR/online)" = "$ALL_CPUS" ] || ODD_CPUS+=" came: $(< $CPUS_DIR/online)"
}

shaken_cpus()
{
	ALL_CPUS=$(< $CPUS_DIR/online)
	ODD_CPUS=
	if [ "$ALL_CPUS" = 0 ]; then
		skip "CPUs off and on" "there is one alone"
		return
	fi
	shaken "CPUs 1 to 3 off and on" flap_cpus
	is "CPUs 1 to 3 off and on: each time all went, and came back ($ALL_CPUS)" "$ODD_CPUS" ""
}

# Everything but namespaces and the module.
shaken_all()
{
	mac d s
	S_MAC=$MAC
	mixed_services
	shaken "the device to the reals deleted and made anew" delete_device
	shaken "the device in another namespace and back" move_device
	shaken "MTUs" flap_mtu
	shaken "carrier, down and up" flap_carrier
	shaken "routes, rules and addresses" change_routes
	shaken "neighbours" change_neighbours
	shaken_cpus
}

# --- the module --------------------------------------------------------------

# unloaded DESCRIPTION: under flood, and in time
unloaded()
{
	inject_on
	pause 0.2
	now_ms
	before=$NOW
	check "$1" rmmod lbvs
	now_ms
	inject_off
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
		inject_on
		rmmod lbvs && load_under_fire || failures=$((failures + 1))
		inject_off
	done
	now_ms
	kill "$FLOOD"
	flooded reload
	echo "# loaded and unloaded $RELOADS times: $(((NOW - before) / RELOADS)) ms each, under $RATE packets a second"
	is "loaded and unloaded $RELOADS times under flood, failures" $failures 0
	recovers "after that"
}

