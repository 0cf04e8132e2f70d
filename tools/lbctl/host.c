// SPDX-License-Identifier: GPL-2.0
/*
 * Reads what this machine has, by netlink and /proc/sys: these show the network
 * namespace that lbctl is in, which a /sys mounted elsewhere doesn't.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/fou.h>
#include <linux/if_link.h>
#include <linux/if_tunnel.h>
#include <linux/rtnetlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "wire.h"

/* One more, zeroed, at the end of @array; NULL when there's no memory. */
static void *append(void **array, size_t *count, size_t size)
{
	char *longer = realloc(*array, (*count + 1) * size);

	if (!longer)
		return NULL;
	*array = longer;
	return memset(longer + (*count)++ * size, 0, size);
}

static void read_linkinfo(struct nlattr *attr, struct host_link *link)
{
	struct nlattr *info[IFLA_INFO_MAX + 1], *data[IFLA_IPTUN_MAX + 1];

	if (!attr || nla_parse_nested(info, IFLA_INFO_MAX, attr, NULL))
		return;
	if (info[IFLA_INFO_KIND])
		nla_strlcpy(link->kind, info[IFLA_INFO_KIND], sizeof(link->kind));
	if (!strcmp(link->kind, "ip6tnl") && info[IFLA_INFO_DATA] &&
	    !nla_parse_nested(data, IFLA_IPTUN_MAX, info[IFLA_INFO_DATA], NULL) &&
	    data[IFLA_IPTUN_PROTO])
		link->tunnel_proto = get_u8(data[IFLA_IPTUN_PROTO]);
}

static int read_link(struct nl_msg *msg, void *arg)
{
	const struct nlmsghdr *header = nlmsg_hdr(msg);
	const struct ifinfomsg *info = nlmsg_data(header);
	struct nlattr *attrs[IFLA_MAX + 1];
	struct host *host = arg;
	struct host_link *link;

	if (header->nlmsg_type != RTM_NEWLINK ||
	    nlmsg_parse((struct nlmsghdr *)header, sizeof(*info), attrs, IFLA_MAX, NULL) ||
	    !attrs[IFLA_IFNAME])
		return NL_SKIP;
	link = append((void **)&host->links, &host->num_links, sizeof(*link));
	if (!link)
		return -NLE_NOMEM;
	link->index = info->ifi_index;
	link->up = info->ifi_flags & IFF_UP;
	link->loopback = info->ifi_flags & IFF_LOOPBACK;
	link->arp = !(info->ifi_flags & (IFF_NOARP | IFF_LOOPBACK | IFF_POINTOPOINT));
	link->tunnel_proto = -1;
	nla_strlcpy(link->name, attrs[IFLA_IFNAME], sizeof(link->name));
	read_linkinfo(attrs[IFLA_LINKINFO], link);
	return NL_OK;
}

static int read_address(struct nl_msg *msg, void *arg)
{
	const struct nlmsghdr *header = nlmsg_hdr(msg);
	const struct ifaddrmsg *info = nlmsg_data(header);
	struct nlattr *attrs[IFA_MAX + 1], *attr;
	struct host_address *address;
	struct host *host = arg;

	if (header->nlmsg_type != RTM_NEWADDR ||
	    nlmsg_parse((struct nlmsghdr *)header, sizeof(*info), attrs, IFA_MAX, NULL))
		return NL_SKIP;
	/* ADDRESS is the peer's where there is one. */
	attr = attrs[IFA_LOCAL] ? attrs[IFA_LOCAL] : attrs[IFA_ADDRESS];
	if (!attr)
		return NL_SKIP;
	address = append((void **)&host->addresses, &host->num_addresses, sizeof(*address));
	if (!address)
		return -NLE_NOMEM;
	address->index = info->ifa_index;
	address->length = info->ifa_prefixlen;
	return get_address(attr, &address->address) ? NL_SKIP : NL_OK;
}

