# SPDX-License-Identifier: GPL-2.0-or-later
"""Progress lines with the time since the start, on the terminal and in OUT/run.log."""

import os
import shutil
import sys
import time

from options import SetupError

MARKER = "result.json"


def prepare_out(out):
    """Empties OUT, but only if an earlier run made it."""
    if os.path.isdir(out) and os.listdir(out):
        if not (os.path.exists(os.path.join(out, MARKER)) or os.path.exists(os.path.join(out, "run.log"))):
            raise SetupError(f"{out} is not empty and not an earlier run's: choose another --out")
        shutil.rmtree(out)
    os.makedirs(out, exist_ok=True)


class Report:
    def __init__(self, out):
        self.start = time.monotonic()
        self.log = open(os.path.join(out, "run.log"), "w", encoding="utf-8")  # for the run's duration

    def elapsed(self):
        return time.monotonic() - self.start

    def line(self, text):
        text = f"[{self.elapsed():6.1f}] {text}"
        print(text, flush=True)
        print(text, file=self.log, flush=True)

    def warn(self, text):
        print(f"note: {text}", file=sys.stderr, flush=True)
        print(f"note: {text}", file=self.log, flush=True)
