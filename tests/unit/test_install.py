#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What make install leaves on a host, into a folder (DESTDIR); and the node's udev rule."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RULE = "60-kvm-sched-hint.rules"
RELEASE = os.uname().release
MODULES = f"lib/modules/{RELEASE}"
# Stand-ins for what builds: that has tests of its own.
BUILDS = {
    "scripts/build-modules": f"""#!/bin/sh -e
        [ "$1" = running ]
        mkdir -p "$(dirname "$0")/../build/modules/{RELEASE}/host-module"
        echo module >"$(dirname "$0")/../build/modules/{RELEASE}/host-module/kvm_sched_hint.ko"
        """,
    "Makefile": ".PHONY: tools\ntools:\n\tmkdir -p build/tools\n\techo tool >build/tools/sched-hint\n",
}
# Programs that would change the machine, or need it to have a kernel: they say that they were run.
RECORDERS = ("depmod", "udevadm")


def text_of(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


def write(root, name, text, mode=0o644):
    path = os.path.join(root, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)


def files(root):
    """{path below root: rights}"""
    return {os.path.relpath(os.path.join(folder, name), root): os.stat(os.path.join(folder, name)).st_mode & 0o777
            for folder, _, names in os.walk(root) for name in names}


class Rule(unittest.TestCase):
    def rules(self):
        return [line for line in text_of(TOP, "host-module", RULE).splitlines() if line and line[0] != "#"]

    def test_text(self):
        # a match has two signs: with one the rule would name every device
        self.assertEqual(self.rules(), ['KERNEL=="kvm-sched-hint", GROUP="kvm", MODE="0660"'])

    def test_is_of_the_module_s_device(self):
        names = re.findall(r'struct miscdevice .*?\.name = "(.*?)"', text_of(TOP, "host-module", "main.c"), re.S)
        self.assertEqual(names, re.findall(r'KERNEL=="(.*?)"', self.rules()[0]))

    def test_documented(self):
        self.assertIn("\n    " + self.rules()[0] + "\n", text_of(TOP, "docs", "operating.md"))


class InstallHost(unittest.TestCase):
    def setUp(self):
        work = tempfile.TemporaryDirectory()
        self.addCleanup(work.cleanup)
        self.top, self.root, self.log = (os.path.join(work.name, name) for name in ("top", "root", "log"))
        for name in ("scripts/install-host", "scripts/install-tools", f"host-module/{RULE}",
                     "tools/sched-hint/sched-hint.1"):
            os.makedirs(os.path.dirname(os.path.join(self.top, name)), exist_ok=True)
            shutil.copy(os.path.join(TOP, name), os.path.join(self.top, name))
        for name, text in BUILDS.items():
            write(self.top, name, text, 0o755)
        for name in RECORDERS:
            write(work.name, f"bin/{name}", f'#!/bin/sh\necho "{name} $*" >>"{self.log}"\n', 0o755)
        write(self.root, "etc/udev/rules.d/10-other.rules", "other\n")
        write(self.root, f"{MODULES}/updates/other.ko", "other\n")
        self.before = files(self.root)
        self.env = {**os.environ, "DESTDIR": self.root, "PATH": f"{work.name}/bin:{os.environ['PATH']}"}
        for name in ("PREFIX", "KDIR", "MAKEFLAGS"):
            self.env.pop(name, None)

    def install_host(self, *arguments, status=0):
        done = subprocess.run([os.path.join(self.top, "scripts/install-host"), *arguments], env=self.env,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertEqual(done.returncode, status, done.stdout)
        return done.stdout

    def ran(self):
        return text_of(self.log).splitlines() if os.path.exists(self.log) else []

    def test_install_and_uninstall(self):
        self.install_host("install")
        new = {path: mode for path, mode in files(self.root).items() if path not in self.before}
        self.assertEqual(new, {f"{MODULES}/updates/kvm_sched_hint.ko": 0o644, f"etc/udev/rules.d/{RULE}": 0o644,
                               "usr/local/sbin/sched-hint": 0o755,
                               "usr/local/share/man/man1/sched-hint.1": 0o644})
        self.assertEqual(text_of(self.root, "etc/udev/rules.d", RULE), text_of(TOP, "host-module", RULE))
        self.assertEqual(text_of(self.root, MODULES, "updates/kvm_sched_hint.ko"), "module\n")
        self.install_host("install") # again: an upgrade
        self.install_host("uninstall")
        self.assertEqual(files(self.root), self.before)
        self.install_host("uninstall") # nothing to remove is no error
        self.assertEqual(self.ran(), [])

    def test_a_whole_system_has_its_modules_indexed(self):
        write(self.root, f"{MODULES}/modules.order", "")
        self.install_host("install")
        self.install_host("uninstall")
        # never the running system's udev
        self.assertEqual(self.ran(), [f"depmod -b {self.root} {RELEASE}"] * 2)

    def test_what_does_not_build_is_not_installed(self):
        write(self.top, "scripts/build-modules", "#!/bin/sh\nexit 1\n", 0o755)
        self.install_host("install", status=1)
        self.assertEqual(files(self.root), self.before)

    def test_usage(self):
        self.assertIn("usage: scripts/install-host", self.install_host("--help"))
        self.install_host("remove", status=2)
        self.install_host(status=2)
        self.assertEqual(files(self.root), self.before)


if __name__ == "__main__":
    unittest.main()
