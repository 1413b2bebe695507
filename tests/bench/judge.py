# SPDX-License-Identifier: GPL-2.0-or-later
"""Ratios of a workload's configurations, and the targets: pure functions over bench.json's content."""

import math
import statistics

import analyse
import workloads

# figure: its value in a round, or None
FIGURES = {
    "mean": lambda entry: entry.get("rtt_us", {}).get("mean"),
    "stddev": lambda entry: entry.get("rtt_us", {}).get("stddev"),
    "p99": lambda entry: entry.get("rtt_us", {}).get("p99"),
    "worst_first": lambda entry: entry.get("worst_first_us"),
    "iops": lambda entry: entry.get("iops"),
    "calls_per_s": lambda entry: entry.get("calls_per_s"),
    "busy": lambda entry: entry["host_busy_s"] / entry["host_wall_s"],
    "kept": lambda entry: entry["kept_ns"] / entry["host_wall_s"],
}
# of these, what goes by how long answers took
TIMES = ("mean", "stddev", "p99", "worst_first")
PAIRS = (("hint", "always"), ("hint", "stock"), ("always", "stock"), ("hint", "blind"))
SHOWN_ABLATIONS = workloads.BLINDS + workloads.ABLATIONS
AT_MOST, AT_LEAST = "at most", "at least"
STEADY = ("stddev_hint_over_always", "p99_hint_over_always")
# which have these bars, and what they may cost of always' extra CPU time
STEADY_COST = {"sipp-medium": 0.20, "sipp-asterisk": 0.20, "rtp": 0.25, "onoff": 0.25, "drifting": 0.25}

# workload: [(ratio, bar, which side)]
TARGETS = {
    **{name: [(ratio, 1.15, AT_MOST) for ratio in STEADY] + [("extra_cpu_share", cost, AT_MOST)]
       for name, cost in STEADY_COST.items()},
    "start-of-load": [("worst_first_hint_over_stock", 0.6, AT_MOST)],
    "cyclictest": [("mean_hint_over_stock", 0.6, AT_MOST), ("p99_hint_over_stock", 0.6, AT_MOST),
                   ("busy_hint_over_stock", 1.15, AT_MOST)],
    "idle": [("busy_hint_over_stock", 1.02, AT_MOST), ("kept_hint_over_stock", 1.0, AT_MOST)],
    **{name: [("iops_hint_over_stock", 1.2, AT_LEAST)] for name in ("blk-qd1", "blk-remote")},
    "capacity": [("calls_per_s_hint_over_stock", 1.1, AT_LEAST)],
    "bystander": [("p99_hint_over_stock", 1.05, AT_MOST)],
}
# workload: (figure, ablations): what these take away is to be worth half of the gain in that there.
# With one vCPU there is nothing to shuffle.
KNOW_NOTHING = workloads.BLINDS + ("zeroed",)
ABLATED = {**{name: ("stddev", KNOW_NOTHING) for name in STEADY_COST},
           "cyclictest": ("p99", KNOW_NOTHING), "chain": ("p99", KNOW_NOTHING + ("shuffled",))}
LOSS_BAR = 0.5
# where nothing can be foreseen, no alternative is to be better in both p99 and CPU time by more than 5 %
PARETO_BAR = 0.95
OURS = workloads.HINTS + SHOWN_ABLATIONS
# what a user could have instead
ALTERNATIVES = tuple(name for name in workloads.DEFAULT_CONFIGS if name not in OURS)
# With fewer, an interval of paired rounds is too narrow, and none is worth anything: docs/benchmarks.md
PAIRED_FROM, JUDGED_FROM = 6, 3


def good(rounds):
    return [entry for entry in rounds if "failed" not in entry]


def values_in(rounds):
    """How many values a configuration has, over all its rounds."""
    return sum(entry.get("rtt_us", {}).get("n", 0) for entry in good(rounds))


def lost_in(rounds):
    """(how many requests of a configuration had no answer, of how many): those are in none of its figures."""
    lost = sum(entry.get("failures", 0) for entry in good(rounds))
    return lost, lost + values_in(rounds)


def broken_by(config):
    """Why a configuration is not judged, or nothing: what its other rounds would have been like nobody knows."""
    if config.get("failed"):
        return f"{config['name']} failed: {config['failed']}"
    bad = [entry["failed"] for entry in config["rounds"] if "failed" in entry]
    return f"{len(bad)} of {config['name']}'s {len(config['rounds'])} rounds failed: {bad[0]}" if bad else ""


def unknown(reason):
    return {"value": None, "low": None, "high": None, "reason": reason}


def figures_of(configs):
    """{config: {figure: {round: its value}}}, of the good rounds"""
    found = {}
    for config in configs:
        rounds = good(config["rounds"])
        found[config["name"]] = {name: {entry["round"]: of(entry) for entry in rounds if of(entry) is not None}
                                 for name, of in FIGURES.items()}
    return found


