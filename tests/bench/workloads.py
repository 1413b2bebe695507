# SPDX-License-Identifier: GPL-2.0-or-later
"""The workloads: what they run, their parameters with the ranges, and how long a round takes."""

import itertools
import math

# Switched on the running host, hint at three settings of max_keep_us among them; then those that
# need another guest, then what needs a test-only parameter of the module; poll-200us is KVM's
# default, which is stock.
HINTS = ("hint", "hint-5ms", "hint-1ms")
BLINDS = ("blind", "blind-10pct")
SWITCHED = ("no-poll", "stock", "poll-50us", "poll-200us", "poll-1ms", "poll-10ms", "always") + HINTS + BLINDS
GUESTS = ("vhost-poll-200us", "haltpoll", "idle-poll", "cpu-pm")
# of the guest's words, of single rules, and of two where the host does not see packets arrive
RULES = ("without-timer", "without-io", "without-peer", "without-event", "without-gap", "without-arrival",
         "without-told", "without-arrival-event", "without-arrival-gap", "without-arrival-told",
         "without-backoff", "without-worker")
ABLATIONS = ("zeroed", "shuffled") + RULES
CONFIGS = SWITCHED + GUESTS + ABLATIONS
SPECIAL = ("poll-200us", "hint-5ms", "hint-1ms") + RULES
# Where nothing can be foreseen, hint is judged at each of its settings
UNFORESEEN = ("poisson", "uniform")
DEFAULT_CONFIGS = tuple(name for name in CONFIGS if name not in SPECIAL)
QUICK_CONFIGS = ("stock", "always", "hint")

# A p99 is judged from so many values of a configuration on, a p999 shown.
P99_NEEDS, P999_NEEDS = 3000, 20000
# some are lost
SPARE = 1.05
# requests of a start of load that are judged
FIRST = 50

# name: (default, lowest, highest)
SERVER = {"work_us": (200, 0, 100000), "poll_timeout_ms": (1000, 1, 60000)}
UDP = {"gap_us": (10000, 100, 10000000), **SERVER}
DEFAULT_ROUNDS = 4


class Workload:
    """kind: the file of tests/bench/scenario/ that runs it. fixed: what it is besides its parameters.
    seconds: of a round, which is else as long as its values take. ends_itself: a round cannot be told
    how long to be. server: which is not of this project."""

    def __init__(self, kind, params, fixed=None, seconds=None, guest=(), configs=CONFIGS, ends_itself=False, server=None):
        self.kind, self.params, self.fixed = kind, params, fixed or {}
        self.seconds, self.guest, self.configs = seconds, list(guest), configs
        self.ends_itself, self.server = ends_itself, server

    def defaults(self):
        return {name: default for name, (default, _, _) in self.params.items()}

    def mean_gap_us(self, params):
        """Mean distance of what is measured; None if there is no such thing."""
        if self.fixed.get("PATTERN") == "onoff":
            return params["gap_us"] + params["off_us"] / params["burst"]
        return params.get("gap_us", params.get("interval_us"))

    def round_seconds(self, params, rounds, values=P99_NEEDS):
        """Long enough that all rounds of a configuration together have so many values."""
        if self.seconds:
            return self.seconds
        return max(2, math.ceil(values * SPARE / rounds * self.mean_gap_us(params) / 1e6))


def disk(latency_us):
    return {"disk_mb": (64, 1, 1024), "disk_latency_us": (latency_us, 0, 100000)}


def udp(pattern, more=None, guest=(), **fixed):
    return Workload("udp", {**UDP, **(more or {})}, {"PATTERN": pattern, **fixed}, guest=guest)


