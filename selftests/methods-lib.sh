# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What the tests of dr, tunnel and of all methods together share: the network of
# lib.sh, and more. A real's answers from the VIP go by rt, never by the director.
#
#  c1 --.               .-- r1 r2 r3        rt   also 10.0.0.2, 2001:db8:10::2
#       sw:clients - d - sw:reals - mid - r4  c3   10.0.0.21, 2001:db8:10::21
#  c2-rt -' '------------'   '-- c3         mid  10.0.0.3, 10.1.0.1, 2001:db8:10::3, 2001:db8:11::1
#        (rt has a leg there)               r4   10.1.0.14, 2001:db8:11::14
#
# shellcheck disable=SC2034,SC2086 # the tests use what is set here; addresses have no blanks

. ./lib.sh

SPACES+=(c3 mid r4)
VIPS4="203.0.113.10 203.0.113.11 203.0.113.20"
VIPS6="2001:db8:f::10 2001:db8:f::11 2001:db8:f::20"

# How packets get to a real: nat, dr, or a tunnel's encapsulation and the family of
# its outer header. Tests that take long have fewer of them.
KINDS="nat dr ipip4 ipip6 gue4 gue6 gue-csum4 gue-csum6 gre4 gre6"

# What ICMP errors are in this family: type and code.
numbers()
{
	case $FAMILY in
	4)	PORT="type=3 code=3" HOST="type=3 code=1" NO_ROUTE="type=3 code=1"
		EXCEEDED="type=11 code=0" TOO_BIG="type=3 code=4" MID=10.0.0.3 ;;
	6)	PORT="type=1 code=4" HOST="type=1 code=3" NO_ROUTE="type=1 code=0"
		EXCEEDED="type=3 code=0" TOO_BIG="type=2 code=0" MID=2001:db8:10::3 ;;
	esac
}

# forget_paths SPACE...: what MTUs they have learned
forget_paths()
{
	local space

	for space; do
		ip -n lbvs-$space -4 route flush cache
		ip -n lbvs-$space -6 route flush cache
	done
}

# error_is DESCRIPTION WANTED CLIENT ID: the next ICMP error that its socket has
error_is()
{
	tell $3 error $4
	like "$1" "$ANSWER" "^$2\$"
}

# learned DESCRIPTION MTU|"" SPACE ADDRESS [from ADDRESS]
learned()
{
	is "$1" "$(ip -n lbvs-$3 route get $4 "${@:5}" | sed -n 's/.* mtu \([0-9]*\).*/\1/p')" "$2"
}

# real_of FAMILY NUMBER: its address, into REAL
real_of()
{
	case $1 in
	4)	REAL=10.0.0.1$2; [ "$2" != 4 ] || REAL=10.1.0.14 ;;
	6)	REAL=2001:db8:10::1$2; [ "$2" != 4 ] || REAL=2001:db8:11::14 ;;
	esac
}

# kind NAME: of KINDS, for the cases that follow; into OUTER which counter at the
# real sees such packets.
kind()
{
	KIND=$1
	L="$V $1:"
	case $1 in
	nat|dr)
		METHOD=$1 WAY="--method $1" REAL_FAMILY=$FAMILY OUTER=plain OVERHEAD=0
		return ;;
	gue-csum?)
		WAY="--encap gue --encap-csum on --encap-port 6081" ;;
	*)
		WAY="--encap ${1%?}" ;;
	esac
	METHOD=tunnel WAY="--method tunnel $WAY" REAL_FAMILY=${1: -1}
	OUTER=${1/-/}
	OVERHEAD=$((REAL_FAMILY == 4 ? 20 : 40))
	case $1 in
	ipip?)	OUTER=ip${FAMILY}in$REAL_FAMILY ;;
	gue*)	OVERHEAD=$((OVERHEAD + 12)) ;;
	gre?)	OVERHEAD=$((OVERHEAD + 4)) ;;
	esac
}

# reals NUMBER...: those reals by this kind, as service() wants them, into REALS
reals()
{
	local i

	REALS=
	for i; do
		real_of $REAL_FAMILY $i
		REALS+=" $REAL $WAY"
	done
}

# balance PROTOCOL VIP PORT REAL-NUMBER...: a service; the reals have the same port
balance()
{
	local protocol=$1 vip=$2 port=$3

	shift 3
	reals "$@"
	service $protocol $vip $port $port --scheduler rr -- $REALS
}

# Answers from the VIPs by the other router. return_path SPACE DEVICE GATEWAY4 GATEWAY6
return_path()
{
	local vip lines=

	for vip in $VIPS4; do
		lines+="rule add from $vip lookup 100"$'\n'
	done
	on $1 ip -batch - <<-END
		$lines
		route add 10.0.0.0/24 dev $2 table 100
		route add default via $3 table 100
	END
	lines=
	for vip in $VIPS6; do
		lines+="rule add from $vip lookup 100"$'\n'
	done
	on $1 ip -6 -batch - <<-END
		$lines
		route add 2001:db8:10::/64 dev $2 table 100
		route add default via $4 table 100
	END
}

