# SPDX-License-Identifier: GPL-2.0-or-later
"""What the command lines of the measurements share."""

import argparse
import os
import sys

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(TESTS, "lab"), os.path.join(TESTS, "scenario")]
from arguments import Parser, number  # noqa: E402, F401
import emulate  # noqa: E402

OK, FAILED, INTERRUPTED = 0, 1, 130


def names(known):
    def parse(text):
        chosen = text.replace(",", " ").split()
        for name in chosen:
            if name not in known:
                raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(known)}")
        if not chosen:
            raise argparse.ArgumentTypeError(f"choose from {', '.join(known)}")
        return [name for name in known if name in chosen]
    return parse


def stock_polling(virtual):
    """KVM's defaults, which were chosen for real processors, in the time of the host."""
    slower = emulate.SLOWER if virtual else 1
    return {"STOCK_POLL_NS": int(200000 * slower), "STOCK_GROW_START_NS": int(10000 * slower)}
