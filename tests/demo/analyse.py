# SPDX-License-Identifier: GPL-2.0-or-later
"""The statistics of the experiment: pure functions over lists of numbers."""

import math
import random
import statistics

RESAMPLES = 2000
CONFIDENCE = 0.95
SEED = 1	# the same data gives the same interval


def percentile(ordered, percent):
    """Nearest rank: the smallest value that at least `percent` of all do not exceed."""
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def summary(values):
    """{n, mean, stddev, p50, p90, p99, max}; stddev of the population, in the values' unit."""
    if not values:
        return {"n": 0, "mean": None, "stddev": None, "p50": None, "p90": None, "p99": None, "max": None}
    ordered = sorted(values)
    return {
        "n": len(ordered),
        "mean": round(statistics.fmean(ordered), 1),
        "stddev": round(statistics.pstdev(ordered), 1),
        "p50": round(percentile(ordered, 50), 1),
        "p90": round(percentile(ordered, 90), 1),
        "p99": round(percentile(ordered, 99), 1),
        "max": round(ordered[-1], 1),
    }


def mad(values):
    """Median absolute deviation."""
    middle = statistics.median(values)
    return statistics.median(abs(value - middle) for value in values)


def ratio(numerators, denominators, paired=False):
    """Median over median, with a bootstrap interval over the rounds."""
    if not numerators or not denominators:
        return None

    def estimate(above, below):
        divisor = statistics.median(below)
        return statistics.median(above) / divisor if divisor else math.inf

    return interval(estimate, numerators, denominators, paired=paired)


def resampled(chance, samples, paired):
    """Each sample drawn from with replacement; where paired, the same rounds of all."""
    if not paired:
        return [[chance.choice(sample) for _ in sample] for sample in samples]
    drawn = [chance.randrange(len(samples[0])) for _ in samples[0]]
    return [[sample[n] for n in drawn] for sample in samples]


def interval(estimate, *samples, paired=False):
    """{value, low, high}: the estimate, and the interval of its bootstrap replicates; high is null where
    these have no upper bound, as where in some of them the divisor is 0.

    Whole rounds are resampled. Paired samples have the same rounds in the same order.
    """
    chance = random.Random(SEED)
    replicates = sorted(estimate(*resampled(chance, samples, paired)) for _ in range(RESAMPLES))
    value = estimate(*samples)
    tail = (1 - CONFIDENCE) / 2 * 100
    low, high = percentile(replicates, tail), percentile(replicates, 100 - tail)
    if not math.isfinite(value) or not math.isfinite(low):
        return None
    return {"value": round(value, 4), "low": round(low, 4), "high": round(high, 4) if math.isfinite(high) else None}


def extra_cpu_share(hint, stock, always, paired=False):
    """(hint - stock) / (always - stock) of busy CPUs per wall second.

    null with a reason where the rounds do not tell always from stock.
    """
    if not hint or not stock or not always:
        return {"value": None, "low": None, "high": None, "reason": "a configuration has no rounds"}

    def estimate(hints, stocks, alwayses):
        below = statistics.median(alwayses) - statistics.median(stocks)
        return (statistics.median(hints) - statistics.median(stocks)) / below if below > 0 else math.inf

    difference = statistics.median(always) - statistics.median(stock)
    noise = max(mad(always), mad(stock))
    if difference <= 3 * noise:
        return {"value": None, "low": None, "high": None,
                "reason": f"always costs {difference:.4f} CPUs more than stock, below 3 MAD ({3 * noise:.4f})"}
    return interval(estimate, hint, stock, always, paired=paired)
