#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A client's port is used again at once after a close. The old connection still
# stands in the director's table; the SYN that comes has to make a new one,
# without waiting for the client's second try a second later.

# shellcheck disable=SC2086,SC2317 # addresses have no blanks; functions are called by name
. ./lib.sh

made()
{
	total conns
	MADE=$TOTAL
}

# again DESCRIPTION: the port of before
again()
{
	told "$V $1: connects again" r1 c1 open again tcp $VIP 80 sport=6001
	took c1
	between "$V $1: at once (ms)" "$TOOK" 0 499
	told "$V $1: and works" r1=20 c1 say again 20
}

cases()
{
	local before

	service tcp $VIP 80 8080 --scheduler rr -- $R1
	made
	before=$MADE
	tell c1 open first tcp $VIP 80 sport=6001
	tell c1 ask first close
	tell c1 end first
	tell c1 close first
	reaches "$V closed by the server first" 6001 tcp-time-wait
	again "in TIME_WAIT"
	tell c1 rst again
	reaches "$V closed by the client's RST" 6001 tcp-close
	again "after a RST"
	tell c1 ask again reset
	tell c1 say again
	tell c1 close again
	reaches "$V closed by the server's RST" 6001 tcp-close
	again "after the server's RST"
	# This client keeps no TIME_WAIT of its own: see below.
	tell c1 finish again
	reaches "$V closed by the client first" 6001 tcp-time-wait
	again "in the client's TIME_WAIT"
	made
	is "$V each was a new connection" $((MADE - before)) 5
	reaches "$V and there is one of that port" 6001 tcp-established
	tell c1 close again
}

# A new connection is a new choice of the scheduler's.
other_real()
{
	local i

	service tcp $VIP2 80 8080 --scheduler rr -- $R1 $R2 $R3
	zero_counts
	for i in 1 2 3 4 5 6; do
		tell c1 open x tcp $VIP2 80 sport=6002
		tell c1 rst x
	done
	counts "$V six connections from one port go round" tcp 2 2 2
}

# On the tuple of a closing connection, as many a second as a client can.
many()
{
	tell c1 each 200 tcp $VIP2 80 sport=6003
	like "$V 200 connections in a row from one port" "$ANSWER" '^r1=6[67] r2=6[67] r3=6[67]$'
	took c1
	between "$V and none waits (ms)" "$TOOK" 0 20000
}

all_cases()
{
	cases
	other_real
	many
}

begin make_network
on c1 sysctl -qw net.ipv4.tcp_max_tw_buckets=0
start_servers 8080
start_client c1 c1
both_families all_cases
finish
