#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# New connections that are made at a device's ingress: with "on" where no rule of the
# stack's would see them, and the stack would deliver them here; with "all" without
# asking. Rules at ingress see them. What can't be served there is left to the stack,
# which answers and counts once.

# shellcheck disable=SC2086,SC2317 # addresses have no blanks; functions are called by name
. ./fast-lib.sh

KINDS="nat dr ipip4 gue6"

# Rules for input. They count what they drop.
guard_input()
{
	on d nft -f - <<-END
		table inet guard {
			counter dropped { }
			chain in {
				type filter hook input priority 0;
				meta l4proto { tcp, udp } th dport $P counter name dropped drop
			}
		}
	END
}

firewall_cases()
{
	use nat
	guard_input
	mark
	told "$V on: input rules see a new flow" "error: timeout" c1 open n udp $VIP $P timeout=300
	did "$V on: it is left to the stack" unknown=1
	nft_counter d guard dropped
	is "$V on: which asks them" "$PACKETS" 1
	lb set fast-path all
	on d nft reset counters table inet guard > /dev/null
	mark_frames
	told "$V all: a new flow" r1 c1 open n udp $VIP $P
	told "$V all: a new TCP connection" r1 c1 open t tcp $VIP $P
	told "$V all: messages on it" r1=10 c1 say t 10
	takes_all "$V all:" 20
	nft_counter d guard dropped
	is "$V all: input rules are not asked" "$PACKETS" 0
	lb set fast-path all s
	told "$V all, but not by that device: rules are asked" "error: timeout" c1 open o udp $VIP $P timeout=300
	lb set fast-path all
	guard_ingress c udp
	told "$V all: rules at ingress are" "error: timeout" c1 open o udp $VIP $P timeout=300
	told "$V all: of a known flow, too" "error: timeout" c1 say u
	on d nft delete table netdev guard
	on d nft delete table inet guard
	lb set fast-path on
	done_with
}

kind_cases()
{
	lb set fast-path all
	for name in $KINDS; do
		kind $name
		balance tcp $VIP $P 1 2 3
		balance udp $VIP $P 1 2 3
		zero_counts
		tell c1 many w 3 udp $VIP $P
		mark_frames
		told "$L all: TCP goes round" "r1=3 r2=3 r3=3" c1 each 9 tcp $VIP $P
		told "$L all: UDP" "r1=3 r2=3 r3=3" c1 many u 9 udp $VIP $P
		told "$L all: each flow stays" "same=9 moved=0 failed=0" c1 sayall u
		takes_all "$L all:" 60
		counts "$L all: as many connections at the reals" tcp 3 3 3
		tell c1 open b tcp $VIP $P
		told "$L all: 2 MB each way" good c1 bulk b $((2 << 20))
		done_with
	done
	lb set fast-path on
}

refusal_cases()
{
	numbers
	lb set fast-path all
	at $VIP $P
	lb add-service udp $AT
	lb add-service tcp $AT
	mark
	tell c1 connect n udp $VIP $P errors
	tell c1 send n 10
	error_is "$V all: without reals the client is told" "$PORT info=0 from=($VIP|$D)" c1 n
	did "$V all: by the stack" unknown=1
	dropped "$V all: and it is counted once" no_real 1
	mark
	like "$V all: TCP in mid-stream has a reset" "$(raw_answer A)" '^R '
	did "$V all: by the stack, too" unknown=1
	dropped "$V all: counted once" tcp_unknown 1
	done_with
	use nat
	lb set conn-limit 1
	lb del-connection --all > /dev/null
	tell c1 open u udp $VIP $P
	# One of a single packet would make room.
	tell c1 say u
	mark
	told "$V all: at the limit" "error: timeout" c1 open v udp $VIP $P timeout=300
	dropped "$V all: counted once" conn_limit 1
	lb set conn-limit 100000
	done_with
	lb set fast-path on
}

# raw_answer FLAGS: what a segment of no connection gets
raw_answer()
{
	tell c1 raw $C1 7600 $VIP $P $1
	echo "$ANSWER"
}

# Services whose packets are told otherwise.
service_cases()
{
	lb set fast-path all
	kind nat
	service udp $VIP $P $P --one-packet --scheduler rr -- $R1 $R2
	service tcp $VIP $P $P --adopt -- $R1
	tell c1 connect o udp $VIP $P
	mark
	told "$V all: one-packet service" "r1=5 r2=5" c1 say o 10
	did "$V all: is left to the stack" unknown=20
	tell c1 open t tcp $VIP $P
	lb del-connection --all > /dev/null
	mark_frames
	told "$V all: adopted in mid-stream" r1=10 c1 say t 10
	takes_all "$V all: adopted" 20
	done_with
	marks_cases
	lb set fast-path on
}

