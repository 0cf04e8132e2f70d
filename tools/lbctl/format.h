/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Addresses and services as the user writes them.
 */
#ifndef LBCTL_FORMAT_H
#define LBCTL_FORMAT_H

#include <arpa/inet.h>

#include "lbctl.h"

#define ENDPOINT_ROOM (INET6_ADDRSTRLEN + 8)
#define SERVICE_ROOM (ENDPOINT_ROOM + 16)

/* Each returns @buf. */
const char *format_address(const struct address *address, char buf[INET6_ADDRSTRLEN]);

/* ADDR:PORT, or ADDR where @port is 0. */
const char *format_endpoint(const struct address *address, u16 port, char buf[ENDPOINT_ROOM]);
const char *format_service(const struct service_id *id, char buf[SERVICE_ROOM]);
const char *format_family(const struct address *address);
const char *format_protocol(u8 protocol);

#endif
