#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A guest boots, answers, runs commands, and gives its results.
set -e
[ "$(guest-run echo hello)" = hello ]
guest-run "exit 3" && exit 1
[ "$(guest-run hostname)" = main ]
echo fine >"$RESULTS/smoke"