# I/O in flight is a part of the device's "poll"
TELLS_IO = ("--device", "virtio-sched-hint-pci,poll=on")
SIP = {"percent": (60, 1, 150)}
WORKLOADS = {
    "sipp-medium": Workload("sip", SIP, seconds=4, server="kamailio"),
    # a call of its takes 100 KB, and stays in memory for 32 s after its end
    "sipp-asterisk": Workload("sip", SIP, seconds=6, guest=("--guest-memory", "1280"), server="asterisk"),
    "constant": udp("constant"),
    "drifting": udp("drifting", {"gap_us": (20000, 100, 10000000), "drift_ms": (10000, 100, 3600000)}),
    "onoff": udp("onoff", {"gap_us": (5000, 100, 10000000), "burst": (20, 1, 100000), "off_us": (100000, 0, 60000000)}),
    "poisson": udp("poisson"),
    "uniform": udp("uniform"),
    "closed": udp("closed"),
    "rtp": udp("constant", {"gap_us": (20000, 100, 10000000)}),
    # the server's own timers come between the requests: the guest knows which is which
    "rtp-timers": Workload("udp", {**UDP, "gap_us": (20000, 100, 10000000), "poll_timeout_ms": (4, 1, 60000)},
                           {"PATTERN": "constant"}, guest=("--device", "virtio-sched-hint-pci,event=on")),
    # at least as many as are judged
    "start-of-load": Workload("udp", {**UDP, "silence_ms": (10000, 100, 600000), "repeat": (3, 1, 100),
                                      "burst_count": (FIRST, FIRST, 1000)}, {"PATTERN": "constant"}, seconds=1,
                              ends_itself=True),
    "dns": Workload("dns", {"gap_us": UDP["gap_us"]}, {"PATTERN": "constant"}, server="dnsmasq"),
    "cyclictest": Workload("cyclictest", {"interval_us": (20000, 100, 10000000)}),
    "blk-qd1": Workload("blk", disk(0), seconds=1, guest=TELLS_IO),
    "blk-remote": Workload("blk", disk(500), seconds=3, guest=TELLS_IO),
    "poisson-disk": Workload("udp-disk", {**UDP, **disk(500)}, {"PATTERN": "poisson"}, guest=TELLS_IO),
    "chain": udp("constant", guest=("--vcpus", "2"), CHAIN=1),
    # the host's idle time is told in hundredths of a second: a guest that does nothing takes one in a second
    "idle": Workload("idle", {}, seconds=180),
    "capacity": Workload("capacity", {"grain_percent": (3, 1, 10)}, seconds=1, ends_itself=True, server="kamailio",
                         configs=tuple(name for name in CONFIGS if name != "blind")),
    "bystander": Workload("bystander", {**UDP, "other_gap_us": (5000, 100, 10000000)}, {"PATTERN": "poisson"}),
}
# what a quick run does, and how
QUICK = ("rtp", "onoff", "cyclictest", "blk-qd1", "idle")
QUICK_ROUNDS, QUICK_SECONDS = 3, 3


def default_configs(name):
    """Of a workload, in the order of CONFIGS."""
    more = HINTS if name in UNFORESEEN else ()
    return [config for config in CONFIGS if config in DEFAULT_CONFIGS + more]


def parse_setting(text):
    """WORKLOAD.NAME=VALUE[,VALUE...]: (workload, name, values); ValueError says what is wrong."""
    target, equals, values = text.partition("=")
    workload, dot, name = target.partition(".")
    if not equals or not dot:
        raise ValueError(f"{text!r} is not of the form WORKLOAD.NAME=VALUE")
    if workload not in WORKLOADS:
        raise ValueError(f"{workload!r} is none of {', '.join(WORKLOADS)}")
    ranges = WORKLOADS[workload].params
    if name not in ranges:
        raise ValueError(f"{workload} has no parameter {name!r}; it has: {', '.join(ranges) or 'none'}")
    _, low, high = ranges[name]
    for value in values.split(","):
        if not value.isdecimal() or not low <= int(value) <= high:
            raise ValueError(f"{target} is {value!r}, and must be a number from {low} to {high}")
    return workload, name, [int(value) for value in values.split(",")]


def set_parameter(chosen, text):
    """Takes WORKLOAD.NAME=VALUE into {workload: {name: value}}; ValueError says what is wrong."""
    workload, name, values = parse_setting(text)
    if len(values) > 1:
        raise ValueError(f"{workload}.{name} has {len(values)} values: --sweep takes several")
    chosen.setdefault(workload, {})[name] = values[0]


def sweep_parameter(sweeps, text):
    """Takes WORKLOAD.NAME=VALUE,VALUE... into {workload: {name: values}}."""
    workload, name, values = parse_setting(text)
    if name in sweeps.get(workload, {}):
        raise ValueError(f"{workload}.{name} is swept over twice")
    if len(set(values)) < len(values):
        raise ValueError(f"{workload}.{name}: a value is there twice")
    sweeps.setdefault(workload, {})[name] = values


def combinations(swept):
    """Of {name: values}, each with each; one empty one of nothing."""
    return [dict(zip(swept, values)) for values in itertools.product(*swept.values())]


# What the scenario's scripts want to know, if the workload does not say it
SCRIPT_DEFAULTS = {"REPEAT": 1, "SILENCE_MS": 0, "BURST": 1, "OFF_US": 0, "DRIFT_MS": 1, "BURST_COUNT": 0, "CHAIN": 0,
                   "REQUEST": "-"}


def conf(name, params):
    """bench.conf of a workload, as far as it is the workload's own."""
    workload = WORKLOADS[name]
    gap = workload.mean_gap_us(params)
    return {**SCRIPT_DEFAULTS, **workload.fixed, "WORKLOAD": name, "KIND": workload.kind, "SERVER": workload.server or "",
            **({"MEAN_GAP_US": round(gap)} if gap else {}),
            **{key.upper(): value for key, value in params.items()}}
