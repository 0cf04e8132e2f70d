#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The real server's side of dr and tunnel, as lbctl sets it up, checks it and
# takes it down. r3 is the client, on the LAN of the reals and of the VIP: there,
# ARP and neighbour discovery decide whose the VIP is.

# shellcheck disable=SC2086,SC2317 # addresses have no blanks; functions are called by name
. ./lib.sh

SPACES+=(busy)

# lan 4|6: the VIP in the reals' own network; the director has it on s. There IPv6
# likes it best for a source, which must not become that of tunnels' outer packets:
# reals drop what comes from an address of theirs.
lan()
{
	case $1 in
	4)	LAN_VIP=10.0.0.100 OTHER=inet6 NODAD='' ;;
	6)	LAN_VIP=2001:db8:10::100 OTHER=inet NODAD=nodad ;;
	esac
	SIDE=$LAN_VIP/$HOST_BITS
}

# real SPACE VERB ...: lbctl on a real, into SAID and STATUS
real()
{
	SAID=$(on "$1" "$LBCTL" "${@:2}" 2>&1)
	STATUS=$?
}

director_has()
{
	ip -n lbvs-d addr replace $SIDE dev s $NODAD
	ip -n lbvs-r3 neigh flush all
}

director_has_not()
{
	ip -n lbvs-d addr del $SIDE dev s 2> /dev/null
	ip -n lbvs-r3 neigh flush all
}

# name_macs: words with names in place of the hardware addresses
name_macs()
{
	local space

	mac d s
	SAID=${SAID//$MAC/director}
	for space in r1 r2; do
		mac $space eth0
		SAID=${SAID//$MAC/$space}
	done
}

# Whoever answers; two rounds, since one of the answers may be lost to the other.
answers4()
{
	SAID=$(on r3 busybox arping -c 2 -w 3 -I eth0 $LAN_VIP | sed -n 's/.*\[\(.*\)\].*/\1/p' | tr A-F a-f | sort -u)
	name_macs
	SAID=$(sort <<< "$SAID" | paste -sd ' ')
}

# Each advertisement is seen, not only the one that counts.
answers6()
{
	local capture=$TMP/advertised

	ip -n lbvs-r3 neigh flush all
	job r3 tcpdump -Z root -eln -i eth0 'icmp6 and ip6[40] == 136' > $capture 2> $capture.said
	wait_for 10 grep -q listening $capture.said || echo "# tcpdump does not start"
	on r3 ping -c 2 -W 1 $LAN_VIP > /dev/null 2>&1
	pause 1
	kill $JOB
	wait $JOB 2> /dev/null
	SAID=$(awk -v vip="$LAN_VIP," '{ for (i = 1; i < NF; i++) if ($i == "is" && $(i + 1) == vip) print $2 }' $capture | sort -u)
	name_macs
	SAID=$(sort <<< "$SAID" | paste -sd ' ')
}

# knows SPACE: whom a neighbour there takes for the VIP, into SAID
knows()
{
	SAID=$(ip -n lbvs-$1 -j neigh show $LAN_VIP | jq -r '.[0].lladdr // empty')
	name_macs
}

# A real that talks to r3 from the VIP has to ask for r3's hardware address; a
# neighbour entry is left alone for the first second of its life.
speak_up()
{
	on r3 ping -c 1 -W 2 $LAN_VIP > /dev/null
	pause 1.5
	ip -n lbvs-r1 neigh flush all
	on r1 ping -c 1 -W 1 -I $LAN_VIP $R3 > /dev/null
	knows r3
}

problem_case()
{
	local i

	for i in 1 2; do
		ip -n lbvs-r$i addr add $SIDE dev lo $NODAD
	done
	director_has
	answers$FAMILY
	case $FAMILY in
	4)
		is "$V the VIP on lo alone: the reals answer ARP, too" "$SAID" "director r1 r2"
		on r1 sysctl -qw net.ipv4.conf.all.arp_ignore=1
		on r2 sysctl -qw net.ipv4.conf.all.arp_ignore=1
		answers4
		is "$V with arp_ignore alone they don't" "$SAID" director
		speak_up
		is "$V but a neighbour learns the VIP from a real's own request" "$SAID" r1
		;;
	6)
		is "$V the VIP on lo: only the director advertises it" "$SAID" director
		for i in 1 2; do
			ip -n lbvs-r$i addr add $SIDE dev eth0 $NODAD
		done
		answers6
		is "$V the VIP on eth0: the reals advertise it, too" "$SAID" "director r1 r2"
		;;
	esac
	for i in 1 2; do
		ip -n lbvs-r$i addr del $SIDE dev eth0 2> /dev/null
		ip -n lbvs-r$i addr del $SIDE dev lo
		on r$i sysctl -qw net.ipv4.conf.all.arp_ignore=0
	done
}

