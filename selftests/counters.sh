#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Connections, packets and bytes, compared with what nftables counts as it comes
# to the real and to the client: both count from the IP header on. Offloads are off, so that a
# packet is a packet at either place.

# shellcheck disable=SC2086,SC2317 # addresses have no blanks; functions are called by name
. ./lib.sh

# What arrives: what leaves is cut to packets behind the last hook only.
rules()
{
	local space

	for space in r1 c1; do
		on $space nft -f - <<-END
			flush ruleset
			table inet count {
				counter came { }
				chain in {
					type filter hook prerouting priority -300;
					meta l4proto { tcp, udp } counter name came
				}
			}
		END
	done
}

came()
{
	on "$1" nft -j list counters | jq -r '.nftables[].counter // empty | "\(.packets) \(.bytes)"'
}

as_the_wire()
{
	OURS=$(lbq ".services[] | select(.port == $1) | .stats | [.packets_in, .bytes_in, .packets_out, .bytes_out] | join(\" \")" list)
	WIRE="$(came r1) $(came c1)"
	[ "$OURS" = "$WIRE" ]
}

cases()
{
	local sum

	service tcp $VIP 80 8080 -- $R1
	service udp $VIP 53 8080 -- $R1
	lb zero
	rules
	tell c1 each 10 tcp $VIP 80
	tell c1 open t tcp $VIP 80
	tell c1 say t 50
	tell c1 bulk t 200000
	tell c1 finish t
	wait_for 3 as_the_wire 80
	is "$V TCP packets and bytes, in and out" "$OURS" "$WIRE"
	is "$V TCP connections" "$(lbq '.services[] | select(.port == 80) | .stats.connections' list)" 11
	is "$V the real has the same" \
		"$(lbq '.services[] | select(.port == 80) | .reals[0].stats | [.packets_in, .bytes_in, .packets_out, .bytes_out] | join(" ")' list)" "$OURS"
	rules
	tell c1 many u 5 udp $VIP 53
	tell c1 say u1 40
	tell c1 burst u2 20
	wait_for 3 as_the_wire 53
	is "$V UDP packets and bytes, in and out" "$OURS" "$WIRE"
	is "$V UDP connections" "$(lbq '.services[] | select(.port == 53) | .stats.connections' list)" 5
	sum=$(lbq '[.services[].stats] | [(map(.connections) | add), (map(.packets_in) | add), (map(.bytes_in) | add)] | join(" ")' list)
	is "$V the totals are the services' sum" "$(lbq '.stats | [.connections, .packets_in, .bytes_in] | join(" ")' stats)" "$sum"
	is "$V and so are the CPUs" \
		"$(lbq '[.cpus[].stats] | [(map(.connections) | add), (map(.packets_in) | add), (map(.bytes_in) | add)] | join(" ")' stats --per-cpu)" "$sum"
	tell c1 close '*'
}

zero_cases()
{
	at $VIP 53
	lb zero udp "$AT"
	is "$V zero: one service" "$(lbq '.services[] | select(.port == 53) | .stats | add' list)" 0
	is "$V zero: its real" "$(lbq '.services[] | select(.port == 53) | .reals[].stats | add' list)" 0
	is "$V zero: not the other" "$(lbq '.services[] | select(.port == 80) | .stats.connections' list)" 11
	lb zero
	is "$V zero: all" "$(lbq '[.services[].stats | add] | add' list)" 0
	is "$V zero: totals and drops" "$(lbq '(.stats | add) + (.drops | add)' stats)" 0
	is "$V zero: connections stay" "$(lbq '.connections > 0' stats)" true
}

all_cases()
{
	cases
	zero_cases
}

begin make_network nft ethtool
for space in c1 r1; do
	on $space ethtool -K eth0 tso off gso off gro off > /dev/null
done
start_servers 8080
start_client c1 c1
both_families all_cases
finish
