# SPDX-License-Identifier: GPL-2.0-or-later
"""What all command lines in tests/ share."""

import argparse

USAGE = 2


class Parser(argparse.ArgumentParser):
    def error(self, message):
        self.exit(USAGE, f"{self.prog}: {message}; see {self.prog} --help\n")


def number(low, high, unit=None):
    def parse(text):
        if not text.isdecimal() or not low <= int(text) <= high:
            what = f"number of {unit}" if unit else "number"
            raise argparse.ArgumentTypeError(f"{text!r} is not a {what} from {low} to {high}")
        return int(text)
    return parse
