// SPDX-License-Identifier: GPL-2.0
/*
 * Rows whose columns are as wide as their widest cell.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lbctl.h"
#include "table.h"

#define CELL_MAX 256

void table_begin(struct table *table, const char *align)
{
	memset(table, 0, sizeof(*table));
	table->align = align;
	table->columns = strlen(align);
}

static void make_room(struct table *table, size_t len)
{
	if (table->used + len <= table->room)
		return;
	table->room = (table->room + len) * 2;
	table->text = realloc(table->text, table->room);
	if (!table->text) {
		perror("lbctl");
		exit(EXIT_REFUSED);
	}
}

void table_cell(struct table *table, const char *format, ...)
{
	va_list args;
	size_t len;

	make_room(table, CELL_MAX);
	va_start(args, format);
	vsnprintf(table->text + table->used, CELL_MAX, format, args);
	va_end(args);
	len = strlen(table->text + table->used);
	table->used += len + 1;
	if (len > table->width[table->column])
		table->width[table->column] = len;
	table->column = (table->column + 1) % table->columns;
}

void table_row(struct table *table, const char *cells)
{
	for (;;) {
		size_t len = strcspn(cells, "|");

		table_cell(table, "%.*s", (int)len, cells);
		if (!cells[len])
			return;
		cells += len + 1;
	}
}

/* Blanks wait until something follows them, so that no line ends in some. */
static void print_row(const struct table *table, const char **cell)
{
	size_t blanks = 0;

	for (size_t i = 0; i < table->columns; i++) {
		size_t len = strlen(*cell);
		size_t rest = table->width[i] - len;

		if (table->align[i] == 'r')
			blanks += rest;
		if (len)
			printf("%*s%s", (int)blanks, "", *cell);
		blanks = len ? 0 : blanks;
		if (table->align[i] == 'l')
			blanks += rest;
		blanks += 2;
		*cell += len + 1;
	}
	putchar('\n');
}

void table_end(struct table *table)
{
	const char *cell = table->text;

	while (cell < table->text + table->used)
		print_row(table, &cell);
	free(table->text);
	table->text = NULL;
}
