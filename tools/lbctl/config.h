/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Services with their reals, as the module has them.
 */
#ifndef LBCTL_CONFIG_H
#define LBCTL_CONFIG_H

#include "nl.h"

struct config_service {
	struct service service;
	const struct real *reals;
	size_t num_reals;
};

struct config {
	struct config_service *services;	/* in order of their ids */
	size_t num_services;
	struct real *reals;			/* in order of service, address, port */
	size_t num_reals;
	bool torn;	/* it changed each time that it was read */
};

/*
 * All, or the service that @cmd names. @whole: tries for some seconds to have it
 * untorn. Returns an exit code; reports what goes wrong.
 */
int config_fetch(struct channel *channel, const struct command *cmd, bool whole,
		 struct config *config);
void config_free(struct config *config);

/* Their orders: less than, equal to or more than 0. */
int compare_ids(const struct service_id *a, const struct service_id *b);
int compare_endpoints(const struct address *a, u16 a_port, const struct address *b, u16 b_port);

#endif
