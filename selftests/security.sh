#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What a user can reach who is root of a namespace of his own, and nowhere else; see
# Documentation/security.md. "u" and "v" are such namespaces.

# shellcheck disable=SC2086,SC2317 # addresses have no blanks; functions are called by name
. ./lib.sh

SPACES=(d u v)
PARAMETER=/sys/module/lbvs/parameters/user_conn_limit

# A user without any privilege: nobody, not root with fewer of them.
NOBODY=(setpriv --reuid 65534 --regid 65534 --clear-groups)

# A namespace that another user namespace owns: known to ip(8) by its process.
user_space()
{
	"${NOBODY[@]}" unshare --user --map-root-user unshare --net sleep 1000 &
	JOBS+=($!)
	PID[$1]=$!
	wait_for 5 owned_apart $! || return 1
	ip netns attach lbvs-$1 $!
}

owned_apart()
{
	[ "$(readlink /proc/$1/ns/net)" != "$(readlink /proc/self/ns/net)" ] &&
		[ "$(readlink /proc/$1/ns/user)" != "$(readlink /proc/self/ns/user)" ]
}

# as_owner SPACE COMMAND...: root there, nobody here
as_owner()
{
	"${NOBODY[@]}" nsenter --target ${PID[$1]} --user --net --preserve-credentials "${@:2}"
}

spaces()
{
	local space

	add_spaces d && user_space u && user_space v || return 1
	for space in d u v; do
		sink_director $space || return 1
	done
}

one_service()
{
	local DIRECTOR=$1

	lb restore - <<-END
		add-service udp 203.0.113.10:53 --scheduler rr
		add-real udp 203.0.113.10:53 10.0.0.11:53
	END
}

# held SPACE: connections there, into HELD
held()
{
	HELD=$(DIRECTOR=$1 lbq .connections stats)
}

permission_cases()
{
	local said LIMIT

	read -r LIMIT < $PARAMETER

	check "a user makes a service in his own namespace" as_owner u "$LBCTL" add-service udp 203.0.113.10:53
	as_owner u "$LBCTL" flush
	said=$(as_owner u ./nl SETTINGS_SET 'SETTINGS{ CONN_LIMIT=u32:65536 }' 2>&1)
	is "he may have 65,536 connections" "$said" ok
	said=$(as_owner u ./nl SETTINGS_SET 'SETTINGS{ CONN_LIMIT=u32:65537 }' 2>&1)
	like "and no more" "$said" '^EPERM CONN_LIMIT: .*65536'
	check "unless the host's root allows it" on u "$LBCTL" set conn-limit 70000
	is "which he does" "$(DIRECTOR=u lbq .conn_limit settings)" 70000
	check "then he may say the same himself" as_owner u "$LBCTL" set conn-limit 70000
	check "then he may lower it himself" as_owner u "$LBCTL" set conn-limit 65536
	said=$(as_owner u bash -c "echo 1 > $PARAMETER" 2>&1)
	like "the limit for all users isn't his to change" "$said" 'Permission denied'
	is "it is as before" "$(cat $PARAMETER)" "$LIMIT"
	said=$(as_owner u ./nl SETTINGS_SET "SETTINGS{ FAST_DEVICES{ $(printf '1=s:e%d ' {1..33})} }" 2>&1)
	like "no more than 32 devices are named" "$said" '^E2BIG .*no more than 32'
	is "his namespace begins with the small limit" "$(DIRECTOR=v lbq .conn_limit settings)" 65536
}

# as_other COMMAND...: neither root, nor who owns u and v
as_other()
{
	setpriv --reuid 65533 --regid 65533 --clear-groups "$@"
}

reading_cases()
{
	local said files=("$PROC"/{services,stats,stats_percpu,drops})

	check "a namespace's root lists its connections" as_owner u "$LBCTL" connections
	check "and reads them in /proc" as_owner u cat /proc/net/lbvs/connections
	said=$(on d "${NOBODY[@]}" cat $PROC/connections 2>&1)
	like "nobody else reads the host's connections in /proc" "$said" 'Permission denied'
	said=$(as_other cat /proc/${PID[u]}/net/lbvs/connections 2>&1)
	like "nor another user his" "$said" 'Permission denied'
	check "who may change the host's reads them without being root" on d \
		setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps +net_admin \
		--ambient-caps +net_admin cat $PROC/connections
	said=$(on d setpriv --bounding-set -net_admin --inh-caps -net_admin cat $PROC/connections 2>&1)
	like "root without that doesn't" "$said" 'Permission denied'
	check "services and counters there are for all" on d "${NOBODY[@]}" cat "${files[@]}"
}

# complaints: of a device without the fast path, in the kernel's log, into COMPLAINTS
complaints()
{
	COMPLAINTS=$(dmesg | grep -c 'lbvs: no fast path from')
}

