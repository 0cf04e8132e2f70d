#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Packets of any form, into a director that has nothing but two tap devices: right,
# mutated, truncated, in fragments, with options and extension headers, with offloads
# right and wrong, in pieces, as clones. What leaves has to be the packet as its method
# wants it, an answer of the stack's, or nothing: see helpers/inject_judge.c. Each run
# takes its share of INJECT_SECONDS (20). INJECT_SEED repeats one.

# shellcheck disable=SC2086,SC2317 # addresses have no blanks; functions are called by name
. ./lib.sh

SPACES=(d)
SECONDS_ALL=${INJECT_SECONDS:-20}
SEED=${INJECT_SEED:-$RANDOM$RANDOM}

start_inject()
{
	mkfifo $TMP/in $TMP/out
	./enter lbvs-d ./inject $SEED < $TMP/in > $TMP/out &
	JOBS+=($!)
	exec {IN}> $TMP/in {OUT}< $TMP/out
	read -rt 10 -u $OUT _
}

# neighbours DEVICE SIDE ADDRESS...
neighbours()
{
	local device=$1 side=$2 i=1 address

	shift 2
	for address; do
		echo "neigh add $address dev $device lladdr 02:00:00:00:0$side:0$i nud permanent"
		i=$((i + 1))
	done
}

# A router for the clients, reals, and VIPs: one for each kind.
two_taps()
{
	local i vips=

	add_spaces d && start_inject || return 1
	for i in 1 2 3 4 5 6 7 8; do
		vips+=" 203.0.113.$i/32 2001:db8:f::$i/128"
	done
	forward d net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.default.send_redirects=0 \
		net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 \
		net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0
	ip -n lbvs-d -batch - <<-END
		link set lo up
		link add vip type dummy
		$(address fc fe80::1 192.0.2.1/24 2001:db8:1::1/64)
		$(address fr fe80::1 10.0.0.1/24 2001:db8:10::1/64)
		$(address vip fe80::1 $vips)
		$(neighbours fc 0 192.0.2.2 2001:db8:1::2)
		$(neighbours fr 1 10.0.0.11 10.0.0.12 10.0.0.101 2001:db8:10::11 2001:db8:10::12)
		route add default via 192.0.2.2
		route add default via 2001:db8:1::2
	END
	on d sysctl -qw net.ipv4.conf.fc.rp_filter=0 net.ipv4.conf.fr.rp_filter=0 \
		net.ipv4.conf.fc.send_redirects=0 net.ipv4.conf.fr.send_redirects=0
}

# kind_services NUMBER OPTIONS REAL-FAMILY|same: of both families and protocols
kind_services()
{
	local family vip real port=80 protocol

	[ $1 != 1 ] || port=8080
	for family in 4 6; do
		vip=203.0.113.$1
		[ $family = 4 ] || vip=[2001:db8:f::$1]
		for protocol in tcp udp; do
			echo "add-service $protocol $vip:80 --scheduler rr$([ $protocol$1 = tcp1 ] && echo " --mss 1200")"
			for real in 1 2; do
				case $3$family in
				4?|same4)	real=10.0.0.1$real:$port ;;
				*)		real=[2001:db8:10::1$real]:$port ;;
				esac
				echo "add-real $protocol $vip:80 $real $2"
			done
		done
	done
}

services()
{
	lb restore - > /dev/null 2> $TMP/said <<-END
		$(kind_services 1 "--method nat" same)
		$(kind_services 2 "--method dr" same)
		$(kind_services 3 "--method tunnel --encap ipip" 4)
		$(kind_services 4 "--method tunnel --encap ipip" 6)
		$(kind_services 5 "--method tunnel --encap gue --encap-csum on" 4)
		$(kind_services 6 "--method tunnel --encap gue" 6)
		$(kind_services 7 "--method tunnel --encap gre" 4)
		$(kind_services 8 "--method tunnel --encap gre" 6)
	END
}

# figure NAME: of LINE, into VALUE
figure()
{
	VALUE=" $LINE"
	VALUE=${VALUE#* "$1"=}
	VALUE=${VALUE%% *}
}

counted()
{
	local in

	total pkts_in
	in=$TOTAL
	total pkts_out
	COUNTED=$((in + TOTAL))
}

# shower DESCRIPTION SECONDS [tap]
shower()
{
	local said='' before

	counted
	before=$COUNTED
	echo "run ${*:2}" >&"$IN"
	LINE=
	while read -rt $(($2 + 60)) -u $OUT LINE && [[ $LINE == "#"* ]]; do
		said+="$LINE"$'\n'
	done
	echo "# $1: $LINE"
	counted
	figure wrong
	is "$1: nothing else leaves" "$VALUE" 0
	figure lost
	is "$1: what is plain passes" "$VALUE" 0
	printf '%s' "$said"
	figure due
	between "$1: there was such" "$VALUE" 1 100000000
	# Errors to clients of dr and tunnel look as if any router passed them on.
	figure passed
	said=$VALUE
	figure routed
	between "$1: what passes is counted, once" $((COUNTED - before)) $said $((said + VALUE))
}

# Packets are delayed by nothing; they only have to be told apart.
each_way()
{
	local share=$((SECONDS_ALL / 5))

	[ $share -gt 0 ] || share=1
	shower "fast path" $share
	shower "fast path, clones" $share tap
	lb set fast-path off
	shower "slow path" $share
	lb set fast-path all
	shower "fast path for all" $share tap
	lb set transmit direct
	shower "past the queue" $share
	lb set fast-path on
	lb set transmit queue
}

modprobe -q tun
[ -e /dev/net/tun ] || skip_all "no tun devices"
begin two_taps
echo "# seed $SEED"
check "services of each kind" services
each_way
lb stats | sed 's/^/# /'
lb flush
connections "nothing is left" 0
finish
