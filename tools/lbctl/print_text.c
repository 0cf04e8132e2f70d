// SPDX-License-Identifier: GPL-2.0
/*
 * The reading verbs' text.
 */
#include <stdio.h>

#include "format.h"
#include "names.h"
#include "print.h"
#include "table.h"

static void add_counters(struct table *table, const struct counters *counters)
{
	for (unsigned int i = 1; i < counter_names.count; i++)
		table_cell(table, "%llu", counters->value[i]);
}

static const char *format_flags(u32 flags, char *buf, size_t size)
{
	size_t len = 0;

	snprintf(buf, size, "-");
	for (unsigned int bit = 0; bit < 32 && len < size; bit++) {
		char room[NAME_ROOM];

		if (flags & 1U << bit)
			len += snprintf(buf + len, size - len, "%s%s", len ? "," : "",
					name_of(&flag_names, bit, room));
	}
	return buf;
}

#define METHOD_ROOM (2 * NAME_ROOM + 16)

/* One word, whatever a tunnel has: nat, tunnel/gre, tunnel/gue:6080/csum. */
static const char *format_method(const struct real *real, char buf[METHOD_ROOM])
{
	char method[NAME_ROOM], encap[NAME_ROOM], port[16] = "";

	if (real->method != LBVS_METHOD_TUNNEL)
		return name_of(&method_names, real->method, buf);
	if (real->encap == LBVS_ENCAP_GUE)
		snprintf(port, sizeof(port), ":%u%s", real->encap_port,
			 real->encap_csum ? "/csum" : "");
	snprintf(buf, METHOD_ROOM, "%s/%s%s", name_of(&method_names, real->method, method),
		 name_of(&encap_names, real->encap, encap), port);
	return buf;
}

static void add_real(struct table *table, const char *indent, const struct real *real)
{
	char endpoint[ENDPOINT_ROOM], method[METHOD_ROOM], room[NAME_ROOM];

	table_cell(table, "%s%s", indent, format_endpoint(&real->address, real->port, endpoint));
	table_cell(table, "%s", format_method(real, method));
	table_cell(table, "%u", real->weight);
	table_cell(table, "%s", name_of(&real_state_names, real->state, room));
	table_cell(table, "%u", real->active);
	table_cell(table, "%u", real->conns);
	add_counters(table, &real->stats);
}

static void sum_conns(const struct config_service *entry, u64 *active, u64 *conns)
{
	*active = 0;
	*conns = 0;
	for (size_t i = 0; i < entry->num_reals; i++) {
		*active += entry->reals[i].active;
		*conns += entry->reals[i].conns;
	}
}

static void add_service(struct table *table, const struct config_service *entry)
{
	const struct service *service = &entry->service;
	char id[SERVICE_ROOM];
	u64 active, conns;
	char flags[128];

	sum_conns(entry, &active, &conns);
	table_cell(table, "%s", format_service(&service->id, id));
	table_cell(table, "%s", service->scheduler);
	table_cell(table, "%s", format_flags(service->flags, flags, sizeof(flags)));
	table_cell(table, "%s", "");
	table_cell(table, "%llu", active);
	table_cell(table, "%llu", conns);
	add_counters(table, &service->stats);
	for (size_t i = 0; i < entry->num_reals; i++)
		add_real(table, "  ", &entry->reals[i]);
}

#define LIST_ALIGN "llllrrrrrrr"
#define COUNTERS "TOTAL|PKTS-IN|BYTES-IN|PKTS-OUT|BYTES-OUT"

void text_list(const struct config *config)
{
	struct table table;

	if (!config->num_services) {
		puts("No services.");
		return;
	}
	table_begin(&table, LIST_ALIGN);
	table_row(&table, "SERVICE|SCHEDULER|FLAGS||||||||");
	table_row(&table, "  REAL|METHOD|WEIGHT|STATE|ACTIVE|CONNS|" COUNTERS);
	for (size_t i = 0; i < config->num_services; i++)
		add_service(&table, &config->services[i]);
	table_end(&table);
}

static void print_timeouts(const struct timeouts *timeouts)
{
	for (unsigned int i = 1; i < state_names.count; i++)
		if (timeouts->given & 1U << i)
			printf("  %-16s  %u s\n", state_names.word[i], timeouts->seconds[i]);
}

static void print_counters(const struct counters *counters)
{
	static const char *const label[] = {
		[LBVS_STATS_A_CONNS] = "connections",
		[LBVS_STATS_A_PKTS_IN] = "packets in",
		[LBVS_STATS_A_BYTES_IN] = "bytes in",
		[LBVS_STATS_A_PKTS_OUT] = "packets out",
		[LBVS_STATS_A_BYTES_OUT] = "bytes out",
	};

	for (size_t i = 1; i < ARRAY_SIZE(label); i++)
		printf("  %-16s  %llu\n", label[i], counters->value[i]);
}

void text_show(const struct config_service *entry)
{
	const struct service *service = &entry->service;
	char id[SERVICE_ROOM], flags[128], room[NAME_ROOM];
	struct table table;
	u64 active, conns;

	sum_conns(entry, &active, &conns);
	printf("%s\n", format_service(&service->id, id));
	printf("  %-16s  %s\n", "scheduler", service->scheduler);
	printf("  %-16s  %s\n", "flags", format_flags(service->flags, flags, sizeof(flags)));
	printf("  %-16s  %s\n", "on-remove", name_of(&on_remove_names, service->on_remove, room));
	if (service->mss)
		printf("  %-16s  %u\n", "mss", service->mss);
	printf("  %-16s  %llu active, %llu in all\n", "now", active, conns);
	printf("timeouts%s\n", service->timeouts.given ? "" : ": as 'lbctl settings' says");
	print_timeouts(&service->timeouts);
	puts("counters");
	print_counters(&service->stats);
	printf("%zu real%s\n", entry->num_reals, entry->num_reals == 1 ? "" : "s");
	if (!entry->num_reals)
		return;
	table_begin(&table, LIST_ALIGN);
	table_row(&table, "  REAL|METHOD|WEIGHT|STATE|ACTIVE|CONNS|" COUNTERS);
	for (size_t i = 0; i < entry->num_reals; i++)
		add_real(&table, "  ", &entry->reals[i]);
	table_end(&table);
}

