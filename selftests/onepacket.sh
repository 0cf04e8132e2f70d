#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# One-packet services: each UDP packet for itself, and no connection kept.

# shellcheck disable=SC2086,SC2317 # addresses have no blanks; functions are called by name
. ./lib.sh

cases()
{
	service udp $VIP 53 8080 --scheduler rr --one-packet -- $R1 $R2 $R3
	zero_counts
	tell c1 connect u udp $VIP 53
	told "$V 30 packets of one socket go round, answers from the VIP" "r1=10 r2=10 r3=10" c1 say u 30
	counts "$V as many at the reals" udp 10 10 10
	connections "$V no connection is kept" 0
	is "$V the packets are counted" \
		"$(lbq '.services[0].stats | "\(.packets_in) \(.packets_out)"' list)" "30 30"
	is "$V per real" "$(lbq '[.services[0].reals[].stats.packets_in] | join(" ")' list)" "10 10 10"
	tell c2 open n udp $VIP 53 nocheck
	like "$V by the router, without checksums" "$ANSWER" '^r[123]$'
	at $VIP 53
	lb edit-service udp "$AT" --no-one-packet
	tell c1 open v udp $VIP 53
	told "$V switched off, a flow stays where it is" "$ANSWER=6" c1 say v 6
	connections "$V and has a connection" 1
	lb del-connection --all > /dev/null
	lb edit-service udp "$AT" --one-packet
	zero_counts
	tell c1 say v 12
	counts "$V switched on again, they go round" udp 4 4 4
	at $R2 8080; r2=$AT
	at $VIP 53
	lb del-real udp "$AT" "$r2"
	tell c1 say v 10
	is "$V a removed real has no more of them" "$ANSWER" "r1=5 r3=5"
	tell c1 close '*'
	tell c2 close '*'
}

begin make_network
start_servers 8080
start_client c1 c1
start_client c2 c2
both_families cases
finish
