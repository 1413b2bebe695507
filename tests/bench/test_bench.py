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
import analyse  # noqa: E402
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


def entry_of(name, configs):
    return {"name": name, "configs": configs, "ratios": judge.ratios(configs)}


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
        self.assertEqual(found, {"values": [3.0, 5.0], "failures": 1})

    def test_a_torn_line_is_left_out(self):
        self.assertEqual(rounds.from_requests(self.write("0 0 0 0 5000\n0 1 0 0 90"))["values"], [5.0])

    def test_no_answer_is_an_error(self):
        for text in ("", "0 0 1000 2000 0\n"):
            with self.assertRaises(rounds.LogError):
                rounds.from_requests(self.write(text))

    def test_starts(self):
        lines = [f"{repetition} {number} 0 0 {1000 * (repetition + 1) * (number + 1)}\n"
                 for repetition in range(3) for number in range(60)]
        self.assertEqual(rounds.from_starts(self.write("".join(lines)))["worst_first_us"], 100.0)
        lines[70] = "1 10 0 0 0\n" # lost: the worst of that start is at least what was waited for it
        lines[170] = "2 50 0 0 0\n" # not among those that are judged
        self.assertEqual(rounds.from_starts(self.write("".join(lines)))["worst_first_us"], 150.0)
        lines[0] = "0 0 0 0 0\n"
        self.assertEqual(rounds.from_starts(self.write("".join(lines)))["worst_first_us"], 1e6)

    def test_histogram(self):
        found = rounds.from_histogram(self.write("# Histogram\n000010 000002\n000020 000001\n"
                                                 "# Histogram Overflows: 00003\n"))
        self.assertEqual(found, {"values": [10, 10, 20], "failures": 3})

    def test_reads(self):
        found = rounds.from_reads(self.write("elapsed 2000000\n1000000\n1000000\n"))
        self.assertEqual((found["iops"], found["values"]), (1000.0, [1000.0, 1000.0]))
        with self.assertRaises(rounds.LogError):
            rounds.from_reads(self.write(""))


