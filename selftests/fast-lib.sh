# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What the tests of the fast path share, beside methods-lib.sh: what it did with
# packets, against what devices have handed to the director.
#
# shellcheck disable=SC2034,SC2086 # the tests use what is set here; addresses have no blanks

. ./methods-lib.sh

P=8080

# TCP and UDP, as devices hand them to the director: before anybody else has a say.
count_frames()
{
	on d nft -f - <<-END
		table netdev frames {
			counter came { }
			chain c {
				type filter hook ingress device c priority -500;
				ip daddr 203.0.113.10 meta l4proto { tcp, udp } counter name came
				ip6 daddr 2001:db8:f::10 meta l4proto { tcp, udp } counter name came
			}
			chain s {
				type filter hook ingress device s priority -500;
				meta l4proto { tcp, udp } th sport $P counter name came
			}
		}
	END
}

# Counters begin here. This, and reading them, takes no process: tests do it often.
mark()
{
	local file name value

	for file in stats drops; do
		while read -r name value; do
			MARKED[$name]=$value
		done < "$PROC/$file"
	done
}

# since_mark stats|drops NAME: into SINCE
since_mark()
{
	local name value

	while read -r name value; do
		[ "$name" != "$2" ] || break
	done < "$PROC/$1"
	SINCE=$((value - MARKED[$2]))
}

fates_are()
{
	fates
	[ "$FATES" = "$1" ]
}

# did DESCRIPTION "taken=N REASON=N...": since the mark
did()
{
	wait_for 2 fates_are "$2"
	is "$1" "$FATES" "$2"
}

# dropped DESCRIPTION REASON NUMBER: since the mark
dropped()
{
	since_mark drops $2
	is "$1" "$SINCE" "$3"
}

# passed_on DESCRIPTION NUMBER: packets, either way, since the mark
passed_on()
{
	local in

	since_mark stats pkts_in
	in=$SINCE
	since_mark stats pkts_out
	is "$1" $((in + SINCE)) "$2"
}

mark_frames()
{
	mark
	on d nft reset counters table netdev frames > /dev/null
}

all_taken()
{
	fates
	CAME=$(on d nft list counter netdev frames came)
	CAME=${CAME#*packets }
	CAME=${CAME%% *}
	[ "$FATES" = "taken=$CAME" ]
}

# takes_all DESCRIPTION MINIMUM: each frame since mark_frames, and there were so many at least
takes_all()
{
	wait_for 2 all_taken
	is "$1: each packet is taken" "$FATES" "taken=$CAME"
	between "$1: there were such" "$CAME" "$2" 100000
	passed_on "$1: counted as ever" "$CAME"
}

# with_reply REQUESTS: what is taken when each is answered: by nat replies come back here
with_reply()
{
	[ $METHOD != nat ] || echo $(($1 * 2))
	[ $METHOD = nat ] || echo $1
}

# use KIND: services with r1; u is a UDP flow to it, and neighbours are known
use()
{
	local tcp

	kind $1
	reals 1
	service_lines tcp $VIP $P $P --scheduler rr -- $REALS
	tcp=$RULES
	service_lines udp $VIP $P $P --scheduler rr -- $REALS
	add_lines "$tcp"$'\n'"$RULES"
	tell c1 open u udp $VIP $P timeout=1000
	[ "$ANSWER" = r1 ] || echo "# $L $ANSWER"
}

# TCP is ended at both ends at once, while there is a way between them: whoever doesn't
# know that it is over sends again, in the midst of what comes next.
done_with()
{
	tell c1 rst '*'
	lb flush
}

# guard_ingress DEVICE udp|tcp: the operator's own rules there
guard_ingress()
{
	on d nft -f - <<-END
		table netdev guard {
			chain in {
				type filter hook ingress device $1 priority 0;
				$2 dport $P drop
			}
		}
	END
}
