#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Many bytes each way at once, each byte checked at either end, with segmentation
# and checksum offloads on and off at each side of the director.

# shellcheck disable=SC2086,SC2317 # addresses have no blanks; functions are called by name
. ./lib.sh

MB=${MB:-32}
all=(tx rx tso gso gro sg)

# offload on|off FEATURE... -- SPACE DEVICE...: several devices of one namespace
offload()
{
	local how=$1 words=() device

	shift
	while [ "$1" != -- ]; do
		words+=("$1" "$how")
		shift
	done
	for device in "${@:3}"; do
		on "$2" ethtool -K "$device" "${words[@]}" > /dev/null
	done
}

client_side()
{
	offload "$1" "${all[@]}" -- c1 eth0
	offload "$1" "${all[@]}" -- sw c1 dc
	offload "$1" "${all[@]}" -- d c
}

real_side()
{
	offload "$1" "${all[@]}" -- r1 eth0
	offload "$1" "${all[@]}" -- sw r1 ds
	offload "$1" "${all[@]}" -- d s
}

transfer()
{
	tell c1 open b tcp $VIP 80
	told "$V $MB MB each way, $1" good c1 bulk b $((MB << 20))
	took c1
	echo "# $TOOK ms"
	told "$V the connection is in order after that, $1" finished c1 finish b
}

cases()
{
	service tcp $VIP 80 8080 -- $R1
	client_side on
	real_side on
	transfer "all offloads on"
	offload off gro -- d c s
	transfer "no GRO on the director"
	client_side off
	transfer "all off at the client's side"
	real_side off
	transfer "all off at both sides"
	client_side on
	transfer "all off at the real's side"
	# Segments from the ends, merged by the director.
	offload off tso gso -- c1 eth0
	offload on tx rx sg -- r1 eth0
	offload on gro -- d s
	transfer "segments that the director's GRO puts together"
	between "$V bytes in, as counted" "$(lbq '.services[0].stats.bytes_in' list)" $((6 * MB << 20)) $((7 * MB << 20))
	between "$V bytes out, as counted" "$(lbq '.services[0].stats.bytes_out' list)" $((6 * MB << 20)) $((7 * MB << 20))
	counts "$V the real found no fault" errors 0 0 0
}

begin make_network ethtool
start_servers 8080
start_client c1 c1
both_families cases
finish
