#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The kernel's own refusals, of requests that lbctl would not send: the error,
# the attribute to blame, and words.

# shellcheck disable=SC2086,SC2317 # addresses have no blanks; functions are called by name
. ./lib.sh

ID='AF=u8:2 PROTOCOL=u8:6 ADDR=x:cb00710a PORT=be16:80'
ID6='AF=u8:10 PROTOCOL=u8:6 ADDR=x:20010db8000f00000000000000000010 PORT=be16:80'

AS_REPLACED='.services[] | "\(.scheduler) \(.flags | tojson) \(.on_remove) \(.timeouts | tojson) \(.reals[0] | "\(.weight) \(.state)")"'

# answers DESCRIPTION REGEX COMMAND ATTRIBUTES
answers()
{
	like "$1" "$(on d ./nl "${@:3}" 2>&1)" "^$2"
}

# What wants no service beforehand.
service_cases()
{
	answers "no family" "EINVAL.*: .*" SERVICE_NEW 'SERVICE{ PROTOCOL=u8:6 ADDR=x:cb00710a PORT=be16:80 }'
	answers "unknown family" "E[A-Z]+ AF: .*" SERVICE_NEW 'SERVICE{ AF=u8:7 PROTOCOL=u8:6 ADDR=x:cb00710a PORT=be16:80 }'
	answers "no service at all" "EINVAL.*: .*" SERVICE_NEW
	answers "unknown protocol" "E[A-Z]+ PROTOCOL: .*" SERVICE_NEW 'SERVICE{ AF=u8:2 PROTOCOL=u8:132 ADDR=x:cb00710a PORT=be16:80 }'
	answers "no address" "EINVAL.*: .*" SERVICE_NEW 'SERVICE{ AF=u8:2 PROTOCOL=u8:6 PORT=be16:80 }'
	answers "an IPv4 address of 16 bytes" "EINVAL ADDR: .*" SERVICE_NEW 'SERVICE{ AF=u8:2 PROTOCOL=u8:6 ADDR=x:cb00710a000000000000000000000000 PORT=be16:80 }'
	answers "an IPv6 address of 4 bytes" "EINVAL ADDR: .*" SERVICE_NEW 'SERVICE{ AF=u8:10 PROTOCOL=u8:6 ADDR=x:cb00710a PORT=be16:80 }'
	answers "an address of 5 bytes" "E[A-Z]+ ADDR: .*" SERVICE_NEW 'SERVICE{ AF=u8:2 PROTOCOL=u8:6 ADDR=x:cb00710a01 PORT=be16:80 }'
	answers "multicast VIP" "EINVAL ADDR: .*(unicast|multicast)" SERVICE_NEW 'SERVICE{ AF=u8:2 PROTOCOL=u8:6 ADDR=x:e0000009 PORT=be16:80 }'
	answers "multicast IPv6 VIP" "EINVAL ADDR: .*(unicast|multicast)" SERVICE_NEW 'SERVICE{ AF=u8:10 PROTOCOL=u8:6 ADDR=x:ff020000000000000000000000000001 PORT=be16:80 }'
	answers "broadcast VIP" "EINVAL ADDR: .*unicast" SERVICE_NEW 'SERVICE{ AF=u8:2 PROTOCOL=u8:6 ADDR=x:ffffffff PORT=be16:80 }'
	answers "VIP 0.0.0.0" "EINVAL ADDR: .*unicast" SERVICE_NEW 'SERVICE{ AF=u8:2 PROTOCOL=u8:6 ADDR=x:00000000 PORT=be16:80 }'
	answers "no port" "EINVAL.*: .*port" SERVICE_NEW 'SERVICE{ AF=u8:2 PROTOCOL=u8:6 ADDR=x:cb00710a }'
	answers "port 0" "E[A-Z]+ PORT: .*" SERVICE_NEW 'SERVICE{ AF=u8:2 PROTOCOL=u8:6 ADDR=x:cb00710a PORT=be16:0 }'
	answers "firewall mark 0" "E[A-Z]+ FWMARK: .*" SERVICE_NEW 'SERVICE{ AF=u8:2 FWMARK=u32:0 }'
	answers "a firewall mark and a port" "EINVAL.*: .*mark" SERVICE_NEW 'SERVICE{ AF=u8:2 FWMARK=u32:7 PORT=be16:80 }'
	answers "unknown scheduler" "ENOENT SCHEDULER: .*scheduler" SERVICE_NEW "SERVICE{ $ID SCHEDULER=s:nonsense }"
	answers "a scheduler's name too long" "E[A-Z]+ SCHEDULER: .*" SERVICE_NEW "SERVICE{ $ID SCHEDULER=s:abcdefghijklmnopqrst }"
	answers "unknown flag" "E[A-Z]+ FLAGS: .*flag" SERVICE_NEW "SERVICE{ $ID FLAGS=bits:4/4 }"
	answers "a flag set that is not selected" "EINVAL FLAGS: .*" SERVICE_NEW "SERVICE{ $ID FLAGS=bits:2/0 }"
	answers "one-packet for TCP" "E[A-Z]+ FLAGS: .*UDP" SERVICE_NEW "SERVICE{ $ID FLAGS=bits:1/1 }"
	answers "adopt for UDP" "E[A-Z]+ FLAGS: .*TCP" SERVICE_NEW 'SERVICE{ AF=u8:2 PROTOCOL=u8:17 ADDR=x:cb00710a PORT=be16:53 FLAGS=bits:2/2 }'
	answers "unknown on-remove" "E[A-Z]+ ON_REMOVE: .*" SERVICE_NEW "SERVICE{ $ID ON_REMOVE=u8:3 }"
	answers "a timeout of no state" "EINVAL .*: .*" SERVICE_NEW "SERVICE{ $ID TIMEOUTS{ 99=u32:5 } }"
	answers "a timeout too long" "E[A-Z]+ .*: .*" SERVICE_NEW "SERVICE{ $ID TIMEOUTS{ 3=u32:1000001 } }"
	answers "an unknown attribute" "EINVAL 77: .*" SERVICE_NEW "SERVICE{ $ID 77=u8:1 }"
	answers "an attribute that is for replies only" "E[A-Z]+ NUM_REALS: .*" SERVICE_NEW "SERVICE{ $ID NUM_REALS=u32:1 }"
	answers "an attribute of another command" "EINVAL REAL: .*" SERVICE_NEW "SERVICE{ $ID } REAL{ ADDR=x:0a00000b }"
	answers "a value too short" "E[A-Z]+ PORT: .*" SERVICE_NEW 'SERVICE{ AF=u8:2 PROTOCOL=u8:6 ADDR=x:cb00710a PORT=u8:80 }'
	answers "an unknown command" "EOPNOTSUPP" 99
	answers "no such service" "ENOENT SERVICE: .*service" SERVICE_SET "SERVICE{ $ID }"
	answers "no such service to delete" "ENOENT SERVICE: .*service" SERVICE_DEL "SERVICE{ $ID }"
	answers "no such service to get" "ENOENT SERVICE: .*service" SERVICE_GET "SERVICE{ $ID }"
	answers "no such service to zero" "ENOENT SERVICE: .*service" ZERO "SERVICE{ $ID }"
	answers "no such service for a real" "ENOENT SERVICE: .*service" REAL_NEW "SERVICE{ $ID } REAL{ ADDR=x:0a00000b }"
	is "none of it left a service" "$(lbq .services stats)" 0
}

