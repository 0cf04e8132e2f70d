# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What the tests share: TAP, the network, the servers and clients in it.
#
#    c1 --.               .-- r1      c1      192.0.2.11      2001:db8:1::11
#         sw:clients - d - sw:reals   c2      198.51.100.11   2001:db8:2::11, by rt
#  c2-rt -'               '-- r2 r3   d       192.0.2.1, 10.0.0.1, 2001:db8:1::1, 2001:db8:10::1
#                                     r1..r3  10.0.0.11..13   2001:db8:10::11..13
#
# Each is a network namespace; sw has a bridge for either side. d is the
# director; it holds VIP and VIP2 on a dummy device, VIPL by a local route only.
#
# shellcheck disable=SC2034 # the tests use what is set here

set -u

cd "$(dirname "$0")" || exit 1
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
LBCTL=${LBCTL:-lbctl}
FAST_PATH=${FAST_PATH:-on}
LC_ALL=C
SPACES=(c1 c2 rt sw d r1 r2 r3)
TMP=
CASES=0
FAILED=0
JOBS=()
CPUS_ON=()
declare -A TO FROM PID STUCK MARKED

# --- TAP -------------------------------------------------------------------

skip_all()
{
	echo "TAP version 13"
	echo "1..0 # SKIP $*"
	exit 4
}

diag()
{
	local line

	while IFS= read -r line; do
		echo "#   $line"
	done <<< "$*"
}

passed()
{
	CASES=$((CASES + 1))
	echo "ok $CASES - $1"
}

# failed DESCRIPTION WORDS: the words say what was seen.
failed()
{
	CASES=$((CASES + 1))
	FAILED=$((FAILED + 1))
	echo "not ok $CASES - $1"
	diag "$2"
}

# skip DESCRIPTION REASON: a case that cannot be tried here.
skip()
{
	CASES=$((CASES + 1))
	echo "ok $CASES - $1 # SKIP $2"
}

# is DESCRIPTION GOT WANTED
is()
{
	if [ "$2" = "$3" ]; then
		passed "$1"
	else
		failed "$1" "got:    $2"$'\n'"wanted: $3"
	fi
}

# like DESCRIPTION GOT REGEX: upper or lower case, as the tool likes.
like()
{
	local yes

	shopt -s nocasematch
	[[ $2 =~ $3 ]]
	yes=$?
	shopt -u nocasematch
	if [ $yes -eq 0 ]; then
		passed "$1"
	else
		failed "$1" "got:    $2"$'\n'"wanted: $3"
	fi
}

# between DESCRIPTION GOT LOW HIGH
between()
{
	if [[ $2 =~ ^[0-9]+$ ]] && [ "$2" -ge "$3" ] && [ "$2" -le "$4" ]; then
		passed "$1"
	else
		failed "$1" "got:    $2"$'\n'"wanted: $3 to $4"
	fi
}

# check DESCRIPTION COMMAND...: it must succeed.
check()
{
	local said status

	said=$("${@:2}" 2>&1)
	status=$?
	if [ $status -eq 0 ]; then
		passed "$1"
	else
		failed "$1" "${*:2}: status $status"$'\n'"$said"
	fi
}

# eventually DESCRIPTION SECONDS COMMAND...: it must succeed in that time.
eventually()
{
	if wait_for "${@:2}"; then
		passed "$1"
	else
		failed "$1" "not within $2 s: ${*:3}"$'\n'"$("${@:3}" 2>&1)"
	fi
}

finish()
{
	local tainted

	MARKED=()
	fates
	case $FAST_PATH in
	off)	is "the fast path is off and has seen nothing" "$FATES" "" ;;
	*)	echo "# fast path $FAST_PATH: ${FATES:-nothing}" ;;
	esac
	read -r tainted < /proc/sys/kernel/tainted
	# Machine check and the like are not ours; 128 is an oops, 512 a warning, 16384 a soft lockup.
	is "the kernel has not complained" "$((tainted & ~TAINTED & (128 | 512 | 16384)))" 0
	echo "1..$CASES"
	[ $FAILED -eq 0 ]
	exit
}

# megabytes NUMBER: what there is to send, into MB, unless that says it; when a test is run
# again with the fast path off or for all, a quarter
megabytes()
{
	[ "$FAST_PATH" = on ] || set -- $((($1 + 3) / 4))
	MB=${MB:-$1}
}

