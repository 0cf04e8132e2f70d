/* SPDX-License-Identifier: GPL-2.0 */
#ifndef RAW_H
#define RAW_H

const char *do_raw(int n, char **words);

#endif /* RAW_H */
