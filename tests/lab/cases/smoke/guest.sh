#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
uname -r >/results/kernel