static int read_fou(struct nl_msg *msg, void *arg)
{
	struct nlattr *attrs[FOU_ATTR_MAX + 1];
	struct host *host = arg;
	struct host_fou *fou;

	if (!genlmsg_valid_hdr(nlmsg_hdr(msg), 0) ||
	    genlmsg_parse(nlmsg_hdr(msg), 0, attrs, FOU_ATTR_MAX, NULL))
		return NL_SKIP;
	fou = append((void **)&host->fous, &host->num_fous, sizeof(*fou));
	if (!fou)
		return -NLE_NOMEM;
	fou->port = get_u16_net(attrs[FOU_ATTR_PORT]);
	fou->family = get_u8(attrs[FOU_ATTR_AF]);
	fou->gue = get_u8(attrs[FOU_ATTR_TYPE]) == FOU_ENCAP_GUE;
	return NL_OK;
}

/**
 * struct dump - a list that the kernel is asked for
 * @type: of the request
 * @header: the request's
 * @size: of @header
 * @reader: takes one message of the answer
 * @count: how long the list in struct host is
 */
struct dump {
	int type;
	void *header;
	size_t size;
	nl_recvmsg_msg_cb_t reader;
	size_t *count;
};

/*
 * What comes or goes meanwhile interrupts a dump. A machine where that happens each
 * time is shown as it was while it did.
 */
static int collect(struct nl_sock *sock, const struct dump *dump, struct host *host)
{
	int attempts = 10, status;

	nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, dump->reader, host);
	do {
		*dump->count = 0;
		if (nl_send_simple(sock, dump->type, NLM_F_DUMP, dump->header, dump->size) < 0)
			return -EPROTO;
		status = nl_recvmsgs_default(sock);
	} while (status == -NLE_DUMP_INTR && --attempts);
	if (status >= 0 || status == -NLE_DUMP_INTR)
		return 0;
	return status == -NLE_NOMEM ? -ENOMEM : -EPROTO;
}

static int read_routing(struct nl_sock *sock, struct host *host)
{
	struct ifinfomsg link = { .ifi_family = AF_UNSPEC };
	struct ifaddrmsg address = { .ifa_family = AF_UNSPEC };
	struct dump links = { RTM_GETLINK, &link, sizeof(link), read_link, &host->num_links };
	struct dump addresses = { RTM_GETADDR, &address, sizeof(address), read_address,
				  &host->num_addresses };
	int status;

	if (nl_connect(sock, NETLINK_ROUTE))
		return -EPROTO;
	status = collect(sock, &links, host);
	return status ? status : collect(sock, &addresses, host);
}

/* Without the module fou there are none. */
static int read_fous(struct nl_sock *sock, struct host *host)
{
	struct genlmsghdr header = { .cmd = FOU_CMD_GET, .version = FOU_GENL_VERSION };
	struct dump fous = { 0, &header, sizeof(header), read_fou, &host->num_fous };

	if (genl_connect(sock))
		return -EPROTO;
	fous.type = genl_ctrl_resolve(sock, FOU_GENL_NAME);
	host->has_fou = fous.type >= 0;
	if (!host->has_fou)
		return 0;
	return collect(sock, &fous, host) == -ENOMEM ? -ENOMEM : 0;
}

static int with_socket(int (*reader)(struct nl_sock *, struct host *), struct host *host)
{
	struct nl_sock *sock = nl_socket_alloc();
	int status = sock ? reader(sock, host) : -ENOMEM;

	if (sock)
		nl_socket_free(sock);
	return status;
}

static int read_sysctl(const char *key, const char *name)
{
	char path[256] = "/proc/sys/";
	int value = -1;
	FILE *file;

	snprintf(path + strlen(path), sizeof(path) - strlen(path), key, name);
	file = fopen(path, "re");
	if (!file)
		return -1;
	if (fscanf(file, "%d", &value) != 1)
		value = -1;
	fclose(file);
	return value;
}

int host_read(struct host *host)
{
	int status;

	memset(host, 0, sizeof(*host));
	host->sysctl = read_sysctl;
	status = with_socket(read_routing, host);
	return status ? status : with_socket(read_fous, host);
}

void host_free(struct host *host)
{
	free(host->links);
	free(host->addresses);
	free(host->fous);
	memset(host, 0, sizeof(*host));
}

const struct host_link *host_link(const struct host *host, const char *name)
{
	for (size_t i = 0; i < host->num_links; i++)
		if (!strcmp(host->links[i].name, name))
			return &host->links[i];
	return NULL;
}

const struct host_link *host_link_of(const struct host *host, const struct host_address *address)
{
	for (size_t i = 0; i < host->num_links; i++)
		if (host->links[i].index == address->index)
			return &host->links[i];
	return NULL;
}