# --- time ------------------------------------------------------------------

# pause SECONDS: without a process.
pause()
{
	read -rt "$1" -u "$NEVER"
}

# By the monotonic clock: the other one may be set while we wait.
now_ms()
{
	local up

	read -r up _ < /proc/uptime
	NOW=$((10#${up/./} * 10))
}

# wait_for SECONDS COMMAND...: poll until it succeeds.
wait_for()
{
	local end

	now_ms
	end=$((NOW + $1 * 1000))
	until "${@:2}" > /dev/null 2>&1; do
		now_ms
		[ $NOW -lt $end ] || return 1
		pause 0.05
	done
	return 0
}

# --- namespaces ------------------------------------------------------------

# on SPACE COMMAND...
on()
{
	./enter "lbvs-$1" "${@:2}"
}

# job SPACE COMMAND...: in the background, ended with the test; JOB is its pid.
job()
{
	./enter "lbvs-$1" "${@:2}" &
	JOB=$!
	JOBS+=("$JOB")
}

# add_spaces SPACE...
add_spaces()
{
	local space lines=

	for space; do
		lines+="netns add lbvs-$space"$'\n'
	done
	ip -batch - <<< "$lines"
}

delete_spaces()
{
	local space lines=

	for space in "${SPACES[@]}"; do
		[ ! -e "/run/netns/lbvs-$space" ] || lines+="netns delete lbvs-$space"$'\n'
	done
	[ -z "$lines" ] || ip -batch - <<< "$lines"
}

# shellcheck disable=SC2317 # the trap calls it
clean_up()
{
	local job

	for job in "${JOBS[@]}"; do
		kill "$job" 2> /dev/null
	done
	wait
	delete_spaces
	cpus_off
	[ -z "$TMP" ] || rm -rf "$TMP"
}

# cpus NUMBER: so many are to be on until the test ends, if the machine has them
cpus()
{
	local i on

	for ((i = 1; i < $1; i++)); do
		on=/sys/devices/system/cpu/cpu$i/online
		[ -e $on ] && [ "$(< $on)" = 0 ] && echo 1 > $on && CPUS_ON+=("$on")
	done
	echo "# CPUs: $(nproc)"
}

cpus_off()
{
	local on

	for on in "${CPUS_ON[@]}"; do
		echo 0 > "$on"
	done
}

# mac SPACE DEVICE: its hardware address, into MAC
mac()
{
	MAC=$(ip -n "lbvs-$1" -j link show "$2" | jq -r '.[].address')
}

# forward SPACE WORDS...: it is a router; and other settings.
forward()
{
	on "$1" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 "${@:2}"
}

# sink_director SPACE: a director of a VIP that it holds by a route, alone: the reals are
# behind a dummy device, which counts and drops what it is given.
sink_director()
{
	forward "$1" net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 &&
		ip -n "lbvs-$1" -batch - <<-END
			link set lo up
			link add reals type dummy
			addr add 10.0.0.1/24 dev reals
			link set reals up
			route add local 203.0.113.10 dev lo
		END
}

director_only()
{
	add_spaces d && sink_director d
}

wire_up()
{
	ip -n lbvs-sw -batch - <<-END
		link add clients type bridge mcast_snooping 0
		link add reals type bridge mcast_snooping 0
		link add c1 type veth peer name eth0 netns lbvs-c1
		link add rt type veth peer name eth0 netns lbvs-rt
		link add dc type veth peer name c netns lbvs-d
		link add ds type veth peer name s netns lbvs-d
		link add r1 type veth peer name eth0 netns lbvs-r1
		link add r2 type veth peer name eth0 netns lbvs-r2
		link add r3 type veth peer name eth0 netns lbvs-r3
		link set c1 master clients up
		link set rt master clients up
		link set dc master clients up
		link set ds master reals up
		link set r1 master reals up
		link set r2 master reals up
		link set r3 master reals up
		link set clients up
		link set reals up
	END
}

# The kernel would first see whether somebody has its addresses: so do without
# the ones that it makes itself.
# address DEVICE LINK-LOCAL ADDRESS...
address()
{
	local device=$1 link_local=$2 address

	echo "link set $device addrgenmode none"
	echo "addr add $link_local/64 dev $device nodad"
	shift 2
	for address; do
		case $address in
		*:*)	echo "addr add $address dev $device nodad" ;;
		*)	echo "addr add $address dev $device" ;;
		esac
	done
	echo "link set $device up"
}

