/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What went wrong, in words, on stderr. Each returns the exit code.
 */
#ifndef LBCTL_REPORT_H
#define LBCTL_REPORT_H

#include "grammar.h"
#include "nl.h"

/* "lbctl: add-real: ..."; @verb may be NULL. */
int report_usage(const struct verb *verb, const char *sentence);

/* @error is an errno, or 0 when @what says all. */
int report_failure(const struct verb *verb, const char *what, int error);
int report_torn(const struct verb *verb);
void report_warning(const char *sentence);

/* Of channel_open() and of what is sent and received. */
int report_unavailable(int error);

/* How a request ended; @place, such as "FILE:12: ", comes before the verb. */
int report_outcome(const char *place, const struct verb *verb, const struct request *request,
		   const struct outcome *outcome);

#endif
