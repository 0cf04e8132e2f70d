// SPDX-License-Identifier: GPL-2.0
/*
 * The reading verbs' JSON. Keys are documented in lbctl.8 and stay.
 */
#include <string.h>

#include "format.h"
#include "names.h"
#include "print.h"

static void put_address(struct json *json, const char *key, const struct address *address)
{
	char text[INET6_ADDRSTRLEN];

	json_string(json, key, format_address(address, text));
}

static void put_name(struct json *json, const char *key, const struct names *names,
		     unsigned int value)
{
	char room[NAME_ROOM];

	json_string(json, key, name_of(names, value, room));
}

static void put_values(struct json *json, const char *key, const struct names *names,
		       const u64 *value)
{
	json_object(json, key);
	for (unsigned int i = 1; i < names->count; i++)
		json_number(json, names->word[i], value[i]);
	json_object_end(json);
}

static void put_counters(struct json *json, const struct counters *counters)
{
	put_values(json, "stats", &counter_names, counters->value);
}

static void put_reasons(struct json *json, const struct drops *drops, const struct fates *fates)
{
	put_values(json, "drops", &drop_names, drops->value);
	put_values(json, "fast_path", &fate_names, fates->value);
}

static void put_timeouts(struct json *json, const struct timeouts *timeouts)
{
	json_object(json, "timeouts");
	for (unsigned int i = 1; i < state_names.count; i++)
		if (timeouts->given & 1U << i)
			json_number(json, state_names.word[i], timeouts->seconds[i]);
	json_object_end(json);
}

static void put_flags(struct json *json, u32 flags)
{
	json_array(json, "flags");
	for (unsigned int bit = 0; bit < 32; bit++)
		if (flags & 1U << bit)
			put_name(json, NULL, &flag_names, bit);
	json_array_end(json);
}

static void put_service_id(struct json *json, const struct service_id *id)
{
	json_string(json, "af", format_family(&id->address));
	if (id->mark) {
		json_number(json, "fwmark", id->mark);
		return;
	}
	json_string(json, "protocol", format_protocol(id->protocol));
	put_address(json, "address", &id->address);
	json_number(json, "port", id->port);
}

static void put_encap(struct json *json, const struct real *real)
{
	put_name(json, "encap", &encap_names, real->encap);
	if (real->encap != LBVS_ENCAP_GUE)
		return;
	json_number(json, "encap_port", real->encap_port);
	json_bool(json, "encap_csum", real->encap_csum);
}

static void put_real(struct json *json, const struct real *real)
{
	json_object(json, NULL);
	put_address(json, "address", &real->address);
	json_number(json, "port", real->port);
	put_name(json, "method", &method_names, real->method);
	if (real->method == LBVS_METHOD_TUNNEL)
		put_encap(json, real);
	json_number(json, "weight", real->weight);
	put_name(json, "state", &real_state_names, real->state);
	json_number(json, "active", real->active);
	json_number(json, "connections", real->conns);
	put_counters(json, &real->stats);
	json_object_end(json);
}

static void put_service(struct json *json, const struct config_service *entry)
{
	const struct service *service = &entry->service;

	json_object(json, NULL);
	put_service_id(json, &service->id);
	json_string(json, "scheduler", service->scheduler);
	put_flags(json, service->flags);
	put_name(json, "on_remove", &on_remove_names, service->on_remove);
	json_number(json, "mss", service->mss);
	put_timeouts(json, &service->timeouts);
	put_counters(json, &service->stats);
	json_array(json, "reals");
	for (size_t i = 0; i < entry->num_reals; i++)
		put_real(json, &entry->reals[i]);
	json_array_end(json);
	json_object_end(json);
}

void json_list(const struct config *config)
{
	struct json json = { 0 };

	json_object(&json, NULL);
	json_array(&json, "services");
	for (size_t i = 0; i < config->num_services; i++)
		put_service(&json, &config->services[i]);
	json_array_end(&json);
	json_bool(&json, "torn", config->torn);
	json_object_end(&json);
}