# end_node SPACE IPV4 IPV6 GATEWAY4 GATEWAY6
end_node()
{
	ip -n "lbvs-$1" -batch - <<-END
		link set lo up
		$(address eth0 "fe80::${3##*:}" "$2/24" "$3/64")
		route add default via $4
		route add default via $5
	END
}

client_router()
{
	forward rt && ip -n lbvs-rt -batch - <<-END
		link set lo up
		link add c2 type veth peer name eth0 netns lbvs-c2
		$(address eth0 fe80::2 192.0.2.2/24 2001:db8:1::2/64)
		$(address c2 fe80::1 198.51.100.1/24 2001:db8:2::1/64)
		route add default via 192.0.2.1
		route add default via 2001:db8:1::1
	END
}

director()
{
	forward d net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.default.send_redirects=0 \
		net.ipv4.conf.c.send_redirects=0 net.ipv4.conf.s.send_redirects=0 &&
		ip -n lbvs-d -batch - <<-END
			link set lo up
			link add vip type dummy
			$(address c fe80::1 192.0.2.1/24 2001:db8:1::1/64)
			$(address s fe80::1 10.0.0.1/24 2001:db8:10::1/64)
			$(address vip fe80::1 203.0.113.10/32 203.0.113.11/32 2001:db8:f::10/128 2001:db8:f::11/128)
			route add local 203.0.113.20 dev lo
			route add local 2001:db8:f::20 dev lo
			route add 198.51.100.0/24 via 192.0.2.2
			route add 2001:db8:2::/64 via 2001:db8:1::2
		END
}

make_network()
{
	local i

	add_spaces "${SPACES[@]}" && wire_up && client_router && director &&
		end_node c1 192.0.2.11 2001:db8:1::11 192.0.2.1 2001:db8:1::1 &&
		end_node c2 198.51.100.11 2001:db8:2::11 198.51.100.1 2001:db8:2::1 || return 1
	for i in 1 2 3; do
		end_node r$i 10.0.0.1$i 2001:db8:10::1$i 10.0.0.1 2001:db8:10::1 || return 1
	done
}

# family 4|6: addresses for the cases that follow; with brackets for lbctl.
family()
{
	FAMILY=$1
	case $1 in
	4)
		C1=192.0.2.11 C2=198.51.100.11 D=192.0.2.1 D_REALS=10.0.0.1
		VIP=203.0.113.10 VIP2=203.0.113.11 VIPL=203.0.113.20
		R1=10.0.0.11 R2=10.0.0.12 R3=10.0.0.13
		ANY=0.0.0.0/0
		HOST_BITS=32
		for_lbctl=
		;;
	6)
		C1=2001:db8:1::11 C2=2001:db8:2::11 D=2001:db8:1::1 D_REALS=2001:db8:10::1
		VIP=2001:db8:f::10 VIP2=2001:db8:f::11 VIPL=2001:db8:f::20
		R1=2001:db8:10::11 R2=2001:db8:10::12 R3=2001:db8:10::13
		ANY=::/0
		HOST_BITS=128
		;;
	esac
}

# at ADDRESS PORT: as lbctl and curl write it, into AT.
at()
{
	case $1 in
	*:*)	AT=[$1]:$2 ;;
	*)	AT=$1:$2 ;;
	esac
}

# --- the program under test ------------------------------------------------

need_root()
{
	[ "$(id -u)" -eq 0 ] || skip_all "not root"
}

need_programs()
{
	local program

	for program in ip sysctl jq "$@"; do
		command -v "$program" > /dev/null || skip_all "no program $program"
	done
	[ -x ./talk ] || skip_all "the test programs are not built: make"
}

need_lbvs()
{
	[ -d /sys/module/lbvs ] || modprobe -q lbvs || skip_all "module lbvs is not there"
	command -v "$LBCTL" > /dev/null || skip_all "no lbctl: set LBCTL or PATH"
}

