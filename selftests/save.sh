#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# save prints what restore builds again.

# shellcheck disable=SC2086,SC2317 # addresses have no blanks; functions are called by name
. ./lib.sh

set_up()
{
	lb restore - <<-END
		# A comment, and a line of every kind.
		set conn-limit 54321
		set tcp-unknown drop
		set tunnel-df never
		set conntrack on
		set fast-path all c dev off not-there
		set transmit direct
		set timeout udp 123

		add-service tcp 203.0.113.10:80 --scheduler wrr --adopt --on-remove close --timeout tcp-established=777
		add-real tcp 203.0.113.10:80 10.0.0.11:8080 --weight 5
		add-real tcp 203.0.113.10:80 10.0.0.12:8080 --state drain
		add-service udp [2001:db8:f::10]:53 --one-packet
		add-real udp [2001:db8:f::10]:53 [2001:db8:10::11]:53 --state down
		add-service fwmark 7 inet6 --scheduler lc
		add-real fwmark 7 inet6 2001:db8:10::12
		add-service fwmark 8
		add-real fwmark 8 10.0.0.13:99 --weight 0
	END
}

# Without what counts.
configuration()
{
	lbq '[.services[] | del(.stats) | .reals |= map(del(.stats, .active, .connections))] | sort_by(.af, .protocol, .fwmark) | tojson' list
	lbq 'tojson' settings
}

round_trip()
{
	local before

	check "a file with a line of every kind" set_up
	before=$(configuration)
	saved=$(lb save)
	is "it makes all of that" "$(lbq '[.services, .reals] | join(" ")' stats)" "4 5"
	lb flush
	lb set conn-limit 1000
	lb set tcp-unknown reset
	lb set tunnel-df inherit
	lb set conntrack off
	lb set fast-path on
	lb set transmit queue
	lb set timeout udp 300
	check "what was saved is restored" lb restore - <<< "$saved"
	is "and is the same as before" "$(configuration)" "$before"
	is "and saved, too" "$(lb save)" "$saved"
	is "nothing but verbs and comments in it" "$(grep -vcE '^(#.*|(add-service|add-real|set) .*|)$' <<< "$saved")" 0
}

# What a file leaves out has its default, and a one-packet real can move.
replacement()
{
	check "a configuration that was edited" lb restore --replace - <<-END
		set conn-limit 4321
		add-service udp 203.0.113.10:53 --one-packet
		add-real udp 203.0.113.10:53 10.0.0.11
		add-real udp 203.0.113.10:53 10.0.0.12
		add-service udp 203.0.113.11:53 --one-packet
		add-service tcp 203.0.113.10:80 --scheduler rr --adopt --mss 1200 --timeout tcp-close=3
		add-real tcp 203.0.113.10:80 10.0.0.11 --weight 7 --state drain
	END
	is "a service as its line says" "$(lbq '.services[] | select(.protocol == "tcp") | "\(.scheduler) \(.flags | tojson) \(.mss) \(.timeouts | tojson) \(.reals[0].weight) \(.reals[0].state)"' list)" \
		'rr ["adopt"] 1200 {"tcp-close":3} 7 drain'
	check "another in its place" lb restore --replace - <<-END
		add-service udp 203.0.113.10:53 --one-packet
		add-real udp 203.0.113.10:53 10.0.0.11
		add-service udp 203.0.113.11:53 --one-packet
		add-real udp 203.0.113.11:53 10.0.0.12
		add-service tcp 203.0.113.10:80
		add-real tcp 203.0.113.10:80 10.0.0.11
	END
	is "defaults for what the line leaves out" "$(lbq '.services[] | select(.protocol == "tcp") | "\(.scheduler) \(.flags | tojson) \(.mss) \(.timeouts | tojson) \(.reals[0].weight) \(.reals[0].state)"' list)" \
		'wlc [] 0 {} 1 up'
	is "a one-packet real is in the other service" "$(lbq '[.services[] | select(.protocol == "udp") | .reals[].address] | join(" ")' list)" "10.0.0.11 10.0.0.12"
	is "settings without a line stay" "$(lbq .conn_limit settings)" 4321
	check "services of any kind in their own place" lb restore --replace - <<< "$saved"
	is "are as they were" "$(lb save)" "$saved"
	check "and once more" lb restore --replace - <<< "$saved"
	is "still" "$(lb save)" "$saved"
}

