#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What goes away under fire: namespaces with connections, devices, routes, neighbours,
# CPUs, and the module itself. In bounded time, and without a trace.
#
#   CONNS=100000 TIMES=100	connections of a namespace that is deleted, and how often
#   RELOADS=100			how often the module is loaded and unloaded
#   SECONDS_EACH=60		for how long devices, routes, CPUs come and go

. ./stress-lib.sh
. ./teardown-sections.sh

begin make_stress_network nft
cpus 4
start_servers $P
delete_x
shaken_all
unload_cases
reload_cases
lb flush
finish
