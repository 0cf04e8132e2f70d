#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Reals come and go under load, and what becomes of a removed real's connections.

# shellcheck disable=SC2086,SC2317 # addresses have no blanks; functions are called by name
. ./lib.sh

names()
{
	at $VIP 80; tcp=$AT
	at $VIP 53; udp=$AT
	at $R1 8080; r1=$AT
	at $R2 8080; r2=$AT
	at $R3 8080; r3=$AT
}

load_case()
{
	names
	service tcp $VIP 80 8080 --scheduler rr -- $R1 $R2
	tell c1 many t 6 tcp $VIP 80
	order c2 load tcp $VIP 80
	lb add-real tcp "$tcp" "$r3"
	pause 0.3
	lb edit-real tcp "$tcp" "$r1" --state drain
	pause 0.3
	lb edit-real tcp "$tcp" "$r3" --weight 7
	lb edit-service tcp "$tcp" --scheduler wrr
	pause 0.3
	lb del-real tcp "$tcp" "$r2"
	pause 0.3
	tell c2 stop
	like "$V add, drain, edit and remove under load: no request fails" "$ANSWER" \
		'^requests=[0-9]+ failed=0 r1=[1-9][0-9]* r2=[1-9][0-9]* r3=[1-9][0-9]*$'
	echo "# $ANSWER"
	told "$V long connections of drained and removed reals go on" "same=6 moved=0 failed=0" c1 sayall t
	told "$V new ones go where there is one" r3=5 c2 each 5 tcp $VIP 80
	tell c1 close '*'
	lb flush
}

# Connections have come to it since.
more_at()
{
	count $1 tcp
	[ "$COUNT" -gt $2 ]
}

replace_case()
{
	local before

	names
	service tcp $VIP 80 8080 --scheduler rr -- $R1 $R2
	service udp $VIP 53 8080 --scheduler rr -- $R1 $R2
	tell c1 many t 6 tcp $VIP 80
	tell c1 many u 6 udp $VIP 53
	before=$(lb --json list)
	check "$V the same configuration in its own place" lb restore --replace - <<< "$(lb save)"
	is "$V no counter and no connection of it is lost" "$(lb --json list)" "$before"
	told "$V TCP goes on" "same=6 moved=0 failed=0" c1 sayall t
	told "$V and so does UDP" "same=6 moved=0 failed=0" c1 sayall u
	order c2 load tcp $VIP 80
	count r3 tcp
	before=$COUNT
	check "$V another one in its place, under load" lb restore --replace - <<-END
		add-service tcp $tcp --scheduler wrr
		add-real tcp $tcp $r3 --weight 2
		add-real tcp $tcp $r1
	END
	wait_for 10 more_at r3 $before
	pause 0.3
	tell c2 stop
	like "$V no request fails" "$ANSWER" '^requests=[0-9]+ failed=0 r1=[1-9][0-9]* r2=[0-9]+ r3=[1-9][0-9]*$'
	is "$V it is what is there now" "$(lbq '.services[] | "\(.protocol) \(.scheduler) " + ([.reals[] | "\(.address) \(.weight)"] | join(" "))' list)" \
		"tcp wrr $R1 1 $R3 2"
	told "$V connections of the real that is gone go on" "same=6 moved=0 failed=0" c1 sayall t
	told "$V new ones go where there is one" "r1=2 r3=4" c2 each 6 tcp $VIP 80
	tell c1 close '*'
	lb flush
}

udp_cases()
{
	names
	service udp $VIP 53 8080 --scheduler rr -- $R1 $R2 $R3
	told "$V UDP over three" "r1=3 r2=3 r3=3" c1 many u 9 udp $VIP 53
	lb del-real udp "$udp" "$r2"
	told "$V UDP leaves a removed real with its next packet" "same=6 moved=3 failed=0" c1 sayall u
	lb edit-real udp "$udp" "$r1" --state down
	tell c1 sayall u
	like "$V UDP leaves a real that is set down" "$ANSWER" "moved=[3-6] failed=0"
	told "$V UDP: all are at the last one" r3=5 c1 say u1 5
	lb edit-service udp "$udp" --on-remove keep
	lb add-real udp "$udp" "$r2"
	lb del-real udp "$udp" "$r3"
	told "$V UDP with on-remove keep stays at a removed real" "same=9 moved=0 failed=0" c1 sayall u
	told "$V a new UDP flow doesn't" r2 c1 open new udp $VIP 53
	tell c1 close '*'
	lb flush
}

# reals_of PROTOCOL: "ACTIVE/CONNECTIONS/COUNTED ..." into REALS
reals_of()
{
	REALS=$(lbq '.services[] | select(.protocol == "'$1'") | [.reals[] | "\(.active)/\(.connections)/\(.stats.connections)"] | join(" ")' list)
}

