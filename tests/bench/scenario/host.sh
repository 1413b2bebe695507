#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# One workload in all configurations, on the host, emulated or real. bench.conf says
# which. Lines that begin with "bench:" are for the user; "bench-step K N TEXT" is progress.
# $RESULTS gets rounds.tsv, a log per round, and unavailable.tsv; nothing is computed here
# but what the next step depends on.
set -u
# shellcheck source=/dev/null
. ./bench.conf
ME=bench
. ./settings.sh
. ./machine.sh
. ./interleave.sh
. ./sipp.sh
. ./guests.sh
# shellcheck source=/dev/null
. "./$KIND.sh"
. ./rounds.sh

trap 'leave' EXIT
trap 'exit 130' INT TERM
cp bench.conf "$RESULTS/"
remember_settings
set_config stock
first_guest
run_rounds
