#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# With the setting "conntrack", nat connections have conntrack entries whose reply
# is the real's: rules on their state see both directions, a mark stays with them,
# and masquerading towards the reals works. And --mss bounds what both sides
# announce.

# shellcheck disable=SC2086,SC2317 # addresses have no blanks; functions are called by name
. ./lib.sh

# Counters by state, where balanced packets leave; what is invalid is dropped.
rules()
{
	on d nft -f - <<-END
		table inet tracked {
			counter fresh { }
			counter known { }
			counter marked { }
			counter invalid { }
			chain early {
				type filter hook prerouting priority -150;
				ct state invalid counter name invalid drop
				ct state new meta l4proto { tcp, udp } ct mark set 7
			}
			chain in {
				type filter hook input priority 0; policy drop;
				ct state established,related accept
				icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert } accept
				meta l4proto { tcp, udp } ct state new accept
			}
			chain out {
				type filter hook postrouting priority -150;
				oifname s meta l4proto { tcp, udp } ct state new counter name fresh
				meta l4proto { tcp, udp } ct state established counter name known
				meta l4proto { tcp, udp } ct mark 7 counter name marked
			}
			$1
		}
	END
}

counter()
{
	on d nft -j list counter inet tracked "$1" | jq '.nftables[].counter // empty | .packets'
}

# entries REGEX: how many conntrack entries fit
entries()
{
	on d conntrack -L -f ipv$FAMILY 2> /dev/null | grep -cE "$1"
}

state_cases()
{
	rules ""
	told "$V TCP" "r1=4 r2=4" c1 each 8 tcp $VIP 80
	told "$V UDP" "r1=2 r2=2" c1 many u 4 udp $VIP 53
	tell c1 open t tcp $VIP 80
	told "$V messages on one connection" "$ANSWER=20" c1 say t 20
	is "$V nothing was invalid" "$(counter invalid)" 0
	between "$V each connection was new once" "$(counter fresh)" 13 15
	between "$V answers are established" "$(counter known)" 40 1000
	is "$V the mark stays with both directions" "$(counter marked)" \
		"$(($(counter fresh) + $(counter known)))"
	between "$V the entries' replies are the reals'" \
		"$(entries "src=$C1 dst=$VIP .*src=($R1|$R2) dst=$C1 .*sport=8080")" 13 15
	told "$V 4 MB each way" good c1 bulk t $((4 << 20))
	tell c1 close '*'
	on d nft delete table inet tracked
}

# Reals that don't know the way back: their answers find the director all the same.
masquerade_cases()
{
	rules "chain nat { type nat hook postrouting priority srcnat; oifname s masquerade; }"
	told "$V masqueraded: TCP" "r1=2 r2=2" c1 each 4 tcp $VIP 80
	tell c1 open t tcp $VIP 80
	like "$V masqueraded: the real doesn't see the client" \
		"$(on "$ANSWER" ss -Htn state established sport = :8080 | grep -cF "$C1")" '^0$'
	is "$V masqueraded: nothing was invalid" "$(counter invalid)" 0
	tell c1 close '*'
	on d nft delete table inet tracked
}

# The real speaks first when conntrack has forgotten: the client's next packet still
# has the client's port.
flushed_cases()
{
	local real addr

	rules "chain nat { type nat hook postrouting priority srcnat; }"
	tell c1 open t tcp $VIP 80 sport=6200
	real=$ANSWER
	told "$V before that" "$real=5" c1 say t 5
	addr=$R1
	[ $real = r1 ] || addr=$R2
	on d conntrack -F 2> /dev/null
	tell from-$real raw $addr 8080 $C1 6200 A seq=1 ack=1 wait=100
	told "$V conntrack flushed, and the real speaks first" "$real=5" c1 say t 5
	is "$V it has an entry, the right way round" "$(entries "src=$C1 dst=$VIP sport=6200 .*src=$addr ")" 1
	tell c1 close '*'
	on d nft delete table inet tracked
}

# mss SPACE: what the established connection there may send at a time
mss()
{
	on "$1" ss -Htin state established "( sport = :8080 or dport = :80 )" | grep -oE ' mss:[0-9]+' | head -n 1
}

mss_cases()
{
	at $VIP 80
	lb edit-service tcp $AT --mss 1200
	tell c1 open m tcp $VIP 80
	real=$ANSWER
	told "$V clamped: 1 MB each way" good c1 bulk m $((1 << 20))
	# 12 bytes of each segment are the time stamp option's.
	is "$V clamped: the client's segments" "$(mss c1)" " mss:1188"
	is "$V clamped: the real's segments" "$(mss $real)" " mss:1188"
	tell c1 close m
	lb edit-service tcp $AT --mss 0
	tell c1 open m tcp $VIP 80
	real=$ANSWER
	told "$V as they like again: a message" $real=1 c1 say m 1
	like "$V as they like again: the client's segments" "$(mss c1)" ' mss:1[34][0-9][0-9]'
	tell c1 close '*'
}

cases()
{
	service tcp $VIP 80 8080 --scheduler rr -- $R1 $R2
	service udp $VIP 53 8080 --scheduler rr -- $R1 $R2
	lb set conntrack on
	state_cases
	masquerade_cases
	flushed_cases
	lb set conntrack off
	on d conntrack -F 2> /dev/null
	on d nft -f - <<< "table inet t { chain c { type filter hook prerouting priority 0; ct state new; }; }"
	told "$V off again: TCP" "r1=2 r2=2" c1 each 4 tcp $VIP 80
	is "$V off again: no entry" "$(entries "dst=$VIP ")" 0
	on d nft delete table inet t
	mss_cases
	lb flush
}

begin make_network nft conntrack
start_servers 8080
start_client c1 c1
start_client from-r1 r1
start_client from-r2 r2
both_families cases
finish
