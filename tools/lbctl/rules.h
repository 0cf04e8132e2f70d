/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Lines of verbs, understood and not yet sent.
 */
#ifndef LBCTL_RULES_H
#define LBCTL_RULES_H

#include "nl.h"

struct rule {
	unsigned int line;
	char *text;		/* as it was, for messages */
	struct command cmd;	/* points to and into words */
	char *split;		/* what the words are parts of */
	const char **words;
};

struct rules {
	const char *name;
	bool deletions;		/* of what may be gone by itself meanwhile */
	struct rule *rule;
	size_t count;
};

/*
 * Understands one line and appends it unless it's empty. Takes over @text; NULL stands
 * for want of memory. Returns an exit code, and reports what is wrong.
 */
int rules_add(const struct command *cmd, struct rules *rules, unsigned int line, char *text);

/* "lbctl: restore: NAME:LINE: SENTENCE" and the line. Returns EXIT_USAGE. */
int rules_refuse(const struct command *cmd, const char *name, unsigned int line,
		 const char *sentence, const char *text);
void rules_empty(struct rules *rules);

/*
 * For restore --replace: has the lines that add something change it where it's there,
 * and appends lines that delete what @rules don't name, to be sent before and after
 * them. Returns an exit code.
 */
int rules_replace(struct channel *channel, const struct command *cmd, struct rules *rules,
		  struct rules *before, struct rules *after);

#endif
