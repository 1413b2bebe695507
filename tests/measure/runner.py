# SPDX-License-Identifier: GPL-2.0-or-later
"""Has tests/lab/run or tests/scenario/run run a scenario."""

import os
import subprocess

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def command(opts, folder, lab):
    """How opts.host wants it run; `lab` is for the emulated host only."""
    if opts.host == "lab":
        return [os.path.join(TESTS, "lab/run"), folder, *lab]
    return [os.path.join(TESTS, "scenario/run"), folder, "--host=local",
            *(["--yes-load-modules"] if opts.yes_load_modules else [])]


def follow(argv, progress):
    """Runs it and shows its progress; returns its exit status."""
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    try:
        for line in process.stdout:
            progress.show(line.rstrip("\n"))
        return process.wait()
    except KeyboardInterrupt:
        # It cleans up behind itself, and heeds the first that asks it to. Not by SIGINT, which who was begun in
        # the background ignores.
        process.terminate()
        process.wait()
        raise
