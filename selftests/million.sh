#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A million connections (or COUNT): they fit, and are listed and deleted without
# stalling the machine. They come in by a tun device; the real is behind a dummy
# device, which counts and drops what it is given.

# shellcheck disable=SC2086,SC2317 # addresses have no blanks; functions are called by name
. ./lib.sh

COUNT=${COUNT:-1000000}

free_kb()
{
	sync
	awk '/^MemAvailable/ { print $2 }' /proc/meminfo
}

seconds()
{
	now_ms
	echo $(((NOW - $1) / 1000)).$(((NOW - $1) % 1000 / 100))
}

# buckets_are LEAST MOST
buckets_are()
{
	local buckets

	buckets=$(lbq .buckets version)
	echo "$buckets buckets"
	[ "$buckets" -ge "$1" ] && [ "$buckets" -le "$2" ]
}

fill()
{
	local said before after most=400

	# KASAN has a zone around each object, and a shadow of it.
	! grep -qw kasan_report /proc/kallsyms || most=800

	# Near the limit those of one packet would make room for others.
	lb set conn-limit $((2 * COUNT))
	lb restore - <<-END
		add-service udp 203.0.113.10:53 --scheduler rr --timeout udp-new=10000
		add-real udp 203.0.113.10:53 10.0.0.11:53
		add-real udp 203.0.113.10:53 10.0.0.12:53
	END
	before=$(free_kb)
	said=$(on d ./flood flood "$COUNT" 203.0.113.10 53)
	echo "# $COUNT packets in ${said#* } ms"
	is "each packet was taken" "${said% *}" "$COUNT"
	connections "each made a connection" "$COUNT"
	is "each got out to the reals" "$(ip -n lbvs-d -s -j link show reals | jq '.[0].stats64.tx.packets')" "$COUNT"
	is "half of them to each" "$(lbq '[.services[0].reals[].connections] | join(" ")' list)" "$((COUNT / 2)) $((COUNT / 2))"
	after=$(free_kb)
	echo "# $(((before - after) * 1024 / COUNT)) bytes of memory for each connection"
	between "a connection takes no more memory than it should (bytes)" $(((before - after) * 1024 / COUNT)) 1 $most
	# The other family's table isn't there, or has 4,096.
	eventually "there are two to four buckets to each" 20 buckets_are $((2 * COUNT + 1)) $((4 * COUNT + 4096))
	grep -E '^lbvs' /proc/slabinfo | sed 's/^/# /'
}

# Somebody else asks something meanwhile: how long does it take at most?
ask_meanwhile()
{
	local start

	WORST=0
	while kill -0 "$1" 2> /dev/null; do
		pause 1
		now_ms
		start=$NOW
		lb settings > /dev/null
		now_ms
		[ $((NOW - start)) -le $WORST ] || WORST=$((NOW - start))
	done
}

listing()
{
	local start

	now_ms
	start=$NOW
	lb connections > >(grep -c udp > "$TMP/lines") &
	ask_meanwhile $!
	echo "# listed in $(seconds "$start") s; meanwhile an answer took $WORST ms at most"
	wait_for 10 test -s "$TMP/lines"
	is "all of them are listed" "$(< "$TMP/lines")" "$COUNT"
	between "others have answers meanwhile (ms at most)" $WORST 1 3000
	now_ms
	start=$NOW
	is "a client among them is found" "$(lb connections --client 10.128.0.1 | grep -c udp)" \
		"$((COUNT < 60000 ? COUNT : 60000))"
	echo "# searched in $(seconds "$start") s"
}

deleting()
{
	local start

	now_ms
	start=$NOW
	lb flush
	connections "flush leaves none" 0
	echo "# flushed in $(seconds "$start") s"
	check "and the director works on" lb add-service udp 203.0.113.10:53
}

# Without a service, too, the table becomes small again.
shrinking()
{
	lb restore - <<-END
		add-real udp 203.0.113.10:53 10.0.0.11:53
	END
	on d ./flood flood 12000 203.0.113.10 53 > /dev/null
	connections "some more" 12000
	lb flush
	eventually "the table of those is given back" 20 buckets_are 0 8192
}

modprobe -q tun
begin director_only
fill
listing
deleting
shrinking
finish