/* They are printed as they come, so no column can wait for its widest cell. */
#define CONN_FORMAT "%-5s  %-21s  %-21s  %-21s  %-6s  %-15s  %9s%s\n"

void text_conn_head(void)
{
	printf(CONN_FORMAT, "PROTO", "CLIENT", "VIRTUAL", "REAL", "METHOD", "STATE", "EXPIRES", "");
}

void text_conn(const struct conn *conn)
{
	char client[ENDPOINT_ROOM], virtual[ENDPOINT_ROOM], real[ENDPOINT_ROOM];
	char method[NAME_ROOM], state[NAME_ROOM], expires[24], mark[32] = "";

	/* Tenths tell a connection that is about to go from one that is gone. */
	snprintf(expires, sizeof(expires), "%u.%us", conn->expires_ms / 1000,
		 conn->expires_ms / 100 % 10);
	if (conn->mark)
		snprintf(mark, sizeof(mark), "  fwmark %u", conn->mark);
	printf(CONN_FORMAT, format_protocol(conn->protocol),
	       format_endpoint(&conn->client, conn->client_port, client),
	       format_endpoint(&conn->virtual, conn->virtual_port, virtual),
	       format_endpoint(&conn->real, conn->real_port, real),
	       name_of(&method_names, conn->method, method),
	       name_of(&state_names, conn->state, state), expires, mark);
}

void text_deleted(u32 count)
{
	printf("%u connection%s deleted\n", count, count == 1 ? "" : "s");
}

static u64 sum_values(const u64 *value, unsigned int first, unsigned int last)
{
	u64 sum = 0;

	for (unsigned int i = first; i <= last; i++)
		sum += value[i];
	return sum;
}

static void print_cpus(const struct totals *totals)
{
	struct table table;

	puts("by CPU");
	table_begin(&table, "rrrrrrrrr");
	table_row(&table, "  CPU|" COUNTERS "|DROPS|FAST|LEFT");
	for (size_t i = 0; i < totals->num_cpus; i++) {
		const struct cpu_stats *cpu = &totals->cpus[i];

		table_cell(&table, "%u", cpu->cpu);
		add_counters(&table, &cpu->stats);
		table_cell(&table, "%llu", sum_values(cpu->drops.value, 1, LBVS_DROP_MAX));
		table_cell(&table, "%llu", cpu->fates.value[LBVS_FAST_TAKEN]);
		table_cell(&table, "%llu",
			   sum_values(cpu->fates.value, LBVS_FAST_TAKEN + 1, LBVS_FAST_MAX));
	}
	table_end(&table);
}

static void print_reasons(const struct names *names, const u64 *value,
			  const char *(*meaning)(unsigned int))
{
	struct table table;

	table_begin(&table, "lrl");
	for (unsigned int i = 1; i < names->count; i++) {
		table_cell(&table, "  %s", names->word[i]);
		table_cell(&table, "%llu", value[i]);
		table_cell(&table, "%s", meaning(i));
	}
	table_end(&table);
}

void text_totals(const struct totals *totals)
{
	const struct info *info = &totals->info;

	puts("now");
	printf("  connections %u of limit %u\n", info->conns, info->settings.conn_limit);
	printf("  services %u, reals %u\n", info->services, info->reals);
	puts("counters");
	print_counters(&totals->stats);
	printf("  evicted near the limit %llu\n", totals->evicted);
	puts("drops");
	print_reasons(&drop_names, totals->drops.value, drop_meaning);
	puts("fast path: packets taken, or left to the stack");
	print_reasons(&fate_names, totals->fates.value, fate_meaning);
	if (totals->per_cpu)
		print_cpus(totals);
}

void text_settings(const struct settings *settings)
{
	char room[NAME_ROOM];

	printf("%-18s  %u\n", "conn-limit", settings->conn_limit);
	printf("%-18s  %s\n", "tcp-unknown",
	       name_of(&tcp_unknown_names, settings->tcp_unknown, room));
	printf("%-18s  %s\n", "tunnel-df", name_of(&tunnel_df_names, settings->tunnel_df, room));
	printf("%-18s  %s\n", "conntrack", name_of(&switch_names, settings->conntrack, room));
	printf("%-18s  %s", "fast-path",
	       name_of(&fast_path_names, settings->fast_path, room));
	for (u32 i = 0; settings->fast_path && i < settings->num_fast_devices; i++)
		printf(" %s", settings->fast_device[i]);
	putchar('\n');
	printf("%-18s  %s\n", "transmit", name_of(&transmit_names, settings->transmit, room));
	puts("timeout");
	print_timeouts(&settings->timeouts);
}

void text_version(const char *lbctl, const struct info *info)
{
	printf("%-12s  %s\n", "lbctl", lbctl);
	printf("%-12s  %s\n", "module", info->version);
	printf("%-12s  %s\n", "schedulers", info->schedulers);
	printf("%-12s  %u buckets for connections, %u bytes each connection\n", "table",
	       info->buckets, info->conn_bytes);
}