# For tests that unload the module
need_module_file()
{
	modinfo lbvs > /dev/null 2>&1 || [ -e "${LBVS_KO:-}" ] ||
		skip_all "the module could not be loaded again: set LBVS_KO"
}

load_module()
{
	modprobe lbvs 2> /dev/null || insmod "${LBVS_KO:-}"
}

# fast_path_of SPACE...: these are directors; FAST_PATH (on, off, all) is how the test is run
fast_path_of()
{
	local space

	[ "$FAST_PATH" != on ] || return 0
	for space; do
		on "$space" "$LBCTL" set fast-path "$FAST_PATH" || return 1
	done
}

# lb ARGUMENTS...: lbctl on the director: d, if a test doesn't say otherwise.
lb()
{
	./enter "lbvs-${DIRECTOR:-d}" "$LBCTL" "$@"
}

# lbq FILTER ARGUMENTS...: what jq makes of lbctl's JSON.
lbq()
{
	lb --json "${@:2}" | jq -r "$1"
}

# refused DESCRIPTION STATUS REGEX ARGUMENTS...: lbctl on the director has to
# end with that status, and say something on stderr that fits.
refused()
{
	local said status

	said=$(lb "${@:4}" 2>&1 > /dev/null)
	status=$?
	if [ $status -ne "$2" ]; then
		failed "$1" "lbctl ${*:4}: status $status, wanted $2"$'\n'"$said"
	else
		like "$1" "$said" "$3"
	fi
}

# service_lines PROTOCOL ADDRESS PORT RPORT OPTIONS... -- REAL...: what makes a service
# with its reals, into RULES; a REAL is an address, and what follows it up to the next
# is options.
service_lines()
{
	local protocol=$1 vip rport=$4 word

	at "$2" "$3"
	vip=$AT
	shift 4
	RULES="add-service $protocol $vip"
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		RULES+=" $1"
		shift
	done
	shift
	for word; do
		case $word in
		*.*.*|*:*)
			at "$word" "$rport"
			RULES+=$'\n'"add-real $protocol $vip $AT" ;;
		*)
			RULES+=" $word" ;;
		esac
	done
}

# add_lines RULES
add_lines()
{
	lb restore - <<< "$1" || echo "# could not restore: $1"
}

# service WORDS...: as service_lines
service()
{
	service_lines "$@"
	add_lines "$RULES"
}

# Totals come from /proc, by way of a process of the director's: that takes no new
# process. That /proc and lbctl say the same is for reading.sh to see.

# drops REASON: packets that the director has counted as dropped for it, into DROPS
drops()
{
	local name

	while read -r name DROPS; do
		[ "$name" != "$1" ] || return
	done < "$PROC/drops"
	DROPS=
}

# states CLIENT-PORT: of the connections from there, into STATES
states()
{
	local client state

	STATES=
	while read -r _ client _ _ _ state _; do
		[ "${client##*:}" != "$1" ] || STATES+=${STATES:+ }$state
	done < <(lb connections)
}

# total NAME: of /proc/net/lbvs/stats, into TOTAL
total()
{
	local name

	while read -r name TOTAL; do
		[ "$name" != "$1" ] || return
	done < "$PROC/stats"
	TOTAL=
}

# fates: what the fast path has done with packets, "taken=N unknown=N ...", into FATES;
# since the test has noted counters in MARKED, if it does
fates()
{
	local name value

	FATES=
	while read -r name value; do
		value=$((value - ${MARKED[$name]:-0}))
		[[ $name != fast_* || $value = 0 ]] || FATES+="${FATES:+ }${name#fast_}=$value"
	done < "$PROC/stats"
}

state_is()
{
	states "$1"
	[ "$STATES" = "$2" ]
}

# reaches DESCRIPTION CLIENT-PORT STATE: soon; "" for no connection at all
reaches()
{
	wait_for 3 state_is "$2" "$3"
	is "$1" "$STATES" "$3"
}

count_connections()
{
	total connections
	[ "$TOTAL" = "$1" ]
}

# connections DESCRIPTION NUMBER: so many there are. A deleted one counts until
# nobody can be looking at it any more.
connections()
{
	wait_for 2 count_connections "$2"
	is "$1" "$TOTAL" "$2"
}

# both_families FUNCTION: with the addresses of IPv4, then of IPv6; V begins descriptions
both_families()
{
	for FAMILY in 4 6; do
		family $FAMILY
		V=IPv$FAMILY
		"$@"
		lb flush
	done
}

