# SPDX-License-Identifier: GPL-2.0-or-later
"""From a run's folder to demo.json."""

import json
import os
import statistics

import analyse
import calls

LOADS = ("low", "medium", "high")
CONFIGS = ("no-poll", "stock", "always", "hint", "blind")
ROUND_KEYS = ("load", "config", "round", "rate", "calls", "wall_cs", "idle_cs", "kept_ns",
              "sipp_retransmissions", "sipp_failed", "sipp_exit", "capture")
# all calls went well; some failed; it was ended because some did not end
SIPP_EXITS = ("0", "1", "124", "143")
# name in demo.json: figure, above, below
RATIOS = {
    "stddev_hint_over_always": ("stddev", "hint", "always"),
    "stddev_hint_over_stock": ("stddev", "hint", "stock"),
    "p99_hint_over_always": ("p99", "hint", "always"),
    "stddev_always_over_stock": ("stddev", "always", "stock"),
    "stddev_hint_over_blind": ("stddev", "hint", "blind"),
}


class ResultsError(Exception):
    """One line for the user."""


def read_rounds(run_dir):
    """The lines of rounds.tsv, torn ones left out."""
    path = os.path.join(run_dir, "host", "rounds.tsv")
    rounds = []
    try:
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                fields = line.rstrip("\n").split("\t")
                if len(fields) == len(ROUND_KEYS) and line.endswith("\n"):
                    rounds.append(dict(zip(ROUND_KEYS, fields)))
    except FileNotFoundError:
        raise ResultsError(f"no rounds in {os.path.relpath(run_dir)}: the run ended before the first; "
                           "see run.log there") from None
    return rounds


def read_meta(run_dir):
    meta = {}
    try:
        with open(os.path.join(run_dir, "host", "meta"), encoding="utf-8") as lines:
            for line in lines:
                key, _, value = line.rstrip("\n").partition("=")
                meta[key] = int(value) if value.isdecimal() else value
    except FileNotFoundError:
        pass
    return meta


def note_version(run_dir, version):
    if os.path.isdir(run_dir):
        with open(os.path.join(run_dir, "server"), "w", encoding="utf-8") as out:
            out.write(version + "\n")


def server_version(run_dir):
    try:
        with open(os.path.join(run_dir, "server"), encoding="utf-8") as text:
            return text.read().strip()
    except FileNotFoundError:
        raise ResultsError(f"{run_dir} is not the folder of a run") from None


def round_of(run_dir, raw, cpus):
    """S of one round, or {"failed": reason}: a failed round is never filled in."""
    number = int(raw["round"])
    if raw["sipp_exit"] not in SIPP_EXITS:
        return {"round": number, "failed": f"sipp exited with {raw['sipp_exit']}"}
    try:
        seen = calls.read(os.path.join(run_dir, "host", raw["capture"]))
    except (calls.CaptureError, OSError) as error:
        return {"round": number, "failed": str(error)}
    good = calls.successful(seen)
    if not good:
        return {"round": number, "failed": "no successful call"}
    wall_s = int(raw["wall_cs"]) / 100
    return {
        "round": number,
        "rtt_us": analyse.summary([call.rtt_us for call in good]),
        "call_us": analyse.summary([call.call_us for call in good]),
        "host_busy_s": round(cpus * wall_s - int(raw["idle_cs"]) / 100, 2),
        "host_wall_s": wall_s,
        "kept_ns": int(raw["kept_ns"]),
        "retransmissions": sum(call.retransmissions for call in seen),
        "failed_calls": max(int(raw["calls"]), len(seen)) - len(good),
    }


def median_of(rounds):
    """S made of the medians over the rounds, figure by figure."""
    good = [entry for entry in rounds if "failed" not in entry]
    if not good:
        return None

    def median(values):
        values = [value for value in values if value is not None]
        return round(statistics.median(values), 4) if values else None

    result = {}
    for key, value in good[0].items():
        if isinstance(value, dict):
            result[key] = {name: median([entry[key][name] for entry in good]) for name in value}
        elif key != "round":
            result[key] = median([entry[key] for entry in good])
    return result


def ratios_of(configs):
    """The ratios of a load, null where a configuration has no rounds."""
    good = {config["name"]: [entry for entry in config["rounds"] if "failed" not in entry] for config in configs}

    def figures(name, figure):
        return [entry["rtt_us"][figure] for entry in good.get(name, [])]

    def busy(name):
        return [entry["host_busy_s"] / entry["host_wall_s"] for entry in good.get(name, [])]

    ratios = {name: analyse.ratio(figures(above, figure), figures(below, figure))
              for name, (figure, above, below) in RATIOS.items()}
    ratios["extra_cpu_share"] = analyse.extra_cpu_share(busy("hint"), busy("stock"), busy("always"))
    return ratios


def load_of(run_dir, name, raw_rounds, cpus):
    configs = []
    for config in CONFIGS:
        raw = [entry for entry in raw_rounds if entry["load"] == name and entry["config"] == config]
        if raw:
            rounds = [round_of(run_dir, entry, cpus) for entry in raw]
            configs.append({"name": config, "rounds": rounds, "median": median_of(rounds)})
    rate = next(int(entry["rate"]) for entry in raw_rounds if entry["load"] == name)
    return {"name": name, "calls_per_s": rate, "configs": configs, "ratios": ratios_of(configs)}


def collect(run_dir, about):
    """The content of demo.json."""
    raw_rounds = read_rounds(run_dir)
    found = read_meta(run_dir)
    versions = {}
    path = os.path.join(run_dir, "result.json")
    if os.path.exists(path):
        with open(path, encoding="utf-8") as text:
            versions = json.load(text).get("versions", {})
    cpus = found.get("cpus")
    if not cpus:
        raise ResultsError(f"{os.path.relpath(run_dir)}: the run says nothing about its CPUs")
    loads = [name for name in LOADS if any(entry["load"] == name for entry in raw_rounds)]
    return {
        "meta": {**about, "kernel": versions.get("guest_kernel", about.get("kernel")),
                 "host_kernel": versions.get("host_kernel"), "qemu": versions.get("qemu"),
                 "sched_hint": versions.get("sched_hint"), "capacity_cps": found.get("capacity_cps"),
                 "rounds": {name: max(int(e["round"]) for e in raw_rounds if e["load"] == name) for name in loads},
                 **{key: value for key, value in found.items() if key != "capacity_cps"}},
        "loads": [load_of(run_dir, name, raw_rounds, cpus) for name in loads],
    }


def write(demo, path):
    part = path + ".part"
    with open(part, "w", encoding="utf-8") as out:
        json.dump(demo, out, indent=1)
        out.write("\n")
    os.replace(part, path)
