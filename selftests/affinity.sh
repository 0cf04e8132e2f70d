#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# All packets of a connection go to one real, whatever becomes of the service
# meanwhile.

# shellcheck disable=SC2086,SC2317 # addresses have no blanks; functions are called by name
. ./lib.sh

# still DESCRIPTION LBCTL-WORDS...
still()
{
	check "$V $1: accepted" lb "${@:2}"
	told "$V $1: TCP stays" "same=12 moved=0 failed=0" c1 sayall t
	told "$V $1: UDP stays" "same=12 moved=0 failed=0" c1 sayall u
}

cases()
{
	local tcp udp

	at $VIP 80; tcp=$AT
	at $VIP 53; udp=$AT
	at $R1 8080; r1=$AT
	at $R2 8080; r2=$AT
	at $R3 8080; r3=$AT
	service tcp $VIP 80 8080 --scheduler rr -- $R1 $R2
	service udp $VIP 53 8080 --scheduler rr -- $R1 $R2
	told "$V TCP over two reals" "r1=6 r2=6" c1 many t 12 tcp $VIP 80
	told "$V UDP over two reals" "r1=6 r2=6" c1 many u 12 udp $VIP 53
	still "other weight" edit-real tcp "$tcp" "$r1" --weight 100
	still "weight 0" edit-real udp "$udp" "$r1" --weight 0
	still "another real" add-real tcp "$tcp" "$r3"
	still "another real" add-real udp "$udp" "$r3"
	still "other scheduler" edit-service tcp "$tcp" --scheduler wlc
	still "and back" edit-service tcp "$tcp" --scheduler rr
	still "drain" edit-real tcp "$tcp" "$r2" --state drain
	still "drain" edit-real udp "$udp" "$r2" --state drain
	told "$V new ones avoid the drained real" "r1=4 r3=4" c1 each 8 tcp $VIP 80
	still "up again" edit-real tcp "$tcp" "$r2" --state up
	tell c1 say t1
	told "$V a connection's messages, each checked" "$ANSWER=100" c1 say t1 100
	tell c1 close '*'
}

begin make_network
start_servers 8080
start_client c1 c1
both_families cases
finish
