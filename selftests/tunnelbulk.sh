#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Many bytes each way by dr and each kind of tunnel, each byte checked at either
# end, with offloads on and off around the director. The client learns what fits
# by ICMP: there is no MSS clamping.

# shellcheck disable=SC2086,SC2317 # addresses have no blanks; functions are called by name
. ./methods-lib.sh

megabytes 16
FEW=$(((MB + 3) / 4))
P=8080

# offloads on|off: of all that the director and its peers have; and those of the
# client alone, so that the director's GRO has something to put together.
offloads()
{
	local all="tx $1 rx $1 tso $1 gso $1 gro $1 sg $1"

	on d ethtool -K c $all > /dev/null
	on d ethtool -K s $all > /dev/null
	on sw ethtool -K dc $all > /dev/null
	on sw ethtool -K ds $all > /dev/null
	on c1 ethtool -K eth0 $all > /dev/null
	on sw ethtool -K c1 $all > /dev/null
	on r1 ethtool -K eth0 $all > /dev/null
	on sw ethtool -K r1 $all > /dev/null
}

# transfer MB DESCRIPTION
transfer()
{
	total_mb=$((total_mb + $1))
	tell c1 open b tcp $VIP $P
	told "$L $1 MB each way, $2" good c1 bulk b $(($1 << 20))
	took c1
	echo "# $TOOK ms"
	told "$L closed in order, $2" finished c1 finish b
}

each_kind()
{
	for name in ${KINDS/nat /}; do
		kind $name
		balance tcp $VIP $P 1
		zero_counts
		on r1 nft reset counters > /dev/null
		total_mb=0
		transfer $MB "offloads on"
		on d ethtool -K s tso off > /dev/null
		transfer $FEW "segmented by the stack on its way out"
		on d ethtool -K s tso on > /dev/null
		on c1 ethtool -K eth0 tso off gso off > /dev/null
		transfer $FEW "the client's segments put together by the director"
		offloads off
		transfer $FEW "all offloads off"
		offloads on
		outer_is "$L wrapped so" r1
		counts "$L the real found no fault" errors 0 0 0
		between "$L bytes in, as counted" "$(lbq '.services[0].stats.bytes_in' list)" \
			$((total_mb << 20)) $((total_mb * 7 / 6 << 20))
		nft_counter d watch replies
		is "$L no answer passed the director" "$PACKETS" 0
		lb flush
	done
}

# A network between the client and the real in VXLAN, which is UDP to a VIP: what the client
# leaves to others to segment is a tunnel's already.
vxlan_up()
{
	ip -n lbvs-c1 -batch - <<-END
		link add vx type vxlan id 7 local $C1 remote $VIP dstport 8472
		link set vx mtu 1360 up
		addr add 172.21.0.1/24 dev vx
	END
	ip -n lbvs-r1 -batch - <<-END
		link add vx type vxlan id 7 local $VIP remote $C1 dstport 8472
		link set vx mtu 1360 up
		addr add 172.21.0.2/24 dev vx
	END
}

# broken: datagrams that the real couldn't take for what they should be, so far, into BROKEN
broken()
{
	BROKEN=$(on r1 nstat -asz UdpInErrors Udp6InErrors | awk '/InErrors/ { sum += $2 } END { print sum }')
}

# in_one_piece: of many segments; else more is sent. A slow kernel's TCP now and then
# hasn't two segments at a time to send.
in_one_piece()
{
	LARGE=$(on d nft -j list counter netdev large vxlan | jq '.nftables[].counter // empty | .packets')
	[ "$LARGE" -gt 0 ] || { tell c1 bulk b $((FEW << 20)); false; }
}

twice_case()
{
	local before

	vxlan_up
	for name in ipip4 ipip6 gue4 gue-csum6 gre4 gre6; do
		kind $name
		balance udp $VIP 8472 1
		on r1 nft reset counters > /dev/null
		on d nft reset counters > /dev/null
		tell c1 open b tcp 172.21.0.2 $P timeout=3000
		broken
		before=$BROKEN
		told "$L $FEW MB each way in VXLAN" good c1 bulk b $((FEW << 20))
		took c1
		echo "# $TOOK ms"
		wait_for 10 in_one_piece
		broken
		is "$L the real found no fault" $((BROKEN - before)) 0
		told "$L closed in order, in VXLAN" finished c1 finish b
		outer_is "$L wrapped so, twice" r1
		between "$L of that came to the director in one piece" "$LARGE" 1 1000000
		lb flush
	done
	ip -n lbvs-c1 link delete vx
	ip -n lbvs-r1 link delete vx
}

# Longer packets than any device sends.
count_large()
{
	on d nft -f - <<-END
		table netdev large {
			counter vxlan { }
			chain in {
				type filter hook ingress device c priority 0;
				udp dport 8472 meta length > 3000 counter name vxlan
			}
		}
	END
}

begin make_methods_network ethtool nft
start_servers $P
start_client c1 c1
both_families each_kind
if modprobe -q vxlan; then
	count_large
	both_families twice_case
else
	skip "a tunnel in a tunnel" "no vxlan"
fi
finish
