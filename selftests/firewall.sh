#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The operator's firewall sees new connections, not known ones; and connection
# tracking, a default-drop policy and masquerading do nat no harm.

# shellcheck disable=SC2086,SC2317 # addresses have no blanks; functions are called by name
. ./lib.sh

block()
{
	on d nft -f - <<-END
		table inet block {
			chain in {
				type filter hook input priority 0;
				tcp dport 80 counter drop
				udp dport 53 counter drop
			}
		}
	END
}

filter_cases()
{
	service tcp $VIP 80 8080 --scheduler rr -- $R1 $R2
	service udp $VIP 53 8080 --scheduler rr -- $R1 $R2
	tell c1 open u udp $VIP 53
	tell c1 open t tcp $VIP 80
	real=$ANSWER
	block
	told "$V blocked: no new TCP" "error: timeout" c1 open n tcp $VIP 80 timeout=400
	told "$V blocked: no new UDP" "error: timeout" c1 open n udp $VIP 53 timeout=400
	told "$V a known TCP connection goes on" $real=10 c1 say t 10
	tell c1 say u
	like "$V a known UDP one too" "$ANSWER" '^r[12]$'
	connections "$V what was blocked made no connection" 2
	on d nft delete table inet block
	told "$V no longer blocked" "r1=2 r2=2" c1 each 4 tcp $VIP 80
	tell c1 close '*'
	lb flush
}

# As a careful operator has it. Counters tell what passed by where.
strict()
{
	on d nft -f - <<-END
		table inet strict {
			counter invalid_in { }
			counter tracked_real { }
			chain early {
				type filter hook prerouting priority -150;
				ct state invalid counter name invalid_in drop
			}
			chain in {
				type filter hook input priority 0; policy drop;
				ct state established,related accept
				icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert } accept
				tcp dport 80 ct state new accept
				udp dport 53 accept
			}
			chain forward {
				type filter hook forward priority 0; policy drop;
				ct state invalid counter name invalid_in drop
			}
			chain out {
				type filter hook postrouting priority -150;
				ip daddr 10.0.0.0/24 ct state new,established,invalid counter name tracked_real
				ip6 daddr 2001:db8:10::/64 meta l4proto { tcp, udp } ct state new,established,invalid counter name tracked_real
			}
			chain nat {
				type nat hook postrouting priority srcnat;
				oifname { c, s } masquerade
			}
		}
	END
}

counter()
{
	on d nft -j list counter inet strict "$1" | jq '.nftables[].counter // empty | .packets'
}

conntrack_cases()
{
	service tcp $VIP 80 8080 --scheduler rr -- $R1 $R2 $R3
	service udp $VIP 53 8080 --scheduler rr -- $R1 $R2 $R3
	strict
	zero_counts
	told "$V strict firewall: TCP" "r1=4 r2=4 r3=4" c1 each 12 tcp $VIP 80
	told "$V strict firewall: TCP by the router" "r1=2 r2=2 r3=2" c2 each 6 tcp $VIP 80
	counts "$V strict firewall: as many at the reals" tcp 6 6 6
	told "$V strict firewall: UDP" "r1=2 r2=2 r3=2" c1 many u 6 udp $VIP 53
	tell c1 open b tcp $VIP 80
	told "$V strict firewall: 8 MB each way" good c1 bulk b $((8 << 20))
	tell c1 open t tcp $VIP 80
	real=$ANSWER
	is "$V no packet was found invalid" "$(counter invalid_in)" 0
	is "$V no packet to a real was tracked" "$(counter tracked_real)" 0
	is "$V no balanced connection has an entry" \
		"$(on d conntrack -L -f ipv$FAMILY 2> /dev/null | grep -cE '^(tcp|udp)')" 0
	like "$V a real sees the client, not a masquerade" "$(on $real ss -Htn state established sport = :8080)" "$C1|$C2"
	on d nft flush ruleset
	tell c1 close '*'
}

cases()
{
	filter_cases
	conntrack_cases
}

begin make_network nft conntrack
start_servers 8080
start_client c1 c1
start_client c2 c2
both_families cases
finish
