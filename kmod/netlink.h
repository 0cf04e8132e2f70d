/* SPDX-License-Identifier: GPL-2.0 */
/* What the netlink files share. */
#ifndef _LBVS_NETLINK_H
#define _LBVS_NETLINK_H

#include <net/genetlink.h>

#include "lbvs.h"

/**
 * struct lbvs_filter - which connections are meant
 * @client_af: family of @client; 0 when any client is
 * @client_len: its prefix length
 * @client: the clients' network
 * @service: the service, if @by_service
 * @real: the real, if its @af isn't 0
 * @by_service: @service counts
 * @by_port: @real's port counts
 */
struct lbvs_filter {
	u8 client_af;
	u8 client_len;
	__be32 client[4];
	struct lbvs_service_key service;
	struct lbvs_real_key real;
	bool by_service;
	bool by_port;
};

extern struct genl_family lbvs_genl_family;

/* netlink_parse.c */
extern const struct nla_policy lbvs_policy_svc[LBVS_SVC_A_MAX + 1];
extern const struct nla_policy lbvs_policy_svc_id[LBVS_SVC_A_MAX + 1];
extern const struct nla_policy lbvs_policy_real[LBVS_REAL_A_MAX + 1];
extern const struct nla_policy lbvs_policy_real_id[LBVS_REAL_A_MAX + 1];
extern const struct nla_policy lbvs_policy_filter[LBVS_FILTER_A_MAX + 1];
extern const struct nla_policy lbvs_policy_settings[LBVS_SETTINGS_A_MAX + 1];

int lbvs_parse_service_key(const struct nlattr *attr,
			   struct lbvs_service_key *key, struct nlattr **tb,
			   struct netlink_ext_ack *extack);
int lbvs_parse_service_id(const struct nlattr *attr,
			  struct lbvs_service_key *key,
			  struct netlink_ext_ack *extack);
int lbvs_parse_service(struct nlattr **tb, struct lbvs_service *want,
		       struct netlink_ext_ack *extack);
int lbvs_parse_real_key(const struct nlattr *attr,
			const struct lbvs_service_key *svc,
			struct lbvs_real_key *key, struct nlattr **tb,
			struct netlink_ext_ack *extack);
int lbvs_parse_real(struct nlattr **tb, const struct lbvs_service_key *svc,
		    const struct lbvs_real_key *key,
		    struct lbvs_real_conf *conf, struct netlink_ext_ack *extack);
int lbvs_parse_filter(const struct nlattr *attr, struct lbvs_filter *filter,
		      struct netlink_ext_ack *extack);
bool lbvs_parse_choice(const struct nlattr *attr, u8 max, u8 *value);
int lbvs_parse_devices(const struct nlattr *attr,
		       struct lbvs_fast_settings *fast,
		       struct netlink_ext_ack *extack);
int lbvs_parse_timeouts(const struct nlattr *attr, u32 *timeout, u32 min,
			struct netlink_ext_ack *extack);

/* netlink_dump.c */
bool lbvs_filter_match(const struct lbvs_filter *filter,
		       const struct lbvs_conn *conn);
int lbvs_nl_info_get(struct sk_buff *skb, struct genl_info *info);
int lbvs_nl_stats_get(struct sk_buff *skb, struct genl_info *info);
int lbvs_nl_stats_dump(struct sk_buff *skb, struct netlink_callback *cb);
int lbvs_nl_service_get(struct sk_buff *skb, struct genl_info *info);
int lbvs_nl_service_dump(struct sk_buff *skb, struct netlink_callback *cb);
int lbvs_nl_real_dump(struct sk_buff *skb, struct netlink_callback *cb);
int lbvs_nl_conn_start(struct netlink_callback *cb);
int lbvs_nl_conn_dump(struct sk_buff *skb, struct netlink_callback *cb);
int lbvs_nl_conn_done(struct netlink_callback *cb);

#endif /* _LBVS_NETLINK_H */