def median(sample):
    return statistics.median(sample.values())


def in_order(samples):
    """Their values by the number of the round, and whether to resample the same rounds of all."""
    paired = len(samples[0]) >= PAIRED_FROM and all(set(sample) == set(samples[0]) for sample in samples)
    return [[sample[number] for number in sorted(sample)] for sample in samples], paired


def interval(estimate, *samples):
    """Of samples {round: value}."""
    values, paired = in_order(samples)
    return analyse.interval(estimate, *values, paired=paired) or unknown("no finite value")


def estimated(entry):
    """Whether there is an estimate, be it that it has no bound."""
    return entry["value"] is not None or "infinite" in entry


def of_few(entry, *samples):
    """An estimate of one or two rounds has no interval that is worth anything: it is shown, and not judged."""
    fewest = min(len(sample) for sample in samples)
    if estimated(entry) and fewest < JUDGED_FROM:
        return {**entry, "reason": f"a configuration has {fewest} of the {JUDGED_FROM} rounds that an interval takes"}
    return entry


def ratio(figure, above, below, figures):
    """Of the medians over the rounds, or why there is none."""
    for name in (above, below):
        if not figures.get(name, {}).get(figure):
            return unknown(f"{name} has no rounds")
    samples = figures[above][figure], figures[below][figure]
    if not any(samples[0].values()):
        return of_few({"value": 0.0, "low": 0.0, "high": 0.0}, *samples)
    values, paired = in_order(samples)
    if not median(samples[1]):
        infinite = {"value": None, "low": None, "high": None, "infinite": f"{below}'s median is 0, {above}'s is not"}
        return of_few(infinite, *samples)
    return of_few(analyse.ratio(*values, paired=paired) or unknown("no finite value"), *samples)


class Doubts:
    """Why figures of a workload's configurations are shown, and not judged."""

    def __init__(self, configs):
        self.counts = {config["name"]: values_in(config["rounds"]) for config in configs}
        self.lost = {config["name"]: lost_in(config["rounds"]) for config in configs}
        self.broken = {config["name"]: broken_by(config) for config in configs if broken_by(config)}

    def of(self, names, figure):
        """The reason, or nothing."""
        broken = [self.broken[name] for name in names if name in self.broken]
        if figure == "p99":
            few = " and ".join(f"{name} has {self.counts[name]}" for name in names
                               if self.counts.get(name, math.inf) < workloads.P99_NEEDS)
            broken += [f"of the {workloads.P99_NEEDS} values that a p99 takes {few}"] if few else []
        return "; ".join(broken)

    def lossy(self, ours, others):
        """Whether we lost more of our requests than they: what those would have taken is in no figure. The reason, or nothing."""
        def share(name):
            lost, of = self.lost.get(name, (0, 0))
            return lost / of if lost else 0

        least = min((name for name in others if name in self.lost), key=share, default=None)
        if share(ours) <= share(least):
            return ""
        lost, of = self.lost[ours]
        return f"{ours} lost {lost} of {of} requests, {f'{least} {self.lost[least][0]}' if least else 'others 0'}"


def noted(entry, reason, lossy=""):
    """An estimate that is shown, and for that reason not judged; or that is no success whatever it is."""
    if not estimated(entry):
        return entry
    entry = {**entry, "lossy": lossy} if lossy else entry
    return {**entry, "reason": reason} if reason else entry


def extra_cpu_share(figures):
    samples = [figures.get(name, {}).get("busy", {}) for name in ("hint", "stock", "always")]
    values, paired = in_order(samples)
    return of_few(analyse.extra_cpu_share(*values, paired=paired) or unknown("no finite value"), *samples)


def loss(figure, ablation, figures):
    """The share of hint's gain over stock that an ablation of hint does not have."""
    names = (ablation, "hint", "stock")
    samples = [figures.get(name, {}).get(figure) for name in names]
    for name, sample in zip(names, samples):
        if not sample:
            return unknown(f"{name} has no rounds")
        if len(sample) < JUDGED_FROM:
            return unknown(f"{name} has {len(sample)} of the {JUDGED_FROM} rounds that tell how much rounds differ")
    gain = median(samples[2]) - median(samples[1])
    noise = 3 * max(analyse.mad(list(sample.values())) for sample in samples[1:])
    if gain <= noise:
        return unknown(f"hint gains {gain:.1f} us over stock, which is not above 3 MAD ({noise:.1f})")

    def share(ablated, hints, stocks):
        whole = statistics.median(stocks) - statistics.median(hints)
        # A draw in which there is no gain to lose says nothing: too many of these, and no loss is shown.
        return (statistics.median(ablated) - statistics.median(hints)) / whole if whole > 0 else -math.inf

    return interval(share, *samples)


