# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# bash completion for lbctl

_lbctl_options()
{
	local real_side='--encap --encap-port --device --outer'
	local service='--scheduler --one-packet --adopt --on-remove --mss --timeout'

	case $1 in
	add-service)		echo "$service" ;;
	edit-service)		echo "$service --no-one-packet --no-adopt" ;;
	add-real|edit-real)	echo '--method --encap --encap-port --encap-csum --weight --state' ;;
	connections)		echo '--client --real' ;;
	del-connection)		echo '--client --real --all' ;;
	stats)			echo '--per-cpu' ;;
	restore)		echo '--replace' ;;
	real-setup)		echo "$real_side --dry-run --persist" ;;
	real-teardown)		echo "$real_side --dry-run" ;;
	check-real)		echo "$real_side" ;;
	esac
	echo '--json --help'
}

# What may stand behind a word.
_lbctl_values()
{
	local states=(tcp-syn-sent tcp-syn-recv tcp-established tcp-fin-wait tcp-close-wait
		tcp-last-ack tcp-time-wait tcp-close udp-new udp)

	case $1 in
	--scheduler)	echo rr wrr lc wlc ;;
	--on-remove)	echo default keep close ;;
	--method)	echo nat dr tunnel ;;
	--encap)	echo ipip gue gre ;;
	--outer)	echo inet inet6 ;;
	real-setup|real-teardown|check-real)
			echo dr tunnel ;;
	--encap-csum|conntrack)
			echo on off ;;
	--state)	echo up drain down ;;
	--timeout)	echo "${states[@]/%/=}" ;;
	timeout)	echo "${states[@]}" ;;
	tcp-unknown)	echo reset drop local ;;
	tunnel-df)	echo inherit never ;;
	transmit)	echo queue direct ;;
	set)		echo conn-limit tcp-unknown tunnel-df conntrack fast-path transmit timeout ;;
	*)		return 1 ;;
	esac
}

# Devices, and before the first one which packets; $1 is the word before.
_lbctl_fast_path()
{
	local path

	[ "$1" != fast-path ] || echo on off all
	[ "$1" = off ] || for path in /sys/class/net/*/address; do
		[ ! -e "$path" ] || echo "${path:15:-8}"
	done
}

# The services that there are, for a protocol's word.
_lbctl_services()
{
	lbctl save 2> /dev/null | sed -n "s/^add-service $1 \([^ ]*\).*/\1/p"
}

# Those of the words on stdin that go on as CURRENT begins. They are taken as they are:
# compgen -W would run what stands in the name of a device, which others may choose.
_lbctl_offer()
{
	local word

	while read -r word; do
		[[ -z $word || $word != "$CURRENT"* ]] || printf '%q\n' "${word#"$COLON"}"
	done
}

# Bash takes a colon for the end of a word: CURRENT and PREVIOUS are what they are without
# that, and COLON what of CURRENT stands before the word that bash replaces.
_lbctl_words()
{
	local i=$COMP_CWORD

	CURRENT=${COMP_WORDS[i]} COLON=
	while [[ $COMP_WORDBREAKS = *:* && ( ${COMP_WORDS[i]} = :* || ${COMP_WORDS[i - 1]} = *: ) ]]; do
		i=$((i - 1))
		CURRENT=${COMP_WORDS[i]}$CURRENT
	done
	PREVIOUS=${COMP_WORDS[i - 1]}
	CURRENT=${CURRENT//\\/}
	[[ $COMP_WORDBREAKS != *:* || $CURRENT != *:* ]] || COLON=${CURRENT%:*}:
}

_lbctl()
{
	local verbs='add-service edit-service del-service add-real edit-real del-real list show connections
		del-connection stats zero flush settings set real-setup
		real-teardown check-real save restore version help'
	local CURRENT PREVIOUS COLON verb='' word choice

	_lbctl_words
	for word in "${COMP_WORDS[@]:1:COMP_CWORD - 1}"; do
		[[ $word = -* ]] || { verb=$word; break; }
	done
	if [ -z "$verb" ]; then
		choice="$verbs --json --help --version"
	elif [ "$verb" = set ] && [[ " ${COMP_WORDS[*]:0:COMP_CWORD} " = *' set fast-path '* ]]; then
		choice=$(_lbctl_fast_path "$PREVIOUS")
	elif choice=$(_lbctl_values "$PREVIOUS"); then
		[ "$PREVIOUS" != --timeout ] || compopt -o nospace
	elif [[ $PREVIOUS = help ]]; then
		choice=$verbs
	elif [[ $PREVIOUS =~ ^(tcp|udp|fwmark)$ ]]; then
		choice=$(_lbctl_services "$PREVIOUS")
	elif [ "$PREVIOUS" = "$verb" ] && [[ $verb =~ -service$|-real$|^(list|show|connections|del-connection|zero)$ ]]; then
		choice="tcp udp fwmark $(_lbctl_options "$verb")"
	elif [ "$verb" = restore ] && [[ $CURRENT != -* ]]; then
		compopt -o default
		return
	else
		choice=$(_lbctl_options "$verb")
	fi
	# Words of the choice have blanks between them, or lines.
	mapfile -t COMPREPLY < <(tr -s ' \t' '\n' <<< "$choice" | _lbctl_offer)
}

complete -F _lbctl lbctl
