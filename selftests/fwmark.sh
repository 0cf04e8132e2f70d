#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Firewall-mark services: what nftables marks is balanced, whatever its address
# and port; a real without a port keeps the client's destination port.

# shellcheck disable=SC2086,SC2317 # addresses have no blanks; functions are called by name
. ./lib.sh

rules()
{
	on d nft -f - <<-END
		table inet marks {
			chain in {
				type filter hook prerouting priority mangle;
				ip daddr { 203.0.113.10, 203.0.113.11 } tcp dport { 8080, 8081 } meta mark set 7
				ip daddr { 203.0.113.10, 203.0.113.11 } udp dport { 8080, 8081 } meta mark set 7
				ip6 daddr { 2001:db8:f::10, 2001:db8:f::11 } tcp dport { 8080, 8081 } meta mark set 7
				ip6 daddr { 2001:db8:f::10, 2001:db8:f::11 } udp dport { 8080, 8081 } meta mark set 7
			}
		}
	END
}

cases()
{
	local inet=inet

	[ $FAMILY = 4 ] || inet=inet6
	lb add-service fwmark 7 $inet --scheduler rr
	lb add-real fwmark 7 $inet $R1
	lb add-real fwmark 7 $inet $R2
	zero_counts
	told "$V TCP by one address and port" "r1=3 r2=3" c1 each 6 tcp $VIP 8080
	told "$V by another port" "r1=3 r2=3" c1 each 6 tcp $VIP 8081
	told "$V by another address" "r1=3 r2=3" c2 each 6 tcp $VIP2 8081
	told "$V UDP is in the same service" "r1=3 r2=3" c1 many u 6 udp $VIP2 8081
	counts "$V as many at the reals" tcp 9 9 0
	told "$V what is not marked is not balanced" "error: refused" c1 open n tcp $VIP 8082
	tell c1 open t tcp $VIP2 8081 sport=6001
	is "$V a connection shows the address and port of the client's choice" \
		"$(lbq '.connections[] | select(.client_port == 6001) | "\(.virtual) \(.virtual_port) \(.real_port)"' connections)" \
		"$VIP2 8081 8081"
	is "$V and the service its mark" "$(lbq '.services[0] | "\(.fwmark) \(.af) \(.port)"' list)" "7 $inet null"
	at $R3 8080
	lb add-real fwmark 7 $inet "$AT"
	lb edit-real fwmark 7 $inet $R1 --weight 0
	lb edit-real fwmark 7 $inet $R2 --weight 0
	told "$V a real with a port of its own has them all there" r3=4 c1 each 4 tcp $VIP 8081
	at $VIP 8080
	service tcp $VIP 8080 8080 -- $R1
	tell c1 open both tcp $VIP 8080
	like "$V a mark comes before an address" "$ANSWER" '^r3$'
	tell c1 close '*'
}

# A namespace that has never had an address of ours: packets come by while its only
# service goes, and after that, until the hooks have gone.
alone_cases()
{
	local i wrong=0

	ip -n lbvs-lone link set lo up
	# shellcheck disable=SC2016 # for the shell there
	job lone bash -c 'while :; do echo x > /dev/udp/127.0.0.1/9; done' 2> /dev/null
	for i in {1..40}; do
		on lone $LBCTL add-service fwmark 7 && on lone $LBCTL del-service fwmark 7 || wrong=$i
	done
	kill $JOB
	is "a mark's service, and none else, comes and goes" $wrong 0
}

begin make_network nft
rules
SPACES+=(lone)
add_spaces lone
alone_cases
start_servers 8080 8081
start_client c1 c1
start_client c2 c2
both_families cases
finish
