/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CRAFT_H
#define CRAFT_H

const char *do_icmp(int n, char **words);
const char *do_frag(int n, char **words);
const char *do_craft(int n, char **words);
const char *do_frame(int n, char **words);

#endif /* CRAFT_H */
