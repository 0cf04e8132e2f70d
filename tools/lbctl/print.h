/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the reading verbs print: text_...() for people, json_...() for scripts.
 * Both sorts know nothing of where it comes from.
 */
#ifndef LBCTL_PRINT_H
#define LBCTL_PRINT_H

#include "config.h"
#include "json.h"

struct cpu_stats {
	u32 cpu;
	struct counters stats;
	struct drops drops;
	struct fates fates;
};

/* All that the verb stats shows. */
struct totals {
	struct counters stats;
	struct drops drops;
	struct fates fates;
	u64 evicted;
	struct info info;
	bool per_cpu;
	struct cpu_stats *cpus;
	size_t num_cpus;
};

void text_list(const struct config *config);
void text_show(const struct config_service *entry);
void text_conn_head(void);
void text_conn(const struct conn *conn);
void text_deleted(u32 count);
void text_totals(const struct totals *totals);
void text_settings(const struct settings *settings);
void text_version(const char *lbctl, const struct info *info);

void json_list(const struct config *config);
void json_show(const struct config_service *entry);
void json_conn(struct json *json, const struct conn *conn);
void json_deleted(u32 count);
void json_totals(const struct totals *totals);
void json_settings(const struct settings *settings);
void json_version(const char *lbctl, const struct info *info);	/* NULL: no module */

/* The verb that builds it again, for the verb save. */
void line_service(const struct service *service);
void line_real(const struct real *real);
void line_settings(const struct settings *settings);

#endif
