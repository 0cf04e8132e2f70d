// SPDX-License-Identifier: GPL-2.0
/* /proc/net/lbvs: for debugging with cat. */
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/seq_file.h>
#include <linux/proc_fs.h>

#include "lbvs.h"

static const char *const state_names[__LBVS_STATE_MAX] = {
	[LBVS_STATE_NONE]		= "none",
	[LBVS_STATE_TCP_SYN_SENT]	= "tcp-syn-sent",
	[LBVS_STATE_TCP_SYN_RECV]	= "tcp-syn-recv",
	[LBVS_STATE_TCP_ESTABLISHED]	= "tcp-established",
	[LBVS_STATE_TCP_FIN_WAIT]	= "tcp-fin-wait",
	[LBVS_STATE_TCP_CLOSE_WAIT]	= "tcp-close-wait",
	[LBVS_STATE_TCP_LAST_ACK]	= "tcp-last-ack",
	[LBVS_STATE_TCP_TIME_WAIT]	= "tcp-time-wait",
	[LBVS_STATE_TCP_CLOSE]		= "tcp-close",
	[LBVS_STATE_UDP_NEW]		= "udp-new",
	[LBVS_STATE_UDP]		= "udp",
};

static const char *const real_state_names[] = {
	[LBVS_REAL_UP]		= "up",
	[LBVS_REAL_DRAIN]	= "drain",
	[LBVS_REAL_DOWN]	= "down",
};

static const char *const drop_names[__LBVS_DROP_MAX] = {
	[LBVS_DROP_NONE]	= "none",
	[LBVS_DROP_NO_REAL]	= "no_real",
	[LBVS_DROP_CONN_LIMIT]	= "conn_limit",
	[LBVS_DROP_NO_MEMORY]	= "no_memory",
	[LBVS_DROP_CLASH]	= "clash",
	[LBVS_DROP_TCP_UNKNOWN]	= "tcp_unknown",
	[LBVS_DROP_NO_ROUTE]	= "no_route",
	[LBVS_DROP_TTL]		= "ttl",
	[LBVS_DROP_TOO_BIG]	= "too_big",
	[LBVS_DROP_LOOP]	= "loop",
	[LBVS_DROP_GATEWAY]	= "gateway",
	[LBVS_DROP_LRO]		= "lro",
	[LBVS_DROP_POLICY]	= "policy",
	[LBVS_DROP_BUSY]	= "busy",
};

static const char *const fast_names[__LBVS_FAST_MAX] = {
	[LBVS_FAST_NONE]	= "none",
	[LBVS_FAST_TAKEN]	= "taken",
	[LBVS_FAST_UNKNOWN]	= "unknown",
	[LBVS_FAST_FRAGMENT]	= "fragment",
	[LBVS_FAST_HEADER]	= "header",
	[LBVS_FAST_DEVICE]	= "device",
	[LBVS_FAST_SHARED]	= "shared",
	[LBVS_FAST_MARKED]	= "marked",
	[LBVS_FAST_TRACKED]	= "tracked",
	[LBVS_FAST_TTL]		= "ttl",
	[LBVS_FAST_TOO_BIG]	= "too_big",
	[LBVS_FAST_ROUTE]	= "route",
	[LBVS_FAST_LOCAL]	= "local",
	[LBVS_FAST_NEIGHBOUR]	= "neighbour",
	[LBVS_FAST_POLICY]	= "policy",
	[LBVS_FAST_NO_MEMORY]	= "no_memory",
};

static const char *const method_names[] = {
	[LBVS_METHOD_NAT]	= "nat",
	[LBVS_METHOD_DR]	= "dr",
	[LBVS_METHOD_TUNNEL]	= "tunnel",
};

static struct lbvs_net *seq_ln(const struct seq_file *seq)
{
	return lbvs_net(seq_file_net((struct seq_file *)seq));
}

static const char *proto_name(u8 proto)
{
	return proto == IPPROTO_TCP ? "tcp" : "udp";
}

static void show_addr(struct seq_file *seq, u8 af, const __be32 *addr,
		      __be16 port)
{
	if (af == AF_INET)
		seq_printf(seq, " %pI4:%u", addr, ntohs(port));
	else
		seq_printf(seq, " [%pI6c]:%u", addr, ntohs(port));
}

static void show_sum(struct seq_file *seq, const struct lbvs_sum *sum)
{
	seq_printf(seq, " conns %llu in %llu/%llu out %llu/%llu\n", sum->conns,
		   sum->pkts_in, sum->bytes_in, sum->pkts_out, sum->bytes_out);
}

