// SPDX-License-Identifier: GPL-2.0
/*
 * The verbs that build again what there is.
 */
#include <stdio.h>

#include "format.h"
#include "names.h"
#include "parse.h"
#include "print.h"

void line_service(const struct service *service)
{
	char id[SERVICE_ROOM], room[NAME_ROOM];

	printf("add-service %s --scheduler %s", format_service(&service->id, id),
	       service->scheduler);
	for (unsigned int bit = 0; bit < flag_names.count; bit++)
		if (service->flags & 1U << bit)
			printf(" --%s", flag_names.word[bit]);
	if (service->on_remove != LBVS_ON_REMOVE_DEFAULT)
		printf(" --on-remove %s", name_of(&on_remove_names, service->on_remove, room));
	if (service->mss)
		printf(" --mss %u", service->mss);
	for (unsigned int i = 1; i < state_names.count; i++)
		if (service->timeouts.given & 1U << i)
			printf(" --timeout %s=%u", state_names.word[i],
			       service->timeouts.seconds[i]);
	putchar('\n');
}

static void line_encap(const struct real *real)
{
	char room[NAME_ROOM];

	printf(" --encap %s", name_of(&encap_names, real->encap, room));
	if (real->encap == LBVS_ENCAP_GUE)
		printf(" --encap-port %u --encap-csum %s", real->encap_port,
		       name_of(&switch_names, real->encap_csum, room));
}

void line_real(const struct real *real)
{
	char id[SERVICE_ROOM], endpoint[ENDPOINT_ROOM], room[NAME_ROOM];

	printf("add-real %s %s", format_service(&real->service, id),
	       format_endpoint(&real->address, real->port, endpoint));
	printf(" --method %s", name_of(&method_names, real->method, room));
	if (real->method == LBVS_METHOD_TUNNEL)
		line_encap(real);
	printf(" --weight %u", real->weight);
	if (real->state != LBVS_REAL_UP)
		printf(" --state %s", name_of(&real_state_names, real->state, room));
	putchar('\n');
}

/* Without a fast path no device has one. */
static void line_fast_path(const struct settings *settings)
{
	char room[NAME_ROOM];

	printf("set fast-path %s", name_of(&fast_path_names, settings->fast_path, room));
	for (u32 i = 0; settings->fast_path && i < settings->num_fast_devices; i++) {
		const char *name = settings->fast_device[i];

		printf(" %s%s", device_needs_dev(name) ? "dev " : "", name);
	}
	putchar('\n');
}

void line_settings(const struct settings *settings)
{
	char room[NAME_ROOM];

	printf("set conn-limit %u\n", settings->conn_limit);
	printf("set tcp-unknown %s\n", name_of(&tcp_unknown_names, settings->tcp_unknown, room));
	printf("set tunnel-df %s\n", name_of(&tunnel_df_names, settings->tunnel_df, room));
	printf("set conntrack %s\n", name_of(&switch_names, settings->conntrack, room));
	line_fast_path(settings);
	printf("set transmit %s\n", name_of(&transmit_names, settings->transmit, room));
	for (unsigned int i = 1; i < state_names.count; i++)
		if (settings->timeouts.given & 1U << i)
			printf("set timeout %s %u\n", state_names.word[i],
			       settings->timeouts.seconds[i]);
}
