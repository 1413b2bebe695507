# SPDX-License-Identifier: GPL-2.0-or-later
"""What the command line refuses, and what it comes to; python3 -m unittest discover -s tests/bench"""

import contextlib
import importlib.machinery
import importlib.util
import io
import json
import os
import sys
import tempfile
import unittest
from unittest import mock

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
sys.path[:0] = [HERE, os.path.join(TESTS, "demo"), os.path.join(TESTS, "measure")]
import plans  # noqa: E402
import stage  # noqa: E402
import workloads  # noqa: E402


def program(path):
    """A program's functions."""
    loader = importlib.machinery.SourceFileLoader(os.path.basename(os.path.dirname(path)) + "_run", path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    with mock.patch.object(sys, "dont_write_bytecode", True):
        loader.exec_module(module)
    return module


bench_run = program(os.path.join(HERE, "run"))
demo_run = program(os.path.join(TESTS, "demo", "run"))


def parsed(*argv):
    return bench_run.arguments(list(argv))


class Refused(unittest.TestCase):
    def refused(self, arguments, *argv):
        with contextlib.redirect_stderr(io.StringIO()) as said, self.assertRaises(SystemExit) as ended:
            arguments(list(argv))
        self.assertEqual(ended.exception.code, 2)
        return said.getvalue()

    def test_a_parameter_of_what_is_not_run(self):
        for option in ("--set", "--sweep"):
            said = self.refused(bench_run.arguments, "--workloads", "idle", option, "rtp.work_us=500")
            self.assertIn("rtp has a parameter set, but is not run", said)
        said = self.refused(bench_run.arguments, "--quick", "--set", "constant.work_us=500")
        self.assertIn("none of rtp, onoff", said)
        parsed("--set", "rtp.work_us=500")

    def test_seconds_of_what_ends_itself(self):
        for name in ("start-of-load", "capacity"):
            said = self.refused(bench_run.arguments, "--workloads", f"rtp,{name}", "--seconds", "3")
            self.assertIn(f"--seconds is not for {name}", said)
        self.assertIn("start-of-load, capacity", self.refused(bench_run.arguments, "--seconds", "3"))
        parsed("--workloads", "rtp,idle", "--seconds", "3")

    def test_what_contradicts(self):
        for argv, said in ((("--workloads", "rtp", "--seconds", "3", "--values", "20000"), "both say how long"),
                           (("--set", "rtp.gap_us=500", "--sweep", "rtp.gap_us=1000,2000"), "--set and --sweep"),
                           (("--configs", "blind,hint"), "--configs needs both")):
            self.assertIn(said, self.refused(bench_run.arguments, *argv))

    def test_kernels(self):
        for arguments in (bench_run.arguments, demo_run.arguments):
            self.assertIn("choose from '6.12', '6.1'", self.refused(arguments, "--kernel", "5.10"))


class Plans(unittest.TestCase):
    def test_a_sweep_alone_runs_what_it_is_of(self):
        opts = parsed("--sweep", "uniform.gap_us=1000,3000", "--sweep", "constant.work_us=50,60", "--set", "constant.gap_us=500")
        found = plans.plans_of(opts)
        self.assertEqual([plan.name for plan in found], ["constant work_us=50", "constant work_us=60",
                                                         "uniform gap_us=1000", "uniform gap_us=3000"])
        self.assertEqual((found[1].params["work_us"], found[1].params["gap_us"]), (60, 500))
        self.assertEqual(found[3].conf(opts)["GAP_US"], 3000)
        self.assertEqual(os.path.basename(found[0].folder(opts)), "constant-work_us=50")
        self.assertEqual(found[0].names(), {"name": "constant work_us=50", "workload": "constant", "sweep": {"work_us": 50}})
        self.assertEqual(plans.Plan(opts, "rtp").names(), {"name": "rtp"})

    def test_each_server_has_its_capacity(self):
        opts = parsed("--capacity", "699", "--capacity-asterisk", "80")
        found = {name: plans.Plan(opts, name).conf(opts) for name in ("sipp-medium", "sipp-asterisk", "capacity", "rtp")}
        self.assertEqual({name: conf["CAPACITY"] for name, conf in found.items()},
                         {"sipp-medium": 699, "sipp-asterisk": 80, "capacity": 699, "rtp": 0})
        self.assertIn("1280", workloads.WORKLOADS["sipp-asterisk"].guest)

    def test_earlier_runs_are_found(self):
        with tempfile.TemporaryDirectory() as out:
            opts = parsed("--out", out, "--sweep", "constant.gap_us=1000,300", "--rounds", "7")
            self.assertEqual(plans.earlier_plans(opts), [])
            for plan in [*plans.plans_of(opts), plans.Plan(opts, "rtp"), plans.Plan(opts, "idle")]:
                os.makedirs(plan.folder(opts))
                plan.note(opts)
            found = plans.earlier_plans(parsed("--analyse", "--out", out, "--workloads", "rtp,constant"))
        self.assertEqual([plan.name for plan in found], ["constant gap_us=300", "constant gap_us=1000", "rtp"])
        self.assertEqual((found[0].rounds, found[0].params["gap_us"], found[0].swept), (7, 300, {"gap_us": 300}))

    def test_blind_10pct_keeps_a_tenth_in_no_workload_s_rhythm(self):
        self.assertEqual(plans.BLIND_SHARE_KEEP_US * 10, plans.BLIND_SHARE_PERIOD_US)
        for workload in workloads.WORKLOADS.values():
            distance = workload.params.get("gap_us", workload.params.get("interval_us"))
            if distance:
                longer, shorter = sorted((distance[0], plans.BLIND_SHARE_PERIOD_US), reverse=True)
                self.assertNotEqual(longer % shorter, 0)


class Missing(unittest.TestCase):
    def test_a_missing_program_is_that_workload_s_failure(self):
        with tempfile.TemporaryDirectory() as out, contextlib.redirect_stderr(io.StringIO()) as said, \
                mock.patch.object(bench_run.staging, "stage_workload", side_effect=stage.StageError("dnsmasq is missing")):
            opts = parsed("--out", out, "--workloads", "dns,idle", "--configs", "stock,hint")
            bench = bench_run.Bench(opts)
            self.assertEqual(bench_run.run_all(opts, bench), 1)
            with open(bench.path, encoding="utf-8") as text:
                found = json.load(text)["workloads"]
        self.assertEqual([entry["failed"] for entry in found], ["dnsmasq is missing"] * 2)
        self.assertEqual([config["failed"] for config in found[0]["configs"]], ["dnsmasq is missing"] * 2)
        self.assertIn("failed: dns, idle", said.getvalue())


if __name__ == "__main__":
    unittest.main()
