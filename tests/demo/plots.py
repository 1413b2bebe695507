# SPDX-License-Identifier: GPL-2.0-or-later
"""Plots, through gnuplot: RTT over request number, CDF and CPU, each as PNG and SVG."""

import os
import shutil
import statistics
import subprocess

import calls

HERE = os.path.dirname(os.path.abspath(__file__))
PANELS = ("no-poll", "stock", "always", "hint")
# one colour per configuration in all plots, told apart by the colour-blind, too
COLOURS = {"no-poll": "#999999", "stock": "#d55e00", "always": "#0072b2", "hint": "#009e73", "blind": "#cc79a7"}
TERMINALS = {"png": "pngcairo noenhanced font 'sans,11' background '#ffffff'",
             "svg": "svg noenhanced font 'sans,11' background '#ffffff'"}


def good_rounds(config):
    return [entry for entry in config["rounds"] if "failed" not in entry]


def rtts_ms(run_dir, load, config, number):
    """RTTs of one round's successful calls, in the order of their INVITEs."""
    capture = os.path.join(run_dir, "host", f"{load}-{config}-{number}.pcap")
    return [call.rtt_us / 1000 for call in calls.successful(calls.read(capture))]


def typical_round(config):
    """The round whose stddev is nearest to the median of all."""
    rounds = good_rounds(config)
    middle = statistics.median(entry["rtt_us"]["stddev"] for entry in rounds)
    return min(rounds, key=lambda entry: abs(entry["rtt_us"]["stddev"] - middle))["round"]


def block(rows):
    return "\n".join(" ".join(str(cell) for cell in row) for row in rows) + "\n"


def rtt_data(run_dir, load):
    """{config: rows of (request number, ms)}, for the panels."""
    data = {}
    for config in load["configs"]:
        if config["name"] in PANELS and good_rounds(config):
            values = rtts_ms(run_dir, load["name"], config["name"], typical_round(config))
            data[config["name"]] = [(n, round(value, 3)) for n, value in enumerate(values, 1)]
    return data


def cdf_data(run_dir, load):
    """{config: rows of (ms, share of the calls)}, all rounds pooled."""
    data = {}
    for config in load["configs"]:
        values = sorted(value for entry in good_rounds(config)
                        for value in rtts_ms(run_dir, load["name"], config["name"], entry["round"]))
        if values:
            data[config["name"]] = [(round(value, 3), round(n / len(values), 5)) for n, value in enumerate(values, 1)]
    return data


def blocks(data):
    """gnuplot's named data blocks, $d0 and on."""
    return "".join(f"$d{n} << EOD\n{block(rows)}EOD\n" for n, rows in enumerate(data.values()))


def rtt_script(load, data):
    top = max(max(value for _, value in rows) for rows in data.values())
    text = blocks(data) + "set key off\nset xlabel 'request number'\nset ylabel 'RTT (ms)'\nset grid\n"
    text += f"set yrange [0:{top * 1.05}]\n"
    text += (f"set multiplot layout 2,2 title '{load['name']} load, {load['calls_per_s']} call/s: "
             "RTT of one typical round each (INVITE to its 200)'\n")
    for n, name in enumerate(data):
        text += f"set title '{name}'\nplot $d{n} with points pt 7 ps 0.35 lc rgb '{COLOURS[name]}'\n"
    return text + "unset multiplot\n"


def cdf_script(load, data):
    # beyond what 99.5 % of the slowest configuration's calls take, lines only lie on top of each other
    edge = max(rows[int(len(rows) * 0.995)][0] for rows in data.values())
    text = blocks(data) + f"set title '{load['name']} load, {load['calls_per_s']} call/s: RTT, all rounds'\n"
    text += f"set xlabel 'RTT (ms)'\nset ylabel 'share of calls'\nset grid\nset key bottom right\nset xrange [0:{edge}]\n"
    lines = [f"$d{n} with steps lw 2 lc rgb '{COLOURS[name]}' title '{name}'" for n, name in enumerate(data)]
    return text + "plot " + ", \\\n\t".join(lines) + "\n"


def cpu_script(demo):
    names = [name for name in COLOURS if any(c["name"] == name and c["median"]
                                             for load in demo["loads"] for c in load["configs"])]
    rows = []
    for load in demo["loads"]:
        medians = {c["name"]: c["median"] for c in load["configs"] if c["median"]}
        for name in names:
            if name in medians:
                wall = medians[name]["host_wall_s"]
                busy, kept = medians[name]["host_busy_s"] / wall, medians[name]["kept_ns"] / wall / 1e9
                rows.append((len(rows), f"\"{name}\\n{load['name']}\"", round(busy, 4), round(kept, 4),
                             COLOURS[name].replace("#", "0x")))
        rows.append((len(rows), '""', 0, 0, "0xffffff"))
    text = blocks({"all": rows[:-1]})
    text += ("set title 'CPU of the host, medians over the rounds; darker: kept by polling'\nset ylabel 'busy CPUs'\n"
             "set style fill solid 0.55 noborder\nset boxwidth 0.8\nset yrange [0:*]\nset grid ytics\nset key off\n"
             "set xtics font ',8'\n")
    return text + ("plot $d0 using 1:3:5:xtic(2) with boxes lc rgb variable, "
                   "'' using 1:4:5 with boxes fs solid 1 lc rgb variable\n")


def render(name, size, script, out):
    made = []
    for kind, terminal in TERMINALS.items():
        path = os.path.join(out, f"{name}.{kind}")
        head = f"set terminal {terminal} size {size}\nset output '{path}'\n"
        done = subprocess.run(["gnuplot", "-"], input=head + script, capture_output=True, text=True)
        if done.returncode:
            raise OSError(f"gnuplot cannot draw {name}: {done.stderr.strip().splitlines()[-1]}")
        made.append(path)
    return made


def draw(demo, run_dir, out):
    """Returns the files it made."""
    if not shutil.which("gnuplot"):
        print("note: gnuplot is missing: no plots; run `make deps` (package gnuplot-nox)")
        return []
    made = []
    for load in demo["loads"]:
        data = rtt_data(run_dir, load)
        if data:
            made += render(f"rtt-{load['name']}", "1000,700", rtt_script(load, data), out)
        data = cdf_data(run_dir, load)
        if data:
            made += render(f"cdf-{load['name']}", "800,500", cdf_script(load, data), out)
    if any(config["median"] for load in demo["loads"] for config in load["configs"]):
        made += render("cpu", f"{200 + 260 * len(demo['loads'])},450", cpu_script(demo), out)
    return made