static void *services_start(struct seq_file *seq, loff_t *pos)
{
	struct lbvs_net *ln = seq_ln(seq);

	mutex_lock(&ln->lock);
	return seq_list_start(&ln->list, *pos);
}

static void *services_next(struct seq_file *seq, void *v, loff_t *pos)
{
	return seq_list_next(v, &seq_ln(seq)->list, pos);
}

static void services_stop(struct seq_file *seq, void *v)
{
	mutex_unlock(&seq_ln(seq)->lock);
}

static void show_service_name(struct seq_file *seq,
			      const struct lbvs_service *svc)
{
	if (svc->key.mark) {
		seq_printf(seq, "fwmark %u %s", svc->key.mark,
			   svc->key.af == AF_INET ? "inet" : "inet6");
		return;
	}
	seq_puts(seq, proto_name(svc->key.proto));
	show_addr(seq, svc->key.af, svc->key.addr, svc->key.port);
}

static int services_show(struct seq_file *seq, void *v)
{
	const struct lbvs_service *svc = list_entry(v, struct lbvs_service,
						    list);
	const struct lbvs_real *real;
	struct lbvs_sum sum;

	show_service_name(seq, svc);
	seq_printf(seq, " %s", svc->sched->name);
	if (svc->flags & LBVS_SVC_F_ONE_PACKET)
		seq_puts(seq, " one-packet");
	if (svc->flags & LBVS_SVC_F_ADOPT)
		seq_puts(seq, " adopt");
	lbvs_stats_service(&sum, svc);
	show_sum(seq, &sum);

	list_for_each_entry(real, &svc->reals, list) {
		seq_puts(seq, " ->");
		show_addr(seq, real->key.af, real->key.addr, real->key.port);
		seq_printf(seq, " %s weight %u %s active %d refs %u",
			   method_names[real->method], real->weight, real_state_names[real->state],
			   max(atomic_read(&real->active), 0),
			   refcount_read(&real->ref));
		lbvs_stats_real(&sum, real);
		show_sum(seq, &sum);
		cond_resched();
		/* It is all to be done again with more room. */
		if (seq_has_overflowed(seq))
			break;
	}
	return 0;
}

static const struct seq_operations services_ops = {
	.start = services_start,
	.next = services_next,
	.stop = services_stop,
	.show = services_show,
};

/**
 * struct conns_iter - where a reader of connections is
 * @p: the namespace
 * @pos: the seq_file position that @family and @cursor are at
 * @family: index of the family
 * @cursor: the chain
 * @next: the cursor after that chain
 *
 * A record is a chain, since that is what the table is walked by.
 */
struct conns_iter {
	struct seq_net_private p;
	loff_t pos;
	unsigned int family;
	u32 cursor;
	u32 next;
};

static void *conns_start(struct seq_file *seq, loff_t *pos)
{
	struct conns_iter *iter = seq->private;

	/* As CONN_GET asks; of who has opened it. */
	if (!file_ns_capable(seq->file, seq_ln(seq)->net->user_ns,
			     CAP_NET_ADMIN))
		return ERR_PTR(-EACCES);
	if (!*pos) {
		iter->family = 0;
		iter->cursor = 0;
		iter->pos = 0;
	}
	/* There is no way to a position but the one that leads there. */
	if (*pos != iter->pos)
		return NULL;
	return iter->family < 2 ? iter : NULL;
}

static void *conns_next(struct seq_file *seq, void *v, loff_t *pos)
{
	struct conns_iter *iter = v;

	cond_resched();
	iter->cursor = iter->next;
	if (!iter->cursor)
		iter->family++;
	iter->pos = ++*pos;
	if (fatal_signal_pending(current))
		return ERR_PTR(-EINTR);
	return iter->family < 2 ? iter : NULL;
}

static void conns_stop(struct seq_file *seq, void *v)
{
}

static int conn_show(struct lbvs_conn *conn, void *arg)
{
	s32 left = READ_ONCE(conn->expires) - (u32)jiffies;
	struct seq_file *seq = arg;
	struct lbvs_real_key real;
	struct lbvs_tuple in;

	if (!lbvs_conn_usable(conn))
		return 0;
	lbvs_conn_tuple(conn, LBVS_DIR_IN, &in);
	lbvs_conn_real(conn, &real);
	seq_puts(seq, proto_name(in.proto));
	show_addr(seq, in.af, in.saddr, in.sport);
	show_addr(seq, in.af, in.daddr, in.dport);
	show_addr(seq, real.af, real.addr, real.port);
	seq_printf(seq, " %s %s %d\n", method_names[lbvs_conn_method(conn)],
		   state_names[lbvs_conn_state(conn)], max(left, 0) / HZ);
	return 0;
}

