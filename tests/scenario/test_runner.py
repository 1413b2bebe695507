#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The runners without a boot: options, images, what counts as a splat, exit statuses."""

import json
import os
import subprocess
import sys
import tempfile
import types
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)
import outcome  # noqa: E402
from image import Tree  # noqa: E402

LAB = os.path.join(TOP, "tests", "lab", "run")
LOCAL = os.path.join(TOP, "tests", "scenario", "run")

SPLATS = [
    "[    1.0] ------------[ cut here ]------------",
    "[    1.0] WARNING: CPU: 1 PID: 42 at kernel/foo.c:12 bar+0x1/0x2 [kvm]",
    "[    1.0] WARNING: possible circular locking dependency detected",
    "[    1.0] WARNING: suspicious RCU usage",
    "[    1.0] BUG: KASAN: slab-use-after-free in foo+0x1/0x2",
    "[    1.0] BUG: sleeping function called from invalid context at mm/slab.h:1",
    "[    1.0] watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [qemu:1]",
    "[    1.0] BUG: unable to handle page fault for address: ffff",
    "[    1.0] Oops: 0000 [#1] PREEMPT SMP NOPTI",
    "[    1.0] general protection fault, probably for non-canonical address",
    "[    1.0] kernel BUG at virt/kvm/kvm_main.c:1!",
    "[    1.0] rcu: INFO: rcu_preempt self-detected stall on CPU",
    "[    1.0] INFO: task qemu:12 blocked for more than 120 seconds.",
    "[    1.0] Kernel panic - not syncing: Attempted to kill init!",
    "[    1.0] Call Trace:",
]
HARMLESS = [
    "[    0.6] Speculative Return Stack Overflow: WARNING: See https://kernel.org/doc/html/latest for options.",
    "[    0.6] kvm_sched_hint: loading out-of-tree module taints kernel.",
    "[    0.6] hrtimer: interrupt took 28112911 ns",
    "[    0.6] x86/cpu: debug messages are printed",
    "[    0.6] DEBUG: nothing",
    "[    0.6] rcu: Hierarchical RCU implementation.",
]

# (what, arguments, exit status, what stderr names)
REFUSALS = [
    ("no folder", ["/nonexistent"], 2, "/nonexistent"),
    ("no host.sh", ["{empty}"], 2, "host.sh"),
    ("not executable", ["{plain}"], 2, "chmod +x"),
    ("kernel", ["{good}", "--kernel", "5.10"], 2, "5.10"),
    ("vcpus", ["{good}", "--vcpus", "0"], 2, "vCPUs"),
    ("memory", ["{good}", "--guest-memory", "many"], 2, "many"),
    ("timeout", ["{good}", "--timeout", "-1"], 2, "--timeout"),
    ("unknown option", ["{good}", "--frobnicate"], 2, "--frobnicate"),
    ("quote in an argument", ["{good}", "--qemu-args", "a'b"], 2, "--qemu-args"),
]


def make(folder, mode):
    os.makedirs(folder)
    path = os.path.join(folder, "host.sh")
    with open(path, "w", encoding="ascii") as script:
        script.write("#!/bin/sh\n")
    os.chmod(path, mode)
    return folder


class Options(unittest.TestCase):
    def setUp(self):
        tmp = tempfile.TemporaryDirectory()
        self.addCleanup(tmp.cleanup)
        self.folders = {"empty": os.path.join(tmp.name, "empty"), "good": make(os.path.join(tmp.name, "good"), 0o755),
                        "plain": make(os.path.join(tmp.name, "plain"), 0o644)}
        os.makedirs(self.folders["empty"])

    def run_it(self, runner, arguments):
        arguments = [a.format(**self.folders) for a in arguments]
        return subprocess.run([runner, *arguments], capture_output=True, text=True, cwd=self.folders["empty"])

    def test_refusals(self):
        for runner, more in ((LAB, []), (LOCAL, ["--host=local"])):
            for what, arguments, status, named in REFUSALS:
                with self.subTest(runner=runner, what=what):
                    done = self.run_it(runner, arguments + more)
                    self.assertEqual(done.returncode, status, done.stderr)
                    self.assertIn(named, done.stderr)
                    self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.assertEqual(os.listdir(self.folders["empty"]), [])

    def test_each_has_its_own(self):
        self.assertEqual(self.run_it(LOCAL, ["{good}"]).returncode, 2)
        self.assertEqual(self.run_it(LOCAL, ["{good}", "--host=local", "--host-memory", "512"]).returncode, 2)
        self.assertEqual(self.run_it(LAB, ["{good}", "--host=local"]).returncode, 2)
        for arguments, named in ((["--cstates=snb"], "--time=virtual"), (["--time=none"], "--time"),
                                 (["--cpus=0"], "CPUs from 1 to 64")):
            done = self.run_it(LAB, ["{good}", *arguments])
            self.assertEqual(done.returncode, 2)
            self.assertIn(named, done.stderr)
        for runner in (LAB, LOCAL):
            self.assertIn("--guest-append", self.run_it(runner, ["--help"]).stdout)


class Images(unittest.TestCase):
    def test_overlay_keeps_merged_folders(self):
        with tempfile.TemporaryDirectory() as tmp:
            os.makedirs(os.path.join(tmp, "files", "bin"))
            os.makedirs(os.path.join(tmp, "files", "opt"))
            os.symlink("usr/lib", os.path.join(tmp, "files", "lib"))
            os.symlink("/nowhere", os.path.join(tmp, "files", "opt", "dangling"))
            for name in ("bin/tool", "opt/empty"):
                with open(os.path.join(tmp, "files", name), "w", encoding="ascii") as out:
                    out.write("x" * 5 if "tool" in name else "")
            tree = Tree()
            tree.data("usr/bin/other", b"abc", 0o755)
            tree.overlay(os.path.join(tmp, "files"))
            archive = os.path.join(tmp, "image")
            tree.write(archive)
            with open(archive, "rb") as image:
                listed = subprocess.run(["busybox", "cpio", "-t"], stdin=image, capture_output=True, text=True)
            self.assertEqual(listed.returncode, 0, listed.stderr)
            names = listed.stdout.split()
        for name in ("usr/bin/tool", "usr/bin/other", "opt/empty", "opt/dangling", "bin", "lib"):
            self.assertIn(name, names)
        self.assertNotIn("bin/tool", names)


class Outcome(unittest.TestCase):
    def judge(self, found, log=""):
        with tempfile.TemporaryDirectory() as out:
            with open(os.path.join(out, "guest-main.log"), "w", encoding="utf-8") as console:
                console.write(log)
            opts = types.SimpleNamespace(out=out, name="x", kernel="6.12", guest_kver="6.12.1")
            status, _ = outcome.judge(opts, dict(found), {}, {})
            with open(os.path.join(out, "result.json"), encoding="utf-8") as result:
                self.assertEqual(json.load(result)["exit"], status)
        return status

    def test_statuses(self):
        self.assertEqual(self.judge({"reason": "ok"}), 0)
        self.assertEqual(self.judge({"reason": "script"}), 1)
        self.assertEqual(self.judge({"reason": "timeout"}), 4)
        self.assertEqual(self.judge({"reason": "setup"}), 5)
        self.assertEqual(self.judge({}), 5)

    def test_splats(self):
        for line in SPLATS:
            with self.subTest(line=line):
                self.assertEqual(self.judge({"reason": "ok"}, line + "\n"), 3)
        for line in HARMLESS:
            with self.subTest(line=line):
                self.assertEqual(self.judge({"reason": "ok"}, line + "\n"), 0)


if __name__ == "__main__":
    unittest.main()
