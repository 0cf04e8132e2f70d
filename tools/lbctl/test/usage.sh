#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# lbctl from outside, without a module: exit codes, what is said of mistakes,
# and that the manual and the completion know every word. TAP.
# usage: usage.sh LBCTL

set -u

lbctl=$1
here=$(cd "$(dirname "$0")/.." && pwd)
count=0
failed=0

ok()
{
	count=$((count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $count - $2"
	else
		echo "not ok $count - $2"
		failed=$((failed + 1))
	fi
}

skip()
{
	count=$((count + 1))
	echo "ok $count - $1 # SKIP $2"
}

# expect CODE PATTERN WORD...: the exit code, and a line on stdout or stderr
expect()
{
	local code=$1 pattern=$2 output status

	shift 2
	output=$("$lbctl" "$@" 2>&1 < /dev/null)
	status=$?
	[ $status = "$code" ] && grep -qe "$pattern" <<< "$output"
	ok $? "lbctl $*: exit $code, says '$pattern'"
	[ $status = "$code" ] || printf '# exit %s: %s\n' "$status" "${output//$'\n'/$'\n'# }"
}

# expect_lines CODE PATTERN LINE...: the same of restore, which reads the lines
expect_lines()
{
	local code=$1 pattern=$2 output status

	shift 2
	output=$(printf '%s\n' "$@" | "$lbctl" restore --replace 2>&1)
	status=$?
	[ $status = "$code" ] && grep -qe "$pattern" <<< "$output"
	ok $? "restore of '$*': exit $code, says '$pattern'"
	[ $status = "$code" ] || printf '# exit %s: %s\n' "$status" "${output//$'\n'/$'\n'# }"
}

# Who may not do something hears what it was.
unprivileged()
{
	local name='real-setup of no root: exit 3, says what failed' output status

	if [ "$(id -u)" != 0 ]; then
		skip "$name" 'this is no root, who alone can become nobody'
		return
	fi
	output=$(setpriv --reuid 65534 --clear-groups "$lbctl" real-setup dr 203.0.113.10 --device lbvs9 2>&1)
	status=$?
	[ $status = 3 ] && grep -q "^lbctl: real-setup: '.*' failed, and this user isn't root" <<< "$output"
	ok $? "$name"
}

words()
{
	"$lbctl" help | sed -n '/^verbs:/,/^$/s/^  \([a-z-]*\) .*/\1/p'
}

settings()
{
	"$lbctl" set nonsense nonsense 2>&1 | sed -n 's/.* is no setting: expected //p' | grep -o '[a-z-]*' | grep -vx or
}

test_usage()
{
	expect 2 "'lbctl help' lists them"
	expect 2 "did you mean 'add-service'" add-sevice
	expect 2 'for example: lbctl add-service tcp' add-service
	expect 2 "'70000' is no weight: expected a number from 0 to 65535" \
		add-real tcp 192.0.2.10:80 10.0.0.11 --weight 70000
	expect 2 "there is no JSON of this; '--json list' and '--json settings' have it" --json save
	expect 2 'there is no JSON of this$' --json help
	expect 2 "'nonsense' is no verb" help nonsense
	expect 2 "a device of this name is written 'dev off'" set fast-path on off
	expect 2 'No such file' restore /nonexistent/rules
	expect 2 'Is a directory' restore /
	expect 0 '^usage: lbctl' --help
	expect 0 '^usage: lbctl' help
	expect 0 '^usage: lbctl restore' --replace restore --help
	expect 0 '^lbctl [0-9]' --version
	expect 0 '"module":null' --version --json
}

test_help()
{
	local verb

	for verb in $(words); do
		expect 0 "^usage: lbctl .*$verb" "$verb" --help
		expect 0 "^  lbctl .*$verb" help "$verb"
	done
}

test_lines()
{
	expect_lines 2 "standard input:3: '300.0.0.1' is no" '# comment' '' \
		'add-real tcp 192.0.2.10:80 300.0.0.1'
	expect_lines 2 "standard input:1: 'list' has no place" list
	expect_lines 2 "standard input:2: 'lbctl' is no verb" flush 'lbctl flush'
	expect_lines 2 'too many words' "flush$(printf ' x%.0s' {1..130})"
}

test_output()
{
	"$lbctl" help > /dev/full 2> /dev/null
	[ $? = 1 ]
	ok $? 'a full disk: exit 1'
	"$lbctl" help >&- 2> /dev/null
	[ $? = 1 ]
	ok $? 'a closed output: exit 1'
}

test_no_module()
{
	local verb
	local -a lines

	if [ -d /proc/net/lbvs ]; then
		skip 'without the module: exit 3' 'the module is loaded here'
		return
	fi
	expect 3 'load it with: modprobe lbvs' list
	expect 3 'load it with: modprobe lbvs' add-service tcp 192.0.2.10:80
	expect 3 '"module":null' version --json
	expect_lines 3 'load it with: modprobe lbvs' 'add-service tcp 192.0.2.10:80 # comment'
	# As many devices as there may be, each with a word before it.
	expect_lines 3 'load it with: modprobe lbvs' "set fast-path on$(printf ' dev -%s' {1..32})"
	# Each example of the help is a line that lbctl itself understands.
	for verb in $(words); do
		mapfile -t lines < <("$lbctl" help "$verb" | sed -n 's/^  lbctl //p' | sed 's/[|>].*//')
		local line
		for line in "${lines[@]}"; do
			local -a word
			read -ra word <<< "$line"
			# help needs no module, and this host may lack the file.
			[[ ${word[0]} = help || $line = *.rules* || ${word[0]} = *real-setup ||
				${word[0]} = real-teardown || $line = *check-real* ]] && continue
			expect 3 modprobe "${word[@]}"
		done
	done
}

# These would change this machine, or depend on it.
test_real_side()
{
	local verb line
	local -a word

	for verb in real-setup real-teardown; do
		while read -r line; do
			read -ra word <<< "$line"
			expect 0 . "${word[@]}" --dry-run
		done < <("$lbctl" help $verb | sed -n 's/^  lbctl //p' | sed 's/ --dry-run//')
	done
	expect 0 '^ip addr add 203.0.113.10/32 dev lo$' real-setup dr 203.0.113.10 --dry-run
	expect 0 '^ip link add name lbvs9 type dummy$' real-setup dr 203.0.113.10 --device lbvs9 --dry-run
	expect 1 '^WRONG  2001:db8:f::10/128 is neither' check-real dr 2001:db8:f::10
	expect 1 '"ok":false,"points":' --json check-real dr 203.0.113.10
	expect 0 '^Name=lbvs9$' real-setup dr 203.0.113.10 --device lbvs9 --persist
	expect 0 '^-net.ipv4.conf.tunl0.rp_filter = 2$' real-setup tunnel 203.0.113.10 --persist
	expect 0 '^ExecStart=ip fou add port 7 gue -6$' real-setup tunnel 203.0.113.10 --outer inet6 \
		--encap gue --encap-port 7 --persist
	unprivileged
	expect_lines 2 "'real-setup' has no place" 'real-setup dr 192.0.2.10'
}

test_documents()
{
	local word words=() missing manual

	mapfile -t words < <(words; settings; "$lbctl" help | grep -o -- '--[a-z-]*'
		for word in $(words); do "$lbctl" help "$word" | sed -n 's/^  \(--[a-z-]*\).*/\1/p'; done)
	[ ${#words[@]} -gt 30 ]
	ok $? "help names its words (${#words[@]})"
	if ! manual=$(groff -mdoc -Tascii -P-cbu "$here/lbctl.8" 2> /dev/null); then
		skip 'lbctl.8 has every verb, option and setting' 'no groff: apt-get install groff-base'
	else
		missing=
		for word in "${words[@]}"; do
			grep -qwe "$word" <<< "$manual" || missing+=" $word"
		done
		[ -z "$missing" ]
		ok $? "lbctl.8 has every verb, option and setting${missing:+; not:$missing}"
	fi
	missing=
	for word in "${words[@]}"; do
		grep -qwe "$word" "$here/lbctl.bash" || missing+=" $word"
	done
	[ -z "$missing" ]
	ok $? "the completion has every verb, option and setting${missing:+; not:$missing}"
}

# completes WANTED WORD...: what is offered for the last word, split as bash does
completes()
{
	local wanted=$1 offered

	shift
	# shellcheck disable=SC1091,SC2016,SC2034,SC2317 # the completion uses, and must not run, these
	offered=$(
		. "$here/lbctl.bash"
		lbctl()
		{
			printf 'add-service %s\n' 'tcp 192.0.2.10:80 --adopt' 'tcp [2001:db8::1]:53' 'fwmark 7 inet6'
		}
		_lbctl_fast_path()
		{
			echo 'eth0 $(echo>&2)it'
		}
		COMP_WORDBREAKS=$' \t\n"\'><=;|&(:'
		COMP_WORDS=(lbctl "$@") COMP_CWORD=$#
		_lbctl 2>&1
		echo "${COMPREPLY[*]}"
	)
	[ "$offered" = "$wanted" ]
	ok $? "the completion of '$*' is '$wanted'"
	[ "$offered" = "$wanted" ] || echo "# it is: $offered"
}

test_completion()
{
	completes 'edit-service edit-real' edit
	completes 'tcp-unknown tunnel-df transmit timeout' set t
	completes '--scheduler' edit-service tcp 192.0.2.10 : 80 --sch
	completes '192.0.2.10:80 \[2001:db8::1\]:53' list tcp ''
	completes '192.0.2.10:80' list tcp 192
	completes '80' list tcp 192.0.2.10 :
	completes '80' list tcp 192.0.2.10 : 8
	completes 'db8::1\]:53' list tcp '[2001' : d
	completes '53' list tcp '[2001' : db8 :: '1]' : ''
	completes '7' list fwmark ''
	completes 'eth0 \$\(echo\>\&2\)it' set fast-path ''
}

test_usage
test_help
test_lines
test_output
test_no_module
test_real_side
test_documents
test_completion
echo "1..$count"
[ $failed = 0 ]
