# SPDX-License-Identifier: GPL-2.0-or-later
"""Plots, through gnuplot: steadiness against what it costs the host, per workload."""

import os
import shutil

import plots  # the demonstration's

COLOURS = {**plots.COLOURS, "blind-10pct": "#e377c2", "poll-50us": "#f0c27b", "poll-200us": "#d55e00",
           "poll-1ms": "#e69f00", "poll-10ms": "#b8860b", "hint-5ms": "#5fd3b0", "hint-1ms": "#a6e8d5",
           "vhost-poll-200us": "#c0392b", "haltpoll": "#56b4e9", "idle-poll": "#222222", "cpu-pm": "#7f4f24",
           "zeroed": "#9467bd", "shuffled": "#8c8c00",
           "without-timer": "#c5b0d5", "without-io": "#c49c94", "without-peer": "#f7b6d2",
           "without-event": "#bcbd22", "without-gap": "#aec7e8", "without-arrival": "#98df8a",
           "without-arrival-event": "#17becf", "without-arrival-gap": "#9edae5",
           "without-told": "#dbdb8d", "without-arrival-told": "#8c564b",
           "without-backoff": "#7f7f7f",
           "without-worker": "#00664b"}
PANELS = (("stddev", "standard deviation (us)"), ("p99", "99th percentile (us)"))


def points(entry):
    """{config: (busy CPUs, {figure: us})}"""
    found = {}
    for config in entry["configs"]:
        median = config["median"]
        if median and "rtt_us" in median:
            found[config["name"]] = (median["host_busy_s"] / median["host_wall_s"], median["rtt_us"])
    return found


def script(entry, found):
    rows = {name: [(round(busy, 4), times["stddev"], times["p99"])] for name, (busy, times) in found.items()}
    text = plots.blocks(rows) + "set xlabel 'busy CPUs of the host'\nset grid\nset xrange [0:*]\nset yrange [0:*]\n"
    text += f"set multiplot layout 1,2 title '{entry['name']}: medians over the rounds; lower left is better'\n"
    for column, (_, title) in enumerate(PANELS, 2):
        lines = [f"$d{n} using 1:{column} with points pt 7 ps 1.4 lc rgb '{COLOURS[name]}' title '{name}'"
                 for n, name in enumerate(rows)]
        text += f"set ylabel '{title}'\nset key outside bottom center horizontal\n"
        text += "plot " + ", \\\n\t".join(lines) + "\n"
    return text + "unset multiplot\n"


def draw(bench, out):
    """Returns the files it made."""
    if not shutil.which("gnuplot"):
        print("note: gnuplot is missing: no plots; run `make deps` (package gnuplot-nox)")
        return []
    made = []
    for entry in (entry for entry in bench["workloads"] if "sweep" not in entry):
        found = points(entry)
        if found:
            made += plots.render("pareto-" + entry["name"], "1000,480", script(entry, found), out)
    return made
