#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Many bytes (MB) each way at once, each byte checked at either end, with segmentation
# and checksum offloads on and off at each side of the director.

# shellcheck disable=SC2086,SC2317 # addresses have no blanks; functions are called by name
. ./lib.sh

megabytes 32
FEW=$((MB / 4))
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

# transfer MB DESCRIPTION
transfer()
{
	total_mb=$((total_mb + $1))
	tell c1 open b tcp $VIP 80
	told "$V $1 MB each way, $2" good c1 bulk b $(($1 << 20))
	took c1
	echo "# $TOOK ms"
	told "$V the connection is in order after that, $2" finished c1 finish b
}

# bad_checksums NAME: TCP segments whose checksum a server or client has found wrong,
# into BAD. TCP would send them again, so that a transfer is only slower for it.
bad_checksums()
{
	local line words names

	while read -r line; do
		read -ra words <<< "$line"
		case $line in
		"Tcp: RtoAlgorithm"*)	names=("${words[@]}") ;;
		Tcp:*)			BAD=${words[-1]} ;;
		esac
	done < "/proc/${PID[$1]}/net/snmp"
	[ "${names[-1]}" = InCsumErrors ] || BAD="unknown"
}

cases()
{
	service tcp $VIP 80 8080 -- $R1
	client_side on
	real_side on
	total_mb=0
	transfer $MB "all offloads on"
	offload off gro -- d c s
	transfer $FEW "no GRO on the director"
	client_side off
	transfer $FEW "all off at the client's side"
	real_side off
	transfer $MB "all off at both sides"
	client_side on
	transfer $FEW "all off at the real's side"
	# Segments from the ends, merged by the director.
	offload off tso gso -- c1 eth0
	offload on tx rx sg -- r1 eth0
	offload on gro -- d s
	transfer $MB "segments that the director's GRO puts together"
	between "$V bytes in, as counted" "$(lbq '.services[0].stats.bytes_in' list)" $((total_mb << 20)) $((total_mb * 7 / 6 << 20))
	between "$V bytes out, as counted" "$(lbq '.services[0].stats.bytes_out' list)" $((total_mb << 20)) $((total_mb * 7 / 6 << 20))
	bad_checksums c1
	is "$V the client has met no wrong checksum" "$BAD" 0
	bad_checksums r1
	is "$V nor has the real" "$BAD" 0
	counts "$V the real found no fault" errors 0 0 0
}

begin make_network ethtool
start_servers 8080
start_client c1 c1
both_families cases
finish
