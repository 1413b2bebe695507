# SPDX-License-Identifier: GPL-2.0-or-later
"""The table on the terminal."""

import terminal

HEAD = ("config", "rounds", "mean ms", "stddev", "p50", "p99", "max", "busy CPUs", "kept", "retrans", "failed")
FORMAT = "  {:<9}{:>7}{:>9}{:>8}{:>8}{:>9}{:>9}{:>11}{:>8}{:>9}{:>8}"


def ms(value):
    return "-" if value is None else f"{value / 1000:.2f}"


def row(config):
    rounds = terminal.rounds_text(config)
    median = config["median"]
    if median is None:
        return FORMAT.format(config["name"], rounds, *["-"] * 9)
    rtt = median["rtt_us"]
    wall = median["host_wall_s"]
    return FORMAT.format(config["name"], rounds, ms(rtt["mean"]), ms(rtt["stddev"]), ms(rtt["p50"]), ms(rtt["p99"]),
                         ms(rtt["max"]), f"{median['host_busy_s'] / wall:.3f}",
                         f"{median['kept_ns'] / wall / 1e9:.3f}", f"{median['retransmissions']:g}",
                         f"{median['failed_calls']:g}")


def text(demo):
    """All of it, medians over the rounds; busy and kept in CPUs per wall second."""
    meta = demo["meta"]
    lines = ["", f"RTT, INVITE to its 200, of {meta['server']} in a guest; capacity {meta['capacity_cps']} call/s; "
             "medians over the rounds"]
    if meta.get("emulated"):
        lines.append("emulated host: compare the configurations with each other; these are no hardware figures")
    for load in demo["loads"]:
        lines += ["", f"{load['name']} load, {load['calls_per_s']} call/s", FORMAT.format(*HEAD)]
        lines += [row(config) for config in load["configs"]]
        lines += terminal.failed_lines(load["configs"])
        lines += [f"  {name:<26} {terminal.ratio_text(ratio)}" for name, ratio in load["ratios"].items()]
    return "\n".join(lines) + "\n"
