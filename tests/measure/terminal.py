# SPDX-License-Identifier: GPL-2.0-or-later
"""What the terminal shows of a measurement: its progress, and parts of the tables."""

import re
import time

# progress() of interleave.sh, and how the runners begin a line
STEP = re.compile(r"[a-z]+-step (\d+) (\d+) (.*)")
LINE = re.compile(r"^\[ *[\d.]+\] (.*)")


def good_rounds(config):
    return [entry for entry in config["rounds"] if "failed" not in entry]


def rounds_text(config):
    """How many rounds are good, and how many failed."""
    good = len(good_rounds(config))
    failed = len(config["rounds"]) - good
    return f"{good}" + (f"(+{failed}!)" if failed else "")


def failed_lines(configs):
    return [f"  failed: {config['name']} round {entry['round']}: {entry['failed']}"
            for config in configs for entry in config["rounds"] if "failed" in entry]


def ratio_text(ratio):
    """A ratio with its interval, and why there is none or what is to be known of it."""
    if ratio is None:
        return "- (a configuration has no rounds)"
    why = "; ".join(ratio[key] for key in ("reason", "lossy", "infinite") if key in ratio)
    if ratio["value"] is None:
        return f"- ({why})"
    note = f" ({why})" if why else ""
    high = "unbounded" if ratio["high"] is None else f"{ratio['high']:.2f}"
    return f"{ratio['value']:.2f}  [{ratio['low']:.2f}, {high}]{note}"


class Progress:
    """Shows the runner's lines, and of a step the time that is left: left(step, steps), in seconds."""

    def __init__(self):
        self.begun = time.monotonic()

    def show(self, line):
        match = LINE.match(line)
        text = match.group(1) if match else line
        step = STEP.match(text)
        if step:
            left = int(self.left(int(step[1]), int(step[2])))
            text = f"{step[1]}/{step[2]}, about {left // 60}:{left % 60:02d} to go: {step[3]}"
        passed = int(time.monotonic() - self.begun)
        print(f"[{passed // 60:2d}:{passed % 60:02d}] {text}", flush=True)
