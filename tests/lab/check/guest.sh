#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A timer on top of the load, so that there is something to wake early for.
while sleep 0.1; do :; done &