failures()
{
	local file=$TMP/config lines

	printf 'flush\nadd-service tcp 203.0.113.77:80\nadd-real tcp 203.0.113.77:80 10.0.0.11:80 --wait 3\n' > "$file"
	refused "a line with a fault: its number" 2 "(line |:)3" restore --replace "$file"
	is "nothing was flushed for it" "$(lbq .services stats)" 4
	printf 'add-service tcp 203.0.113.78:80\nadd-service tcp 203.0.113.10:80\n' > "$file"
	refused "a line that the kernel refuses: its number" 1 "(line |:)2.*" restore "$file"
	printf 'add-service tcp 203.0.113.77:80\n' > "$file"
	check "restore --replace" lb restore --replace "$file"
	is "leaves nothing but the file's" "$(lbq '[.services[].address] | join(" ")' list)" 203.0.113.77
	printf 'add-service tcp 203.0.113.79:80\nadd-service tcp 203.0.113.80:80 --scheduler nonsense\n' > "$file"
	refused "another address, and a line that the kernel refuses" 1 ":2: add-service: " restore --replace "$file"
	is "takes nothing away" "$(lbq '[.services[].address] | join(" ")' list)" "203.0.113.77 203.0.113.79"
	for lines in "" "# nothing" "set timeout udp-new 30"; do
		echo "$lines" > "$file"
		refused "a file that adds no service ($lines)" 2 "adds no service.*lbctl flush" restore --replace "$file"
	done
	printf 'add-service tcp 203.0.113.81:80\nflush\n' > "$file"
	refused "a file that flushes" 2 ":2: flush has no place" restore --replace "$file"
	is "neither deletes" "$(lbq '[.services[].address] | join(" ")' list)" "203.0.113.77 203.0.113.79"
	lb add-real tcp 203.0.113.77:80 10.0.0.11
	printf 'add-service tcp 203.0.113.77:80\ndel-real tcp 203.0.113.77:80 10.0.0.11\n' > "$file"
	check "what is gone by itself before it is deleted" lb restore --replace "$file"
	is "is no failure" "$(lb save | grep -v ^set)" "add-service tcp 203.0.113.77:80 --scheduler wlc"
	lb flush
	check "a file that adds no service where there is none" lb restore --replace - <<< "set conn-limit 999"
	lb restore --replace - <<< "add-service tcp 203.0.113.77:80"
	printf 'add-service tcp 203.0.113.77:80\nadd-service tcp 203.0.113.77:80\n' > "$file"
	refused "a second line for one service" 1 ":2: add-service: .*already" restore --replace "$file"
	printf 'add-service tcp 203.0.113.77:80\nadd-real tcp 203.0.113.77:80 10.0.0.11\nadd-real tcp 203.0.113.77:80 10.0.0.11:80\n' > "$file"
	refused "a second line for one real" 1 ":3: add-real: .*already" restore --replace "$file"
	printf 'add-service tcp 203.0.113.77:80\ndel-service tcp 203.0.113.99:80\n' > "$file"
	refused "a line that the kernel refuses, with --replace" 1 ":2: del-service: .*no such" restore --replace "$file"
	is "leaves what was to be deleted in the end" "$(lbq '.services[].reals | length' list)" 1
	refused "no such file" 2 "no such file|nowhere" restore "$TMP/nowhere"
	lb flush
	is "flush" "$(lbq '[.services, .reals] | join(" ")' stats)" "0 0"
}

begin make_network
round_trip
replacement
failures
finish
