#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Methods dr and tunnel, in each family and encapsulation: what a client sends
# reaches one and the same real, and its answers don't pass the director.

# shellcheck disable=SC2086,SC2206,SC2317 # addresses have no blanks; functions are called by name
. ./methods-lib.sh

P=8080

listed()
{
	lbq "[.connections[] | select(.client_port == $1) | \"\(.method) \(.real) \(.real_port)\"] | join(\",\")" connections
}

silent_director()
{
	nft_counter d watch replies
	is "$L no answer passed the director" "$PACKETS" 0
	is "$L and it counted none" "$(lbq '[.services[].stats | .packets_out] | add' list)" 0
}

tcp_cases()
{
	local real

	told "$L TCP goes round" "r1=2 r2=2 r3=2" c1 each 6 tcp $VIP $P
	told "$L TCP by a router" "r1=1 r2=1 r3=1" c2 each 3 tcp $VIP $P
	told "$L TCP from the reals' LAN" "r1=1 r2=1 r3=1" c3 each 3 tcp $VIP $P
	counts "$L as many at the reals" tcp 4 4 4
	tell c1 open t tcp $VIP $P sport=7001
	real=$ANSWER
	told "$L 30 messages in order, one real" "$real=30" c1 say t 30
	like "$L which is a real" "$real" '^r[123]$'
	real_of $REAL_FAMILY ${real#r}
	is "$L the connection is listed" "$(listed 7001)" "$METHOD $REAL $P"
	told "$L closed in order" finished c1 finish t
}

udp_cases()
{
	told "$L UDP goes round" "r1=2 r2=2 r3=2" c1 many u 6 udp $VIP $P
	told "$L each flow stays" "same=6 moved=0 failed=0" c1 sayall u
	told "$L UDP by a router" "r1=1 r2=1 r3=1" c2 many u 3 udp $VIP $P
	told "$L UDP from the reals' LAN" "r1=1 r2=1 r3=1" c3 many u 3 udp $VIP $P
	counts "$L as many datagrams at the reals" udp 6 6 6
	tell c1 close '*'
	tell c2 close '*'
	tell c3 close '*'
}

each_kind()
{
	for name in dr ipip mix gue gue-csum gre; do
		kind $name
		on r1 nft reset counters > /dev/null
		balance tcp $VIP $P 1 2 3
		balance udp $VIP $P 1 2 3
		zero_counts
		tcp_cases
		udp_cases
		counts "$L no fault at the reals" errors 0 0 0
		outer_is "$L wrapped so at the real" r1
		silent_director
		lb flush
	done
}

# A service's reals may each have a method of their own.
mixed_case()
{
	local words=() i=0

	L="$V mixed:"
	for name in nat dr ipip; do
		i=$((i + 1))
		kind $name
		reals $i
		words+=($REALS)
	done
	L="$V mixed:"
	for protocol in tcp udp; do
		service $protocol $VIP $P $P --scheduler rr -- "${words[@]}"
	done
	zero_counts
	told "$L TCP" "r1=3 r2=3 r3=3" c1 each 9 tcp $VIP $P
	told "$L UDP" "r1=2 r2=2 r3=2" c1 many u 6 udp $VIP $P
	told "$L each flow stays" "same=6 moved=0 failed=0" c1 sayall u
	counts "$L as many at the reals" tcp 3 3 3
	is "$L each by its method" "$(lbq '[.connections[] | select(.protocol == "udp") | .method] | sort | join(" ")' connections)" \
		"dr dr nat nat tunnel tunnel"
	nft_counter d watch replies
	is "$L from the VIP no answer passed the director" "$PACKETS" 0
	tell c1 close '*'
	lb flush
}

# vip_case ADDRESS WORDS: the services are there
vip_case()
{
	told "$L TCP to $2" "r1=2 r2=2" c1 each 4 tcp "$1" $P
	told "$L UDP to $2" "r1=1 r2=1" c2 many u 2 udp "$1" $P
	told "$L and it stays" "same=2 moved=0 failed=0" c2 sayall u
	tell c2 close '*'
	lb flush
}

other_vips()
{
	local inet=inet

	[ $FAMILY = 4 ] || inet=inet6
	for name in dr ipip mix gue gre; do
		kind $name
		balance tcp $VIPL $P 1 2
		balance udp $VIPL $P 1 2
		vip_case $VIPL "a VIP by local route"
		lb add-service fwmark 7 $inet --scheduler rr
		for i in 1 2; do
			real_of $REAL_FAMILY $i
			lb add-real fwmark 7 $inet $REAL $WAY
		done
		vip_case $VIP2 "a VIP by firewall mark"
	done
}

marks()
{
	on d nft -f - <<-END
		table inet marks {
			chain in {
				type filter hook prerouting priority mangle;
				ip daddr 203.0.113.11 meta mark set 7
				ip6 daddr 2001:db8:f::11 meta mark set 7
			}
		}
	END
}

# What the client sends has AF21 and ECT(0); TTL 64.
mark_tos()
{
	on c1 nft -f - <<-END
		table inet tos {
			chain out {
				type filter hook output priority mangle;
				udp dport $P ip dscp set af21
				udp dport $P ip ecn set ect0
				udp dport $P ip6 dscp set af21
				udp dport $P ip6 ecn set ect0
			}
		}
	END
}

watch_header()
{
	on r1 nft -f - <<-END
		table inet header {
			counter in { }
			counter out { }
			chain in {
				type filter hook input priority 0;
				udp dport $P ip dscp af21 ip ecn ect0 ip ttl 63 counter name in
				udp dport $P ip6 dscp af21 ip6 ecn ect0 ip6 hoplimit 63 counter name in
			}
			chain out {
				type filter hook prerouting priority -450;
				iifname != eth0 accept
				ip ttl 64 ip dscp af21 ip ecn ect0 counter name out
				ip6 hoplimit 64 ip6 dscp af21 ip6 ecn ect0 counter name out
			}
		}
	END
}

header_cases()
{
	local outer

	for name in dr ipip mix gue gre; do
		kind $name
		balance udp $VIP $P 1
		on r1 nft reset counters > /dev/null
		tell c1 open u udp $VIP $P
		told "$L ten more" "r1=9" c1 say u 9
		outer=10
		[ $name != dr ] || outer=0
		nft_counter r1 header in
		is "$L TTL one less, DSCP and ECN as they were" "$PACKETS" 10
		nft_counter r1 header out
		is "$L the outer header has a TTL of its own, and their DSCP and ECN" "$PACKETS" $outer
		tell c1 close u
		lb flush
	done
}

begin make_methods_network nft
start_servers $P
start_client c1 c1
start_client c2 c2
start_client c3 c3
both_families each_kind
both_families mixed_case
marks
both_families other_vips
mark_tos
watch_header
both_families header_cases
finish