class Rounds(unittest.TestCase):
    RAW = {"config": "hint", "round": "1", "wall_ns": "1000000000", "idle_cs": "350", "kept_ns": "7", "log": "log", "error": ""}

    def collect(self, raws, log="0 0 0 0 5000\n", reason=None):
        with tempfile.TemporaryDirectory() as host:
            with open(os.path.join(host, "log"), "w", encoding="ascii") as out:
                out.write(log)
            return rounds.config_of(host, "rtp", "hint", raws, reason, {"cpus": 5})

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

    def test_p999_is_of_all_rounds_together(self):
        # 19980 of 1 us and 20 of 9 are 20000; of two rounds that have half of it each no round has a p999
        raws = [self.RAW, {**self.RAW, "round": "2"}]
        half = "0 0 0 0 1000\n" * 9990
        found = self.collect(raws, half + "0 0 0 0 9000\n" * 10)
        self.assertEqual([one["rtt_us"]["p999"] for one in found["rounds"]], [None, None])
        self.assertEqual(found["median"]["rtt_us"]["p999"], 1.0)
        self.assertEqual(self.collect(raws, half + "0 0 0 0 9000\n" * 11)["median"]["rtt_us"]["p999"], 9.0)

    def test_calls_of_which_nothing_was_seen_have_failed(self):
        seen = {"values": [1.0, 2.0], "failures": 1}
        self.assertEqual([rounds.not_seen(seen, begun) for begun in (0, 3, 5)], [0, 0, 2])

    def test_p999_takes_many_values(self):
        self.assertIsNone(self.collect([self.RAW], "0 0 0 0 1000\n" * 19999)["median"]["rtt_us"]["p999"])
        one = self.collect([self.RAW], "0 0 0 0 1000\n" * 20000)
        self.assertEqual((one["rounds"][0]["rtt_us"]["p999"], one["median"]["rtt_us"]["p999"]), (1.0, 1.0))
        self.assertNotIn("values", one["rounds"][0])


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

    def test_few_rounds_are_not_judged(self):
        for number in (1, 2):
            configs = [config(name, [entry(one) for one in range(number)]) for name in ("always", "hint")]
            found = self.target("stddev_hint_over_always", configs)
            self.assertIsNone(found["met"])
            self.assertIn(f"has {number} of the 3 rounds", found["reason"])

    def test_what_was_not_measured_is_not_judged(self):
        found = self.target("stddev_hint_over_always", [three("hint")])
        self.assertEqual((found["value"], found["met"]), (None, None))

    def test_what_has_no_bound_is_missed(self):
        # in some draws stock polls nothing
        some = [entry(number, kept=kept) for number, kept in ((1, 0), (2, 0), (3, 1), (4, 1))]
        hint = config("hint", [entry(number, kept=100) for number in (1, 2, 3, 4)])
        found = self.target("kept_hint_over_stock", [config("stock", some), hint], "idle")
        self.assertEqual((found["value"], found["high"], found["met"]), (200.0, None, False))
        self.assertIn("unbounded", show.targets_text([found]))
        # stock polls nothing at all
        found = self.target("kept_hint_over_stock", [three("stock"), three("hint", kept=9)], "idle")
        self.assertEqual((found["value"], found["met"]), (None, False))
        self.assertIn("stock's median is 0", found["reason"])
        # with few rounds, or of a run that failed, that says no more than another ratio does
        found = self.target("kept_hint_over_stock", [three("stock"), config("hint", [entry(1, kept=9)])], "idle")
        self.assertIsNone(found["met"])
        self.assertIn("has 1 of the 3 rounds", found["reason"])
        failed = {**entry_of("idle", [three("stock"), three("hint", kept=9)]), "failed": "the run failed"}
        self.assertEqual({one["met"] for one in judge.targets([failed])}, {None})

    def test_who_loses_more_requests_meets_nothing(self):
        def judged(hints, others):
            configs = [config(name, [{**entry(1), "failures": lost}, entry(2), entry(3)])
                       for name, lost in (("always", others), ("hint", hints))]
            return self.target("stddev_hint_over_always", configs)
        self.assertIs(judged(1, 1)["met"], True)
        self.assertIs(judged(1, 0)["met"], False)
        self.assertIn("hint lost 1 of 3001 requests, always 0", judged(1, 0)["reason"])
        # of twice as many requests twice as many may be lost
        twice = [three("always"), config("hint", [entry(number) for number in range(6)])]
        for name, lost in (("always", 1), ("hint", 2)):
            next(one for one in twice if one["name"] == name)["rounds"][0]["failures"] = lost
        self.assertIs(self.target("stddev_hint_over_always", twice)["met"], True)

    def test_a_round_that_failed_is_told(self):
        hint = config("hint", [entry(1), entry(2), entry(3), {"round": 4, "failed": "no answer"}])
        found = self.target("stddev_hint_over_always", [three("always"), hint])
        self.assertEqual((found["met"], found["reason"]), (None, "1 of hint's 4 rounds failed: no answer"))

    def test_what_failed_is_not_judged(self):
        configs = [three("always"), {**three("hint"), "failed": "why"}]
        self.assertIn("hint failed: why", self.target("stddev_hint_over_always", configs)["reason"])
        whole = {**entry_of("rtp", [three("always"), three("hint")]), "failed": "the run failed"}
        found = next(one for one in judge.targets([whole]) if "stddev_hint" in one["name"])
        self.assertEqual((found["value"], found["met"], found["reason"]), (None, None, "the run failed"))

    def test_no_polling_at_all_is_a_ratio(self):
        found = self.target("kept_hint_over_stock", [three("stock", kept=9), three("hint", kept=0)], "idle")
        self.assertEqual((found["value"], found["met"]), (0.0, True))

    def test_loss(self):
        configs = [three("stock", stddev=30.0), three("hint", stddev=10.0), three("blind", stddev=25.0)]
        self.assertEqual(judge.ratios(configs)["stddev_loss_of_blind"]["value"], 0.75)
        # in some draws of the rounds there is no gain: what of it is lost cannot be told
        doubtful = [config("stock", [entry(number, stddev=stddev) for number, stddev in ((1, 30.0), (2, 30.0), (3, 9.0))]),
                    three("hint", stddev=10.0), three("blind", stddev=25.0)]
        self.assertIsNone(judge.ratios(doubtful)["stddev_loss_of_blind"]["value"])
        nothing = judge.ratios([three("stock"), three("hint"), three("blind")])["stddev_loss_of_blind"]
        self.assertIsNone(nothing["value"])
        self.assertIn("3 MAD", nothing["reason"])

    def test_p99_loss_of_few_values_is_not_judged(self):
        def found(**counts):
            configs = [three(name, p99=p99, n=counts.get(name, 1000))
                       for name, p99 in (("stock", 30.0), ("hint", 10.0), ("blind", 25.0))]
            return next(one for one in judge.targets([entry_of("cyclictest", configs)])
                        if one["name"] == "cyclictest: p99_loss_of_blind")
        self.assertTrue(found()["met"])
        for name in ("stock", "hint", "blind"):
            few = found(**{name: 999})
            self.assertIsNone(few["met"])
            self.assertTrue(few["reason"].endswith(f"takes {name} has 2997"))

    def test_rounds_are_paired_from_six_on(self):
        # each round of hint takes half of what always takes, however much that is
        def found(numbers):
            return judge.ratios([config(name, [entry(number, stddev=share * 10.0 * number) for number in numbers])
                                 for name, share in (("always", 1), ("hint", 0.5))])["stddev_hint_over_always"]
        paired = found(range(1, 7))
        self.assertEqual((paired["low"], paired["value"], paired["high"]), (0.5, 0.5, 0.5))
        few = found(range(1, 6))
        self.assertLess(few["low"], 0.5)
        self.assertGreater(few["high"], 0.5)

    def test_unlike_rounds_are_not_paired(self):
        values = [10.0 * number for number in range(1, 8)]
        configs = [config(name, [entry(number, stddev=value) for number, value in enumerate(values, 1) if number != missing])
                   for name, missing in (("always", 3), ("hint", 5))]
        self.assertEqual(judge.ratios(configs)["stddev_hint_over_always"],
                         analyse.ratio(values[:4] + values[5:], values[:2] + values[3:]))

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
        # a host that was idle all the time cannot be outdone
        self.assertIsNone(judge.ratios([three("hint", busy=0.0), three("stock")])["pareto_of_hint"]["value"])
        few = [three("hint", n=10), three("stock")]
        self.assertIn("hint has 30", judge.ratios(few)["pareto_of_hint"]["reason"])

    def test_pareto_takes_enough_values_of_each_alternative(self):
        configs = [three("hint")] + [three(name, p99=15.0, busy=0.9) for name in judge.ALTERNATIVES]

        def found():
            return next(one for one in judge.targets([entry_of("poisson", configs)]) if "pareto_of_hint" in one["name"])
        self.assertIs(found()["met"], False)
        configs[4] = three("poll-1ms", p99=15.0, n=999)
        self.assertIsNone(found()["met"])
        self.assertEqual(found()["reason"], "of the 3000 values that a p99 takes poll-1ms has 2997")
        # what is no alternative may have few
        configs[4:5] = [three("poll-1ms"), three("zeroed", n=1)]
        self.assertNotIn("reason", judge.ratios(configs)["pareto_of_hint"])

    def test_pareto_takes_all_alternatives(self):
        self.assertIn("idle-poll", judge.ALTERNATIVES)
        self.assertTrue(set(judge.ALTERNATIVES).isdisjoint(judge.OURS))
        configs = [three("hint")] + [three(name) for name in judge.ALTERNATIVES if name not in ("no-poll", "cpu-pm")]
        found = next(one for one in judge.targets([entry_of("poisson", configs)]) if "pareto_of_hint" in one["name"])
        self.assertEqual((found["met"], found["reason"]), (None, "not measured: no-poll, cpu-pm"))

    def test_targets_of_an_entry(self):
        configs = [three("stock", stddev=30.0), three("always", busy=4.0), three("hint", busy=1.2), three("blind", stddev=25.0)]
        found = {one["name"]: one["met"] for one in judge.targets([entry_of("rtp", configs)])}
        self.assertEqual(found, {"rtp: stddev_hint_over_always": True, "rtp: p99_hint_over_always": True,
                                 "rtp: extra_cpu_share": True, "rtp: stddev_loss_of_blind": True,
                                 "rtp: stddev_loss_of_blind-10pct": None, "rtp: stddev_loss_of_zeroed": None})

    def test_ablations_that_were_not_run_are_told(self):
        found = {one["name"]: one for one in judge.targets([entry_of("chain", [three("stock"), three("hint")])])}
        for name in ("blind", "blind-10pct", "zeroed", "shuffled"):
            one = found[f"chain: p99_loss_of_{name}"]
            self.assertEqual((one["value"], one["met"], one["reason"]), (None, None, f"{name} was not run"))

    def test_every_steadiness_has_its_ablations(self):
        steady = {name for name, bars in judge.TARGETS.items() if any(bar[0] == "extra_cpu_share" for bar in bars)}
        for name in steady | {"cyclictest", "chain"}:
            _, ablations = judge.ABLATED[name]
            self.assertLessEqual({"blind", "blind-10pct", "zeroed"}, set(ablations), name)
            self.assertEqual("shuffled" in ablations, "--vcpus" in workloads.WORKLOADS[name].guest, name)

    def test_a_sweep_is_not_judged(self):
        configs = [three("stock", stddev=30.0), three("hint")]
        self.assertEqual(judge.targets([{**entry_of("rtp", configs), "sweep": {"gap_us": 1}}]), [])

    def test_every_target_is_of_a_workload(self):
        self.assertLessEqual(set(judge.TARGETS) | set(judge.ABLATED), set(workloads.WORKLOADS))


