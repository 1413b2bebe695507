#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""tools/sched-hint-verify against made-up trees of /sys and /dev."""

import os
import subprocess
import tempfile
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VERIFY = os.path.join(TOP, "tools", "sched-hint-verify")
MISC = "sys/class/misc/kvm-sched-hint"
DRIVER = "sys/bus/virtio/drivers/virtio_sched_hint"

LOADED = {"sys/class/misc/kvm/dev": "10:232", "sys/module/kvm_sched_hint/parameters/mode": "hint",
          "dev/kvm-sched-hint": "", f"{MISC}/drain": "0"}
DEVICE = {"sys/bus/virtio/devices/virtio1/device": "0x0001", "sys/bus/virtio/devices/virtio3/device": "0x003f"}


def vm(name, status):
    return {f"{MISC}/vms/{name}/status": status}


def driver(status="ok", listening="1"):
    files = {"hint_status": status, "listening": listening, "idle_mode": "cpuidle", "publishes": "42"}
    return {f"{DRIVER}/virtio3/{name}": text for name, text in files.items()}


# (what, files, options, exit status, what the output has)
CASES = [
    ("host works", {**LOADED, **vm("12-0", "ok")}, [], 0, "ok: VM 12-0: ok"),
    ("two VMs, one does not", {**LOADED, **vm("12-0", "ok"), **vm("13-1", "off: mode is off")}, [], 1,
     "FAILED: VM 13-1: off: mode is off: echo hint"),
    ("host without module", {"sys/class/misc/kvm/dev": ""}, [], 1, "FAILED: the module kvm_sched_hint is not loaded"),
    ("host without node", {"sys/module/kvm_sched_hint/parameters/mode": "hint"}, [], 1,
     "FAILED: /dev/kvm-sched-hint is missing"),
    ("no VM", LOADED, [], 1, "FAILED: no VM is attached: start QEMU with -device"),
    ("draining", {**LOADED, f"{MISC}/drain": "1"}, [], 1, "FAILED: the module is being drained: echo 0 >"),
    ("status unknown to the script", {**LOADED, **vm("1-0", "new: reason")}, [], 1,
     "FAILED: VM 1-0: new: reason: see docs/operating.md"),
    ("guest works", {**DEVICE, **driver()}, [], 0, "ok: virtio3: the host listens, idle mode cpuidle, 42 publishes"),
    ("guest, nobody listens", {**DEVICE, **driver("host not listening", "0")}, [], 1,
     "FAILED: virtio3: host not listening: on the host: modprobe"),
    ("guest, never halts", {**DEVICE, **driver("the guest never halts (idle=poll)")}, [], 1, "without idle=poll"),
    ("guest without driver", DEVICE, [], 1, "FAILED: the driver virtio_sched_hint is not loaded"),
    ("guest without device", {f"{DRIVER}/module/x": ""}, [], 1, "no virtio-sched-hint device"),
    ("guest, driver without device", {**DEVICE, f"{DRIVER}/module/x": ""}, [], 1, "FAILED: the driver took no device"),
    ("guest that could be a host", {**DEVICE, **driver(), "sys/class/misc/kvm/dev": ""}, [], 0, "ok: virtio3"),
    ("guest and host at once", {**LOADED, **vm("7-0", "ok"), **DEVICE, **driver()}, [], 0, "ok: VM 7-0: ok"),
    ("neither", {}, [], 1, "neither a KVM host nor a guest"),
    ("host asked for", {}, ["--host"], 1, "FAILED: the module"),
    ("guest asked for", {}, ["--guest"], 1, "no virtio-sched-hint device"),
    ("help", {}, ["--help"], 0, "usage: sched-hint-verify"),
    ("unknown option", {}, ["--gest"], 2, "unknown option --gest"),
    ("too many options", {}, ["--guest", "--host"], 2, "one option at most"),
]
# every status the module can show, by its first word: each has its own remedy
HOST_STATUS = ["draining: x", "detached: x", "off: x", "disarmed: x", "ceiling: x", "no-poll: x", "no-halts: x",
               "no-publisher: x", "budget: x"]


def verify(files, options):
    with tempfile.TemporaryDirectory() as root:
        for path, text in files.items():
            path = os.path.join(root, path)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="ascii") as file:
                file.write(text + "\n")
        done = subprocess.run([VERIFY, *options], env={**os.environ, "SCHED_HINT_VERIFY_ROOT": root},
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return done.returncode, done.stdout


class Verify(unittest.TestCase):
    def test_cases(self):
        for what, files, options, status, text in CASES:
            with self.subTest(what):
                got, output = verify(files, options)
                self.assertEqual(got, status, output)
                self.assertIn(text, output)

    def test_each_status_has_a_remedy(self):
        for text in HOST_STATUS:
            with self.subTest(text):
                status, output = verify({**LOADED, **vm("1-0", text)}, [])
                self.assertEqual(status, 1)
                self.assertNotIn("docs/operating.md", output)


if __name__ == "__main__":
    unittest.main()
