/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBCTL_GRAMMAR_H
#define LBCTL_GRAMMAR_H

#include <stdbool.h>
#include <stddef.h>

enum verb_id {
	VERB_ADD_SERVICE,
	VERB_EDIT_SERVICE,
	VERB_DEL_SERVICE,
	VERB_ADD_REAL,
	VERB_EDIT_REAL,
	VERB_DEL_REAL,
	VERB_LIST,
	VERB_SHOW,
	VERB_CONNECTIONS,
	VERB_DEL_CONNECTION,
	VERB_STATS,
	VERB_ZERO,
	VERB_FLUSH,
	VERB_SETTINGS,
	VERB_SET,
	VERB_REAL_SETUP,
	VERB_REAL_TEARDOWN,
	VERB_CHECK_REAL,
	VERB_SAVE,
	VERB_RESTORE,
	VERB_VERSION,
	VERB_HELP,
	VERB_COUNT,
};

/* What follows the verb without a dash. */
enum operands {
	OPERAND_SERVICE = 1 << 0,
	OPERAND_SERVICE_MAYBE = 1 << 1,
	OPERAND_REAL = 1 << 2,
	OPERAND_SETTING = 1 << 3,
	OPERAND_FILE_MAYBE = 1 << 4,
	OPERAND_VERB_MAYBE = 1 << 5,
	OPERAND_METHOD = 1 << 6,
	OPERAND_VIPS = 1 << 7,
};

enum option_group {
	OPTIONS_SERVICE = 1 << 0,
	OPTIONS_SERVICE_EDIT = 1 << 1,
	OPTIONS_REAL = 1 << 2,
	OPTIONS_FILTER = 1 << 3,
	OPTIONS_ALL = 1 << 4,
	OPTIONS_STATS = 1 << 5,
	OPTIONS_RESTORE = 1 << 6,
	OPTIONS_REAL_SIDE = 1 << 7,
	OPTIONS_REAL_CHANGE = 1 << 8,
	OPTIONS_REAL_SETUP = 1 << 9,
};

enum verb_traits {
	VERB_IS_LINE = 1 << 0,		/* may stand in a rules file */
	VERB_NEEDS_CHANGE = 1 << 1,	/* nothing to do without an option */
	VERB_NEEDS_FILTER = 1 << 2,
	VERB_NO_JSON = 1 << 3,
};

struct verb {
	const char *name;
	unsigned int operands;
	unsigned int options;
	unsigned int traits;
	const char *synopsis;
	const char *summary;
	const char *notes;	/* or NULL */
	const char *examples;	/* a line each */
};

enum option_id {
	OPTION_SCHEDULER,
	OPTION_ONE_PACKET,
	OPTION_NO_ONE_PACKET,
	OPTION_ADOPT,
	OPTION_NO_ADOPT,
	OPTION_ON_REMOVE,
	OPTION_MSS,
	OPTION_TIMEOUT,
	OPTION_METHOD,
	OPTION_ENCAP,
	OPTION_ENCAP_PORT,
	OPTION_ENCAP_CSUM,
	OPTION_WEIGHT,
	OPTION_STATE,
	OPTION_CLIENT,
	OPTION_REAL,
	OPTION_ALL,
	OPTION_PER_CPU,
	OPTION_REPLACE,
	OPTION_DEVICE,
	OPTION_OUTER,
	OPTION_DRY_RUN,
	OPTION_PERSIST,
	OPTION_COUNT,
};

struct option {
	const char *name;
	enum option_id id;
	unsigned int groups;
	const char *value;	/* what it takes, or NULL */
	const char *help;
};

extern const struct verb verbs[VERB_COUNT];
extern const struct option options[OPTION_COUNT];

static inline enum verb_id verb_id(const struct verb *verb)
{
	return verb - verbs;
}

const struct verb *verb_find(const char *name);
const struct option *option_find(const struct verb *verb, const char *name, size_t len);

/* What @name was probably meant to be, or NULL. */
const char *verb_nearest(const char *name);
const char *option_nearest(const struct verb *verb, const char *name, size_t len);

#endif
