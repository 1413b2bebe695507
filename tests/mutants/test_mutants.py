#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Each mutant can still be made: its patch applies, and the cases of the lab that it names are there."""

import glob
import importlib.machinery
import importlib.util
import os
import subprocess
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
loader = importlib.machinery.SourceFileLoader("mutants_run", os.path.join(HERE, "run"))
mutants_run = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
loader.exec_module(mutants_run)


class Patches(unittest.TestCase):
    def test_apply(self):
        for path in glob.glob(os.path.join(HERE, "*.patch")):
            with self.subTest(os.path.basename(path)):
                done = subprocess.run(["patch", "-p1", "--dry-run", "--fuzz=0", "--force", "-d", TOP, "-i", path],
                                      capture_output=True, text=True)
                self.assertEqual(done.returncode, 0, done.stdout)

    def test_name_cases(self):
        cases = {os.path.basename(path)[:-3] for path in
                 glob.glob(os.path.join(TOP, "tests", "lab", "check", "*", "*.sh"))}
        for path in glob.glob(os.path.join(HERE, "*.patch")):
            with self.subTest(os.path.basename(path)):
                named = mutants_run.wanted_of(mutants_run.Mutant(path), "lab")
                self.assertEqual([case for case in named if case not in cases], [])


if __name__ == "__main__":
    unittest.main()