real_cases()
{
	answers "a service" ok SERVICE_NEW "SERVICE{ $ID SCHEDULER=s:rr }"
	answers "the same again" "EEXIST SERVICE: .*" SERVICE_NEW "SERVICE{ $ID }"
	answers "an edit with an unknown scheduler" "ENOENT SCHEDULER: .*" SERVICE_SET "SERVICE{ $ID SCHEDULER=s:nonsense }"
	answers "no real" "EINVAL.*: .*" REAL_NEW "SERVICE{ $ID }"
	answers "a real without an address" "EINVAL.*: .*" REAL_NEW "SERVICE{ $ID } REAL{ PORT=be16:80 }"
	answers "a multicast real" "EINVAL ADDR: .*(unicast|multicast)" REAL_NEW "SERVICE{ $ID } REAL{ ADDR=x:e0000009 }"
	answers "a real of the other family" "E[A-Z]+ (AF|ADDR): .*" REAL_NEW "SERVICE{ $ID } REAL{ AF=u8:10 ADDR=x:20010db8001000000000000000000011 }"
	answers "port 0 for a real" "E[A-Z]+ PORT: .*" REAL_NEW "SERVICE{ $ID } REAL{ ADDR=x:0a00000b PORT=be16:0 }"
	answers "an unknown method" "E[A-Z]+ METHOD: .*" REAL_NEW "SERVICE{ $ID } REAL{ ADDR=x:0a00000b METHOD=u8:9 }"
	answers "a weight out of range" "E[A-Z]+ WEIGHT: .*" REAL_NEW "SERVICE{ $ID } REAL{ ADDR=x:0a00000b WEIGHT=u32:65536 }"
	answers "an unknown state" "E[A-Z]+ STATE: .*" REAL_NEW "SERVICE{ $ID } REAL{ ADDR=x:0a00000b STATE=u8:3 }"
	answers "an encapsulation's checksum neither on nor off" "E[A-Z]+ ENCAP_CSUM: .*" REAL_NEW "SERVICE{ $ID } REAL{ ADDR=x:0a00000b METHOD=u8:2 ENCAP=u8:1 ENCAP_CSUM=u8:2 }"
	answers "an unknown attribute of a real" "EINVAL 77: .*" REAL_NEW "SERVICE{ $ID } REAL{ ADDR=x:0a00000b 77=u8:1 }"
	answers "no such real to edit" "ENOENT REAL: .*real" REAL_SET "SERVICE{ $ID } REAL{ ADDR=x:0a00000b PORT=be16:80 }"
	answers "no such real to delete" "ENOENT REAL: .*real" REAL_DEL "SERVICE{ $ID } REAL{ ADDR=x:0a00000b PORT=be16:80 }"
	answers "a real, its port by default" ok REAL_NEW "SERVICE{ $ID } REAL{ ADDR=x:0a00000b }"
	answers "the same, its port named" "EEXIST REAL: .*" REAL_NEW "SERVICE{ $ID } REAL{ ADDR=x:0a00000b PORT=be16:80 }"
	answers "an edit out of range" "E[A-Z]+ WEIGHT: .*" REAL_SET "SERVICE{ $ID } REAL{ ADDR=x:0a00000b PORT=be16:80 WEIGHT=u32:65536 }"
	is "which left the real as it was" "$(lbq '.services[].reals[] | "\(.port) \(.method) \(.weight) \(.state)"' list)" "80 nat 1 up"
	answers "an edit that is to replace" "EINVAL REPLACE: .*" SERVICE_SET "SERVICE{ $ID } REPLACE=x:"
	answers "a deletion that is to replace" "EINVAL REPLACE: .*" REAL_DEL "SERVICE{ $ID } REAL{ ADDR=x:0a00000b } REPLACE=x:"
	answers "a replacement with a value" "E[A-Z]+ REPLACE: .*" SERVICE_NEW "SERVICE{ $ID SCHEDULER=s:lc } REPLACE=u8:1"
	answers "a replacement with an unknown scheduler" "ENOENT SCHEDULER: .*" SERVICE_NEW "SERVICE{ $ID SCHEDULER=s:nonsense } REPLACE=x:"
	answers "a real's with a weight out of range" "E[A-Z]+ WEIGHT: .*" REAL_NEW "SERVICE{ $ID } REAL{ ADDR=x:0a00000b WEIGHT=u32:65536 } REPLACE=x:"
	is "none of it changed anything" "$(lbq '.services[] | "\(.scheduler) \(.reals[0].weight)"' list)" "rr 1"
	answers "a service in place of one" ok SERVICE_NEW "SERVICE{ $ID SCHEDULER=s:lc FLAGS=bits:2/2 ON_REMOVE=u8:1 TIMEOUTS{ 3=u32:77 } } REPLACE=x:"
	answers "a real in place of one" ok REAL_NEW "SERVICE{ $ID } REAL{ ADDR=x:0a00000b WEIGHT=u32:5 STATE=u8:1 } REPLACE=x:"
	is "they are what was asked for" "$(lbq "$AS_REPLACED" list)" 'lc ["adopt"] keep {"tcp-established":77} 5 drain'
	answers "a service in its place with nothing said" ok SERVICE_NEW "SERVICE{ $ID } REPLACE=x:"
	answers "a real likewise" ok REAL_NEW "SERVICE{ $ID } REAL{ ADDR=x:0a00000b } REPLACE=x:"
	is "they have the defaults" "$(lbq "$AS_REPLACED" list)" 'wlc [] default {} 1 up'
	answers "a real in place of none" ok REAL_NEW "SERVICE{ $ID } REAL{ ADDR=x:0a00000c } REPLACE=x:"
	is "is there" "$(lbq '.services[].reals | length' list)" 2
	answers "an IPv6 service beside it" ok SERVICE_NEW "SERVICE{ $ID6 }"
	answers "an IPv4 real for it" "E[A-Z]+ (AF|ADDR): .*" REAL_NEW "SERVICE{ $ID6 } REAL{ AF=u8:2 ADDR=x:0a00000b }"
}

