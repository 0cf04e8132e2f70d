#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What is accepted with a warning, on stderr and with exit code 0.

# shellcheck disable=SC2086,SC2317 # addresses have no blanks; functions are called by name
. ./lib.sh

# warned DESCRIPTION REGEX LBCTL-WORDS...
warned()
{
	local said status

	said=$(lb "${@:3}" 2>&1 > /dev/null)
	status=$?
	is "$1: done" $status 0
	like "$1: says so" "$said" "$2"
}

forwarding()
{
	on d sysctl -qw net.ipv4.ip_forward="$1" net.ipv6.conf.all.forwarding="$1"
}

cases()
{
	local vip real

	at $VIP 80; vip=$AT
	at $R1 80; real=$AT
	lb add-service tcp "$vip"
	warned "$V all in order" '^$' add-real tcp "$vip" "$real"
	lb del-real tcp "$vip" "$real"
	forwarding 0
	warned "$V forwarding is off" '^lbctl: warning: .*forward' add-real tcp "$vip" "$real"
	forwarding 1
	is "$V the real is there nevertheless" "$(lbq '.services[0].reals | length' list)" 1
	lb del-real tcp "$vip" "$real"
	forwarding 0
	warned "$V for dr that is all right" '^$' add-real tcp "$vip" "$real" --method dr
	warned "$V a real becomes one of nat" '^lbctl: warning: .*forward' edit-real tcp "$vip" "$real" --method nat
	warned "$V and stays one, nothing new" '^$' edit-real tcp "$vip" "$real" --weight 2
	forwarding 1
	lb edit-real tcp "$vip" "$real" --method dr
	warned "$V the same, all in order" '^$' edit-real tcp "$vip" "$real" --method nat
	lb del-real tcp "$vip" "$real"
}

# IPv4 only: there is no such setting for IPv6. One-armed: VIP and real by one device.
redirect_case()
{
	on d sysctl -qw net.ipv4.conf.all.send_redirects=1 net.ipv4.conf.s.send_redirects=1
	ip -n lbvs-d addr add 10.0.0.100/32 dev s
	lb add-service tcp 10.0.0.100:80
	warned "send_redirects with two arms" '^$' add-real tcp 10.0.0.100:80 10.0.0.11:80
	lb del-real tcp 10.0.0.100:80 10.0.0.11:80
	ip -n lbvs-d link set c down
	warned "send_redirects on a one-armed director" '^lbctl: warning: .*redirect' add-real tcp 10.0.0.100:80 10.0.0.11:80
	lb flush
}

begin make_network
both_families cases
redirect_case
finish