def pareto(hint, figures, doubts):
    """The best that any alternative does against a hint, by the worse of its two ratios.

    Below 1 an alternative is better in both p99 and busy CPUs, by at least that much. All have
    to have been measured: the best may be the one that is missing.
    """
    others = [name for name in figures if name not in OURS and figures[name]["p99"] and figures[name]["busy"]]
    if not others or not figures.get(hint, {}).get("p99"):
        return unknown(f"{hint} has no rounds" if others else "no alternative was measured")

    def best(p99, busy, *alternatives):
        limits = statistics.median(p99), statistics.median(busy)
        if not all(limits):
            return math.inf
        return min(max(statistics.median(alternatives[n]) / limits[0], statistics.median(alternatives[n + 1]) / limits[1])
                   for n in range(0, len(alternatives), 2))

    samples = [figures[name][figure] for name in (hint, *others) for figure in ("p99", "busy")]
    missing = [name for name in ALTERNATIVES if name not in others]
    reasons = [doubts.of((hint, *others), "p99"), missing and f"not measured: {', '.join(missing)}"]
    return noted(of_few(interval(best, *samples), *samples), "; ".join(filter(None, reasons)), doubts.lossy(hint, others))


def ratios(configs):
    """All that can be told of a workload, by name."""
    figures = figures_of(configs)
    doubts = Doubts(configs)
    measured = {figure for of in figures.values() for figure, values in of.items() if values}
    found = {}
    for figure in (name for name in FIGURES if name in measured):
        for above, below in PAIRS:
            if above not in figures or below not in figures:
                continue
            lossy = doubts.lossy(above, [below]) if figure in TIMES else ""
            found[f"{figure}_{above}_over_{below}"] = noted(ratio(figure, above, below, figures),
                                                            doubts.of((above, below), figure), lossy)
    if {"hint", "stock", "always"} <= set(figures):
        found["extra_cpu_share"] = noted(extra_cpu_share(figures), doubts.of(("hint", "stock", "always"), "busy"))
    if "p99" in measured:
        found.update({f"pareto_of_{hint}": pareto(hint, figures, doubts)
                      for hint in workloads.HINTS if hint in figures})
    for ablation in (name for name in SHOWN_ABLATIONS if name in figures):
        for figure in (name for name in ("mean", "stddev", "p99") if name in measured):
            found[f"{figure}_loss_of_{ablation}"] = noted(loss(figure, ablation, figures),
                                                          doubts.of((ablation, "hint", "stock"), figure),
                                                          doubts.lossy("hint", [ablation, "stock"]))
    return found


def met(entry, bar, side):
    """Whether the whole interval is on the right side of the bar; None if it cannot be told."""
    if not estimated(entry):
        return None
    if "lossy" in entry:
        return False
    if "infinite" in entry:
        return side == AT_LEAST
    if side == AT_LEAST:
        return entry["low"] >= bar
    return entry["high"] is not None and entry["high"] <= bar


def target(workload, name, bar, side, known, missing="a configuration was not measured", failed=""):
    """failed: why the workload's run did, if so."""
    entry = known.get(name) or unknown(missing)
    reason = failed or entry.get("reason")
    if reason: # as with a p99 of too few values: shown in the ratios, not judged
        entry = unknown(reason)
    found = {"name": f"{workload}: {name}", "side": side, "bar": bar,
             **{key: entry.get(key) for key in ("value", "low", "high")}, "met": met(entry, bar, side)}
    told = [entry[key] for key in ("reason", "lossy", "infinite") if key in entry]
    if told:
        found["reason"] = "; ".join(told)
    elif found["met"] is False and entry["low"] <= bar <= (math.inf if entry["high"] is None else entry["high"]):
        found["reason"] = "the interval has the bar in it: more rounds would tell"
    return found


def targets(entries):
    """The targets of the workloads that were run, but for what was swept over."""
    found = []
    for entry in (entry for entry in entries if "sweep" not in entry):
        name, failed = entry["name"], entry.get("failed", "")
        bars = [(*one, "a configuration was not measured") for one in TARGETS.get(name, [])]
        if name in workloads.UNFORESEEN:
            bars += [(f"pareto_of_{hint}", PARETO_BAR, AT_LEAST, f"{hint} was not run") for hint in workloads.HINTS]
        figure, ablations = ABLATED.get(name, ("", ()))
        bars += [(f"{figure}_loss_of_{ablation}", LOSS_BAR, AT_LEAST, f"{ablation} was not run") for ablation in ablations]
        found += [target(name, ratio_name, bar, side, entry["ratios"], missing, failed)
                  for ratio_name, bar, side, missing in bars]
    return found
