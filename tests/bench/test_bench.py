# SPDX-License-Identifier: GPL-2.0-or-later
"""python3 -m unittest discover -s tests/bench"""

import contextlib
import io
import os
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
sys.path[:0] = [HERE, os.path.join(TESTS, "demo"), os.path.join(TESTS, "measure")]
import judge  # noqa: E402
import pareto  # noqa: E402
import rounds  # noqa: E402
import show  # noqa: E402
import workloads  # noqa: E402


def entry(number, stddev=10.0, p99=20.0, busy=1.0, n=1000, kept=0):
    times = {"n": n, "mean": 5.0, "stddev": stddev, "p50": 5.0, "p90": 6.0, "p99": p99, "p999": 30.0, "max": 40.0}
    return {"round": number, "rtt_us": times, "failures": 0, "host_busy_s": busy, "host_wall_s": 1.0, "kept_ns": kept}


def config(name, entries):
    return {"name": name, "rounds": entries, "median": None}


def three(name, **figures):
    return config(name, [entry(number, **figures) for number in (1, 2, 3)])


class Logs(unittest.TestCase):
    def write(self, text):
        path = os.path.join(self.folder.name, "log")
        with open(path, "w", encoding="ascii") as out:
            out.write(text)
        return path

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def test_requests(self):
        found = rounds.from_requests(self.write("0 0 1000 2000 5000\n0 1 3000 4000 0\n0 2 5000 6000 11000\n"))
        self.assertEqual((found["rtt_us"]["n"], found["rtt_us"]["mean"], found["failures"]), (2, 4.0, 1))

    def test_a_torn_line_is_left_out(self):
        self.assertEqual(rounds.from_requests(self.write("0 0 0 0 5000\n0 1 0 0 90"))["rtt_us"]["n"], 1)

    def test_no_answer_is_an_error(self):
        for text in ("", "0 0 1000 2000 0\n"):
            with self.assertRaises(rounds.LogError):
                rounds.from_requests(self.write(text))

    def test_starts(self):
        lines = [f"{repetition} {number} 0 0 {1000 * (repetition + 1) * (number + 1)}\n"
                 for repetition in range(3) for number in range(60)]
        self.assertEqual(rounds.from_starts(self.write("".join(lines)))["worst_first_us"], 100.0)
        lines[0] = "0 0 0 0 0\n" # lost: that start is none, and 100 and 150 are left
        self.assertEqual(rounds.from_starts(self.write("".join(lines)))["worst_first_us"], 125.0)

    def test_histogram(self):
        found = rounds.from_histogram(self.write("# Histogram\n000010 000002\n000020 000001\n"
                                                 "# Histogram Overflows: 00003\n"))
        self.assertEqual((found["rtt_us"]["n"], found["rtt_us"]["max"], found["failures"]), (3, 20, 3))

    def test_reads(self):
        found = rounds.from_reads(self.write("elapsed 2000000\n1000000\n1000000\n"))
        self.assertEqual((found["iops"], found["rtt_us"]["mean"]), (1000.0, 1000.0))
        with self.assertRaises(rounds.LogError):
            rounds.from_reads(self.write(""))


class Rounds(unittest.TestCase):
    RAW = {"config": "hint", "round": "1", "wall_ns": "1000000000", "idle_cs": "350", "kept_ns": "7", "log": "log", "error": ""}

    def collect(self, raws, log="0 0 0 0 5000\n", reason=None):
        with tempfile.TemporaryDirectory() as host:
            with open(os.path.join(host, "log"), "w", encoding="ascii") as out:
                out.write(log)
            return rounds.config_of(host, "rtp", "hint", raws, reason, 5)

    def test_busy_is_what_was_not_idle(self):
        found = self.collect([self.RAW])["rounds"][0]
        self.assertEqual((found["host_busy_s"], found["host_wall_s"], found["kept_ns"]), (1.5, 1.0, 7))

    def test_a_failed_round_is_never_filled_in(self):
        found = self.collect([self.RAW, {**self.RAW, "round": "2", "error": "why"}])
        self.assertEqual(found["rounds"][1], {"round": 2, "failed": "why"})
        self.assertEqual(found["median"]["rtt_us"]["mean"], 5.0)
        self.assertNotIn("failed", found)

    def test_a_round_that_took_no_time_has_failed(self):
        self.assertIn("no time", self.collect([{**self.RAW, "wall_ns": "0"}])["failed"])

    def test_a_failed_configuration_says_why(self):
        self.assertEqual(self.collect([{**self.RAW, "error": "why"}])["failed"], "why")
        self.assertEqual(self.collect([], reason="no such thing")["failed"], "no such thing")
        self.assertIn("before its first round", self.collect([])["failed"])

    def test_p999_takes_many_values(self):
        self.assertIsNone(self.collect([self.RAW])["rounds"][0]["rtt_us"]["p999"])
        many = [entry(1, n=19000), entry(2, n=1000)]
        rounds.drop_p999(many)
        self.assertEqual(many[0]["rtt_us"]["p999"], 30.0)


