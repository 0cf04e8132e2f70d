#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The fast path and devices: those that are named, that come, go, get another name
# or go to another namespace in the midst of traffic; VLANs, bridges, bonds and VRFs.
# What looks at packets there sees them as they are: taps, XDP, tc, nftables. And
# settings change under traffic.

# shellcheck disable=SC2086,SC2317 # addresses have no blanks; functions are called by name
. ./fast-lib.sh

SPACES+=(away)
X_MAC=02:00:00:00:00:0a
# Of a real, by no service
PLAIN=8081

# joined PORT: of the clients' switch, which is to know what is behind it: what it doesn't
# know it sends to all, and the director's c counts it, too, as meant for another device.
# It would learn that from the first frame that x sends by itself, whenever that is.
joined()
{
	ip -n lbvs-sw link set $1 master clients up
	bridge -n lbvs-sw fdb add $X_MAC dev $1 master static
}

# A second leg of the director among the clients, by which c1 comes to the VIPs.
add_bare_x()
{
	ip -n lbvs-sw link add dx type veth peer name x netns lbvs-d
	joined dx
	ip -n lbvs-d link set x addrgenmode none up
}

add_x()
{
	add_bare_x
	set_up_x x
}

set_up_x()
{
	ip -n lbvs-d -batch - <<-END
		link set $1 address $X_MAC
		$(address $1 fe80::a 192.0.2.9/24 2001:db8:1::9/64)
	END
}

# by_x VIP...
by_x()
{
	local vip

	X=192.0.2.9
	[ $FAMILY = 4 ] || X=2001:db8:1::9
	for vip; do
		ip -n lbvs-c1 route replace $vip via $X
	done
}

not_by_x()
{
	local vip

	for vip; do
		ip -n lbvs-c1 route delete $vip
	done
}

# hooked DEVICE: is the fast path attached there
hooked()
{
	on d nft list hooks netdev device $1 2> /dev/null | grep -q lbvs
}

not_hooked()
{
	! hooked $1
}

attached_cases()
{
	if ! modprobe -q nfnetlink_hook; then
		skip "attached to devices only while there is a service" "this kernel can't list hooks"
		return
	fi
	check "with a service the devices have it" hooked c
	check "also those without traffic" hooked s
	check "but not the loopback device" not_hooked lo
	lb flush
	# The worker takes it off, once the last real is gone.
	wait_for 5 not_hooked c
	check "without a service they don't" not_hooked c
	service udp $VIP $P $P -- $R1
	check "a service: they have it" hooked c
	lb set fast-path off
	check "off: they don't" not_hooked c
	lb set fast-path s
	check "one device named: it has it" hooked s
	check "another doesn't" not_hooked c
	lb set fast-path on
	check "on: that one, too" hooked c
	lb flush
}

named_cases()
{
	use nat
	lb set fast-path s
	mark
	told "$V by the device to the reals only" r1=5 c1 say u 5
	did "$V answers are taken, requests are not looked at" taken=5
	lb set fast-path c
	mark
	told "$V by the device to the clients only" r1=5 c1 say u 5
	did "$V the other way round" taken=5
	lb set fast-path s c
	mark
	told "$V by both" r1=5 c1 say u 5
	did "$V both are taken" taken=10
	lb set fast-path off
	mark
	told "$V by none" r1=5 c1 say u 5
	did "$V nothing is looked at" ""
	lb set fast-path on
	done_with
}