# Firewall marks: from a chain at ingress they are there in time.
marks_cases()
{
	local inet=inet

	[ $FAMILY = 4 ] || inet=inet6
	lb add-service fwmark 7 $inet
	lb add-real fwmark 7 $inet $R1
	mark_vip2
	mark
	told "$V all: a mark of prerouting" r1 c1 open m udp $VIP2 $P
	did "$V all: comes too late for the first packet" "taken=1 unknown=1"
	on d nft delete table inet marks
	on d nft -f - <<-END
		table netdev marks {
			chain in {
				type filter hook ingress device c priority 0;
				ip daddr 203.0.113.11 meta mark set 7
				ip6 daddr 2001:db8:f::11 meta mark set 7
			}
		}
	END
	mark
	told "$V all: a mark of ingress" r1 c1 open n udp $VIP2 $P
	did "$V all: comes in time" taken=2
	on d nft delete table netdev marks
	done_with
}

# With "on": who has a say is asked, by the stack's way.
judge_cases()
{
	local hook

	use nat
	mark_frames
	told "$V on: a new flow" r1 c1 open n udp $VIP $P
	told "$V on: a new TCP connection" r1 c1 open t tcp $VIP $P
	told "$V on: messages on it" r1=10 c1 say t 10
	takes_all "$V on:" 20
	for hook in prerouting input postrouting; do
		on d nft -f - <<-END
			table inet judge {
				chain c {
					type filter hook $hook priority 0;
				}
			}
		END
		tell c1 close n
		mark
		told "$V on, a chain at $hook: a new flow" r1 c1 open n udp $VIP $P
		did "$V on, a chain at $hook: its first packet is left to the stack" "taken=1 unknown=1"
		on d nft delete table inet judge
	done
	tell c1 close n
	mark
	told "$V on, no chain any more: a new flow" r1 c1 open n udp $VIP $P
	did "$V on, no chain any more: is taken" taken=2
	done_with
}

# What puts fragments together has no say, and ip_vs leaves that behind for IPv6.
leftover_case()
{
	if ! modprobe -qa ip_vs ip_vs_rr; then
		skip "IPv6 on, defragmentation alone: a new flow" "this kernel has no ip_vs"
		return
	fi
	on d ipvsadm -A -t "[$VIP]:81" -s rr
	on d ipvsadm -C
	use nat
	mark
	told "$V on, defragmentation alone: a new flow" r1 c1 open n udp $VIP $P
	did "$V on, defragmentation alone: is taken" taken=2
	done_with
	modprobe -r ip_vs_rr ip_vs
}

none_made()
{
	is "$1 there is no connection" "$(lbq '.connections | length' connections)" 0
}

# What the stack's routing would not deliver here.
undelivered_cases()
{
	use dr
	lb del-connection --all > /dev/null
	# The rule for local addresses is the first one, as a rule.
	ip -n lbvs-d -$FAMILY -batch - <<-END
		rule add from $C1 prio 1 blackhole
		rule add prio 2 lookup local
		rule delete prio 0
	END
	mark
	told "$V on: a routing rule against the client" "error: timeout" c1 open n udp $VIP $P timeout=300
	did "$V on: it is left to the stack" unknown=1
	none_made "$V on: with that rule"
	ip -n lbvs-d -$FAMILY -batch - <<-END
		rule add prio 0 lookup local
		rule delete prio 2
		rule delete prio 1
	END
	mac d c
	lb del-connection --all > /dev/null
	if [ $FAMILY = 4 ]; then
		on d sysctl -qw net.ipv4.conf.c.rp_filter=1
		told "$V on: by the wrong device: sent" sent c1 frame eth0 $MAC 10.0.0.99 7700 $VIP $P
		pause 0.1
		none_made "$V on, rp_filter:"
		on d sysctl -qw net.ipv4.conf.c.rp_filter=0
	else
		told "$V on: a flow by a device with IPv6" r1 c1 open m udp $VIP $P timeout=300
		# That takes the device's addresses and routes, too.
		on d sysctl -qw net.ipv6.conf.c.disable_ipv6=1
		told "$V on: by one that has none any more" "error: timeout" c1 say m
		tell c1 close m
		lb del-connection --all > /dev/null
		told "$V on: by a device that has no IPv6: sent" sent c1 frame eth0 $MAC $C1 7700 $VIP $P
		pause 0.1
		none_made "$V on, a device that has no IPv6:"
		on d sysctl -qw net.ipv6.conf.c.disable_ipv6=0
		ip -n lbvs-d -batch - <<-END
			addr add fe80::1/64 dev c nodad
			addr add 2001:db8:1::1/64 dev c nodad
		END
	fi
	told "$V on: else it is served" r1 c1 open m udp $VIP $P
	done_with
}

