/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TAP_H
#define _TAP_H

/*
 * Ends the case as failed. What follows the condition is for printf: what was
 * looked at, and what was found.
 */
#define CHECK(cond, ...) \
	do { \
		if (!(cond)) \
			tap_fail(__FILE__, __LINE__, #cond, __VA_ARGS__); \
	} while (0)

__noreturn __printf(4, 5)
void tap_fail(const char *file, int line, const char *cond,
	      const char *format, ...);
__printf(3, 4)
void tap_case(void (*run)(const void *arg), const void *arg,
	      const char *format, ...);
int tap_end(void);

#endif /* _TAP_H */