# x comes when it is named already, and then is no longer called so.
name_cases()
{
	by_x $VIP
	like "$V a device that isn't there: lbctl says so" "$(lb set fast-path x 2>&1)" "no such device now"
	add_x
	use dr
	mark
	told "$V it comes" r1=5 c1 say u 5
	did "$V and takes part" taken=5
	rename_x x y
	mark
	told "$V it has another name" r1=5 c1 say u 5
	did "$V and takes no part" ""
	lb set fast-path y
	mark
	told "$V that name is named" r1=5 c1 say u 5
	did "$V it takes part again" taken=5
	lb set fast-path other 2> /dev/null
	mark
	told "$V no device's name is named" r1=5 c1 say u 5
	did "$V it doesn't take part" ""
	ip -n lbvs-d link property add dev y altname other
	mark
	told "$V it has that one, too" r1=5 c1 say u 5
	did "$V it takes part by that" taken=5
	is "$V lbctl knows it by that" "$(lb set fast-path other 2>&1)" ""
	ip -n lbvs-d link property del dev y altname other
	mark
	told "$V and has it no longer" r1=5 c1 say u 5
	did "$V it takes no part again" ""
	rename_x y x
	lb set fast-path on
	mark
	told "$V its old name, and no device named" r1=5 c1 say u 5
	did "$V it takes part" taken=5
	done_with
	ip -n lbvs-d link delete x
	not_by_x $VIP
}

rename_x()
{
	ip -n lbvs-d -batch - <<-END
		link set $1 down
		link set $1 name $2
		link set $2 up
	END
	[ $FAMILY = 4 ] || ip -n lbvs-d addr replace $X/64 dev $2 nodad
}

away_and_back()
{
	ip -n lbvs-d link set x netns lbvs-away
	pause 0.1
	ip -n lbvs-away link set x up
	pause 0.1
	ip -n lbvs-away link set x netns lbvs-d
	set_up_x x
}

# Each time with c1 sending all the while; in the other namespace there is a service
# and a fast path, too. What c1 and the real could not end they send again for minutes:
# so it goes to an address that nobody asks for afterwards, and no tap comes after it.
journey_cases()
{
	by_x $VIP $VIP2
	add_x
	use dr
	balance tcp $VIP2 $P 1
	at $VIP $P
	on away "$LBCTL" add-service udp $AT
	on away "$LBCTL" add-real udp $AT $R1 --method dr 2> /dev/null
	mark
	order load load tcp $VIP2 $P timeout=50
	for _ in 1 2 3; do
		away_and_back
	done
	for _ in 1 2 3; do
		ip -n lbvs-d link delete x
		add_x
	done
	tell load stop
	like "$V there and back three times, deleted and made three times, under traffic" "$ANSWER" '^requests=.* r1=[1-9]'
	fates
	like "$V which was taken" "$FATES" '^taken=[1-9][0-9]'
	at $VIP2 $P
	lb del-service tcp $AT
	# Those of a deleted service go on.
	lb del-connection --all > /dev/null
	check "$V the namespace that it was in can do without it" on away "$LBCTL" flush
	tell c1 close u
	tell c1 open u udp $VIP $P timeout=1000
	mark
	told "$V in the end it goes on" r1=5 c1 say u 5
	# What could not be ended before is sent again, and then nobody's.
	fates
	like "$V by the fast path" "$FATES" '^taken=5( unknown=[1-9])?$'
	ip -n lbvs-d link delete x
	not_by_x $VIP $VIP2
	done_with
}

# upper DESCRIPTION WANTED: x is below another device, which has its addresses
upper()
{
	use dr
	mark
	told "$V $1" r1=5 c1 say u 5
	did "$V $1: as it is handed up by either" "$2"
	passed_on "$V $1: each is passed on once" 5
	done_with
}

upper_cases()
{
	by_x $VIP
	add_bare_x
	ip -n lbvs-sw -batch - <<-END
		link add link dx name dx.7 type vlan id 7
		link set dx nomaster
	END
	joined dx.7
	ip -n lbvs-d link add x.7 link x type vlan id 7
	set_up_x x.7
	upper "a VLAN" "taken=5 device=5"
	ip -n lbvs-d link delete x
	add_bare_x
	# With br_netfilter the stack's hooks have a frame before the bridge hands it up.
	[ ! -e /proc/sys/net/bridge ] ||
		on d sysctl -qw net.bridge.bridge-nf-call-iptables=0 net.bridge.bridge-nf-call-ip6tables=0
	ip -n lbvs-d -batch - <<-END
		link add br9 type bridge mcast_snooping 0
		link set x master br9
	END
	set_up_x br9
	upper "a bridge" "taken=5 device=5"
	ip -n lbvs-d link delete br9
	ip -n lbvs-d -batch - <<-END
		link add bond9 type bond mode active-backup miimon 100
		link set x down
		link set x master bond9
	END
	set_up_x bond9
	upper "a bond" "taken=5 device=5"
	ip -n lbvs-d link delete bond9
	ip -n lbvs-d -batch - <<-END
		link add link x name mac9 type macvlan mode bridge
		link set x address 02:00:00:00:00:0b
		link set x up
	END
	set_up_x mac9
	upper "a macvlan device" "taken=5 device=5"
	ip -n lbvs-d link delete x
	vrf_case
	not_by_x $VIP
}

