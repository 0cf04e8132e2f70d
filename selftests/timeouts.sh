#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Connections end when nothing comes for as long as their state's timeout says:
# the service's, else the namespace's.

# shellcheck disable=SC2086,SC2317 # addresses have no blanks; functions are called by name
. ./lib.sh

expires()
{
	EXPIRES=$(lbq ".connections[] | select(.client_port == $1) | .expires_ms" connections)
}

setting_cases()
{
	is "the settings name a timeout for every state" "$(lbq '.timeouts | keys | length' settings)" 10
	lb set timeout tcp-established 777
	is "one is changed" "$(lbq '.timeouts["tcp-established"]' settings)" 777
	lb set timeout tcp-established 900
	lb add-service tcp 203.0.113.10:80 --timeout tcp-established=5 --timeout tcp-time-wait=6
	is "a service has its own" "$(lbq '.services[0].timeouts | tojson' list)" \
		'{"tcp-established":5,"tcp-time-wait":6}'
	lb edit-service tcp 203.0.113.10:80 --timeout tcp-established=0
	is "0 gives the namespace's back" "$(lbq '.services[0].timeouts | tojson' list)" '{"tcp-time-wait":6}'
	lb flush
}

# Sent and shown in seconds; the clock is read at most once a second.
shown_cases()
{
	service tcp $VIP 80 8080 --timeout tcp-time-wait=40 -- $R1
	tell c1 open t tcp $VIP 80 sport=6001
	expires 6001
	between "$V an established connection expires as the namespace says" "$EXPIRES" 880000 901000
	tell c1 finish t
	reaches "$V after the close" 6001 tcp-time-wait
	expires 6001
	between "$V it expires as the service says" "$EXPIRES" 30000 41000
}

# Whoever has one already heeds another from his next packet on.
changed_cases()
{
	tell c1 open t tcp $VIP 80 sport=6005
	lb set timeout tcp-established 60
	told "$V a shorter timeout for those that are there" r1 c1 say t
	expires 6005
	between "$V holds from the next packet on" "$EXPIRES" 50000 61000
	lb set timeout tcp-established 900
	told "$V and a longer one" r1 c1 say t
	expires 6005
	between "$V as well" "$EXPIRES" 880000 901000
	tell c1 close t
}

expiry_cases()
{
	service udp $VIP 53 8080 --timeout udp=2 --timeout udp-new=2 -- $R1
	lb set timeout tcp-close 2
	tell c1 open gone udp $VIP 53 sport=6002
	tell c1 open kept udp $VIP 53 sport=6003
	tell c1 open t tcp $VIP 80 sport=6004
	# An ACK of the greeting, still on its way on another CPU, could come after the RST.
	pause 0.2
	tell c1 rst t
	reaches "$V TCP after a RST" 6004 tcp-close
	for _ in {1..8}; do
		pause 0.5
		tell c1 say kept
	done
	state_is 6003 udp
	is "$V UDP that goes on stays" "$STATES" udp
	eventually "$V UDP that is quiet is gone" 4 state_is 6002 ""
	eventually "$V TCP is gone in time after a RST" 4 state_is 6004 ""
	told "$V the same flow again is a new connection" r1 c1 say gone
	reaches "$V and is there" 6002 udp
	eventually "$V until it is quiet again" 8 state_is 6003 ""
	tell c1 close '*'
}

cases()
{
	shown_cases
	changed_cases
	expiry_cases
}

begin make_network
start_servers 8080
start_client c1 c1
setting_cases
both_families cases
finish
