// SPDX-License-Identifier: GPL-2.0
/*
 * Services with their reals: one dump of each, joined here.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ask.h"
#include "config.h"
#include "wire.h"

/* A configuration that changes all the time is shown torn rather than never. */
#define ATTEMPTS 5
/* Who needs it whole waits for a pause of those who change it, some seconds. */
#define ATTEMPTS_WHOLE 25
#define PAUSE_MAX_MS 200

/* Makes room for one more of @size. Capacity is the next power of two. */
static void *grow(void *array, size_t count, size_t size)
{
	if (count & (count - 1))
		return array;
	return realloc(array, (count ? count * 2 : 1) * size);
}

static int add_service(struct nlattr **attrs, void *data)
{
	struct config *config = data;
	struct config_service *services;

	services = grow(config->services, config->num_services, sizeof(*services));
	if (!services)
		return -ENOMEM;
	config->services = services;
	memset(&services[config->num_services], 0, sizeof(*services));
	return get_service(attrs[LBVS_A_SERVICE], &services[config->num_services++].service);
}

static int add_real(struct nlattr **attrs, void *data)
{
	struct config *config = data;
	struct real *reals = grow(config->reals, config->num_reals, sizeof(*reals));

	if (!reals)
		return -ENOMEM;
	config->reals = reals;
	return get_real(attrs, &reals[config->num_reals++]);
}

static int compare(u32 a, u32 b)
{
	return a < b ? -1 : a > b;
}

static int compare_addresses(const struct address *a, const struct address *b)
{
	return compare(a->family, b->family) ?: memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

int compare_endpoints(const struct address *a, u16 a_port, const struct address *b, u16 b_port)
{
	return compare_addresses(a, b) ?: compare(a_port, b_port);
}

/* TCP, UDP, then marks. */
int compare_ids(const struct service_id *a, const struct service_id *b)
{
	return compare(!!a->mark, !!b->mark) ?: compare(a->protocol, b->protocol) ?:
	       compare_endpoints(&a->address, a->port, &b->address, b->port) ?:
	       compare(a->mark, b->mark);
}

static int compare_services(const void *left, const void *right)
{
	const struct config_service *a = left, *b = right;

	return compare_ids(&a->service.id, &b->service.id);
}

static int compare_reals(const void *left, const void *right)
{
	const struct real *a = left, *b = right;

	return compare_ids(&a->service, &b->service) ?:
	       compare_endpoints(&a->address, a->port, &b->address, b->port);
}

static void sort(void *array, size_t count, size_t size,
		 int (*compare_two)(const void *, const void *))
{
	/* An empty array is NULL, which qsort() needn't take. */
	if (count)
		qsort(array, count, size, compare_two);
}

/* Both are sorted. Whatever is left over or missing was changed meanwhile. */
static void join(struct config *config)
{
	size_t next = 0;

	sort(config->services, config->num_services, sizeof(*config->services),
	     compare_services);
	sort(config->reals, config->num_reals, sizeof(*config->reals), compare_reals);
	for (size_t i = 0; i < config->num_services; i++) {
		struct config_service *entry = &config->services[i];

		while (next < config->num_reals &&
		       compare_ids(&config->reals[next].service, &entry->service.id) < 0) {
			config->torn = true;
			next++;
		}
		entry->reals = &config->reals[next];
		while (next < config->num_reals &&
		       !compare_ids(&config->reals[next].service, &entry->service.id))
			next++;
		entry->num_reals = &config->reals[next] - entry->reals;
		if (entry->num_reals != entry->service.num_reals)
			config->torn = true;
	}
	if (next < config->num_reals)
		config->torn = true;
}

static int fetch_once(struct channel *channel, const struct command *cmd, struct config *config)
{
	struct question question = {
		.command = LBVS_CMD_SERVICE_GET,
		.dump = !given(cmd, ARG_SERVICE),
		.parts = PART_SERVICE_ID,
		.answer = add_service,
		.data = config,
	};
	bool interrupted;
	int status;

	memset(config, 0, sizeof(*config));
	status = ask(channel, cmd, &question, &interrupted);
	config->torn |= interrupted;
	if (status)
		return status;
	question.command = LBVS_CMD_REAL_GET;
	question.dump = true;
	question.answer = add_real;
	status = ask(channel, cmd, &question, &interrupted);
	config->torn |= interrupted;
	if (!status)
		join(config);
	return status;
}

static void pause_ms(long ms)
{
	struct timespec pause = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&pause, NULL);
}

int config_fetch(struct channel *channel, const struct command *cmd, bool whole,
		 struct config *config)
{
	int attempts = whole ? ATTEMPTS_WHOLE : ATTEMPTS;
	long pause = 1;

	for (int attempt = 1;; attempt++) {
		int status = fetch_once(channel, cmd, config);

		if (!status && (!config->torn || attempt == attempts))
			return 0;
		config_free(config);
		if (status)
			return status;
		if (!whole)
			continue;
		pause_ms(pause);
		pause = pause * 2 < PAUSE_MAX_MS ? pause * 2 : PAUSE_MAX_MS;
	}
}

void config_free(struct config *config)
{
	free(config->services);
	free(config->reals);
	memset(config, 0, sizeof(*config));
}
