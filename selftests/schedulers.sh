#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# How new connections spread, as counted at the reals. One client that waits for
# each answer makes rr and wrr exact; lc and wlc too, as long as all stay open.

# shellcheck disable=SC2086,SC2317 # addresses have no blanks; functions are called by name
. ./lib.sh

# spread DESCRIPTION SCHEDULER WANTED COUNT REAL...
spread()
{
	local wanted=$3

	zero_counts
	service tcp $VIP 80 8080 --scheduler "$2" -- "${@:5}"
	tell c1 many m "$4" tcp $VIP 80
	# shellcheck disable=SC2086 # three numbers
	counts "$V $1" tcp $wanted
	at $VIP 80
	lb del-service tcp $AT
	tell c1 close '*'
}

lc_case()
{
	at $VIP 80
	zero_counts
	service tcp $VIP 80 8080 --scheduler "$1" -- $R1
	tell c1 many old 12 tcp $VIP 80
	at $R2 8080; r2=$AT
	at $R3 8080; r3=$AT
	at $VIP 80
	lb add-real tcp $AT "$r2"
	lb add-real tcp $AT "$r3"
	tell c1 many new 20 tcp $VIP 80
	counts "$V $1: newcomers first fill what is empty" tcp 12 10 10
	lb flush
	tell c1 close '*'
}

udp_case()
{
	service udp $VIP 53 8080 --scheduler wrr -- $R1 --weight 3 $R2 --weight 2 $R3 --weight 1
	zero_counts
	tell c1 many m 30 udp $VIP 53
	counts "$V UDP flows by wrr 3:2:1" udp 15 10 5
	tell c1 close '*'
}

cases()
{
	spread "rr: each in turn" rr "20 20 20" 60 $R1 $R2 $R3
	spread "rr minds no weight but 0" rr "15 0 15" 30 $R1 --weight 5 $R2 --weight 0 $R3
	spread "wrr 3:2:1" wrr "30 20 10" 60 $R1 --weight 3 $R2 --weight 2 $R3 --weight 1
	spread "wrr 300:200:100" wrr "30 20 10" 60 $R1 --weight 300 $R2 --weight 200 $R3 --weight 100
	spread "wrr with a weight of 0" wrr "20 0 10" 30 $R1 --weight 2 $R2 --weight 0 $R3
	spread "lc: equal, whatever the weight" lc "20 20 20" 60 $R1 --weight 9 $R2 $R3
	spread "wlc 3:2:1" wlc "30 20 10" 60 $R1 --weight 3 $R2 --weight 2 $R3 --weight 1
	spread "wlc with a weight of 0" wlc "20 0 10" 30 $R1 --weight 2 $R2 --weight 0 $R3
	spread "a drained real gets none" wlc "0 15 15" 30 $R1 --state drain $R2 $R3
	spread "a real that is down gets none" rr "15 15 0" 30 $R1 $R2 $R3 --state down
	lc_case lc
	lc_case wlc
	udp_case
}

begin make_network
start_servers 8080
start_client c1 c1
both_families cases
finish
