// SPDX-License-Identifier: GPL-2.0
/*
 * A writer of JSON to stdout.
 */
#include <stdio.h>

#include "json.h"

/* How long the UTF-8 character at @text is; 0: that is none. */
static int utf8_length(const unsigned char *text)
{
	unsigned char first = text[0], least = 0x80, most = 0xbf;
	int length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

	if ((first >= 0x80 && first < 0xc2) || first > 0xf4)
		return 0;
	/* None is longer than it must be, a surrogate, or beyond U+10FFFF. */
	if (first == 0xe0)
		least = 0xa0;
	else if (first == 0xed)
		most = 0x9f;
	else if (first == 0xf0)
		least = 0x90;
	else if (first == 0xf4)
		most = 0x8f;
	for (int i = 1; i < length; i++) {
		if (text[i] < least || text[i] > most)
			return 0;
		least = 0x80;
		most = 0xbf;
	}
	return length;
}

/* A device may have any bytes for a name; JSON has characters only. */
static void put_quoted(const char *text)
{
	int length;

	putchar('"');
	for (; *text; text += length ? length : 1) {
		unsigned char c = *text;

		length = utf8_length((const unsigned char *)text);
		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			printf("\\u%04x", c);
		else if (length)
			printf("%.*s", length, text);
		else
			fputs("\\ufffd", stdout);
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
