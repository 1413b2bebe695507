# SPDX-License-Identifier: GPL-2.0-or-later
"""From the folder of a workload's run to its entry in bench.json."""

import json
import os
import statistics

import analyse
import calls
import judge
import results
import workloads

# what udp-load waits for an answer
PATIENCE_US = 1e6
ROUND_KEYS = ("config", "round", "wall_ns", "idle_cs", "kept_ns", "log", "error")


class LogError(Exception):
    """What is wrong with a round's log."""


def table(path, keys):
    """The lines of a file of tab-separated values, torn ones left out."""
    rows = []
    if os.path.exists(path):
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                fields = line.rstrip("\n").split("\t")
                if len(fields) == len(keys) and line.endswith("\n"):
                    rows.append(dict(zip(keys, fields)))
    return rows


def p999(values):
    """None where there are too few for one."""
    if len(values) < workloads.P999_NEEDS:
        return None
    return round(analyse.percentile(sorted(values), 99.9), 1)


def summary(values):
    """As the demonstration's, with a p999."""
    found = analyse.summary(values)
    top = found.pop("max")
    return {**found, "p999": p999(values), "max": top}


def read_requests(path):
    """udp-load's log: [(repetition, RTT in us or None)]."""
    requests = []
    with open(path, encoding="ascii") as lines:
        for line in lines:
            fields = line.split()
            if len(fields) == 5 and line.endswith("\n"):
                repetition, _, _, sent, answered = map(int, fields)
                requests.append((repetition, (answered - sent) / 1000 if answered else None))
    if not requests:
        raise LogError("no request in the log")
    return requests


def from_requests(path):
    requests = read_requests(path)
    answered = [rtt for _, rtt in requests if rtt is not None]
    if not answered:
        raise LogError("no request was answered")
    return {"values": answered, "failures": len(requests) - len(answered)}


def from_starts(path):
    """The worst of the first requests, the median over the repetitions; one that is lost took PATIENCE_US, at least."""
    requests = read_requests(path)
    starts = {}
    for repetition, rtt in requests:
        starts.setdefault(repetition, []).append(PATIENCE_US if rtt is None else rtt)
    worst = [max(start[:workloads.FIRST]) for start in starts.values()]
    return {**from_requests(path), "worst_first_us": round(statistics.median(worst), 1)}


def from_histogram(path):
    """cyclictest's: "LATENCY COUNT" by the microsecond, and how many were beyond it."""
    values, beyond = [], 0
    with open(path, encoding="ascii", errors="replace") as lines:
        for line in lines:
            fields = line.split()
            if line.startswith("# Histogram Overflows:"):
                beyond = int(fields[-1])
            elif len(fields) == 2 and fields[0].isdecimal() and fields[1].isdecimal():
                values += [int(fields[0])] * int(fields[1])
    if not values:
        raise LogError("cyclictest left no histogram")
    return {"values": values, "failures": beyond}


def from_reads(path):
    with open(path, encoding="ascii", errors="replace") as lines:
        words = lines.readline().split()
        took_us = [int(line) / 1000 for line in lines if line.endswith("\n") and line.strip().isdecimal()]
    if len(words) != 2 or words[0] != "elapsed" or not took_us or not int(words[1]):
        raise LogError("blk-read left no reads")
    return {"values": took_us, "iops": round(len(took_us) * 1e9 / int(words[1]), 1), "failures": 0}


def from_capture(path):
    try:
        seen = calls.read(path)
    except calls.CaptureError as error:
        raise LogError(str(error)) from None
    good = calls.successful(seen)
    if not good:
        raise LogError("no successful call")
    return {"values": [call.rtt_us for call in good], "call_us": analyse.summary([call.call_us for call in good]),
            "failures": len(seen) - len(good), "retransmissions": sum(call.retransmissions for call in seen)}


def from_capacity(path):
    with open(path, encoding="ascii") as text:
        found = text.read().strip()
    if not found.isdecimal():
        raise LogError("no capacity was found")
    return {"calls_per_s": int(found), "failures": 0}


def from_idle(_path):
    return {"failures": 0}


# of a log: what there is in it, the values that are timed as "values"
READERS = {**{kind: from_requests for kind in ("udp", "udp-disk", "bystander", "dns")}, "cyclictest": from_histogram,
           "blk": from_reads, "sip": from_capture, "capacity": from_capacity, "idle": from_idle}


def reader_of(name):
    return from_starts if name == "start-of-load" else READERS[workloads.WORKLOADS[name].kind]


def not_seen(seen, begun):
    """Of calls, those that were begun and of which no packet was captured: they have failed, too."""
    return max(0, begun - len(seen.get("values", [])) - seen["failures"])


def round_of(host, name, raw, about):
    """(S of one round, its values); ({"failed": reason}, []): a failed round is never filled in."""
    number = int(raw["round"])
    wall_s = int(raw["wall_ns"]) / 1e9
    if raw["error"] or wall_s < 0.001:
        return {"round": number, "failed": raw["error"] or "it took no time"}, []
    try:
        seen = reader_of(name)(os.path.join(host, raw["log"]))
    except (LogError, OSError, ValueError) as error:
        return {"round": number, "failed": str(error)}, []
    seen["failures"] += not_seen(seen, about.get("calls_begun", 0))
    values = seen.pop("values", [])
    times = {"rtt_us": summary(values)} if values else {}
    return {"round": number, **times, **seen, "host_busy_s": round(about.get("cpus", 0) * wall_s - int(raw["idle_cs"]) / 100, 3),
            "host_wall_s": round(wall_s, 3), "kept_ns": int(raw["kept_ns"])}, values


def median_of(rounds, pooled):
    """Medians over the rounds, but for the p999, which is of the values of all of them together."""
    median = results.median_of(rounds)
    if median and "rtt_us" in median:
        median["rtt_us"]["p999"] = p999(pooled)
    return median


def config_of(host, name, config, raw_rounds, reason, about):
    """about: what the run has found out"""
    seen = [round_of(host, name, raw, about) for raw in raw_rounds if raw["config"] == config]
    rounds = [entry for entry, _ in seen]
    found = {"name": config, "rounds": rounds, "median": median_of(rounds, [one for _, values in seen for one in values])}
    if reason:
        found["failed"] = reason
    elif found["median"] is None:
        found["failed"] = rounds[0]["failed"] if rounds else "the run ended before its first round"
    return found


def outcome_of(run_dir):
    """result.json; nothing if the run was interrupted."""
    path = os.path.join(run_dir, "result.json")
    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as text:
        return json.load(text)


def collect(run_dir, name, params, configs):
    """The entry of a workload; a configuration has failed where there is nothing of it."""
    host = os.path.join(run_dir, "host")
    found = results.read_meta(run_dir)
    raw_rounds = table(os.path.join(host, "rounds.tsv"), ROUND_KEYS)
    missing = {row["config"]: row["reason"] for row in
               table(os.path.join(host, "unavailable.tsv"), ("config", "reason"))}
    entries = [config_of(host, name, config, raw_rounds, missing.get(config), found)
               for config in configs]
    return {"name": name, "params": params, "found": found, "configs": entries, "ratios": judge.ratios(entries)}
