#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The director's device to the reals is a VLAN, a bond, a bridge. With br_netfilter,
# frames that are merely bridged are not the director's, whatever is in them.

# shellcheck disable=SC2086,SC2317 # addresses have no blanks; functions are called by name
. ./methods-lib.sh

P=8080
SPACES+=(x)

# move_to DEVICE: the director's addresses and routes there
move_to()
{
	ip -n lbvs-d -4 addr flush dev s
	ip -n lbvs-d -6 addr flush dev s
	ip -n lbvs-d -batch - <<-END
		$(address $1 fe80::1 10.0.0.1/24 2001:db8:10::1/64)
		route replace 10.1.0.0/24 via 10.0.0.3
		route replace 2001:db8:11::/64 via 2001:db8:10::3
	END
}

move_back()
{
	ip -n lbvs-d link delete $1
	ip -n lbvs-d link set s up
	move_to s
}

each_kind()
{
	for name in nat dr ipip4 ipip6 gue4 gre6; do
		kind $name
		L="$V $name, $DEVICE:"
		balance tcp $VIP $P 1 2
		balance udp $VIP $P 1 2
		zero_counts
		told "$L TCP" "r1=2 r2=2" c1 each 4 tcp $VIP $P
		told "$L UDP" "r1=1 r2=1" c2 many u 2 udp $VIP $P
		told "$L each flow stays" "same=2 moved=0 failed=0" c2 sayall u
		counts "$L as many at the reals" tcp 2 2 0
		tell c1 open b tcp $VIP $P
		told "$L 2 MB each way" good c1 bulk b $((2 << 20))
		tell c1 close b
		tell c2 close '*'
		lb flush
	done
}

vlan()
{
	ip -n lbvs-d link add s.7 link s type vlan id 7
	ip -n lbvs-sw -batch - <<-END
		link add link ds name ds.7 type vlan id 7
		link set ds nomaster
		link set ds.7 master reals up
	END
	move_to s.7
	DEVICE="a VLAN"
	both_families each_kind
	move_back s.7
	ip -n lbvs-sw -batch - <<-END
		link delete ds.7
		link set ds master reals
	END
}

bond()
{
	ip -n lbvs-d -batch - <<-END
		link add bond0 type bond mode active-backup miimon 100
		link set s down
		link set s master bond0
		link set bond0 up
	END
	move_to bond0
	DEVICE="a bond"
	both_families each_kind
	move_back bond0
}

# A container on the director's bridge: it holds the VIP itself, and a client in
# the LAN asks it there.
container()
{
	ip -n lbvs-d -batch - <<-END
		link add br0 type bridge mcast_snooping 0
		link add x type veth peer name eth0 netns lbvs-x
		link set s master br0
		link set x master br0 up
	END
	move_to br0
	end_node x 10.0.0.31 2001:db8:10::31 10.0.0.1 2001:db8:10::1
	on x sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
	ip -n lbvs-x -batch - <<-END
		addr add 203.0.113.10/32 dev lo
		addr add 2001:db8:f::10/128 dev lo nodad
	END
}

count_frames()
{
	on d nft -f - <<-END
		table inet frames {
			counter bridged { }
			chain in {
				type filter hook prerouting priority -450;
				ip saddr 10.0.0.21 ip daddr 203.0.113.10 counter name bridged
				ip6 saddr 2001:db8:10::21 ip6 daddr 2001:db8:f::10 counter name bridged
			}
		}
	END
}

bridged_cases()
{
	local bits=32 gateway=10.0.0.31 before

	L="$V bridged:"
	[ $FAMILY = 4 ] || bits=128 gateway=2001:db8:10::31
	for name in nat dr ipip4; do
		kind $name
		L="$V $name, merely bridged:"
		balance tcp $VIP $P 1
		balance udp $VIP $P 1
		[ $name = nat ] || tell c3 connect u udp $VIP $P sport=7400
		[ $name = nat ] || told "$L first by the director" r1 c3 big u 100
		tell c1 open t tcp $VIP $P
		total pkts_in
		before=$TOTAL
		on c3 ip route add $VIP/$bits via $gateway
		on d nft reset counters table inet frames > /dev/null
		[ $name = nat ] || told "$L the same flow past it" x c3 big u 100
		told "$L TCP past it" x=5 c3 each 5 tcp $VIP $P
		tell c3 connect v udp $VIP $P
		told "$L a large datagram past it" x c3 big v 20000
		total pkts_in
		like "$L counters can be read" "$before" '^[1-9][0-9]*$'
		is "$L the director counted none of that" "$TOTAL" "$before"
		nft_counter d frames bridged
		between "$L though its hooks were shown it" "$PACKETS" 25 1000
		told "$L other traffic is balanced meanwhile" r1=5 c1 say t 5
		on c3 ip route delete $VIP/$bits
		tell c3 close '*'
		tell c1 close '*'
		lb flush
	done
}

begin make_methods_network nft
modprobe -a br_netfilter bonding 8021q 2> /dev/null || skip_all "no br_netfilter, bonding or 8021q"
start_servers $P
for i in c1 c2 c3; do
	start_client $i $i
done
vlan
bond
container
start_server x $P
on d sysctl -qw net.bridge.bridge-nf-call-iptables=1 net.bridge.bridge-nf-call-ip6tables=1
DEVICE="a bridge"
both_families each_kind
count_frames
both_families bridged_cases
finish
