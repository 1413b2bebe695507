# SPDX-License-Identifier: GPL-2.0-or-later
"""The tables on the terminal, and progress."""

import time

import terminal
import workloads

HEAD = ("config", "rounds", "n", "mean us", "stddev", "p50", "p99", "p99.9", "max", "busy CPUs", "kept", "failed", "")
FORMAT = "  {:<11}{:>7}{:>7}{:>9}{:>8}{:>8}{:>9}{:>9}{:>9}{:>11}{:>8}{:>8}  {}"
FIGURES = ("mean", "stddev", "p50", "p99", "p999", "max")
SWEEP_HEAD = ("n", "mean us", "stddev", "p50", "p99", "busy CPUs", "failed")
SWEEP_FORMAT = "{:<11}{:>7}{:>9}{:>8}{:>8}{:>9}{:>11}{:>8}  {}"
# what a workload has instead of, or beside, response times
EXTRA = {"iops": "{:.0f} IOPS", "calls_per_s": "{:.0f} call/s", "worst_first_us": f"worst of the first {workloads.FIRST}: {{:.0f}} us"}


def number(value):
    return "-" if value is None else f"{value:.0f}"


def short(value):
    """A ratio; where polling is divided by hardly any it is in the thousands, or has no bound."""
    if value is None:
        return "unbounded"
    return f"{value:.3f}" if abs(value) < 100 else f"{value:.0f}"


def values_in(config):
    return sum(entry.get("rtt_us", {}).get("n", 0) for entry in terminal.good_rounds(config))


def row(config):
    rounds = terminal.rounds_text(config)
    median = config["median"]
    if median is None:
        return FORMAT.format(config["name"], rounds, *["-"] * 10, f"failed: {config.get('failed', '')}")
    times = median.get("rtt_us", {})
    wall = median["host_wall_s"]
    extra = [text.format(median[key]) for key, text in EXTRA.items() if median.get(key) is not None]
    if "failed" in config:
        extra.append(f"then failed: {config['failed']}")
    return FORMAT.format(config["name"], rounds, values_in(config), *[number(times.get(name)) for name in FIGURES],
                         f"{median['host_busy_s'] / wall:.3f}", f"{median['kept_ns'] / wall / 1e9:.3f}",
                         f"{median['failures']:g}", ", ".join(extra)).rstrip()


def workload_text(entry):
    params = ", ".join(f"{key} {value}" for key, value in entry["params"].items())
    lines = ["", f"{entry['name']}: {params}; medians over the rounds".replace(": ;", ":"), FORMAT.format(*HEAD).rstrip()]
    if "failed" in entry:
        lines.insert(2, f"  {entry['failed']}")
    lines += [row(config) for config in entry["configs"]]
    lines += terminal.failed_lines(entry["configs"])
    lines += [f"  {name:<30} {terminal.ratio_text(ratio)}" for name, ratio in entry["ratios"].items()]
    return "\n".join(lines)


def sweep_row(config):
    median = config["median"]
    if median is None:
        return SWEEP_FORMAT.format(config["name"], *["-"] * 7, f"failed: {config.get('failed', '')}")
    times = median.get("rtt_us", {})
    return SWEEP_FORMAT.format(config["name"], values_in(config),
                               *[number(times.get(name)) for name in ("mean", "stddev", "p50", "p99")],
                               f"{median['host_busy_s'] / median['host_wall_s']:.3f}", f"{median['failures']:g}",
                               f"then failed: {config['failed']}" if "failed" in config else "").rstrip()


def sweep_text(name, entries):
    """One table of all values of a workload's sweep."""
    swept = list(entries[0]["sweep"])
    lines = ["", f"{name}, other {' and '.join(swept)}; medians over the rounds",
             "  " + "".join(f"{key:>12}" for key in swept) + "  " + SWEEP_FORMAT.format("config", *SWEEP_HEAD, "").rstrip()]
    for entry in entries:
        values = "".join(f"{entry['sweep'][key]:>12}" for key in swept)
        for config in entry["configs"]:
            lines.append(f"  {values}  {sweep_row(config)}")
            lines += terminal.failed_lines([config])
            values = " " * len(values)
        if "failed" in entry:
            lines.append(f"  {entry['failed']}")
    return "\n".join(lines) + "\n"


def sweeps_text(entries):
    """The tables of all sweeps, or nothing."""
    swept = {}
    for entry in entries:
        if "sweep" in entry:
            swept.setdefault(entry["workload"], []).append(entry)
    return "".join(sweep_text(name, ones) for name, ones in swept.items())


def targets_text(targets):
    if not targets:
        return "\nno targets in what was run"
    lines = ["", "targets; met: the 95 % interval as a whole is on the right side of the bar",
             f"  {'target':<43}{'value':>8}  {'interval':<22} {'bar':<14}met"]
    for one in targets:
        verdict = {True: "yes", False: "no", None: "not judged"}[one["met"]]
        value = "-" if one["value"] is None else short(one["value"])
        interval = "" if one["value"] is None else f"[{short(one['low'])}, {short(one['high'])}]"
        bar = f"{one['side']} {one['bar']:g}"
        reason = f" ({one['reason']})" if one.get("reason") else ""
        lines.append(f"  {one['name']:<43}{value:>8}  {interval:<22} {bar:<14}{verdict}{reason}")
    return "\n".join(lines) + "\n"


class Progress(terminal.Progress):
    """Shows the steps of all workloads with the time that is left."""

    def __init__(self, costs):
        """costs: {workload: (its boot, one of its steps, how many)}, guessed seconds"""
        super().__init__()
        self.costs = costs
        self.total = sum(boot + step * steps for boot, step, steps in costs.values())
        self.before = 0
        self.workload = None

    def begin(self, workload):
        self.workload = workload
        names = list(self.costs)
        self.before = sum(boot + step * steps for boot, step, steps in
                          (self.costs[name] for name in names[:names.index(workload)]))

    def left(self, step, _steps):
        """The guess, corrected by what the steps so far took."""
        boot, cost, _ = self.costs[self.workload]
        done = self.before + boot + cost * (step - 1)
        return (self.total - done) * (time.monotonic() - self.begun) / done
