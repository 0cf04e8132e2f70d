#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# TCP and UDP reach the reals by nat, and the answers come from the VIP: on a
# device, and by a local route only; a client beside the director and one behind
# a router.

# shellcheck disable=SC2086,SC2317 # addresses have no blanks; functions are called by name
. ./lib.sh

vip_cases()
{
	service tcp "$1" 80 8080 --scheduler rr -- $R1 $R2 $R3
	service udp "$1" 53 8081 --scheduler rr -- $R1 $R2 $R3
	zero_counts
	told "$V TCP to $2: each real a third" "r1=10 r2=10 r3=10" c1 each 30 tcp "$1" 80
	told "$V TCP to $2, by the router" "r1=4 r2=4 r3=4" c2 each 12 tcp "$1" 80
	counts "$V TCP to $2: as many at the reals" tcp 14 14 14
	counts "$V TCP to $2: no message out of order there" errors 0 0 0
	told "$V UDP to $2: each real a third" "r1=4 r2=4 r3=4" c1 many u 12 udp "$1" 53
	told "$V UDP to $2, by the router" "r1=2 r2=2 r3=2" c2 many u 6 udp "$1" 53
	told "$V UDP to $2: a flow stays where it is" "same=12 moved=0 failed=0" c1 sayall u
	counts "$V UDP to $2: as many at the reals" udp 10 10 10
	tell c1 close '*'
	tell c2 close '*'
	lb flush
}

http_case()
{
	local url said

	service tcp $VIP 80 8080 --scheduler rr -- $R1 $R2 $R3
	zero_counts
	at $VIP 80
	url=http://$AT/
	said=$(on c1 curl -sg --max-time 10 $url $url $url $url $url $url | sort | uniq -c | paste -sd ' ' | tr -s ' ')
	is "$V HTTP: curl hears each real as often" "$said" " 2 r1 2 r2 2 r3"
	counts "$V HTTP: as many requests at the reals" http 2 2 2
}

cases()
{
	vip_cases $VIP "a VIP on a device"
	vip_cases $VIPL "a VIP by local route"
	http_case
	lb flush
	service tcp $VIP 80 8080 -- $R1
	service udp $VIP 53 8081 -- $R2
	tell c2 open t tcp $VIP 80
	told "$V TCP: 100 messages in order on one connection" r1=100 c2 say t 100
	told "$V TCP: the client's FIN first, the server's last words arrive" finished c2 finish t
	tell c2 open u udp $VIP 53
	told "$V UDP: 100 messages" r2=100 c2 say u 100
	told "$V UDP: 50 messages without waiting arrive in order" lost=0 c2 burst u 50
	told "$V UDP without checksums: the answers fit" r2 c2 open n udp $VIP 53 nocheck
	told "$V UDP without checksums: 20 more" r2=20 c2 say n 20
	tell c2 close '*'
}

# The checksum of a packet that had none must not appear on the way.
zero_checksum_case()
{
	on r2 nft -f - <<-END
		table inet t {
			counter none { }
			counter some { }
			chain in {
				type filter hook input priority 0;
				udp dport 8081 udp checksum 0 counter name none accept
				udp dport 8081 counter name some
			}
		}
	END
	service udp $VIP 53 8081 -- $R2
	tell c1 open n udp $VIP 53 nocheck
	tell c1 say n 9
	tell c1 close n
	is "$V UDP without checksums: none at the real either" \
		"$(on r2 nft -j list counters | jq -c '[.nftables[].counter // empty | .packets]')" "[10,0]"
	on r2 nft flush ruleset
}

begin make_network curl nft
start_servers 8080 8081
start_client c1 c1
start_client c2 c2
both_families cases
both_families zero_checksum_case
finish