static int conns_show(struct seq_file *seq, void *v)
{
	struct conns_iter *iter = v;

	iter->next = iter->cursor;
	lbvs_table_walk(&seq_ln(seq)->conns.family[iter->family], &iter->next,
			conn_show, seq);
	return 0;
}

static const struct seq_operations conns_ops = {
	.start = conns_start,
	.next = conns_next,
	.stop = conns_stop,
	.show = conns_show,
};

static int stats_show(struct seq_file *seq, void *v)
{
	struct lbvs_net *ln = lbvs_net(seq_file_single_net(seq));
	struct lbvs_sum sum;
	int i;

	mutex_lock(&ln->lock);
	lbvs_stats_net(&sum, ln);
	seq_printf(seq, "services %u\nreals %u\n", ln->num_services,
		   ln->num_reals);
	for (i = 1; i < __LBVS_FAST_MAX; i++)
		seq_printf(seq, "fast_%s %llu\n", fast_names[i],
			   lbvs_stats_count(ln, LBVS_COUNT_FAST(i)));
	seq_printf(seq, "evicted %llu\n",
		   lbvs_stats_count(ln, LBVS_COUNT_EVICTED));
	mutex_unlock(&ln->lock);
	seq_printf(seq, "connections %u\nconn_limit %u\nbuckets %u\n",
		   lbvs_conn_count(ln), READ_ONCE(ln->conns.limit),
		   lbvs_table_buckets(ln));
	seq_printf(seq, "conns %llu\npkts_in %llu\nbytes_in %llu\n", sum.conns,
		   sum.pkts_in, sum.bytes_in);
	seq_printf(seq, "pkts_out %llu\nbytes_out %llu\n", sum.pkts_out,
		   sum.bytes_out);
	return 0;
}

static int stats_percpu_show(struct seq_file *seq, void *v)
{
	struct lbvs_net *ln = lbvs_net(seq_file_single_net(seq));
	struct lbvs_sum sum;
	int cpu;

	mutex_lock(&ln->lock);
	for_each_possible_cpu(cpu) {
		lbvs_stats_net_cpu(&sum, ln, cpu);
		seq_printf(seq, "cpu%d", cpu);
		show_sum(seq, &sum);
	}
	mutex_unlock(&ln->lock);
	return 0;
}

static int drops_show(struct seq_file *seq, void *v)
{
	struct lbvs_net *ln = lbvs_net(seq_file_single_net(seq));
	int i;

	mutex_lock(&ln->lock);
	for (i = 1; i < __LBVS_DROP_MAX; i++)
		seq_printf(seq, "%s %llu\n", drop_names[i],
			   lbvs_stats_count(ln, LBVS_COUNT_DROP(i)));
	mutex_unlock(&ln->lock);
	return 0;
}

/**
 * lbvs_proc_init() - make /proc/net/lbvs
 * @ln: the namespace
 *
 * Connections are for who may change the namespace's network; see conns_start().
 *
 * Return: 0 or -ENOMEM
 */
int lbvs_proc_init(struct lbvs_net *ln)
{
	if (!IS_ENABLED(CONFIG_PROC_FS))
		return 0;
	ln->proc = proc_net_mkdir(ln->net, "lbvs", ln->net->proc_net);
	if (!ln->proc)
		return -ENOMEM;
	if (proc_create_net("services", 0444, ln->proc, &services_ops,
			    sizeof(struct seq_net_private)) &&
	    proc_create_net("connections", 0444, ln->proc, &conns_ops,
			    sizeof(struct conns_iter)) &&
	    proc_create_net_single("stats", 0444, ln->proc, stats_show, NULL) &&
	    proc_create_net_single("stats_percpu", 0444, ln->proc,
				   stats_percpu_show, NULL) &&
	    proc_create_net_single("drops", 0444, ln->proc, drops_show, NULL))
		return 0;
	lbvs_proc_exit(ln);
	return -ENOMEM;
}

/**
 * lbvs_proc_exit() - remove /proc/net/lbvs; waits for its readers
 * @ln: the namespace
 */
void lbvs_proc_exit(struct lbvs_net *ln)
{
	if (ln->proc)
		proc_remove(ln->proc);
}
