#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What is refused, with which exit code and which words. netlink.sh has the same
# for what lbctl does not let by.

# shellcheck disable=SC2086,SC2317 # addresses have no blanks; functions are called by name
. ./lib.sh

cases()
{
	local vip other real

	at $VIP 80; vip=$AT
	at $VIP2 80; other=$AT
	at $R1 8080; real=$AT
	refused "$V no such service: edit" 1 "service.*($VIP|no such|not)" edit-service tcp "$vip" --scheduler rr
	refused "$V no such service: delete" 1 "service" del-service tcp "$vip"
	refused "$V no such service: show" 1 "service" show tcp "$vip"
	refused "$V no such service: add a real" 1 "service" add-real tcp "$vip" "$real"
	refused "$V no such service: zero" 1 "service" zero tcp "$vip"
	lb add-service tcp "$vip" --scheduler rr
	refused "$V the service is there already" 1 "already|exists" add-service tcp "$vip"
	refused "$V unknown scheduler" 1 "scheduler.*'?nonsense" add-service tcp "$other" --scheduler nonsense
	refused "$V unknown scheduler in an edit" 1 "scheduler" edit-service tcp "$vip" --scheduler nonsense
	is "$V an edit that was refused changes nothing" "$(lbq '.services[].scheduler' list)" rr
	refused "$V one-packet is for UDP" 1 "one-packet.*UDP|UDP.*one-packet" add-service tcp "$other" --one-packet
	refused "$V one-packet is for UDP, in an edit" 1 "UDP" edit-service tcp "$vip" --one-packet
	at $VIP2 53
	refused "$V adopt is for TCP" 1 "adopt.*TCP|TCP.*adopt" add-service udp "$AT" --adopt
	lb add-real tcp "$vip" "$real"
	refused "$V the real is there already" 1 "already|exists" add-real tcp "$vip" "$real"
	at $R2 8080
	refused "$V no such real: edit" 1 "real" edit-real tcp "$vip" "$AT" --weight 2
	refused "$V no such real: delete" 1 "real" del-real tcp "$vip" "$AT"
	is "$V after all this there is one service and one real" "$(lbq '"\(.services) \(.reals)"' stats)" "1 1"
}

usage_cases()
{
	refused "$V unknown verb" 2 "frobnicate" frobnicate
	refused "no verb" 2 "usage|verb"
	refused "unknown option" 2 "nonsense" add-service tcp 203.0.113.10:80 --nonsense
	refused "no port" 2 "port" add-service tcp 203.0.113.10
	refused "port out of range" 2 "port|65536" add-service tcp 203.0.113.10:65536 --scheduler rr
	refused "no address" 2 "address|300" add-service tcp 300.0.113.10:80
	refused "unknown protocol" 2 "sctp|protocol" add-service sctp 203.0.113.10:80
	refused "a word for a weight" 2 "weight" add-real tcp 203.0.113.10:80 10.0.0.11 --weight much
	refused "unknown state name" 2 "state" set timeout tcp-nonsense 5
	refused "del-connection without a filter" 2 "filter|--all" del-connection
	refused "an option without its value" 2 "scheduler" add-service tcp 203.0.113.10:80 --scheduler
}

# Either lbctl or the kernel may be the one to refuse these: what matters is that
# it is refused, in words. The kernel's own are in netlink.sh.
either()
{
	local said status

	said=$(lb "${@:3}" 2>&1)
	status=$?
	like "$1: ${said%%$'\n'*}" "$status" '^[12]$'
	like "$1: the words" "$said" "$2"
}

value_cases()
{
	lb add-service tcp 203.0.113.10:80
	either "weight out of range" "weight.*65535|65535|range" add-real tcp 203.0.113.10:80 10.0.0.11 --weight 65536
	either "port 0" "port" add-service tcp 203.0.113.10:0
	either "multicast VIP" "multicast|unicast" add-service tcp 224.0.0.9:80
	either "multicast VIP" "multicast|unicast" add-service tcp '[ff02::1]:80'
	either "unspecified VIP" "unicast|address" add-service tcp 0.0.0.0:80
	either "multicast real" "multicast|unicast" add-real tcp 203.0.113.10:80 224.0.0.9:80
	either "a real of the other family" "family|IPv6|IPv4" add-real tcp 203.0.113.10:80 '[2001:db8:10::11]:80'
	either "unknown method" "method" add-real tcp 203.0.113.10:80 10.0.0.11 --method teleport
	either "unknown state" "state" add-real tcp 203.0.113.10:80 10.0.0.11 --state asleep
	either "timeout of 0 for the namespace" "timeout|second|range" set timeout udp 0
	either "timeout too long" "timeout|1000000|range" set timeout udp 1000001
	either "limit of 0" "limit|range" set conn-limit 0
	either "firewall mark 0" "mark" add-service fwmark 0
	is "after all this there is one service and no real" "$(lbq '"\(.services) \(.reals)"' stats)" "1 0"
	lb flush
}

one_packet_cases()
{
	lb add-service udp 203.0.113.10:53 --one-packet
	lb add-real udp 203.0.113.10:53 10.0.0.11:53
	lb add-service udp 203.0.113.11:53 --one-packet
	refused "one real in two one-packet services" 1 "one-packet" add-real udp 203.0.113.11:53 10.0.0.11:53
	check "another one is fine" lb add-real udp 203.0.113.11:53 10.0.0.12:53
	lb edit-service udp 203.0.113.11:53 --no-one-packet
	check "once it is no one-packet service any more, so is that one" lb add-real udp 203.0.113.11:53 10.0.0.11:53
	refused "and it cannot become one again" 1 "one-packet" edit-service udp 203.0.113.11:53 --one-packet
	is "which leaves its flag off" "$(lbq '.services[] | select(.address == "203.0.113.11") | .flags | length' list)" 0
	lb flush
}

# A user without CAP_NET_ADMIN in the user namespace that owns the network namespace.
permission_cases()
{
	local as_nobody=(./enter lbvs-d unshare --user "$LBCTL") said

	lb add-service tcp 203.0.113.10:80
	for words in "add-service tcp 203.0.113.11:80" "del-service tcp 203.0.113.10:80" flush connections \
		"set conn-limit 5" zero; do
		# shellcheck disable=SC2086 # several words
		said=$("${as_nobody[@]}" $words 2>&1)
		is "no permission: $words: ${said%%$'\n'*}" $? 3
	done
	is "nothing has changed" "$(lbq .services stats)" 1
	check "a user may be root of a network namespace of his own" \
		unshare --user --map-root-user --net "$LBCTL" add-service tcp 203.0.113.10:80
	lb flush
}

begin make_network unshare
both_families cases
usage_cases
value_cases
one_packet_cases
permission_cases
finish
