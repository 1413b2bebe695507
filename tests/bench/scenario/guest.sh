#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Nothing: what a workload needs in its guest it starts there, lest it be in the others.
