// SPDX-License-Identifier: GPL-2.0
/*
 * What went wrong, in words, on stderr.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "report.h"

int report_usage(const struct verb *verb, const char *sentence)
{
	if (!verb) {
		fprintf(stderr, "lbctl: %s\n", sentence);
		return EXIT_USAGE;
	}
	fprintf(stderr, "lbctl: %s: %s\n  for example: %.*s\n  more: lbctl %s --help\n",
		verb->name, sentence, (int)strcspn(verb->examples, "\n"), verb->examples,
		verb->name);
	return EXIT_USAGE;
}

int report_failure(const struct verb *verb, const char *what, int error)
{
	fprintf(stderr, "lbctl: %s: %s%s%s\n", verb->name, what, error ? ": " : "",
		error ? strerror(error) : "");
	return EXIT_REFUSED;
}

int report_torn(const struct verb *verb)
{
	return report_failure(verb, "the configuration changed each time it was read; try again",
			      0);
}

void report_warning(const char *sentence)
{
	fprintf(stderr, "lbctl: warning: %s\n", sentence);
}

static int report_permission(void)
{
	fputs("lbctl: not permitted: be root, or have CAP_NET_ADMIN over this network namespace\n",
	      stderr);
	return EXIT_UNAVAILABLE;
}

int report_unavailable(int error)
{
	switch (error) {
	case ENOENT:
		fputs("lbctl: the module lbvs isn't loaded; load it with: modprobe lbvs\n", stderr);
		return EXIT_UNAVAILABLE;
	case EPERM:
	case EACCES:
		return report_permission();
	case EPROTONOSUPPORT:
	case EAFNOSUPPORT:
		fputs("lbctl: this kernel has no generic netlink\n", stderr);
		return EXIT_UNAVAILABLE;
	case ECANCELED:
		/* The output failed; that is said when it's closed. */
		return EXIT_REFUSED;
	case ENOBUFS:
		fputs("lbctl: answers were lost: the socket's buffer is full\n", stderr);
		return EXIT_REFUSED;
	case EBADMSG:
		fputs("lbctl: the module's answer makes no sense: are both of one version?\n",
		      stderr);
		return EXIT_REFUSED;
	default:
		fprintf(stderr, "lbctl: talking to the kernel failed: %s\n", strerror(error));
		return EXIT_REFUSED;
	}
}

/* For a kernel that gives a number only. */
static const char *errno_sentence(const struct verb *verb, int error)
{
	bool real = verb->operands & OPERAND_REAL;

	switch (error) {
	case ENOENT:
		return real ? "no such service, or no such real in it" : "no such service";
	case EEXIST:
		return real ? "the service has this real already" : "this service is there already";
	case EOPNOTSUPP:
	case EINVAL:
		return "the module doesn't understand this; is it older than lbctl?";
	default:
		return strerror(error);
	}
}

int report_outcome(const char *place, const struct verb *verb, const struct request *request,
		   const struct outcome *outcome)
{
	const struct arg *arg = outcome->offset ? request_blamed(request, outcome->offset) : NULL;
	const char *sentence = outcome->sentence;

	if (!outcome->error && !*sentence)
		return EXIT_DONE;
	if (outcome->error == EPERM && !*sentence)
		return report_permission();
	if (!*sentence)
		sentence = errno_sentence(verb, outcome->error);
	fprintf(stderr, "lbctl: %s%s%s: %s", outcome->error ? "" : "warning: ", place,
		verb->name, sentence);
	if (arg)
		fprintf(stderr, " ('%s%s%s')", arg->first, arg->second ? " " : "",
			arg->second ? arg->second : "");
	fputc('\n', stderr);
	if (!outcome->error)
		return EXIT_DONE;
	return outcome->error == EPERM ? EXIT_UNAVAILABLE : EXIT_REFUSED;
}
