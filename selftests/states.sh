#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The states of a connection, from both sides. "raw" segments leave by a socket
# that the client's TCP knows nothing of, so that each step can be looked at;
# its RSTs are kept from the wire.

# shellcheck disable=SC2086,SC2317 # addresses have no blanks; functions are called by name
. ./lib.sh

mute()
{
	on c1 nft -f - <<-END
		table inet mute {
			chain out {
				type filter hook output priority 0;
				tcp sport 5000-5999 tcp flags & rst == rst drop
			}
		}
	END
}

# raw FLAGS [WORDS...]: from PORT
raw()
{
	tell c1 raw $C1 "$PORT" $VIP 80 "$@"
}

# Number of the server's next byte, from its SYN-ACK.
after_syn_ack()
{
	local seq=${ANSWER#*seq=}

	NEXT=$((${seq%% *} + 1))
}

client_first()
{
	PORT=5001
	raw S seq=100
	like "$V the client's SYN is answered" "$ANSWER" '^SA seq=[0-9]+ ack=101$'
	after_syn_ack
	reaches "$V SYN, SYN-ACK" $PORT tcp-syn-recv
	raw A seq=101 ack=$NEXT wait=50
	reaches "$V the client's ACK" $PORT tcp-established
	raw FA seq=101 ack=$NEXT wait=2000
	reaches "$V FIN of both sides" $PORT tcp-last-ack
	# "rN bye 0" and a newline, and the FIN.
	raw A seq=102 ack=$((NEXT + 10)) wait=50
	reaches "$V the last ACK" $PORT tcp-time-wait
}

held()
{
	tell c1 open h tcp $VIP 80 sport=6001
	reaches "$V a connection with data" 6001 tcp-established
	tell c1 ask h hold
	tell c1 half h
	reaches "$V the client's FIN only" 6001 tcp-fin-wait
	kill -USR1 "${PID[$1]}"
	told "$V the server has its say after it" ended c1 end h
	reaches "$V then the server's FIN" 6001 tcp-time-wait
	tell c1 close h
}

server_first()
{
	tell c1 open s tcp $VIP 80 sport=6002
	tell c1 ask s close
	reaches "$V the server's FIN only" 6002 tcp-close-wait
	told "$V the client learns of it" ended c1 end s
	tell c1 close s
	reaches "$V then the client's FIN" 6002 tcp-time-wait
}

resets()
{
	tell c1 open r tcp $VIP 80 sport=6003
	tell c1 rst r
	reaches "$V RST by the client" 6003 tcp-close
	tell c1 open q tcp $VIP 80 sport=6004
	tell c1 ask q reset
	reaches "$V RST by the server" 6004 tcp-close
	told "$V the client learns of it" "error: reset" c1 say q
	tell c1 close q
}

# No such machine, so that nobody answers.
unanswered()
{
	case $FAMILY in
	4)	dead=10.0.0.99 ;;
	6)	dead=2001:db8:10::99 ;;
	esac
	service tcp $VIP2 80 8080 -- $dead
	service udp $VIP2 53 8080 -- $dead
	tell c1 raw $C1 5009 $VIP2 80 S wait=1
	reaches "$V SYN without an answer" 5009 tcp-syn-sent
	tell c1 connect u udp $VIP2 53 sport=5010 timeout=1
	tell c1 say u
	reaches "$V one UDP packet" 5010 udp-new
	tell c1 say u
	reaches "$V more than one" 5010 udp
	tell c1 close u
}

# What closes no longer counts as active.
active()
{
	is "$V a real's active and other connections" \
		"$(lbq '[.services[] | select(.port == 80 and .address == "'$VIP'") | .reals[] | .active, .connections] | join(" ")' list)" "0 5"
	tell c1 open a tcp $VIP 80 sport=6005
	is "$V and with one that is open" \
		"$(lbq '[.services[] | select(.port == 80 and .address == "'$VIP'") | .reals[] | .active, .connections] | join(" ")' list)" "1 6"
	tell c1 close '*'
}

# Segments out of place change nothing.
strange()
{
	PORT=5003
	tell c1 open e tcp $VIP 80 sport=6006
	tell c1 raw $C1 6006 $VIP 80 S seq=7 wait=50
	reaches "$V a SYN on an open connection" 6006 tcp-established
	told "$V and it goes on" r1 c1 say e
	PORT=5004
	raw SFA wait=50
	reaches "$V SYN and FIN at once make no connection" 5004 ""
	raw FA wait=50
	reaches "$V nor does a FIN" 5004 ""
	tell c1 close e
}

cases()
{
	service tcp $VIP 80 8080 -- $R1
	client_first
	held r1
	server_first
	resets
	active
	strange
	unanswered
}

begin make_network nft
mute
start_servers 8080
start_client c1 c1
both_families cases
finish
