#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Changes as fast as they are answered, under load by all methods and both families
# on four CPUs: nothing breaks, and afterwards all is as ever. SECONDS_EACH is how long
# each of them goes on.

. ./stress-sections.sh

begin make_stress_network nft
cpus 4
start_servers $P
run_sections
finish