class Workloads(unittest.TestCase):
    def test_parameters(self):
        chosen = {}
        workloads.set_parameter(chosen, "rtp.gap_us=5000")
        self.assertEqual(chosen, {"rtp": {"gap_us": 5000}})
        for text, said in (("rtp.gap_us=1", "from 100 to 10000000"), ("rtp.no=1", "has no parameter"),
                           ("no.gap_us=1", "is none of"), ("rtp", "WORKLOAD.NAME=VALUE"), ("rtp.gap_us=x", "from 100"),
                           ("rtp.gap_us=200,300", "--sweep takes several"), ("start-of-load.burst_count=49", "from 50 to")):
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

    def test_rtp_and_drifting_are_of_20_ms(self):
        for name in ("rtp", "drifting"):
            self.assertEqual(workloads.WORKLOADS[name].defaults()["gap_us"], 20000)

    def test_more_values_take_longer_rounds(self):
        rtp = workloads.WORKLOADS["rtp"]
        self.assertEqual(rtp.round_seconds(rtp.defaults(), 6, 20000), 70)
        self.assertEqual(rtp.round_seconds(rtp.defaults(), 6), 11)

    def test_sweeps(self):
        sweeps = {}
        workloads.sweep_parameter(sweeps, "constant.gap_us=1000,3000")
        workloads.sweep_parameter(sweeps, "constant.work_us=50,1000")
        self.assertEqual(workloads.combinations(sweeps["constant"]), [
            {"gap_us": 1000, "work_us": 50}, {"gap_us": 1000, "work_us": 1000},
            {"gap_us": 3000, "work_us": 50}, {"gap_us": 3000, "work_us": 1000}])
        self.assertEqual(workloads.combinations({}), [{}])
        for text, said in (("constant.gap_us=7000", "swept over twice"), ("rtp.gap_us=200,200", "there twice"),
                           ("rtp.gap_us=200,", "must be a number"), ("rtp.gap_us=200,1", "from 100 to")):
            with self.assertRaisesRegex(ValueError, said):
                workloads.sweep_parameter(sweeps, text)

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

    def test_a_sweep_is_one_table(self):
        configs = [three("stock"), config("hint", [])]
        configs[0]["median"], configs[1]["failed"] = entry(1), "why"
        entries = [{**entry_of(f"constant gap_us={gap}", configs), "workload": "constant", "sweep": {"gap_us": gap}}
                   for gap in (1000, 3000)]
        lines = show.sweeps_text(entries + [{"name": "rtp"}]).splitlines()
        self.assertEqual([line.split()[:3] for line in lines[2:]], [
            ["gap_us", "config", "n"], ["1000", "stock", "3000"], ["hint", "-", "-"],
            ["3000", "stock", "3000"], ["hint", "-", "-"]])
        self.assertIn("failed: why", lines[-1])
        self.assertEqual(show.sweeps_text([{"name": "rtp"}]), "")

    def test_what_failed_later_says_so(self):
        self.assertIn("then failed: why", show.row({**three("idle-poll"), "median": entry(1), "failed": "why"}))

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
