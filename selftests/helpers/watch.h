/* SPDX-License-Identifier: GPL-2.0 */
#ifndef WATCH_H
#define WATCH_H

const char *do_tap(int n, char **words);
const char *do_seen(int n, char **words);
const char *do_xdp(int n, char **words);
const char *do_passed(int n, char **words);

#endif /* WATCH_H */
