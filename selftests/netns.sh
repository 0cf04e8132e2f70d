#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Two directors with the same VIP: d, and the router rt, which is nearer to c2.
# Then the router's namespace goes away in the midst of traffic.

# shellcheck disable=SC2086,SC2317 # addresses have no blanks; functions are called by name
. ./lib.sh

lb_rt()
{
	on rt "$LBCTL" "$@"
}

second_director()
{
	at $VIP 80; tcp=$AT
	at $VIP 53; udp=$AT
	at $C1 8080
	lb_rt add-service tcp "$tcp" --scheduler rr
	lb_rt add-real tcp "$tcp" "$AT"
	lb_rt add-service udp "$udp" --scheduler rr
	lb_rt add-real udp "$udp" "$AT"
}

isolation()
{
	second_director
	lb zero
	lb_rt zero
	service tcp $VIP 80 8080 --scheduler rr -- $R1 $R2
	is "$V one service there is not seen here" "$(lbq '[.services[].port] | join(" ")' list)" 80
	is "$V and here is not seen there" "$(lb_rt --json list | jq -r '[.services[].reals[].address] | unique | join(" ")')" $C1
	told "$V one VIP, this director's reals" "r1=3 r2=3" c1 each 6 tcp $VIP 80
	told "$V the same VIP, that one's" c1=6 c2 each 6 tcp $VIP 80
	tell c2 open t tcp $VIP 80
	is "$V connections are told apart" "$(lb_rt --json connections | jq '[.connections[] | select(.state == "tcp-established")] | length')" 1
	is "$V and so are counters" "$(lbq .stats.connections stats) $(lb_rt --json stats | jq .stats.connections)" "6 7"
	lb_rt set conn-limit 77
	is "$V and settings" "$(lbq '.conn_limit == 77' settings)" false
	lb_rt set conn-limit 100000
	lb flush
	told "$V a flush here is none there" c1 c2 say t
	tell c2 close t
	lb_rt flush
	is "$V another namespace has nothing" "$(on r3 "$LBCTL" --json list | jq '.services | length')" 0
}

# Its devices go with it, and so does the other end of its cable.
gone()
{
	! ip -n lbvs-sw link show rt
}

deletion()
{
	second_director
	start_client load c2
	tell c2 many t 20 tcp $VIP 80
	tell c2 many u 20 udp $VIP 53
	is "$V a namespace with connections" "$(lb_rt --json stats | jq .connections)" 40
	order load load udp $VIP 53 timeout=50
	order c2 load tcp $VIP 80 timeout=50
	pause 0.3
	ip netns delete lbvs-rt
	eventually "$V is gone in the midst of traffic" 20 gone
	tell load stop
	like "$V there was traffic" "$ANSWER" '^requests=[0-9]+ .*c1=[1-9]'
	tell c2 stop
	like "$V of both kinds" "$ANSWER" '^requests=[0-9]+ .*c1=[1-9]'
	service tcp $VIP 80 8080 -- $R3
	told "$V the other director goes on" r3=5 c1 each 5 tcp $VIP 80
}

begin make_network
ip -n lbvs-rt -batch - <<-END
	route add local 203.0.113.10 dev lo
	route add local 2001:db8:f::10 dev lo
END
fast_path_of rt
start_servers 8080
start_server c1 8080
start_client c1 c1
start_client c2 c2
for FAMILY in 4 6; do
	family $FAMILY
	V=IPv$FAMILY
	isolation
done
deletion
finish
