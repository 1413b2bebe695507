#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The experiment, on the host, emulated or real. demo.conf says what to run.
# Lines that begin with "demo:" are for the user; "demo-step K N TEXT" is progress.
# $RESULTS gets rounds.tsv and a capture per round; nothing is computed here but
# what the next step depends on.
set -u
. ./demo.conf
ME=demo
. ./settings.sh
. ./machine.sh
. ./interleave.sh
. ./sipp.sh
. ./load.sh
. ./steps.sh

trap 'restore_settings' EXIT
trap 'exit 130' INT TERM
remember_settings
find_guest
wait_for_server
check_attached
set_config stock
find_capacity
for load in $LOADS; do
	run_load "$load"
done
