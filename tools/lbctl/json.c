// SPDX-License-Identifier: GPL-2.0
/*
 * A writer of JSON to stdout.
 */
#include <stdio.h>

#include "json.h"

static void put_quoted(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		unsigned char c = *text;

		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

static void begin(struct json *json, const char *key)
{
	if (json->filled)
		putchar(',');
	json->filled = true;
	if (!key)
		return;
	put_quoted(key);
	putchar(':');
}

static void open_bracket(struct json *json, const char *key, char bracket)
{
	/* A line for each object of a list, for those who read it with grep. */
	begin(json, key);
	if (!key && json->depth)
		putchar('\n');
	putchar(bracket);
	json->depth++;
	json->filled = false;
}

static void close_bracket(struct json *json, char bracket)
{
	putchar(bracket);
	json->filled = true;
	if (!--json->depth)
		putchar('\n');
}

void json_object(struct json *json, const char *key)
{
	open_bracket(json, key, '{');
}

void json_array(struct json *json, const char *key)
{
	open_bracket(json, key, '[');
}

void json_object_end(struct json *json)
{
	close_bracket(json, '}');
}

void json_array_end(struct json *json)
{
	close_bracket(json, ']');
}

void json_string(struct json *json, const char *key, const char *value)
{
	begin(json, key);
	put_quoted(value);
}

void json_number(struct json *json, const char *key, u64 value)
{
	begin(json, key);
	printf("%llu", value);
}

void json_bool(struct json *json, const char *key, bool value)
{
	begin(json, key);
	fputs(value ? "true" : "false", stdout);
}

void json_null(struct json *json, const char *key)
{
	begin(json, key);
	fputs("null", stdout);
}
