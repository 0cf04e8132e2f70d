#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Watch it work: three HTTP servers behind one address, by nat, by dr and by tunnel,
# or by those of them that are named. What is claimed is checked; the last line and
# the status tell.

# shellcheck disable=SC2086,SC2317 # words have no blanks; functions are called by name
. ./methods-lib.sh

REQUESTS=120
DIRECT_REQUESTS=30
FILE_MB=5
SENT=0
WRONG=()
DOWNLOADS=()
PIPES=()

title()
{
	printf '\n== %s\n' "$*"
}

# run SPACE LINE: as it would be typed there; what it says is shown, and in SAID.
run()
{
	local prompt=$1

	case $1 in
	d)	prompt=director ;;
	c1)	prompt=client ;;
	esac
	printf '%s# %s\n' "$prompt" "$2"
	SAID=$(on "$1" bash -c "$2" 2>&1) || WRONG+=("$2")
	[ -z "$SAID" ] || printf '    %s\n' "${SAID//$'\n'/$'\n    '}"
}

claim()
{
	if [ "$2" = "$3" ]; then
		printf '  + %s\n' "$1"
	else
		printf '  - NOT TRUE: %s (found "%s", expected "%s")\n' "$1" "$2" "$3"
		WRONG+=("$1")
	fi
}

# http_servers PORT: each page is the server's name; the file is the same everywhere.
http_servers()
{
	local name

	echo "r1, r2, r3# busybox httpd -p $1 -h /www"
	for name in r1 r2 r3; do
		job $name busybox httpd -f -p "$1" -h "$TMP/www-$name"
	done
	for name in r1 r2 r3; do
		wait_for 10 on $name bash -c ": < /dev/tcp/127.0.0.1/$1" || WRONG+=("server $name:$1")
	done
}

pages()
{
	local name

	head -c $((FILE_MB << 20)) /dev/urandom > "$TMP/file"
	for name in r1 r2 r3; do
		mkdir "$TMP/www-$name"
		echo $name > "$TMP/www-$name/index.html"
		ln "$TMP/file" "$TMP/www-$name/file"
	done
}

picture()
{
	cat <<-END
	     client                director                      real servers
	  192.0.2.11 ---+------ 192.0.2.1  10.0.0.1 ------+--- r1  10.0.0.11
	                |       VIPs 203.0.113.10 ...     +--- r2  10.0.0.12
	                '------ 192.0.2.2  10.0.0.2 ------+--- r3  10.0.0.13
	                           a router
	END
}

# how_often RUNS-OUTPUT: "r1=60 r2=30 r3=30"
how_often()
{
	sed -E 's/^ *([0-9]+) (.*)/\2=\1/' <<< "$1" | paste -sd ' '
}

# ask COUNT URL: so many requests, each a connection of its own; an answer that is lost
# ends them, and isn't waited for as long as curl would.
ask()
{
	run c1 "curl -sSm 5 --fail-early -H 'Connection: close' '$2#[1-$1]' | sort | uniq -c"
	SENT=$((SENT + $1))
}

# in_list FILTER VIP: of what lbctl says of that VIP's service
in_list()
{
	lbq ".services[] | select(.address == \"$2\") | $1" list
}

set_up()
{
	title "nat: the director rewrites addresses and ports, both ways"
	http_servers 8080
	run d "lbctl add-service tcp 203.0.113.10:80 --scheduler wrr"
	run d "lbctl add-real tcp 203.0.113.10:80 10.0.0.11:8080 --weight 2"
	run d "lbctl add-real tcp 203.0.113.10:80 10.0.0.12:8080"
	run d "lbctl add-real tcp 203.0.113.10:80 10.0.0.13:8080"
}

requests()
{
	title "nat: $REQUESTS HTTP requests"
	ask $REQUESTS $URL
	claim "r1, of weight 2, has answered as often as the other two together" \
		"$(how_often "$SAID")" "r1=$((REQUESTS / 2)) r2=$((REQUESTS / 4)) r3=$((REQUESTS / 4))"
	claim "the director has counted as many" \
		"$(in_list '[.reals[].stats.connections] | join(" ")' 203.0.113.10)" \
		"$((REQUESTS / 2)) $((REQUESTS / 4)) $((REQUESTS / 4))"
}

# Their data goes into pipes that nobody reads for now, so they stop half-way:
# with the usual buffer the client's kernel would take in the whole file first.
begin_downloads()
{
	local i fd

	on c1 sysctl -qw "net.ipv4.tcp_rmem=4096 65536 131072"
	echo "client# curl ${URL}file | ...    (four of them, whose reader pauses)"
	for i in 1 2 3 4; do
		mkfifo "$TMP/pipe$i"
		exec {fd}<> "$TMP/pipe$i"
		PIPES+=("$fd")
		job c1 curl -s -o "$TMP/pipe$i" "${URL}file"
		DOWNLOADS+=("$JOB")
	done
	wait_for 10 downloading 4
}

open_to()
{
	OPEN=$(lbq '[.connections[] | select(.state == "tcp-established" and (.real | test("'"$1"'")))] | length' connections)
}

downloading()
{
	open_to .
	[ "$OPEN" = "$1" ]
}