# --- servers and clients ---------------------------------------------------

# count NAME WHAT: what a server has had; into COUNT. WHAT: tcp lines http udp errors
count()
{
	local line

	read -r line < "$TMP/$1"
	line=${line#*"$2"=}
	COUNT=${line%% *}
}

count_is()
{
	count "$1" "$2"
	[ "$COUNT" = "$3" ]
}

# counts DESCRIPTION WHAT R1 R2 R3: at the receivers. They write a moment late.
counts()
{
	wait_for 2 count_is r1 "$2" "$3"
	wait_for 1 count_is r2 "$2" "$4"
	wait_for 1 count_is r3 "$2" "$5"
	get_counts "$2"
	is "$1" "$COUNTS" "$3 $4 $5"
}

get_counts()
{
	local name

	COUNTS=
	for name in r1 r2 r3; do
		count $name "$1"
		COUNTS+=${COUNTS:+ }$COUNT
	done
}

server_ready()
{
	[ -s "$TMP/$1" ]
}

# start_server SPACE PORT...: its name is that of its namespace.
start_server()
{
	job "$1" ./server "$1" "$TMP/$1" "${@:2}"
	PID[$1]=$JOB
	wait_for 10 server_ready "$1" || echo "# server $1 does not start"
}

start_servers()
{
	local name

	for name in r1 r2 r3; do
		job $name ./server $name "$TMP/$name" "$@"
		PID[$name]=$JOB
	done
	for name in r1 r2 r3; do
		wait_for 10 server_ready $name || echo "# server $name does not start"
	done
}

zero_counts()
{
	local name

	kill -HUP "${PID[r1]}" "${PID[r2]}" "${PID[r3]}"
	for name in r1 r2 r3; do
		wait_for 2 count_is $name lines 0
		wait_for 2 count_is $name tcp 0
		wait_for 2 count_is $name udp 0
	done
}

# start_client NAME SPACE: see helpers/talk.c.
start_client()
{
	local in out

	mkfifo "$TMP/$1.in" "$TMP/$1.out"
	./enter "lbvs-$2" ./talk < "$TMP/$1.in" > "$TMP/$1.out" &
	PID[$1]=$!
	JOBS+=($!)
	exec {in}> "$TMP/$1.in" {out}< "$TMP/$1.out"
	TO[$1]=$in
	FROM[$1]=$out
}

# tell CLIENT WORDS...: the answer is in ANSWER.
tell()
{
	order "$@"
	answer "$1"
}

order()
{
	echo "${@:2}" >&"${TO[$1]}"
}

# One that doesn't answer in time (TELL_TIMEOUT, for slow kernels) is not asked again: its answers would be late.
answer()
{
	ANSWER="error: no answer of the client program"
	[ -z "${STUCK[$1]:-}" ] || return
	read -rt "${TELL_TIMEOUT:-60}" -u "${FROM[$1]}" ANSWER && return
	ANSWER="error: no answer of the client program"
	STUCK[$1]=yes
}

# told DESCRIPTION WANTED CLIENT WORDS...
told()
{
	tell "${@:3}"
	is "$1" "$ANSWER" "$2"
}

# took CLIENT: milliseconds of what it was told last, into TOOK.
took()
{
	tell "$1" took
	TOOK=$ANSWER
}

# --- begin -----------------------------------------------------------------

# begin NETWORK [PROGRAM...]: a function that makes the network, programs that the
# test wants.
begin()
{
	need_root
	need_lbvs
	need_programs "${@:2}"
	TMP=$(mktemp -d "${TMPDIR:-/tmp}/lbvs.XXXXXX") || exit 1
	mkfifo "$TMP/never"
	exec {NEVER}<> "$TMP/never"
	read -r TAINTED < /proc/sys/kernel/tainted
	mkdir -p /run/netns
	delete_spaces
	trap clean_up EXIT
	trap 'exit 1' INT TERM
	[ -n "${NO_TAP:-}" ] || echo "TAP version 13"
	if ! "$1" || ! fast_path_of d; then
		echo "Bail out! cannot make the network"
		exit 1
	fi
	job d sleep 100000
	PROC=/proc/$JOB/net/lbvs
}
