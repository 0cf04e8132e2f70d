#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Netlink requests that are wrong in each way that there is, and random ones: refused
# with words and without effect, or done; and answers, byte for byte. Random ones take
# NLFUZZ_SECONDS (10); NLFUZZ_SEED repeats them.

# shellcheck disable=SC2086,SC2317 # addresses have no blanks; functions are called by name
. ./lib.sh

SPACES=(d)
SEED=${NLFUZZ_SEED:-$RANDOM$RANDOM}

# fuzzed DESCRIPTION COMMAND...: what nlfuzz says
fuzzed()
{
	local said line

	said=$("${@:2}" 2>&1)
	line=${said##*$'\n'}
	echo "# $1: $line"
	case $line in
	messages=*" wrong=0")	passed "$1" ;;
	*)			failed "$1" "$said" ;;
	esac
}

# So that there are connections to be dumped.
fill()
{
	lb restore - <<-END
		add-service udp 203.0.113.10:53 --scheduler rr --timeout udp=300
		add-real udp 203.0.113.10:53 10.0.0.11:53
		add-real udp 203.0.113.10:53 10.0.0.12:53 --method tunnel --encap gue
		add-service fwmark 7 --scheduler wrr
		add-service tcp [2001:db8::1]:80
		add-real tcp [2001:db8::1]:80 [2001:db8::2]:80 --method dr
		set fast-path on eth0 bond0.17
	END
	on d ./flood flood 1000 203.0.113.10 53 > /dev/null
}

reading()
{
	fill
	connections "connections to read" 1000
	fuzzed "every answer is as the header says" on d ./nlfuzz read
	fuzzed "nobody may read and change nothing but what is for all" on d ./nlfuzz nobody
	fuzzed "so it is from another user namespace" on d unshare --user ./nlfuzz unprivileged
	connections "the connections are there still" 1000
}

begin director_only unshare
modprobe -q tun
[ -e /dev/net/tun ] || skip_all "no tun devices"
echo "# seed $SEED"
reading
fuzzed "each attribute of each command, wrong" on d ./nlfuzz each
fuzzed "random requests (seed $SEED)" on d ./nlfuzz random ${NLFUZZ_SECONDS:-10} $SEED
fuzzed "random requests of a user's in a namespace of his own" \
	unshare --user --map-root-user --net ./nlfuzz random 3 $SEED
lb flush
is "and nothing is left" "$(lbq '"\(.services) \(.reals)"' stats)" "0 0"
finish
