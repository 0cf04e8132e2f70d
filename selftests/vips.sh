#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Reals of several methods in one service; and each method for a VIP that the
# director doesn't hold on a device, and for a service given by a firewall mark. And a
# VIP that was a tunnel's source.

# shellcheck disable=SC2086,SC2206,SC2317 # addresses have no blanks; functions are called by name
. ./methods-lib.sh

P=8080
KINDS="nat dr ipip4 ipip6 gue4 gre6"

# A service's reals may each have a method of their own.
mixed_case()
{
	local words=() i=0

	L="$V mixed:"
	for name in nat dr ipip4; do
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
	for name in $KINDS; do
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

# from_elsewhere: a connection's next packets come to r1 from another address
from_elsewhere()
{
	tell c1 say t
	nft_counter r1 source other
	[ "$PACKETS" != 0 ]
}

# What was a tunnel's source becomes a VIP. That is for the connections of deleted
# services, too.
source_case()
{
	local other source ip

	L="$V a tunnel's source becomes a VIP:"
	case $FAMILY in
	4)	other="10.0.0.5/24" ip=ip ;;
	6)	other="2001:db8:10::5/64 nodad" ip=ip6 ;;
	esac
	ip -n lbvs-d addr add $other dev s
	kind ipip$FAMILY
	L="$V a tunnel's source becomes a VIP:"
	source=$(ip -n lbvs-d route get $R1 | sed -n 's/.* src \([^ ]*\).*/\1/p')
	on r1 nft -f - <<-END
		table inet source {
			counter other { }
			chain in {
				type filter hook prerouting priority -450;
				iifname eth0 meta l4proto { 4, 41 } $ip saddr != $source counter name other
			}
		}
	END
	balance tcp $VIP $P 1
	tell c1 open t tcp $VIP $P
	tell c1 say t
	at $VIP $P
	lb del-service tcp $AT
	told "$L a connection of a deleted service goes on" r1=5 c1 say t 5
	nft_counter r1 source other
	is "$L from that" "$PACKETS" 0
	at $source 99
	lb add-service tcp $AT
	eventually "$L then from another address" 5 from_elsewhere
	told "$L and it goes on" r1=5 c1 say t 5
	tell c1 close '*'
	on r1 nft delete table inet source
	lb flush
	ip -n lbvs-d addr delete ${other% *} dev s
}

begin make_methods_network nft
start_servers $P
start_client c1 c1
start_client c2 c2
both_families mixed_case
both_families source_case
mark_vip2
both_families other_vips
finish