class Judge(unittest.TestCase):
    def target(self, name, configs, workload="rtp"):
        known = judge.ratios(configs)
        bar, side = next((bar, side) for ratio, bar, side in judge.TARGETS[workload] if ratio == name)
        return judge.target(workload, name, bar, side, known)

    def test_the_whole_interval_counts(self):
        for interval, bar, side, wanted in (((0.9, 1.1), 1.15, judge.AT_MOST, True),
                                            ((0.9, 1.2), 1.15, judge.AT_MOST, False),
                                            ((1.2, 1.4), 1.2, judge.AT_LEAST, True),
                                            ((1.1, 1.4), 1.2, judge.AT_LEAST, False)):
            found = {"value": 1.0, "low": interval[0], "high": interval[1]}
            self.assertIs(judge.met(found, bar, side), wanted)
        self.assertIsNone(judge.met({"value": None}, 1, judge.AT_MOST))

    def test_p99_of_few_values_is_not_judged(self):
        few = self.target("p99_hint_over_always", [three("always", n=900), three("hint", n=1000)])
        self.assertIsNone(few["met"])
        self.assertIn("always has 2700", few["reason"])
        self.assertNotIn("hint has", few["reason"])
        enough = self.target("p99_hint_over_always", [three("always"), three("hint")])
        self.assertTrue(enough["met"])

    def test_an_interval_with_the_bar_in_it_says_so(self):
        configs = [three("always"), config("hint", [entry(1, stddev=8.0), entry(2, stddev=11.0), entry(3, stddev=15.0)])]
        found = self.target("stddev_hint_over_always", configs)
        self.assertIs(found["met"], False)
        self.assertIn("more rounds", found["reason"])

    def test_one_round_is_not_judged(self):
        found = self.target("stddev_hint_over_always", [config(name, [entry(1)]) for name in ("always", "hint")])
        self.assertIsNone(found["met"])
        self.assertIn("one round", found["reason"])

    def test_what_was_not_measured_is_not_judged(self):
        found = self.target("stddev_hint_over_always", [three("hint")])
        self.assertEqual((found["value"], found["met"]), (None, None))

    def test_no_polling_at_all_is_a_ratio(self):
        found = self.target("kept_hint_over_stock", [three("stock", kept=9), three("hint", kept=0)], "idle")
        self.assertEqual((found["value"], found["met"]), (0.0, True))

    def test_loss(self):
        configs = [three("stock", stddev=30.0), three("hint", stddev=10.0), three("blind", stddev=25.0)]
        self.assertEqual(judge.ratios(configs)["stddev_loss_of_blind"]["value"], 0.75)
        nothing = judge.ratios([three("stock"), three("hint"), three("blind")])["stddev_loss_of_blind"]
        self.assertIsNone(nothing["value"])
        self.assertIn("3 MAD", nothing["reason"])

    def test_pareto(self):
        def value(**others):
            configs = [three("hint", p99=100.0, busy=0.2)] + [
                three(name.replace("_", "-"), p99=p99, busy=busy) for name, (p99, busy) in others.items()]
            return judge.ratios(configs)["pareto_of_hint"]["value"]
        # better in one figure is not better; ablations are no alternatives
        self.assertEqual(value(stock=(200.0, 0.1), always=(50.0, 2.0)), 2.0)
        self.assertEqual(value(stock=(200.0, 0.1), always=(50.0, 2.0), zeroed=(10.0, 0.1)), 2.0)
        self.assertEqual(value(stock=(200.0, 0.1), poll_1ms=(90.0, 0.16)), 0.9)
        self.assertIsNone(value(zeroed=(10.0, 0.1)))
        few = [three("hint", n=10), three("stock")]
        self.assertIn("hint has 30 values", judge.ratios(few)["pareto_of_hint"]["reason"])

    def test_targets_of_an_entry(self):
        configs = [three("stock", stddev=30.0), three("always", busy=4.0), three("hint", busy=1.2), three("blind", stddev=25.0)]
        found = {one["name"]: one["met"] for one in
                 judge.targets([{"name": "rtp", "configs": configs, "ratios": judge.ratios(configs)}])}
        self.assertEqual(found, {"rtp: stddev_hint_over_always": True, "rtp: p99_hint_over_always": True,
                                 "rtp: extra_cpu_share": True, "rtp: stddev_loss_of_blind": True})

    def test_every_target_is_of_a_workload(self):
        self.assertLessEqual(set(judge.TARGETS) | set(judge.ABLATED), set(workloads.WORKLOADS))


