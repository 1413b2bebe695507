# SPDX-License-Identifier: GPL-2.0-or-later
"""What is to be run: a workload with its parameters, configurations and rounds."""

import json
import os

from cli import stock_polling
import workloads

# blind keeps so long at a time. blind-10pct keeps a tenth of all time, in a period of which no
# workload's distances are a multiple or a part, lest chance foresees them.
BLIND_KEEP_US = 2000
BLIND_SHARE_KEEP_US, BLIND_SHARE_PERIOD_US = 1700, 17000
BOOT_S = 40
# Seconds that pass here in one of virtual time, guessed: a CPU that polls takes five
COSTS = {"always": 6, "poll-10ms": 5, "idle-poll": 6, "cpu-pm": 2}
COST, STEP_S = 1.5, 2


class Plan:
    """One workload of this run; swept: the values that its sweep gives it."""

    NOTED = ("name", "base", "swept", "params", "configs", "seconds", "rounds", "about")

    def __init__(self, opts, base, swept=None):
        self.base, self.swept = base, swept or {}
        self.name = " ".join([base, *(f"{key}={value}" for key, value in self.swept.items())])
        self.params = {**self.workload.defaults(), **opts.chosen.get(base, {}), **self.swept}
        self.configs = [config for config in opts.configs or workloads.default_configs(base)
                        if config in self.workload.configs]
        self.rounds = opts.rounds
        lab = opts.host == "lab"
        self.about = {"emulated": lab, "time": "virtual" if lab else "wall", "kernel": opts.kernel, **stock_polling(lab)}
        self.seconds = (not self.workload.ends_itself and opts.seconds) or self.own_seconds(opts)
        self.steps = self.rounds * len(self.configs) + (self.workload.kind == "sip")

    @property
    def workload(self):
        return workloads.WORKLOADS[self.base]

    def names(self):
        """How bench.json calls it; what is swept over is not judged."""
        return {"name": self.name, **({"workload": self.base, "sweep": self.swept} if self.swept else {})}

    def own_seconds(self, opts):
        if opts.quick and not self.workload.seconds:
            return workloads.QUICK_SECONDS
        return self.workload.round_seconds(self.params, opts.rounds, opts.values)

    def folder(self, opts):
        """Where the run's logs are."""
        return os.path.join(opts.out, "bench", self.name.replace(" ", "-"))

    def note(self, opts):
        """Leaves with the run's logs what --analyse has to know of it."""
        if os.path.isdir(self.folder(opts)):
            with open(os.path.join(self.folder(opts), "plan.json"), "w", encoding="utf-8") as text:
                json.dump({key: getattr(self, key) for key in self.NOTED}, text)

    def round_s(self):
        """What a round takes, roughly."""
        if self.workload.kind == "capacity":
            return 90
        if self.base == "start-of-load":
            return self.params["repeat"] * (self.params["silence_ms"] / 1000 + 1)
        return self.seconds

    def cost(self):
        """Of the boot, of a step, and how many steps there are: guesses, for the time to go."""
        mean = sum(COSTS.get(config, COST) for config in self.configs) / max(1, len(self.configs))
        if self.base == "idle":
            mean = 0.3
        return BOOT_S, STEP_S + self.round_s() * mean, self.steps

    def conf(self, opts):
        return {**workloads.conf(self.base, self.params), "CONFIGS": " ".join(self.configs), "ROUNDS": self.rounds,
                "ROUND_S": self.seconds, "CALIBRATE_S": min(6, self.seconds), "STEPS": self.steps,
                "CAPACITY": opts.capacities.get(self.workload.server, 0), "GUEST_APPEND_ARGS": "",
                "BLIND_KEEP_US": BLIND_KEEP_US, "BLIND_SHARE_KEEP_US": BLIND_SHARE_KEEP_US,
                "BLIND_SHARE_PERIOD_US": BLIND_SHARE_PERIOD_US, **stock_polling(opts.host == "lab")}

    def timeout(self):
        """More than it can take, for what runs on the host."""
        return min(86400, 600 + self.steps * (int(self.round_s()) + 60) * 2)


def plans_of(opts):
    """Of each workload one, or one for each combination of what it is swept over."""
    return [Plan(opts, base, swept) for base in opts.workloads
            for swept in workloads.combinations(opts.swept.get(base, {}))]


def earlier_plans(opts):
    """Those of the runs that are below opts.out, of the workloads asked for, in their order."""
    found = []
    above = os.path.join(opts.out, "bench")
    for folder in sorted(os.listdir(above)) if os.path.isdir(above) else []:
        path = os.path.join(above, folder, "plan.json")
        if not os.path.exists(path):
            continue
        with open(path, encoding="utf-8") as text:
            noted = json.load(text)
        if noted.get("base", folder) in opts.workloads:
            plan = Plan(opts, noted.get("base", folder))
            vars(plan).update(noted)
            found.append(plan)
    return sorted(found, key=lambda plan: (opts.workloads.index(plan.base), list(plan.swept.values())))
