#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A client in a container of the director: a namespace behind a bridge there, with
# the bridge's address for its gateway, masqueraded towards the world; and clients on
# the director itself. The VIP is on a dummy device of the director. Answers come back
# by the director, whatever the method.

# shellcheck disable=SC2086,SC2317 # addresses have no blanks; functions are called by name
. ./methods-lib.sh

P=8080
KINDS="nat dr ipip4 ipip6 gue4 gre6"
SPACES+=(x)

container()
{
	ip -n lbvs-d -batch - <<-END
		link add br1 type bridge mcast_snooping 0
		link add x type veth peer name eth0 netns lbvs-x
		link set x master br1 up
		$(address br1 fe80::1 172.20.0.1/24 2001:db8:20::1/64)
	END
	end_node x 172.20.0.2 2001:db8:20::2 172.20.0.1 2001:db8:20::1
}

# As Docker does it, with a forward chain that drops by default.
firewall()
{
	on d nft -f - <<-END
		table inet docker {
			counter invalid { }
			chain forward {
				type filter hook forward priority 0; policy drop;
				ct state established,related accept
				ct state invalid counter name invalid drop
				iifname br1 accept
			}
			chain nat {
				type nat hook postrouting priority srcnat;
				ip saddr 172.20.0.0/24 oifname != br1 masquerade
				ip6 saddr 2001:db8:20::/64 oifname != br1 masquerade
			}
		}
	END
}

# all_sorts CLIENT [WORDS]: of packets, to services that are left as they are
all_sorts()
{
	balance tcp $VIP $P 1 2
	balance udp $VIP $P 1 2
	zero_counts
	told "$L TCP" "r1=2 r2=2" $1 each 4 tcp $VIP $P "${@:2}"
	told "$L UDP" "r1=2 r2=2" $1 many u 4 udp $VIP $P "${@:2}"
	told "$L each flow stays" "same=4 moved=0 failed=0" $1 sayall u
	counts "$L as many at the reals" tcp 2 2 0
	tell $1 big u1 20000
	like "$L 20,000 bytes each way" "$ANSWER" '^r[12]$'
	tell $1 open b tcp $VIP $P "${@:2}"
	told "$L 2 MB each way" good $1 bulk b $((2 << 20))
	told "$L closed in order" finished $1 finish b
	tell $1 close '*'
}

each_kind()
{
	for name in $KINDS; do
		kind $name
		L="$V $name, from a container$WITH:"
		all_sorts x
		nft_counter d docker invalid
		is "$L no packet was found invalid" "$PACKETS" 0
		told "$L another client meanwhile" "r1=1 r2=1" c1 each 2 tcp $VIP $P
		lb flush
	done
}

# The kernel gives a client on the director the VIP for its own address, if the client
# doesn't say otherwise. A real that has the VIP, too, can't answer to that.
from_vip_case()
{
	local before

	drops loop
	before=$DROPS
	tell dir open v udp $VIP $P timeout=500
	like "$L from the VIP it is refused" "$ANSWER" '^error: '
	drops loop
	is "$L with a reason" $((DROPS - before)) 1
}

director_cases()
{
	for name in $KINDS; do
		kind $name
		L="$V $name, from the director:"
		all_sorts dir from=$D_REALS
		# By nat it may: see local.sh. Here the reals have the VIP all the same.
		[ $METHOD = nat ] || from_vip_case
		lb flush
	done
}

begin make_methods_network nft
modprobe br_netfilter 2> /dev/null || skip_all "no br_netfilter"
container
firewall
start_servers $P
start_client c1 c1
start_client x x
start_client dir d
on d sysctl -qw net.bridge.bridge-nf-call-iptables=0 net.bridge.bridge-nf-call-ip6tables=0
WITH=
both_families each_kind
both_families director_cases
on d sysctl -qw net.bridge.bridge-nf-call-iptables=1 net.bridge.bridge-nf-call-ip6tables=1
WITH=" with br_netfilter"
both_families each_kind
finish