class Workloads(unittest.TestCase):
    def test_parameters(self):
        chosen = {}
        workloads.set_parameter(chosen, "rtp.gap_us=5000")
        self.assertEqual(chosen, {"rtp": {"gap_us": 5000}})
        for text, said in (("rtp.gap_us=1", "from 100 to 10000000"), ("rtp.no=1", "has no parameter"),
                           ("no.gap_us=1", "is none of"), ("rtp", "WORKLOAD.NAME=VALUE"), ("rtp.gap_us=x", "from 100")):
            with self.assertRaisesRegex(ValueError, said):
                workloads.set_parameter({}, text)

    def test_rounds_are_long_enough_for_a_p99(self):
        for name, workload in workloads.WORKLOADS.items():
            params = workload.defaults()
            gap = workload.mean_gap_us(params)
            if gap and not workload.seconds:
                self.assertGreaterEqual(4 * workload.round_seconds(params, 4) * 1e6 / gap, workloads.P99_NEEDS, name)

    def test_defaults_are_in_range(self):
        for name, workload in workloads.WORKLOADS.items():
            for default, low, high in workload.params.values():
                self.assertTrue(low <= default <= high, name)

    def test_default_configs(self):
        self.assertNotIn("hint-1ms", workloads.default_configs("rtp"))
        self.assertLessEqual(set(workloads.HINTS), set(workloads.default_configs("poisson")))

    def test_scripts_are_there(self):
        for name, workload in workloads.WORKLOADS.items():
            self.assertTrue(os.path.exists(os.path.join(HERE, "scenario", workload.kind + ".sh")), name)
            self.assertIn(workload.kind, rounds.READERS)


class Shown(unittest.TestCase):
    def test_tables(self):
        configs = [three("stock"), config("hint", [{"round": 1, "failed": "why"}])]
        configs[0]["median"] = entry(1)
        configs[1]["failed"] = "why"
        known = judge.ratios(configs)
        one = {"name": "rtp", "params": {"gap_us": 1}, "configs": configs, "ratios": known}
        self.assertIn("failed: hint round 1: why", show.workload_text(one))
        self.assertIn("not judged", show.targets_text(judge.targets([one])))
        self.assertEqual(list(pareto.points(one)), ["stock"])

    def test_time_to_go_is_corrected_by_what_has_run(self):
        progress = show.Progress({"rtp": (10, 10, 4), "idle": (10, 5, 2)}) # 70 in all
        progress.begun -= 60
        progress.begin("rtp")
        # 30 took 60, so 40 take 80
        self.assertIn("3/6, about 1:20 to go: stock", self.shown(progress, "bench-step 3 6 stock"))
        progress.begin("idle")
        # 65 took 60
        self.assertIn("2/6, about 0:04 to go: hint", self.shown(progress, "[  61.2] bench-step 2 6 hint"))
        self.assertEqual(self.shown(progress, "[  61.2] bench: so"), "[ 1:00] bench: so\n")

    def shown(self, progress, line):
        with contextlib.redirect_stdout(io.StringIO()) as out:
            progress.show(line)
        return out.getvalue()

    def test_every_configuration_has_a_colour(self):
        self.assertLessEqual(set(workloads.CONFIGS), set(pareto.COLOURS))


if __name__ == "__main__":
    unittest.main()