# What comes by a VRF, or goes there, is left alone, by every door: there the VIP is
# another's, who answers. (The VRF's addresses count before others, as its manual says;
# without that a local client of its asks for the director's VIP, and is balanced.)
vrf_case()
{
	local bits=32 nodad='' mode

	[ $FAMILY = 4 ] || bits=128 nodad=nodad
	add_bare_x
	ip -n lbvs-d -batch - <<-END
		link add vrf9 type vrf table 900
		link set vrf9 up
		link set x master vrf9
		addr add $VIP/$bits dev vrf9 $nodad
	END
	set_up_x x
	ip -n lbvs-d -$FAMILY rule add pref 32765 table local
	ip -n lbvs-d -$FAMILY rule delete pref 0
	on d sysctl -qw net.ipv4.tcp_l3mdev_accept=1 net.ipv4.udp_l3mdev_accept=1
	start_server d $P
	for name in nat dr; do
		kind $name
		balance udp $VIP $P 1
		balance tcp $VIP $P 1
		for mode in on off all; do
			vrf_mode_case
		done
		lb flush
	done
	kill "${PID[d]}"
	rm "$TMP/d"
	lb set fast-path on
	ip -n lbvs-d -$FAMILY rule add pref 0 table local
	ip -n lbvs-d -$FAMILY rule delete pref 32765
	on d sysctl -qw net.ipv4.tcp_l3mdev_accept=0 net.ipv4.udp_l3mdev_accept=0
	ip -n lbvs-d link delete vrf9
	ip -n lbvs-d link delete x
}

vrf_mode_case()
{
	local left='^device=[0-9]*$' bind=bind=$X

	[ $FAMILY = 4 ] || bind="bind=[$X]"
	L="$V $name, a VRF, fast path $mode:"
	[ $mode != off ] || left='^$'
	lb set fast-path $mode
	at $VIP $P
	mark
	told "$L UDP has the VRF's own server" d=2 c1 many u 2 udp $VIP $P timeout=1000
	told "$L TCP, too" d=2 c1 each 2 tcp $VIP $P timeout=1000
	check "$L a local client of its sends" \
		on d socat -u STDIN "UDP$FAMILY:$AT,so-bindtodevice=vrf9,$bind" <<< hello
	fates
	like "$L left" "$FATES" "$left"
	passed_on "$L nothing is passed on" 0
	connections "$L no connections" 0
	tell c1 close '*'
}

# watched SPACE...: their hardware addresses into M[SPACE]; d's are M[c] and M[s]
declare -A M
find_hardware()
{
	local space

	for space in c1 r1; do
		mac $space eth0
		M[$space]=$MAC
	done
	for space in c s; do
		mac d $space
		M[$space]=$MAC
	done
}

tap_cases()
{
	for name in nat dr ipip4 gue4 gue6; do
		use $name
		tell td tap c c
		tell td tap s s
		mark
		told "$L with taps" r1=5 c1 say u 5
		did "$L they don't keep packets from being taken" "taken=$(with_reply 5)"
		in="in ${M[c1]}>${M[c]} ttl=64 $C1>$VIP x5"
		out=
		case $name in
		nat)
			in+="; out ${M[c]}>${M[c1]} ttl=63 $VIP>$C1 x5"
			out="out ${M[s]}>${M[r1]} ttl=63 $C1>$R1 x5; in ${M[r1]}>${M[s]} ttl=64 $R1>$C1 x5" ;;
		dr)
			out="out ${M[s]}>${M[r1]} ttl=63 $C1>$VIP x5" ;;
		gue4)
			out="out ${M[s]}>${M[r1]} ttl=64 10.0.0.1>10.0.0.11 x5" ;;
		gue6)
			out="out ${M[s]}>${M[r1]} ttl=64 2001:db8:10::1>2001:db8:10::11 x5" ;;
		ipip4)
			out=nothing ;;
		esac
		told "$L one sees packets as they came" "$in" td seen c
		told "$L and one as they left" "$out" td seen s
		done_with
	done
}