# What setup may change: addresses, devices, sysctls.
state()
{
	ip -n lbvs-$1 -br addr
	on $1 sysctl -a -r 'conf\..*\.(arp_|rp_filter|disable_ipv6)' 2> /dev/null
	on $1 ip fou show 2> /dev/null
}

setup_case()
{
	local before

	real r1 check-real dr $LAN_VIP
	is "$V check-real before: wrong" $STATUS 1
	like "$V check-real says what mends it" "$SAID" "mend: ip addr add $SIDE dev lo"
	before=$(state r1)
	real r1 real-setup dr $LAN_VIP --dry-run
	is "$V --dry-run: done" $STATUS 0
	like "$V --dry-run shows the VIP's command" "$SAID" "ip addr add $SIDE dev lo"
	is "$V --dry-run changes nothing" "$(state r1)" "$before"
	real r1 real-setup dr $LAN_VIP
	is "$V real-setup: done" $STATUS 0
	[ $FAMILY = 6 ] || like "$V real-setup: no ARP before the VIP" "$SAID" "arp_ignore=1.*arp_announce=2.*addr add"
	real r2 real-setup dr $LAN_VIP
	real r1 check-real dr $LAN_VIP
	is "$V check-real after: good" "$STATUS ${SAID//[^W]}" "0 "
	is "$V check-real --json, too" "$(on r1 "$LBCTL" --json check-real dr $LAN_VIP | jq -c '[.ok, all(.points[]; .ok)]')" \
		"[true,true]"
	before=$(state r1)
	real r1 real-setup dr $LAN_VIP
	is "$V real-setup again: nothing to change" "$STATUS $SAID" "0 Nothing to change."
	is "$V and nothing has changed" "$(state r1)" "$before"
}

silence_case()
{
	director_has_not
	answers$FAMILY
	is "$V set up: nobody answers for a VIP that the director hasn't" "$SAID" ""
	director_has
	answers$FAMILY
	is "$V set up: only the director answers" "$SAID" director
	speak_up
	is "$V set up: what a real sends teaches nobody" "$SAID" director
}

# traffic DESCRIPTION: by r1 and r2
traffic()
{
	told "$1: TCP" "r1=3 r2=3" c3 each 6 tcp $LAN_VIP 80 timeout=2000
	told "$1: UDP" "r1=3 r2=3" c3 many u 6 udp $LAN_VIP 53 timeout=2000
	tell c3 open b tcp $LAN_VIP 80
	told "$1: 200 KB each way" good c3 bulk b 200000
	tell c3 close '*'
}

# services METHOD-OPTIONS...: to r1 and r2, by addresses of the family REALS
services()
{
	family ${REALS:-$FAMILY}
	local r1=$R1 r2=$R2

	family $SERVICE_FAMILY
	service tcp $LAN_VIP 80 80 --scheduler rr -- $r1 "$@" $r2 "$@"
	service udp $LAN_VIP 53 53 --scheduler rr -- $r1 "$@" $r2 "$@"
}

dr_case()
{
	services --method dr
	traffic "$V dr"
	is "$V dr: nothing comes back by the director" "$(lbq .stats.packets_out stats)" 0
	lb flush
}

teardown_case()
{
	local word=$1

	for space in r1 r2; do
		real $space real-teardown "${@:2}"
	done
	is "$V $word torn down: done" $STATUS 0
	is "$V $word torn down: the VIP is gone" "$(ip -n lbvs-r1 -br addr | grep -c "$SIDE")" 0
	real r1 real-teardown "${@:2}"
	like "$V $word torn down again: nothing to change" "$STATUS $SAID" "^0 Nothing to change"
	real r1 check-real "${@:2}"
	is "$V $word torn down: check-real finds it wrong" $STATUS 1
}

# tunnel_case WORD REALS-FAMILY SETUP-OPTIONS -- ADD-REAL-OPTIONS
tunnel_case()
{
	local word=$1 space side=()

	REALS=$2
	shift 2
	while [ "$1" != -- ]; do
		side+=("$1")
		shift
	done
	shift
	for space in r1 r2; do
		real $space real-setup tunnel $LAN_VIP "${side[@]}"
		[ $STATUS -eq 0 ] || diag "$SAID"
	done
	real r1 check-real tunnel $LAN_VIP "${side[@]}"
	is "$V $word set up: check-real finds it good" "$STATUS ${SAID//[^W]}" "0 "
	services --method tunnel "$@"
	traffic "$V $word"
	[ "$word" != ipip ] || strict_case
	lb flush
	REALS=
	teardown_case "$word" tunnel $LAN_VIP "${side[@]}"
}

