#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Watch it work: three HTTP servers behind one address, and then one of them is
# taken away. What is claimed is checked; the last line and the status tell.

# shellcheck disable=SC2317 # functions are called by name
. ./lib.sh

URL=http://203.0.113.10/
REQUESTS=120
FILE_MB=5
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

# http_servers: each page is the server's name; the file is the same everywhere.
http_servers()
{
	local name

	head -c $((FILE_MB << 20)) /dev/urandom > "$TMP/file"
	for name in r1 r2 r3; do
		mkdir "$TMP/www-$name"
		echo $name > "$TMP/www-$name/index.html"
		ln "$TMP/file" "$TMP/www-$name/file"
		echo "$name# busybox httpd -p 8080 -h /www"
		job $name busybox httpd -f -p 8080 -h "$TMP/www-$name"
	done
	for name in r1 r2 r3; do
		wait_for 10 on $name bash -c ': < /dev/tcp/127.0.0.1/8080' || WRONG+=("server $name")
	done
}

picture()
{
	cat <<-END
	     client                director                      real servers
	  192.0.2.11 ---------- 192.0.2.1  10.0.0.1 ------+--- r1  10.0.0.11:8080
	                    VIP 203.0.113.10:80           +--- r2  10.0.0.12:8080
	                                                  '--- r3  10.0.0.13:8080
	END
}

# how_often RUNS-OUTPUT: "r1=60 r2=30 r3=30"
how_often()
{
	sed -E 's/^ *([0-9]+) (.*)/\2=\1/' <<< "$1" | paste -sd ' '
}

set_up()
{
	title "The network: namespaces of this machine, joined by veth and bridges"
	picture
	title "Three HTTP servers; each page says who served it"
	http_servers
	title "The service, and its reals"
	run d "lbctl add-service tcp 203.0.113.10:80 --scheduler wrr"
	run d "lbctl add-real tcp 203.0.113.10:80 10.0.0.11:8080 --weight 2"
	run d "lbctl add-real tcp 203.0.113.10:80 10.0.0.12:8080"
	run d "lbctl add-real tcp 203.0.113.10:80 10.0.0.13:8080"
}

requests()
{
	title "$REQUESTS HTTP requests, each a connection of its own"
	run c1 "curl -s -H 'Connection: close' '$URL#[1-$REQUESTS]' | sort | uniq -c"
	claim "r1, of weight 2, has answered as often as the other two together" \
		"$(how_often "$SAID")" "r1=$((REQUESTS / 2)) r2=$((REQUESTS / 4)) r3=$((REQUESTS / 4))"
	run d "lbctl list"
	claim "the director has counted as many" "$(lbq '[.services[0].reals[].stats.connections] | join(" ")' list)" \
		"$((REQUESTS / 2)) $((REQUESTS / 4)) $((REQUESTS / 4))"
	run d "head -n 6 /proc/net/lbvs/connections"
	title "What the kernel says"
	run d "dmesg | grep 'lbvs: '"
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
		cmp -s -n $((FILE_MB << 20)) - "$TMP/file" <&"${PIPES[i]}" && wait "${DOWNLOADS[i]}" &&
			good=$((good + 1))
	done
	claim "all four downloads go on and come to their end, each byte of them right" $good 4
}

take_away()
{
	local before

	title "One real is taken away while downloads run"
	begin_downloads
	open_to 10.0.0.11
	before=$OPEN
	claim "half of them come from r1" "$before" 2
	run d "lbctl del-real tcp 203.0.113.10:80 10.0.0.11:8080"
	run c1 "curl -s -H 'Connection: close' '$URL#[1-40]' | sort | uniq -c"
	claim "new connections avoid it" "$(how_often "$SAID")" "r2=20 r3=20"
	run d "lbctl connections --real 10.0.0.11 | grep established"
	open_to 10.0.0.11
	claim "its open connections stay" "$OPEN" "$before"
	end_downloads
}

NO_TAP=1
begin make_network curl busybox
set_up
requests
take_away
run d "lbctl list"

if [ ${#WRONG[@]} -eq 0 ]; then
	printf '\ndemo: %d requests and 4 downloads, balanced as claimed (%d s)\n' $((REQUESTS + 40)) $SECONDS
	exit 0
fi
printf '\ndemo: FAILED: %s\n' "${WRONG[@]}"
exit 1
