/* SPDX-License-Identifier: GPL-2.0 */
/*
 * JSON as it comes: nothing is kept, so that a million objects fit. A key is
 * NULL in an array.
 */
#ifndef LBCTL_JSON_H
#define LBCTL_JSON_H

#include "lbctl.h"

struct json {
	unsigned int depth;
	bool filled;	/* what is open has something in it */
};

void json_object(struct json *json, const char *key);
void json_array(struct json *json, const char *key);
void json_object_end(struct json *json);
void json_array_end(struct json *json);
void json_string(struct json *json, const char *key, const char *value);
void json_number(struct json *json, const char *key, u64 value);
void json_bool(struct json *json, const char *key, bool value);
void json_null(struct json *json, const char *key);

#endif
