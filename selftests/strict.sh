#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A stateful firewall on the director that drops by default and whatever is
# invalid, and masquerades, does no method any harm.

# shellcheck disable=SC2086,SC2317 # addresses have no blanks; functions are called by name
. ./methods-lib.sh

P=8080
MTU=1400
KINDS="nat dr ipip4 ipip6 gue4 gue-csum6 gre4"
QUEUE_KINDS="nat dr ipip4 gue6"
MTU_KINDS="nat ipip4 ipip6 gue4 gue6 gre4 gre6"

# As a careful operator has it. Counters tell what was dropped.
strict()
{
	on d nft -f - <<-END
		table inet strict {
			counter invalid { }
			counter refused { }
			chain early {
				type filter hook prerouting priority -149;
				ct state invalid counter name invalid drop
			}
			chain in {
				type filter hook input priority 0; policy drop;
				ct state established,related accept
				icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert } accept
				tcp dport $P ct state new accept
				udp dport $P accept
				meta l4proto { tcp, udp, icmp } counter name refused
			}
			chain forward {
				type filter hook forward priority 0; policy drop;
				ct state established,related accept
				counter name refused
			}
			chain nat {
				type nat hook postrouting priority srcnat;
				oifname { c, s } masquerade
			}
		}
	END
}

each_kind()
{
	for name in $KINDS; do
		kind $name
		L="$V $name, strict firewall:"
		on d nft reset counters > /dev/null
		balance tcp $VIP $P 1 2
		balance udp $VIP $P 1 2
		zero_counts
		told "$L TCP" "r1=2 r2=2" c1 each 4 tcp $VIP $P
		told "$L TCP by a router" "r1=1 r2=1" c2 each 2 tcp $VIP $P
		counts "$L as many at the reals" tcp 3 3 0
		told "$L UDP" "r1=2 r2=2" c1 many u 4 udp $VIP $P
		told "$L each flow stays" "same=4 moved=0 failed=0" c1 sayall u
		tell c1 big u1 20000
		like "$L 20,000 bytes each way" "$ANSWER" '^r[12]$'
		tell c1 open b tcp $VIP $P
		real=$ANSWER
		told "$L 2 MB each way" good c1 bulk b $((2 << 20))
		like "$L the real sees the client, no masquerade" \
			"$(on $real ss -Htn state established sport = :$P)" "$C1"
		is "$L none of it has an entry" \
			"$(on d conntrack -L -f ipv$FAMILY 2> /dev/null | grep -cE "^(tcp|udp|gre|unknown)")" 0
		tell c1 close '*'
		nft_counter d strict invalid
		is "$L no packet was found invalid" "$PACKETS" 0
		nft_counter d strict refused
		is "$L none was refused" "$PACKETS" 0
		lb flush
	done
}

# A firewall that has a program judge packets: behind it they go on in process context.
inspect()
{
	on d nft -f - <<-END
		table inet inspect {
			chain early {
				type filter hook prerouting priority raw;
				meta l4proto { tcp, udp } th dport $P queue num 5
			}
			chain in {
				type filter hook input priority 10;
				meta l4proto { tcp, udp } th dport $P queue num 5
			}
		}
	END
	job d ./queue 5 > $TMP/queued
}

# Known ones pass the program, too, where the fast path doesn't take them before.
queue_cases()
{
	local path paths=$FAST_PATH

	[ $FAST_PATH = off ] || paths="$FAST_PATH off"
	if ! modprobe -q nft_queue; then
		skip "$V a program judges packets" "this kernel has no nft_queue"
		return
	fi
	inspect
	check "$V a program judges packets" wait_for 5 grep -q ready $TMP/queued
	for name in $QUEUE_KINDS; do
		kind $name
		for path in $paths; do
			L="$V $name, judged by a program, fast path $path:"
			lb set fast-path $path
			balance tcp $VIP $P 1 2
			balance udp $VIP $P 1 2
			told "$L TCP" "r1=2 r2=2" c1 each 4 tcp $VIP $P
			told "$L UDP" "r1=2 r2=2" c1 many u 4 udp $VIP $P
			told "$L each flow stays" "same=4 moved=0 failed=0" c1 sayall u
			tell c1 open b tcp $VIP $P
			told "$L 1 MB each way" good c1 bulk b $((1 << 20))
			tell c1 close '*'
			lb flush
		done
	done
	lb set fast-path $FAST_PATH
	on d nft delete table inet inspect
	kill $JOB
	wait $JOB
	like "$V it has seen them" "$(tail -n 1 $TMP/queued)" '^packets=[0-9]{3,}$'
}

# What the router behind the director says of the path.
mtu_cases()
{
	numbers
	ip -n lbvs-mid -4 route replace 10.1.0.0/24 dev f mtu $MTU
	ip -n lbvs-mid -6 route replace 2001:db8:11::/64 dev f metric 256 mtu $MTU
	for name in $MTU_KINDS; do
		kind $name
		L="$V $name, strict firewall:"
		balance tcp $VIP $P 4
		tell c1 open t tcp $VIP $P
		told "$L 1 MB each way, where less fits further on" good c1 bulk t $((1 << 20))
		learned "$L the client has learned that" $((MTU - OVERHEAD)) c1 $VIP
		tell c1 close t
		forget_paths c1 d
		lb flush
	done
	ip -n lbvs-mid -4 route replace 10.1.0.0/24 dev f
	ip -n lbvs-mid -6 route replace 2001:db8:11::/64 dev f metric 256
}

begin make_methods_network nft conntrack
start_servers $P
start_server r4 $P
start_client c1 c1
start_client c2 c2
strict
both_families each_kind
both_families queue_cases
both_families mtu_cases
finish
