#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The table in docs/matrix.md against the rows, and what the runner refuses."""

import os
import re
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import rows  # noqa: E402

RUN = os.path.join(HERE, "run")


class Table(unittest.TestCase):
    def expectations(self, text):
        with tempfile.NamedTemporaryFile("w", suffix=".md") as docs:
            docs.write(text)
            docs.flush()
            return rows.expectations(docs.name)

    def test_every_row_is_documented(self):
        for name, row in rows.rows().items():
            self.assertTrue(row.says["host"] and row.says["guest"], name)

    def test_only_tables_of_rows(self):
        found = self.expectations("| host | row |\n|---|---|\n| `a` | `b` |\n\n"
                                  "| row | x | guest | host |\n|---|---|---|---|\n| `n` | `x` | `g` `h` | no code |\n")
        self.assertEqual(found, {"n": {"host": "", "guest": "g", "qemu": ""}})

    def test_what_the_shell_would_take_apart(self):
        for name, row in rows.ROWS.items():
            words = [*row.host, row.guest, row.qemu, row.device, *row.says.values()]
            self.assertFalse([w for w in words if re.search(r"[|'\n]", w)], name)
            self.assertRegex(name, r"^[a-z0-9-]+$")


class Runner(unittest.TestCase):
    def test_refusals(self):
        for arguments, named in ((["--rows", "plain,nonsense"], "nonsense"), (["--kernels", "6.12/5.10"], "6.12/5.10"),
                                 (["--rows", "cpu-pm", "--kernels", "6.12/6.1"], "none of these rows"),
                                 (["--frobnicate"], "--frobnicate")):
            done = subprocess.run([RUN, *arguments], capture_output=True, text=True)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(named, done.stderr)

    def test_list(self):
        done = subprocess.run([RUN, "--list", "--kernels", "6.1-rt/6.1-rt"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("plain: host says ok; guest says ok", done.stdout)
        self.assertNotIn("6.12", done.stdout)


if __name__ == "__main__":
    unittest.main()