# conf.all has rp_filter 1 in this test: tunl0 must not be left with 0; and with 2
# it needs an address.
strict_case()
{
	[ $FAMILY = 4 ] || return
	ip -n lbvs-r1 addr del $SIDE dev tunl0
	ip -n lbvs-r2 addr del $SIDE dev tunl0
	told "$V ipip: without an address on tunl0, a loose rp_filter drops it" "failed=2 (timeout)" \
		c3 many s 2 udp $LAN_VIP 53 timeout=500
	tell c3 close '*'
	real r1 check-real tunnel $LAN_VIP
	like "$V ipip: check-real says so" "$STATUS $SAID" \
		"^1 .*WRONG  tunl0 has no IPv4 address.*mend: ip addr add $SIDE dev tunl0"
	real r1 real-setup tunnel $LAN_VIP
	real r2 real-setup tunnel $LAN_VIP
	is "$V ipip: rp_filter of tunl0 is loose" "$(on r1 sysctl -n net.ipv4.conf.tunl0.rp_filter)" 2
	on r1 sysctl -qw net.ipv4.conf.tunl0.rp_filter=0
	on r2 sysctl -qw net.ipv4.conf.tunl0.rp_filter=0
	told "$V ipip: a strict rp_filter drops it" "failed=2 (timeout)" c3 many s 2 udp $LAN_VIP 53 timeout=500
	tell c3 close '*'
	real r1 check-real tunnel $LAN_VIP
	like "$V ipip: check-real says so" "$STATUS $SAID" \
		"^1 .*WRONG  net.ipv4.conf.tunl0.rp_filter counts as 1 .*mend: sysctl -qw net.ipv4.conf.tunl0.rp_filter=2"
	real r1 real-setup tunnel $LAN_VIP
	real r2 real-setup tunnel $LAN_VIP
	told "$V ipip: both are mended" "r1=1 r2=1" c3 many s 2 udp $LAN_VIP 53
	tell c3 close '*'
}

dummy_case()
{
	real r1 real-setup dr $LAN_VIP --device dummy7
	is "$V a dummy device: done" $STATUS 0
	like "$V a dummy device holds the VIP" "$(ip -n lbvs-r1 -br addr show dummy7)" "UNKNOWN .*$SIDE"
	director_has_not
	answers$FAMILY
	is "$V a dummy device: nobody answers for the VIP" "$SAID" ""
	director_has
	real r1 real-teardown dr $LAN_VIP --device dummy7
	is "$V a dummy device goes with its VIP" "$(ip -n lbvs-r1 -br link show dummy7 2>&1)" 'Device "dummy7" does not exist.'
}

refusal_case()
{
	local before

	before=$(state r1)
	real r1 real-setup dr $R1
	like "$V the real's own address is no VIP" "$STATUS $SAID" "^1 .*$R1 is on eth0.*nothing was changed"
	is "$V and stays" "$(state r1)" "$before"
	real r1 real-setup dr $LAN_VIP --device eth0
	like "$V eth0 is no device for a VIP" "$STATUS $SAID" "^1 .*eth0 is neither lo nor a dummy device"
	is "$V and gets none" "$(state r1)" "$before"
	ip -n lbvs-r1 addr add $SIDE dev eth0 $NODAD
	real r1 check-real dr $LAN_VIP
	like "$V a VIP on eth0 is found" "$STATUS $SAID" "^1 .*WRONG  $LAN_VIP is on eth0.*mend: ip addr del $SIDE dev eth0"
	ip -n lbvs-r1 addr del $SIDE dev eth0
}

# Each sysctl is wrong once.
broken_case()
{
	local key

	[ $FAMILY = 4 ] || return
	real r1 real-setup dr $LAN_VIP
	for key in all.arp_ignore=0 all.arp_announce=1 eth0.arp_ignore=3; do
		on r1 sysctl -qw net.ipv4.conf.$key
		real r1 check-real dr $LAN_VIP
		like "$V check-real finds $key" "$STATUS $SAID" "^1 .*WRONG  net.ipv4.conf.${key%=*} counts as ${key#*=} and must be"
		real r1 real-setup dr $LAN_VIP
		real r1 check-real dr $LAN_VIP
		is "$V real-setup mends $key" $STATUS 0
	done
	on r1 sysctl -qw net.ipv4.conf.eth0.arp_ignore=0
	real r1 real-teardown dr $LAN_VIP
}