# The real has the VIPs, keeps silent about them on the LAN, and unpacks whatever
# the kernel can unpack.
real_side_up()
{
	local vip lines=

	on $1 sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2 \
		net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 \
		net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0
	for vip in $VIPS4; do
		lines+="addr add $vip/32 dev lo"$'\n'
	done
	for vip in $VIPS6; do
		lines+="addr add $vip/128 dev lo nodad"$'\n'
	done
	for device in tunl0 sit0 gre0 any6 ip6gre0; do
		lines+="link set $device up"$'\n'
	done
	real_of 6 ${1#r}
	ip -n lbvs-$1 -batch - <<-END
		link add any6 type ip6tnl mode any local $REAL remote ::
		$lines
		fou add port 6080 gue
		fou add port 6081 gue
	END
	ip -n lbvs-$1 -6 -batch - <<-END
		fou add port 6080 gue
		fou add port 6081 gue
	END
	for device in tunl0 sit0 gre0 any6 ip6gre0; do
		on $1 sysctl -qw net.ipv4.conf.$device.rp_filter=0
	done
}

# What comes to a real from the LAN, told by how it is wrapped.
count_outer()
{
	on $1 nft -f - <<-END
		table inet seen {
			counter plain { }
			counter ip4in4 { }
			counter ip6in4 { }
			counter ip4in6 { }
			counter ip6in6 { }
			counter gre4 { }
			counter gre6 { }
			counter gue4 { }
			counter gue6 { }
			counter guecsum4 { }
			counter guecsum6 { }
			chain in {
				type filter hook prerouting priority -450;
				iifname != eth0 accept
				ip protocol 4 counter name ip4in4
				ip protocol 41 counter name ip6in4
				ip protocol 47 counter name gre4
				ip6 nexthdr 4 counter name ip4in6
				ip6 nexthdr 41 counter name ip6in6
				ip6 nexthdr 47 counter name gre6
				meta nfproto ipv4 udp dport 6080 udp checksum 0 counter name gue4
				meta nfproto ipv6 udp dport 6080 udp checksum 0 counter name gue6
				meta nfproto ipv4 udp dport 6081 udp checksum != 0 counter name guecsum4
				meta nfproto ipv6 udp dport 6081 udp checksum != 0 counter name guecsum6
				meta l4proto { tcp, udp } th dport 8080-8081 counter name plain
			}
		}
	END
}

# What passes the director on its way back.
count_replies()
{
	on d nft -f - <<-END
		table inet watch {
			counter replies { }
			chain in {
				type filter hook prerouting priority -450;
				iifname != s accept
				ip saddr { ${VIPS4// /, } } counter name replies
				ip6 saddr { ${VIPS6// /, } } counter name replies
			}
		}
	END
}

# mark_vip2: packets for VIP2 have firewall mark 7 from prerouting on
mark_vip2()
{
	on d nft -f - <<-END
		table inet marks {
			chain in {
				type filter hook prerouting priority mangle;
				ip daddr 203.0.113.11 meta mark set 7
				ip6 daddr 2001:db8:f::11 meta mark set 7
			}
		}
	END
}

# nft_counter SPACE TABLE NAME: its packets, into PACKETS
nft_counter()
{
	PACKETS=$(on $1 nft -j list counter inet $2 $3 | jq '.nftables[].counter // empty | .packets')
}

# outer_is DESCRIPTION SPACE: since the last time only packets wrapped as this kind
# says have come to the real, and some did.
outer_is()
{
	is "$1" "$(on $2 nft -j reset counters table inet seen |
		jq -r '[.nftables[].counter // empty | select(.packets > 0) | .name] | join(" ")')" "$OUTER"
}

lan_client()
{
	ip -n lbvs-sw -batch - <<-END
		link add c3 type veth peer name eth0 netns lbvs-c3
		link set c3 master reals up
	END
	end_node c3 10.0.0.21 2001:db8:10::21 10.0.0.1 2001:db8:10::1
}

second_router()
{
	ip -n lbvs-sw -batch - <<-END
		link add rtr type veth peer name r netns lbvs-rt
		link set rtr master reals up
	END
	ip -n lbvs-rt -batch - <<-END
		$(address r fe80::2 10.0.0.2/24 2001:db8:10::2/64)
	END
}

far_real()
{
	ip -n lbvs-sw -batch - <<-END
		link add mid type veth peer name r netns lbvs-mid
		link set mid master reals up
	END
	# It has one arm to the reals' side: what it passes on goes back there.
	forward mid net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0 \
		net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.default.send_redirects=0 &&
		ip -n lbvs-mid -batch - <<-END
			link set lo up
			link add f type veth peer name eth0 netns lbvs-r4
			$(address r fe80::3 10.0.0.3/24 2001:db8:10::3/64)
			$(address f fe80::1 10.1.0.1/24 2001:db8:11::1/64)
			route add default via 10.0.0.1
			route add default via 2001:db8:10::1
			route add 10.1.0.0/24 dev f table 100
		END
	return_path mid r 10.0.0.2 2001:db8:10::2
	ip -n lbvs-d -batch - <<-END
		route add 10.1.0.0/24 via 10.0.0.3
		route add 2001:db8:11::/64 via 2001:db8:10::3
	END
	end_node r4 10.1.0.14 2001:db8:11::14 10.1.0.1 2001:db8:11::1
}

make_methods_network()
{
	local i

	modprobe -a ipip sit ip6_tunnel fou fou6 ip_gre ip6_gre || return 1
	make_network && second_router && lan_client && far_real || return 1
	# Of several errors in a row none is to be held back.
	sysctl -qw net.ipv4.icmp_msgs_per_sec=100000 net.ipv4.icmp_msgs_burst=10000 \
		net.ipv4.route.error_cost=0
	for i in d rt; do
		on $i sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0
	done
	for i in 1 2 3 4; do
		real_side_up r$i || return 1
		[ $i = 4 ] || return_path r$i eth0 10.0.0.2 2001:db8:10::2
		count_outer r$i
	done
	count_replies
}