# The same of large packets, which are made of parts.
tap_bulk_cases()
{
	for name in nat dr; do
		use $name
		tell c1 open b tcp $VIP $P
		tell td tap c c
		told "$L 1 MB each way with a tap" good c1 bulk b $((1 << 20))
		tell td seen c
		in="in ${M[c1]}>${M[c]} ttl=64 $C1>$VIP"
		[ $name != nat ] || in+=", out ${M[c]}>${M[c1]} ttl=63 $VIP>$C1"
		is "$L it has seen packets as they came, and as they left" \
			"$(sed 's/ x[0-9]*//g; s/; /\n/g' <<< "$ANSWER" | sort | paste -sd, | sed 's/,/, /g')" "$in"
		done_with
	done
}

# filtered DIRECTION DEVICE: packets that tc has seen there since it was put there; into
# FILTERED
filtered()
{
	FILTERED=$(on d tc -s filter show dev $2 $1)
	FILTERED=${FILTERED#* bytes }
	FILTERED=${FILTERED%% pkt*}
}

xdp_cases()
{
	if [ ! -e /proc/sys/kernel/unprivileged_bpf_disabled ]; then
		skip "$V XDP" "this kernel has no BPF"
		return
	fi
	for mode in generic native; do
		for name in nat gue4; do
			use $name
			for device in c s; do
				told "$L XDP, $mode, on $device" watching td xdp $device $device $mode
				on d tc -batch - <<-END
					qdisc add dev $device clsact
					filter add dev $device ingress matchall action pass
					filter add dev $device egress matchall action pass
				END
			done
			told "$L messages" r1=5 c1 say u 5
			mark
			told "$L with XDP, $mode, and tc" r1=20 c1 say u 20
			did "$L they don't keep packets from being taken" "taken=$(with_reply 20)"
			filtered ingress c
			between "$L tc at ingress saw them" "$FILTERED" 25 100
			filtered egress s
			between "$L tc at egress, too" "$FILTERED" 25 100
			tell td passed c
			between "$L and XDP" "$ANSWER" 25 100
			tell td passed s
			between "$L the other one the answers" "$ANSWER" $(($(with_reply 25) - 25)) 100
			tell c1 open b tcp $VIP $P
			told "$L 2 MB each way" good c1 bulk b $((2 << 20))
			on d tc -batch - <<-END
				qdisc delete dev c clsact
				qdisc delete dev s clsact
			END
			done_with
		done
	done
}

# The operator's rules at ingress come first.
guard_cases()
{
	use nat
	tell c1 open t tcp $VIP $P
	guard_ingress c udp
	mark
	told "$V rules at ingress drop a known flow" "error: timeout" c1 say u
	did "$V before the fast path has it" ""
	told "$V and nothing else" r1=5 c1 say t 5
	on d nft delete table netdev guard
	told "$V without them it goes on" r1=5 c1 say u 5
	done_with
}

# A strict filter of source addresses, and no way to the client by where it comes from.
filter_cases()
{
	on d sysctl -qw net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.c.rp_filter=1 net.ipv4.conf.s.rp_filter=1
	for name in nat dr ipip4 gue6; do
		use $name
		mark
		told "$L strict rp_filter" r1=10 c1 say u 10
		did "$L strict rp_filter: taken" "taken=$(with_reply 10)"
		told "$L strict rp_filter: TCP" r1=3 c1 each 3 tcp $VIP $P
		done_with
	done
	on d sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.c.rp_filter=0 net.ipv4.conf.s.rp_filter=0
}

# Who is reached by another device than he is heard by: a strict filter keeps a new
# connection of his out. A known one's packets it has let in once.
asymmetric_cases()
{
	on d sysctl -qw net.ipv4.conf.c.rp_filter=1
	for name in nat dr; do
		use $name
		tell c1 open t tcp $VIP $P
		ip -n lbvs-d route add $C1 via 10.0.0.2 dev s
		mark
		told "$L strict rp_filter, and an asymmetric route: a new one is dropped" "failed=1 (timeout)" \
			c1 many n 1 udp $VIP $P timeout=500
		like "$L strict rp_filter, and an asymmetric route: by that filter" \
			"$(on d nstat -asz TcpExtIPReversePathFilter)" 'IPReversePathFilter +[1-9]'
		since_mark stats conns
		is "$L strict rp_filter, and an asymmetric route: it makes no connection" $SINCE 0
		# His new neighbour is looked for.
		tell c1 say u
		mark
		told "$L strict rp_filter, and an asymmetric route: a known flow goes on" r1=10 c1 say u 10
		did "$L strict rp_filter, and an asymmetric route: by the fast path" "taken=$(with_reply 10)"
		told "$L strict rp_filter, and an asymmetric route: TCP, too" r1=5 c1 say t 5
		lb set fast-path off
		told "$L strict rp_filter, and an asymmetric route: and without the fast path" r1=5 c1 say u 5
		lb set fast-path on
		ip -n lbvs-d route delete $C1 via 10.0.0.2 dev s
		done_with
	done
	on d sysctl -qw net.ipv4.conf.c.rp_filter=0
}

# forwarded: packets that have gone through forward, into PACKETS
forwarded()
{
	nft_counter d flows forwarded
}

# The kernel's own fast path for what is only forwarded, on the same devices, and to the
# same real.
add_flow_table()
{
	on d nft -f - <<-END
		table inet flows {
			flowtable f {
				hook ingress priority 0
				devices = { c, s }
			}
			counter forwarded { }
			chain forward {
				type filter hook forward priority 0;
				meta l4proto { tcp, udp } flow add @f
				meta l4proto { tcp, udp } counter name forwarded
			}
		}
	END
}

flow_table_cases()
{
	local before

	if ! add_flow_table 2> /dev/null; then
		skip "$V a flow table" "this kernel has none"
		return
	fi
	for name in nat dr; do
		use $name
		told "$L a flow table: a plain UDP flow" r1 talk open pu udp $R1 $PLAIN timeout=1000
		told "$L a flow table: a plain TCP connection" r1 load open pt tcp $R1 $PLAIN
		told "$L a flow table: they go on" r1=3 talk say pu 3
		told "$L a flow table: either" r1=3 load say pt 3
		# And some of those before them.
		between "$L a flow table: it has them" \
			"$(on d conntrack -L -f ipv$FAMILY 2> /dev/null | grep -c "dport=$PLAIN .*OFFLOAD")" 2 4
		tell c1 open t tcp $VIP $P
		forwarded
		before=$PACKETS
		mark_frames
		order talk say pu 100
		order load bulk pt $((1 << 20))
		told "$L a flow table: a balanced flow beside them" r1=100 c1 say u 100
		told "$L a flow table: balanced TCP beside them" r1=20 c1 say t 20
		answer talk
		is "$L a flow table: plain UDP meanwhile" "$ANSWER" r1=100
		answer load
		is "$L a flow table: 1 MB each way meanwhile" "$ANSWER" good
		forwarded
		is "$L a flow table: no plain packet goes through forward" $PACKETS $before
		takes_all "$L beside a flow table" "$(with_reply 120)"
		tell talk close pu
		tell load finish pt
		done_with
	done
	on d nft delete table inet flows
}

# checksums on|off: by the ends' devices, or as here, by nobody
checksums()
{
	on c1 ethtool -K eth0 tx $1 > /dev/null
	on r1 ethtool -K eth0 tx $1 > /dev/null
}

# Past the queueing discipline: nobody sees packets leave. But those whose checksum
# is still to be made.
direct_cases()
{
	lb set transmit direct
	for name in nat dr ipip4 gre6; do
		use $name
		# One that isn't sure to be there has packets queued, which asks for it.
		real_of $REAL_FAMILY 1
		ip -n lbvs-d neigh replace $REAL lladdr ${M[r1]} dev s nud permanent
		on d tc -batch - <<-END
			qdisc add dev s clsact
			filter add dev s egress matchall action pass
		END
		told "$L direct, without checksums: UDP" r1=20 c1 say u 20
		filtered egress s
		between "$L direct, without checksums: tc at egress has seen them" "$FILTERED" 20 25
		on d tc -batch - <<-END
			filter delete dev s egress
			filter add dev s egress matchall action pass
		END
		checksums off
		tell td tap s s
		mark
		told "$L direct: UDP" r1=20 c1 say u 20
		did "$L direct: taken" "taken=$(with_reply 20)"
		filtered egress s
		between "$L direct: tc at egress hasn't seen them" "$FILTERED" 0 5
		tell td seen s
		like "$L direct: nor has a tap" ";$ANSWER" "^;nothing|^;in [^;]*$"
		told "$L direct: TCP" r1=5 c1 each 5 tcp $VIP $P
		checksums on
		tell c1 open b tcp $VIP $P
		told "$L direct: 2 MB each way" good c1 bulk b $((2 << 20))
		on d tc qdisc delete dev s clsact
		ip -n lbvs-d neigh delete $REAL dev s
		done_with
	done
	lb set transmit queue
}

# All settings in turn, while bytes and messages go both ways.
toggle_cases()
{
	local word

	for name in nat dr gue4; do
		use $name
		tell load open b tcp $VIP $P
		tell talk open u udp $VIP $P
		order load bulk b $((MB << 20))
		order talk say u $((MB * 40))
		for word in "fast-path off" "fast-path on" "fast-path c" "fast-path s" "fast-path all" \
			"transmit direct" "fast-path all c" "transmit queue" "fast-path off" "fast-path all" \
			"transmit direct" "fast-path on" "conntrack on" "conntrack off" "transmit queue"; do
			lb set $word || echo "# cannot set $word"
			tell c1 say u
			[ "$ANSWER" = r1 ] || break
		done
		is "$L a flow goes on by each setting (last: $word)" "$ANSWER" r1
		answer load
		is "$L $MB MB each way meanwhile" "$ANSWER" good
		answer talk
		is "$L and messages, none lost" "$ANSWER" "r1=$((MB * 40))"
		tell load finish b
		tell talk close u
		done_with
	done
}

unload_cases()
{
	use dr
	balance tcp $VIP2 $P 1
	order load load tcp $VIP2 $P timeout=100
	pause 0.3
	check "unloaded while it takes packets" rmmod lbvs
	check "loaded again" load_module
	tell load stop
	like "there was traffic" "$ANSWER" '^requests=.* r1=[1-9]'
	use dr
	mark
	told "and all is as before" r1=5 c1 say u 5
	did "taken, too" taken=5
	done_with
}

MB=${MB:-4}
begin make_methods_network nft tc ethtool socat bridge conntrack nstat
modprobe -a bonding 8021q macvlan vrf cls_matchall act_gact sch_ingress 2> /dev/null ||
	skip_all "no bonding, 8021q, macvlan, vrf or matchall"
on d sysctl -qw net.ipv4.conf.all.arp_ignore=1
count_frames
start_servers $P $PLAIN
start_client c1 c1
start_client load c1
start_client talk c1
start_client td d
family 4
V=IPv4
service udp $VIP $P $P -- $R1
attached_cases
lb flush
both_families named_cases
both_families name_cases
both_families upper_cases
find_hardware
both_families tap_cases
both_families tap_bulk_cases
both_families xdp_cases
both_families guard_cases
family 4
V=IPv4
filter_cases
asymmetric_cases
both_families flow_table_cases
both_families direct_cases
both_families toggle_cases
both_families journey_cases
family 4
V=IPv4
unload_cases
finish