# sysctl(8) reads what it is to read at boot.
persist_case()
{
	real r3 real-setup tunnel $LAN_VIP --persist
	like "$V --persist has the VIP" "$SAID" "Name=lo.*Address=$SIDE"
	[ $FAMILY = 4 ] || return
	sed -n '/sysctl\.d/,/^$/p' <<< "$SAID" > $TMP/sysctl.conf
	on r3 sysctl -qp $TMP/sysctl.conf
	SAID=$(on r3 sysctl -n net.ipv4.conf.all.arp_ignore net.ipv4.conf.all.arp_announce net.ipv4.conf.tunl0.rp_filter)
	is "$V --persist: sysctl takes its file" "${SAID//$'\n'/ }" "1 2 2"
	on r3 sysctl -qw net.ipv4.conf.all.arp_ignore=0 net.ipv4.conf.all.arp_announce=0
}

# The rest of what is done at boot: systemd-networkd has its files to itself. Where /sys
# can't be written to it doesn't wait for udev.
networkd()
{
	# shellcheck disable=SC2016 # for the shell in there
	job r3 unshare -m bash -c '
		mount -t sysfs -o ro sysfs /sys && mount -t tmpfs tmpfs /run || exit
		[ ! -d /etc/systemd/network ] || mount -t tmpfs tmpfs /etc/systemd/network || exit
		mkdir -p /run/systemd/network /run/systemd/netif/{links,leases,lldp} &&
			cp "$0"/*.net* /run/systemd/network/ && chown -R systemd-network: /run/systemd/netif &&
			exec /lib/systemd/systemd-networkd' "$1" > $TMP/networkd 2>&1
}

is_real()
{
	real r3 check-real "$@"
	[ $STATUS -eq 0 ]
}

# boot_case WORDS...: the files of that setup make a real of r3
boot_case()
{
	local dir=$TMP/boot

	if [ ! -x /lib/systemd/systemd-networkd ]; then
		skip "$V $*: the files make a real at boot" "no systemd-networkd"
		return
	fi
	rm -rf $dir
	mkdir $dir
	real r3 real-setup "$@" --persist
	awk -v dir=$dir '/^# \// { sub(".*/", "", $2); file = dir "/" $2; next } { print > file }' <<< "$SAID"
	[ ! -e $dir/lbvs-real.conf ] || xargs modprobe -a < $dir/lbvs-real.conf
	[ ! -e $dir/60-lbvs-real.conf ] || on r3 sysctl -qp $dir/60-lbvs-real.conf
	is_real "$@"
	is "$V $*: not a real yet" $STATUS 1
	networkd $dir
	wait_for 30 is_real "$@"
	is "$V $*: the files make a real at boot" "$STATUS $(grep -A 2 WRONG <<< "$SAID")" "0 "
	is "$V $*: systemd-networkd has found no fault" \
		"$(grep -iE 'unknown|invalid|parse' $TMP/networkd)" ""
	kill $JOB
	wait $JOB 2> /dev/null
	real r3 real-teardown "$@"
	[ $FAMILY = 6 ] || on r3 sysctl -qw net.ipv4.conf.all.arp_ignore=0 net.ipv4.conf.all.arp_announce=0
}

cases()
{
	SERVICE_FAMILY=$FAMILY
	lan $FAMILY
	problem_case
	setup_case
	silence_case
	dr_case
	teardown_case dr dr $LAN_VIP
	tunnel_case ipip $FAMILY -- --encap ipip
	tunnel_case "ipip in the other family" $((10 - FAMILY)) --outer $OTHER -- --encap ipip
	tunnel_case gue $FAMILY --encap gue -- --encap gue
	tunnel_case "gue in the other family" $((10 - FAMILY)) --outer $OTHER --encap gue --encap-port 7000 -- \
		--encap gue --encap-port 7000
	tunnel_case gre $FAMILY --encap gre -- --encap gre
	dummy_case
	refusal_case
	broken_case
	persist_case
	boot_case dr $LAN_VIP
	boot_case dr $LAN_VIP --device dummy7
	boot_case tunnel $LAN_VIP
	boot_case tunnel $LAN_VIP --encap gre
	ip -n lbvs-d addr del $SIDE dev s
}

# Devices come and go all the time where there are many, as on a host of containers.
busy_case()
{
	local i lines="" unread=0

	for i in {1..200}; do
		lines+="link add busy$i type dummy"$'\n'
	done
	ip -n lbvs-busy -batch - <<< "$lines"
	job busy bash -c 'while :; do ip link add x type dummy; ip link delete x; done'
	for i in {1..30}; do
		real busy check-real dr $VIP
		[[ $STATUS = 1 && $SAID != *reading* ]] || unread=$((unread + 1))
	done
	kill $JOB
	wait $JOB 2> /dev/null
	is "devices that couldn't be read while others come and go, of 30 times" $unread 0
}

begin make_network tcpdump busybox ping
family 4
busy_case
on r1 sysctl -qw net.ipv4.conf.all.rp_filter=1
on r2 sysctl -qw net.ipv4.conf.all.rp_filter=1
start_server r1 80 53
start_server r2 80 53
start_client c3 r3
both_families cases
finish
