# SPDX-License-Identifier: GPL-2.0-or-later
"""Plots, through gnuplot: RTT over request number, CDF, CPU."""


def draw(demo, run_dir, out):
    return []
