#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Each method, in each family and encapsulation: what a client sends reaches one and
# the same real, of TCP, HTTP, UDP and of MB megabytes each way; by dr and tunnel the
# answers don't pass the director. The table at the end has a row for each.

# shellcheck disable=SC2086,SC2206,SC2317 # addresses have no blanks; functions are called by name
. ./methods-lib.sh

P=8080
megabytes 100
TABLE=()

listed()
{
	lbq "[.connections[] | select(.client_port == $1) | \"\(.method) \(.real) \(.real_port)\"] | join(\",\")" connections
}

# By which way the answers went.
answers_case()
{
	local counted

	nft_counter d watch replies
	counted=$(lbq '[.services[].stats | .packets_out] | add' list)
	if [ $METHOD = nat ]; then
		between "$L the director has counted answers" "$counted" 40 1000000
	else
		is "$L no answer passed the director" "$PACKETS" 0
		is "$L and it counted none" "$counted" 0
	fi
}

tcp_cases()
{
	local real

	told "$L TCP goes round" "r1=2 r2=2 r3=2" c1 each 6 tcp $VIP $P
	told "$L TCP by a router" "r1=1 r2=1 r3=1" c2 each 3 tcp $VIP $P
	# By nat their answers would go straight to it, with the reals' own addresses.
	[ $METHOD = nat ] || told "$L TCP from the reals' LAN" "r1=1 r2=1 r3=1" c3 each 3 tcp $VIP $P
	tell c1 open t tcp $VIP $P sport=7001
	real=$ANSWER
	told "$L 30 messages in order, one real" "$real=30" c1 say t 30
	like "$L which is a real" "$real" '^r[123]$'
	real_of $REAL_FAMILY ${real#r}
	is "$L the connection is listed" "$(listed 7001)" "$METHOD $REAL $P"
	told "$L closed in order" finished c1 finish t
}

http_cases()
{
	at $VIP $P
	is "$L HTTP goes round" \
		"$(on c1 curl -s -m 10 -H 'Connection: close' "http://$AT/#[1-6]" | sort | uniq -c | paste -sd ' ' | tr -s ' ')" \
		" 2 r1 2 r2 2 r3"
	counts "$L HTTP: as many at the reals" http 2 2 2
}

udp_cases()
{
	local each=2

	told "$L UDP goes round" "r1=2 r2=2 r3=2" c1 many u 6 udp $VIP $P
	told "$L each flow stays" "same=6 moved=0 failed=0" c1 sayall u
	told "$L UDP by a router" "r1=1 r2=1 r3=1" c2 many u 3 udp $VIP $P
	if [ $METHOD != nat ]; then
		told "$L UDP from the reals' LAN" "r1=1 r2=1 r3=1" c3 many u 3 udp $VIP $P
		each=3
	fi
	counts "$L as many datagrams at the reals" udp $((each + 3)) $((each + 3)) $((each + 3))
	tell c1 close '*'
	tell c2 close '*'
	tell c3 close '*'
}

bulk_cases()
{
	tell c1 open b tcp $VIP $P
	told "$L $MB MB each way, each byte right" good c1 bulk b $((MB << 20))
	took c1
	echo "# $TOOK ms"
	told "$L closed in order after that" finished c1 finish b
	counts "$L no fault at the reals" errors 0 0 0
}

# cell FUNCTION: its cases are a cell of the row
cell()
{
	local failed=$FAILED cases=$CASES

	"$@"
	if [ $FAILED = $failed ] && [ $CASES -gt $cases ]; then
		ROW+=$(printf '  %-4s' pass)
	else
		ROW+=$(printf '  %-4s' FAIL)
	fi
}

begin_row()
{
	local encap=- outer=-

	if [ $METHOD = tunnel ]; then
		encap=${KIND%?} outer=IPv$REAL_FAMILY
		encap=${encap/gue-csum/gue with checksum}
	fi
	ROW=$(printf '%-7s  %-6s  %-17s  %-5s' $V $METHOD "$encap" $outer)
}

each_kind()
{
	for name in $KINDS; do
		kind $name
		begin_row
		on r1 nft reset counters > /dev/null
		on d nft reset counters > /dev/null
		balance tcp $VIP $P 1 2 3
		balance udp $VIP $P 1 2 3
		zero_counts
		cell tcp_cases
		cell http_cases
		cell udp_cases
		cell bulk_cases
		cell outer_is "$L wrapped so at the real" r1
		cell answers_case
		TABLE+=("$ROW")
		lb flush
	done
}

print_table()
{
	local row

	printf '# %-7s  %-6s  %-17s  %-5s  %-4s  %-4s  %-4s  %-4s  %-4s  %s\n' \
		service method encapsulation outer TCP HTTP UDP "$MB MB" frame answers
	for row in "${TABLE[@]}"; do
		printf '# %s\n' "$row"
	done
}

begin make_methods_network nft curl
start_servers $P
start_client c1 c1
start_client c2 c2
start_client c3 c3
both_families each_kind
print_table
finish