# A device that has all the chains that it can have leaves no room for the fast path. The
# log is everybody's.
log_cases()
{
	local i before

	as_owner u "$LBCTL" add-service udp 203.0.113.10:53
	as_owner u "$LBCTL" set fast-path off
	as_owner u ip link add full0 type dummy
	complaints
	before=$COMPLAINTS
	{
		echo "table netdev full {"
		for i in {1..1024}; do
			echo "chain c$i { type filter hook ingress device full0 priority 0; }"
		done
		echo "}"
	} | as_owner u nft -f -
	as_owner u "$LBCTL" set fast-path on
	for i in {0..99}; do
		echo "link set full$i name full$((i + 1))"
	done | as_owner u ip -batch -
	complaints
	between "complaints of a device that a user has filled" $((COMPLAINTS - before)) 1 30
	as_owner u ip link delete full100
	as_owner u "$LBCTL" flush
}

# kernel_memory GROUP: what is charged to it, in KB, into MEMORY
kernel_memory()
{
	MEMORY=$(awk '$1 == "kernel" { print int($2 / 1024) }' $1/memory.stat)
}

# in_group GROUP COMMAND...
in_group()
{
	(echo $BASHPID > $1/cgroup.procs && "${@:2}")
}

# many_services: 500, with a real each
many_services()
{
	local i

	for i in {501..1000}; do
		echo "add-service udp 203.0.113.10:$i"
		echo "add-real udp 203.0.113.10:$i 10.0.0.11:53"
	done
}

# What a namespace's owner configures takes memory of his, not of everybody's.
memory_cases()
{
	local root=/sys/fs/cgroup group before DIRECTOR=u

	group=$root/lbvs-$$
	if ! echo +memory > $root/cgroup.subtree_control || ! mkdir $group; then
		skip "services are charged to who makes them" "no memory cgroups at $root"
		return
	fi 2> /dev/null
	# What the namespace, its table and lbctl itself take once.
	in_group $group lb restore - <<< "add-service udp 203.0.113.10:53"
	kernel_memory $group
	before=$MEMORY
	many_services | in_group $group lb restore -
	kernel_memory $group
	between "KB that 500 services are charged with to who makes them" $((MEMORY - before)) 500 10000
	lb flush
	eventually "which he gets back" 20 charged_less $group $((before + 200))
	rmdir $group
}

# charged_less GROUP KB
charged_less()
{
	kernel_memory $1
	[ $MEMORY -le $2 ]
}

# holds SPACE NUMBER
holds()
{
	held $1
	[ "$HELD" = $2 ]
}

# All users' namespaces together have no more than the host lets them.
limit_cases()
{
	local before

	read -r before < $PARAMETER
	between "there is a limit for all users together" $before 1 100000000
	echo 150 > $PARAMETER
	one_service d
	one_service u
	one_service v
	on u ./flood flood 100 203.0.113.10 53 > /dev/null
	held u
	is "one user's namespace" $HELD 100
	on v ./flood flood 100 203.0.113.10 53 > /dev/null
	eventually "another one has what is left" 5 holds v 50
	is "the rest took the places of its own" \
		"$(DIRECTOR=v lbq '"\(.evicted) \(.drops.conn_limit)"' stats)" "50 0"
	is "and of nobody else's" "$(DIRECTOR=u lbq '"\(.connections) \(.evicted)"' stats)" "100 0"
	DIRECTOR=v lb flush
	one_service v
	on u ./flood -r flood2 50 203.0.113.10 53 > /dev/null
	held u
	is "one has all" $HELD 150
	on v ./flood flood2 50 203.0.113.10 53 > /dev/null
	held v
	is "who has none gets none" $HELD 0
	is "which is counted" "$(DIRECTOR=v lbq .drops.conn_limit stats)" 50
	on d ./flood flood 300 203.0.113.10 53 > /dev/null
	held d
	is "the host's own namespace isn't concerned" $HELD 300
	DIRECTOR=u lb flush
	DIRECTOR=v lb del-connection --all
	one_service u
	on v ./flood flood3 100 203.0.113.10 53 > /dev/null
	held v
	is "what one gives back, another can have" $HELD 100
	kill ${PID[v]}
	ip netns delete lbvs-v
	eventually "so it is with what goes with its namespace" 20 all_for_u
	echo $before > $PARAMETER
}

# u has as many as there may be at all.
all_for_u()
{
	DIRECTOR=u lb del-connection --all
	on u ./flood flood3 150 203.0.113.10 53 > /dev/null
	held u
	[ "$HELD" = 150 ]
}

begin spaces unshare nsenter setpriv nft
modprobe -q tun
[ -e /dev/net/tun ] || skip_all "no tun devices"
permission_cases
reading_cases
log_cases
memory_cases
limit_cases
finish