void json_show(const struct config_service *entry)
{
	struct json json = { 0 };

	put_service(&json, entry);
}

void json_conn(struct json *json, const struct conn *conn)
{
	json_object(json, NULL);
	json_string(json, "af", format_family(&conn->client));
	json_string(json, "protocol", format_protocol(conn->protocol));
	put_address(json, "client", &conn->client);
	json_number(json, "client_port", conn->client_port);
	put_address(json, "virtual", &conn->virtual);
	json_number(json, "virtual_port", conn->virtual_port);
	put_address(json, "real", &conn->real);
	json_number(json, "real_port", conn->real_port);
	put_name(json, "method", &method_names, conn->method);
	put_name(json, "state", &state_names, conn->state);
	json_number(json, "expires_ms", conn->expires_ms);
	if (conn->mark)
		json_number(json, "fwmark", conn->mark);
	json_object_end(json);
}

void json_deleted(u32 count)
{
	struct json json = { 0 };

	json_object(&json, NULL);
	json_number(&json, "deleted", count);
	json_object_end(&json);
}

static void put_cpu(struct json *json, const struct cpu_stats *cpu)
{
	json_object(json, NULL);
	json_number(json, "cpu", cpu->cpu);
	put_counters(json, &cpu->stats);
	put_reasons(json, &cpu->drops, &cpu->fates);
	json_object_end(json);
}

void json_totals(const struct totals *totals)
{
	struct json json = { 0 };

	json_object(&json, NULL);
	put_counters(&json, &totals->stats);
	put_reasons(&json, &totals->drops, &totals->fates);
	json_number(&json, "evicted", totals->evicted);
	json_number(&json, "connections", totals->info.conns);
	json_number(&json, "conn_limit", totals->info.settings.conn_limit);
	json_number(&json, "services", totals->info.services);
	json_number(&json, "reals", totals->info.reals);
	if (totals->per_cpu) {
		json_array(&json, "cpus");
		for (size_t i = 0; i < totals->num_cpus; i++)
			put_cpu(&json, &totals->cpus[i]);
		json_array_end(&json);
	}
	json_object_end(&json);
}

void json_settings(const struct settings *settings)
{
	struct json json = { 0 };

	json_object(&json, NULL);
	json_number(&json, "conn_limit", settings->conn_limit);
	put_name(&json, "tcp_unknown", &tcp_unknown_names, settings->tcp_unknown);
	put_name(&json, "tunnel_df", &tunnel_df_names, settings->tunnel_df);
	json_bool(&json, "conntrack", settings->conntrack);
	put_name(&json, "fast_path", &fast_path_names, settings->fast_path);
	json_array(&json, "fast_devices");
	for (u32 i = 0; i < settings->num_fast_devices; i++)
		json_string(&json, NULL, settings->fast_device[i]);
	json_array_end(&json);
	put_name(&json, "transmit", &transmit_names, settings->transmit);
	put_timeouts(&json, &settings->timeouts);
	json_object_end(&json);
}

/* The kernel's names come with a blank between. */
static void put_words(struct json *json, const char *key, const char *words)
{
	json_array(json, key);
	while (*words) {
		char word[64];
		size_t len = strcspn(words, " ");

		if (len && len < sizeof(word)) {
			memcpy(word, words, len);
			word[len] = '\0';
			json_string(json, NULL, word);
		}
		words += len + (words[len] == ' ');
	}
	json_array_end(json);
}

void json_version(const char *lbctl, const struct info *info)
{
	struct json json = { 0 };

	json_object(&json, NULL);
	json_string(&json, "lbctl", lbctl);
	if (info) {
		json_string(&json, "module", info->version);
		put_words(&json, "schedulers", info->schedulers);
		json_number(&json, "buckets", info->buckets);
		json_number(&json, "connection_bytes", info->conn_bytes);
	} else {
		json_null(&json, "module");
	}
	json_object_end(&json);
}
