#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# TCP in mid-stream that no connection is known for: reset, drop, local; adopted;
# and what del-connection deletes.

# shellcheck disable=SC2086,SC2317 # addresses have no blanks; functions are called by name
. ./lib.sh

# A connection to the director's own server from before there was the service.
local_case()
{
	at $VIPL 8090
	lb set tcp-unknown local
	own=$AT
	told "$V the director's own server" d c1 open own tcp $VIPL 8090
	service tcp $VIPL 8090 8080 -- $R1
	told "$V local: its connections go on beside the new service" d=5 c1 say own 5
	told "$V local: new ones go to the real" r1 c1 open new tcp $VIPL 8090
	lb set tcp-unknown reset
	told "$V reset: they don't" "error: reset" c1 say own
	tell c1 close '*'
	lb del-service tcp "$own"
}

raw_cases()
{
	lb zero
	service tcp $VIP 80 8080 -- $R1
	is "reset is the default" "$(lbq .tcp_unknown settings)" reset
	told "$V reset: an ACK from nowhere has a RST with its number" "R seq=4711 ack=0" \
		c1 raw $C1 5001 $VIP 80 A seq=1 ack=4711 wait=3000
	tell c1 raw $C1 5001 $VIP 80 F seq=9 wait=3000
	like "$V reset: a FIN without ACK as well" "$ANSWER" '^RA seq=0 ack=10$'
	told "$V reset: no RST is answered by a RST" none c1 raw $C1 5001 $VIP 80 R seq=1 wait=200
	drops tcp_unknown
	between "$V and each is counted" "$DROPS" 2 3
	lb set tcp-unknown drop
	lb zero
	told "$V drop: no answer" none c1 raw $C1 5001 $VIP 80 A seq=1 ack=4711 wait=200
	drops tcp_unknown
	is "$V drop: counted" "$DROPS" 1
	lb set tcp-unknown reset
	counts "$V none of them got to the real" tcp 0 0 0
}

deleted_cases()
{
	told "$V a connection" r1 c1 open t tcp $VIP 80
	told "$V another, of the other client" r1 c2 open t tcp $VIP 80
	is "$V del-connection of one client says how many" \
		"$(lb del-connection --client $C1/$HOST_BITS | grep -o '[0-9]*')" 1
	told "$V the other one's goes on" r1 c2 say t
	told "$V the deleted one is reset" "error: reset" c1 say t
	is "$V del-connection of a real says how many" "$(lb del-connection --real $R1 | grep -o '[0-9]*')" 1
	connections "$V and leaves none" 0
	tell c1 close '*'
	tell c2 close '*'
}

adopt_cases()
{
	at $VIP 80
	lb edit-service tcp "$AT" --adopt
	told "$V a connection of a service that adopts" r1 c1 open t tcp $VIP 80 sport=6001
	lb del-connection --all > /dev/null
	told "$V is forgotten, and taken up again in mid-stream" r1=20 c1 say t 20
	reaches "$V and known again" 6001 tcp-established
	told "$V up to its end" finished c1 finish t
	service tcp $VIP 81 81 --adopt -- $R1 --method dr
	tell c1 raw $C1 6003 $VIP 81 FA seq=1 ack=1 wait=200
	is "$V a FIN taken for a connection: one, and none that is active" \
		"$(lbq '.services[] | select(.port == 81) | .reals[0] | "\(.connections) \(.active)"' list)" "1 0"
	lb del-connection --all > /dev/null
	is "$V and when it is gone" "$(lbq '.services[] | select(.port == 81) | .reals[0].active' list)" 0
	at $VIP 81
	lb del-service tcp "$AT"
	at $VIP 80
	lb edit-service tcp "$AT" --no-adopt
	told "$V without adopt" r1 c1 open t tcp $VIP 80 sport=6002
	lb del-connection --all > /dev/null
	told "$V it is over" "error: reset" c1 say t
	tell c1 close t
}

cases()
{
	zero_counts
	raw_cases
	deleted_cases
	adopt_cases
	lb flush
	local_case
}

begin make_network
start_servers 8080
start_server d 8090
start_client c1 c1
start_client c2 c2
both_families cases
finish
