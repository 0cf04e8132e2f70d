/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rows whose columns are as wide as their widest cell.
 */
#ifndef LBCTL_TABLE_H
#define LBCTL_TABLE_H

#include <stddef.h>

#define TABLE_COLUMNS 12

struct table {
	const char *align;	/* 'l' or 'r' for each column */
	size_t columns;
	size_t column;		/* of the next cell */
	size_t width[TABLE_COLUMNS];
	char *text;		/* the cells, each with its NUL */
	size_t used;
	size_t room;
};

void table_begin(struct table *table, const char *align);

/* Cells come row by row. Out of memory ends the program: there's nothing to be saved. */
void table_cell(struct table *table, const char *format, ...) __printf(2, 3);

/* Several cells, a '|' between each. */
void table_row(struct table *table, const char *cells);

/* Prints it to stdout and gives its memory back. */
void table_end(struct table *table);

#endif
