#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# One client port, two VIPs, one real: the replies would look alike. The second
# connection has to have another real, or be refused and counted.

# shellcheck disable=SC2086,SC2317 # addresses have no blanks; functions are called by name
. ./lib.sh

# cases_of tcp|udp PORT
cases_of()
{
	service "$1" $VIP "$2" 8080 --scheduler rr -- $R1
	service "$1" $VIP2 "$2" 8080 --scheduler rr -- $R1
	lb zero
	told "$V $1: by the first VIP" r1 c1 open a "$1" $VIP "$2" sport=6001
	tell c1 open b "$1" $VIP2 "$2" sport=6001 timeout=500
	like "$V $1: by the second one, no other real: refused" "$ANSWER" "error: (timeout|refused|reset)"
	drops clash
	between "$V $1: and counted" "$DROPS" 1 9
	told "$V $1: the first goes on" r1=5 c1 say a 5
	told "$V $1: another port is no trouble" r1 c1 open c "$1" $VIP2 "$2" sport=6002
	at $VIP2 "$2"; vip2=$AT
	at $R2 8080
	lb add-real "$1" "$vip2" "$AT"
	told "$V $1: with another real it goes there" r2 c1 open b "$1" $VIP2 "$2" sport=6001
	told "$V $1: and both go on: first" r1=10 c1 say a 10
	told "$V $1: and both go on: second" r2=10 c1 say b 10
	tell c1 close '*'
	lb flush
}

cases()
{
	cases_of tcp 80
	cases_of udp 53
}

begin make_network
start_servers 8080
start_client c1 c1
both_families cases
finish