# What no host can have sent. The stack drops that; so nobody serves it.
source_cases()
{
	local from list="127.0.0.1 0.0.0.0 224.0.0.9 255.255.255.255 $VIP"

	[ $FAMILY = 4 ] || list="::1 :: ff02::9"
	kind dr
	balance udp $VIP $P 1
	mac d c
	for mode in off on all; do
		lb set fast-path $mode
		for from in $list; do
			zero_counts
			lb del-connection --all > /dev/null
			told "$V $mode: from $from: sent" sent c1 frame eth0 $MAC $from 7700 $VIP $P
			pause 0.1
			none_made "$V $mode: from $from"
		done
		[ $FAMILY = 4 ] || continue
		told "$V $mode: a wrong header checksum: sent" sent c1 frame eth0 $MAC $C1 7700 $VIP $P badsum
		pause 0.1
		none_made "$V $mode: a wrong header checksum:"
	done
	lb set fast-path on
	lb flush
}

# Conntrack sees the first packet of a connection that it is to know.
tracked_cases()
{
	on d nft -f - <<-END
		table inet states {
			counter invalid { }
			chain early {
				type filter hook prerouting priority -150;
				ct state invalid counter name invalid drop
			}
		}
	END
	lb set conntrack on
	lb set fast-path all
	for name in nat dr; do
		use $name
		told "$L all, with conntrack: TCP" r1=5 c1 each 5 tcp $VIP $P
		tell c1 open t tcp $VIP $P
		told "$L all, with conntrack: a connection" r1=10 c1 say t 10
		is "$L all, with conntrack: it has an entry if it is by nat" \
			"$(on d conntrack -L -f ipv$FAMILY -p tcp 2> /dev/null | grep -c ESTABLISHED)" \
			"$([ $name = nat ] && echo 1 || echo 0)"
		nft_counter d states invalid
		on d nft reset counters table inet states > /dev/null
		is "$L all, with conntrack: nothing was invalid" "$PACKETS" 0
		done_with
		on d conntrack -F 2> /dev/null
	done
	lb set conntrack off
	lb set fast-path on
	on d nft delete table inet states
}

# What the stack would not deliver here: with "all" nobody asks it.
foreign_cases()
{
	local foreign=203.0.113.77

	[ $FAMILY = 4 ] || foreign=2001:db8:f::77
	kind dr
	balance udp $VIP $P 1
	service udp $foreign $P $P -- $R1 --method dr
	for mode in on all; do
		lb set fast-path $mode
		tell c1 connect f udp $foreign $P
		told "$V $mode: to a VIP that isn't the director's: sent" sent c1 send f 10
		pause 0.1
		is "$V $mode: it makes a connection" "$(lbq '.connections | length' connections)" \
			"$([ $mode = on ] && echo 0 || echo 1)"
		tell c1 close f
	done
	lb set fast-path on
	done_with
}

state_is()
{
	is "$1" "$(lbq '.connections[].state' connections)" $2
}

# What has made a connection at ingress comes to later doors, and is one packet still:
# unanswered UDP is the first to go when room is needed.
left_cases()
{
	kind dr
	lb set fast-path all
	balance udp $VIP $P 1
	ip -n lbvs-d neigh flush dev s
	mark
	told "$V all: no neighbour known yet" r1 c1 open u udp $VIP $P
	did "$V all: left to the stack" neighbour=1
	state_is "$V all: it has made a connection, no more" udp-new
	told "$V all: and the next" r1 c1 say u
	state_is "$V all: is its second" udp
	done_with
	service udp $VIP $P $P -- $D --method dr
	mark
	tell c1 connect u udp $VIP $P
	told "$V all: for the director itself" sent c1 send u 1
	did "$V all: for its stack" local=1
	state_is "$V all: it has made a connection" udp-new
	# Nobody listens there; the next is told so, and not sent.
	tell c1 send u 1
	tell c1 send u 1
	state_is "$V all: the next is its second" udp
	done_with
	lb set fast-path on
}

begin make_methods_network nft conntrack ipvsadm
# A director without rules but at ingress.
on d nft delete table inet watch
count_frames
start_servers $P
start_client c1 c1
both_families judge_cases
leftover_case
both_families undelivered_cases
both_families firewall_cases
both_families kind_cases
both_families refusal_cases
both_families service_cases
both_families source_cases
both_families tracked_cases
both_families foreign_cases
both_families left_cases
finish