end_downloads()
{
	local i good=0

	for i in 0 1 2 3; do
		timeout 60 cmp -s -n $((FILE_MB << 20)) - "$TMP/file" <&"${PIPES[i]}" && wait "${DOWNLOADS[i]}" &&
			good=$((good + 1))
	done
	claim "all four downloads go on and come to their end, each byte of them right" $good 4
}

take_away()
{
	local before

	title "nat: one real is taken away while downloads run"
	begin_downloads
	open_to 10.0.0.11
	before=$OPEN
	claim "half of them come from r1" "$before" 2
	run d "lbctl del-real tcp 203.0.113.10:80 10.0.0.11:8080"
	ask 40 $URL
	claim "new connections avoid it" "$(how_often "$SAID")" "r2=20 r3=20"
	run d "lbctl connections --real 10.0.0.11 | grep established"
	open_to 10.0.0.11
	claim "its open connections stay" "$OPEN" "$before"
	end_downloads
}

# The answers' bytes are at least the files'.
through_director()
{
	[ "$(in_list .stats.bytes_out 203.0.113.10)" -ge $((4 * (FILE_MB << 20))) ] && echo yes
}

nat_part()
{
	URL=http://203.0.113.10/
	set_up
	requests
	take_away
	claim "every byte of that has come through the director" "$(through_director)" yes
}

# prepare METHOD VIP...: the reals' side; shown once
prepare()
{
	local name

	run r1 "lbctl real-setup $*"
	echo "r2, r3# lbctl real-setup $*    (the same)"
	for name in r2 r3; do
		on $name "$LBCTL" real-setup "$@" > "$TMP/said" 2>&1 || WRONG+=("real-setup at $name")
	done
	for name in r1 r2 r3; do
		on $name "$LBCTL" check-real "$@" | sed 's/ .*//'
	done > "$TMP/said"
	claim "lbctl check-real finds nothing wrong at any of them" "$(sort -u "$TMP/said")" good
}

# direct URL VIP: from three reals the client has pages and a file; nothing of it came
# through the director
direct()
{
	local each=$((DIRECT_REQUESTS / 3)) name

	ask $DIRECT_REQUESTS "$1"
	claim "each real has answered a third" "$(how_often "$SAID")" "r1=$each r2=$each r3=$each"
	run c1 "curl -sSm 60 '${1}file' | wc -c"
	SENT=$((SENT + 1))
	claim "the client has the whole file" "$SAID" $((FILE_MB << 20))
	claim "the director has counted each connection, and what the client sent" \
		"$(in_list '.stats | "\(.connections) \(.packets_in > 200)"' "$2")" "$((DIRECT_REQUESTS + 1)) true"
	claim "but of answers no packet and no byte" \
		"$(in_list '.stats | "\(.packets_out) \(.bytes_out)"' "$2")" "0 0"
}

# Whatever lbctl counts: this is told by the stack behind the director's device.
none_seen()
{
	run d "nft list counter inet watch replies | grep -o 'packets.*'"
	claim "nor has nftables seen one come by the device to the reals" "$SAID" "packets 0 bytes 0"
}

# add VIP REAL-OPTIONS...
add()
{
	run d "lbctl add-service tcp $1:80 --scheduler rr"
	run d "for i in 1 2 3; do lbctl add-real tcp $1:80 10.0.0.1\$i:80 ${*:2}; done"
}

serve_80()
{
	[ -n "${SERVING:-}" ] || http_servers 80
	SERVING=yes
}

dr_part()
{
	title "dr: to the real's hardware address, unchanged; the real answers the client itself"
	prepare dr 203.0.113.11
	serve_80
	add 203.0.113.11 --method dr
	direct http://203.0.113.11/ 203.0.113.11
	none_seen
}

tunnel_part()
{
	title "tunnel: wrapped, to reals anywhere; here IPv4 and IPv6 in IPv4"
	prepare tunnel 203.0.113.20 2001:db8:f::20 --outer inet
	serve_80
	add 203.0.113.20 --method tunnel
	direct http://203.0.113.20/ 203.0.113.20
	add "[2001:db8:f::20]" --method tunnel
	direct "http://[2001:db8:f::20]/" 2001:db8:f::20
	none_seen
}

make_demo_network()
{
	local i

	make_network && second_router || return 1
	for i in 1 2 3; do
		return_path r$i eth0 10.0.0.2 2001:db8:10::2
	done
	count_replies
}

[ $# -gt 0 ] || set -- nat dr tunnel
for part; do
	case $part in
	nat|dr|tunnel) ;;
	*)	echo "usage: demo.sh [nat] [dr] [tunnel]" >&2
		exit 2 ;;
	esac
done
NO_TAP=1
begin make_demo_network curl busybox nft
title "The network: namespaces of this machine, joined by veth and bridges"
picture
pages
for part; do
	"${part}_part"
done
title "All of it, as the director counts"
run d "lbctl list"

if [ ${#WRONG[@]} -eq 0 ]; then
	printf '\ndemo: %s: %d requests, balanced as claimed (%d s)\n' "$*" $SENT $SECONDS
	exit 0
fi
printf '\ndemo: FAILED: %s\n' "${WRONG[@]}"
exit 1
