# SPDX-License-Identifier: GPL-2.0-or-later
"""What bench_micro.ko looks up by name is in the modules that it measures."""

import glob
import os
import re
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDERS = {"kvm_sched_hint": "host-module", "virtio_sched_hint": "guest-driver"}


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


class Symbols(unittest.TestCase):
    def test_they_are_defined(self):
        looked_up = re.findall(r'lookup_name\("(\w+):(\w+)"\)',
                               read(os.path.join(TOP, "tests/lab/modules/bench_micro/bench_micro.c")))
        self.assertGreater(len(looked_up), 5)
        for module, name in looked_up:
            sources = "".join(read(path) for path in glob.glob(os.path.join(TOP, FOLDERS[module], "*.c")))
            # a function's body, or a variable, and no declaration of either
            defined = re.search(rf"^(?!extern\b)\w[\w \*]*\b{name}(\([^;]*?\)\n\{{|( =[^;]*)?;$)|^LIST_HEAD\({name}\)",
                                sources, re.M)
            self.assertTrue(defined, f"{module} has no {name}")


if __name__ == "__main__":
    unittest.main()