other_cases()
{
	answers "a limit of 0" "E[A-Z]+ CONN_LIMIT: .*" SETTINGS_SET 'SETTINGS{ CONN_LIMIT=u32:0 }'
	answers "a limit too high" "E[A-Z]+ CONN_LIMIT: .*" SETTINGS_SET 'SETTINGS{ CONN_LIMIT=u32:100000001 }'
	answers "unknown tcp-unknown" "E[A-Z]+ TCP_UNKNOWN: .*" SETTINGS_SET 'SETTINGS{ TCP_UNKNOWN=u8:3 }'
	answers "a timeout of 0" "E[A-Z]+ .*: .*" SETTINGS_SET 'SETTINGS{ TIMEOUTS{ 10=u32:0 } }'
	answers "one good and one bad setting" "E[A-Z]+ .*: .*" SETTINGS_SET 'SETTINGS{ CONN_LIMIT=u32:12345 TIMEOUTS{ 10=u32:0 } }'
	is "change nothing" "$(lbq '.conn_limit == 12345' settings)" false
	answers "no settings" "EINVAL.*: .*" SETTINGS_SET
	answers "deleting connections without a filter" "EINVAL.*: .*" CONN_DEL
	answers "a client without its family" "E[A-Z]+ .*: .*" CONN_DEL 'FILTER{ CLIENT=x:0a0000 }'
	answers "a prefix too long" "E[A-Z]+ PREFIX_LEN: .*" CONN_DEL 'FILTER{ CLIENT=x:0a000001 PREFIX_LEN=u8:33 }'
	answers "a prefix of nothing" "E[A-Z]+.*: .*" CONN_DEL 'FILTER{ PREFIX_LEN=u8:8 }'
	answers "a real that isn't of its address's family" "E[A-Z]+ (AF|ADDR): .*" CONN_DEL 'FILTER{ REAL{ AF=u8:10 ADDR=x:0a00000b } }'
	answers "a real of no family" "E[A-Z]+ (AF|ADDR): .*" CONN_DEL 'FILTER{ REAL{ AF=u8:0 ADDR=x:0a00000b } }'
	answers "a real that is" ok CONN_DEL 'FILTER{ REAL{ AF=u8:2 ADDR=x:0a00000b } }'
	answers "an empty filter" ok CONN_DEL 'FILTER{ }'
	answers "flush" ok FLUSH
	is "and nothing is left" "$(lbq '"\(.services) \(.reals)"' stats)" "0 0"
}

begin make_network
service_cases
real_cases
other_cases
finish