# Its connections are load that a scheduler has to know of.
readded_cases()
{
	names
	service tcp $VIP 80 8080 --scheduler wlc -- $R1 $R2
	service udp $VIP 53 8080 --scheduler rr -- $R1 $R2
	told "$V TCP over two" "r1=4 r2=4" c1 many t 8 tcp $VIP 80
	told "$V and UDP" "r1=2 r2=2" c1 many u 4 udp $VIP 53
	lb restore - <<-END
		del-real tcp $tcp $r2
		add-real tcp $tcp $r2
		del-real udp $udp $r2
		add-real udp $udp $r2
	END
	reals_of tcp
	is "$V a real deleted and added at once has its connections, and counts from 0" "$REALS" "4/4/4 4/4/0"
	reals_of udp
	is "$V but none that are forgotten" "$REALS" "2/2/2 0/0/0"
	lb del-real tcp "$tcp" "$r2"
	# Until nobody can pick it any more.
	pause 1
	lb add-real tcp "$tcp" "$r2"
	reals_of tcp
	is "$V or a second later" "$REALS" "4/4/4 4/4/0"
	told "$V so it isn't given all that is new" "r1=2 r2=2" c1 many n 4 tcp $VIP 80
	told "$V and all go on" "same=8 moved=0 failed=0" c1 sayall t
	tell c1 close '*'
	lb flush
}

# What its service's rule has forgotten isn't remembered by another rule.
rule_cases()
{
	names
	service udp $VIP 53 8080 --scheduler rr -- $R1 $R2
	told "$V UDP over two" "r1=3 r2=3" c1 many u 6 udp $VIP 53
	lb restore - <<-END
		del-real udp $udp $r2
		edit-service udp $udp --on-remove keep
	END
	told "$V on-remove keep after a real was removed: those are forgotten" "same=3 moved=3 failed=0" c1 sayall u
	tell c1 close '*'
	lb flush
}

# Before anybody has cleared up after it: those that it had are forgotten for good.
back_cases()
{
	names
	service udp $VIP 53 8080 --scheduler rr -- $R1
	told "$V UDP to one real" r1=40 c1 many u 40 udp $VIP 53
	lb restore - <<-END
		edit-real udp $udp $r1 --state down
		edit-real udp $udp $r1 --state up
	END
	connections "$V down, and up again: it has none" 0
	told "$V and new ones" r1 c1 say u1
	connections "$V are new" 1
	tell c1 close '*'
	lb flush
}

# With "keep" they go on, with "close" the next packet is one of an unknown connection.
tcp_cases()
{
	names
	service tcp $VIP 80 8080 --scheduler rr --on-remove close -- $R1 $R2
	told "$V TCP over two" "r1=3 r2=3" c1 many t 6 tcp $VIP 80
	lb del-real tcp "$tcp" "$r1"
	told "$V TCP with on-remove close: a removed real's are reset" "same=3 moved=0 failed=3" c1 sayall t
	tell c1 close '*'
	lb edit-service tcp "$tcp" --on-remove default
	tell c1 open t tcp $VIP 80
	lb edit-real tcp "$tcp" "$r2" --state down
	told "$V TCP by default goes on at a real that is down" r2 c1 say t
	told "$V nobody left: a new connection is refused" "error: refused" c1 open n tcp $VIP 80
	drops no_real
	between "$V and counted" "$DROPS" 1 9
	lb add-real tcp "$tcp" "$r3"
	lb del-service tcp "$tcp"
	told "$V TCP goes on when its service is deleted" r2=20 c1 say t 20
	told "$V and is closed in order" finished c1 finish t
	told "$V a new one finds nobody" "error: refused" c1 open n tcp $VIP 80
	lb flush
}

flush_case()
{
	service tcp $VIP 80 8080 -- $R1
	tell c1 open t tcp $VIP 80
	lb flush
	is "$V flush leaves no service" "$(lbq '"\(.services) \(.reals)"' stats)" "0 0"
	connections "$V and no connection" 0
	tell c1 say t
	like "$V flush: the old connection is over" "$ANSWER" "error: (reset|closed)"
	tell c1 close '*'
}

# The same address and port again, as after a restart of the real.
again_case()
{
	names
	service tcp $VIP 80 8080 -- $R1
	tell c1 open t tcp $VIP 80
	lb del-real tcp "$tcp" "$r1"
	check "$V a removed real can be added again" lb add-real tcp "$tcp" "$r1"
	told "$V an old connection goes on" r1 c1 say t
	told "$V new ones go there too" r1=3 c1 each 3 tcp $VIP 80
	is "$V the new real counts its own only" "$(lbq '.services[0].reals[0].stats.connections' list)" 3
	tell c1 close '*'
}

cases()
{
	zero_counts
	load_case
	replace_case
	udp_cases
	back_cases
	readded_cases
	rule_cases
	tcp_cases
	flush_case
	again_case
	counts "$V no message out of order at the reals" errors 0 0 0
}

begin make_network
start_servers 8080
start_client c1 c1
start_client c2 c2
both_families cases
finish
