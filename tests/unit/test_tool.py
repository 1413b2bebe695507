#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""sched-hint against made-up trees of /sys, /proc and /dev, and on a made-up terminal."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import tempfile
import termios
import time
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOOL = os.path.join(TOP, "build", "tools", "sched-hint")
MISC = "sys/class/misc/kvm-sched-hint"
DRIVER = "sys/bus/virtio/drivers/virtio_sched_hint"
ENTER, LEAVE = b"\x1b[?1049h\x1b[?25l", b"\x1b[?25h\x1b[?1049l"

LOADED = {"sys/class/misc/kvm/dev": "10:232", "sys/module/kvm_sched_hint/parameters/mode": "hint",
          "dev/kvm-sched-hint": "", f"{MISC}/drain": "0"}
DEVICE = {"sys/bus/virtio/devices/virtio1/device": "0x0001", "sys/bus/virtio/devices/virtio3/device": "0x003f"}


def vm(name, status, mode="default"):
    return {f"{MISC}/vms/{name}/status": status, f"{MISC}/vms/{name}/mode": mode}


def driver(**changes):
    files = {"hint_status": "ok", "listening": "1", "idle_mode": "cpuidle", "publishes": "42",
             "features_in_use": "timer", **changes}
    return {f"{DRIVER}/virtio3/{name}": text for name, text in files.items()}


def counters(halts, **changes):
    """/proc/kvm-sched-hint of one VM."""
    keys = {"mode": "hint", "halts": halts, "kept_ns": halts * 1000000, "stock_stale": halts // 2, **changes}
    line = " ".join(f"{key}={value}" for key, value in keys.items())
    return {"proc/kvm-sched-hint": f"vm 12-0 {line}\nstatus 12-0 ok\nvcpu 12-0 0 wake_cost_ns=5 {line}"}


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
    ("VM in mode observe", {**LOADED, **vm("12-0", "observe: it changes nothing", "observe")}, [], 1,
     "FAILED: VM 12-0: observe: it changes nothing: echo hint >"),
    ("VM in its own mode", {**LOADED, **vm("12-0", "ok", "always")}, [], 0, "ok: VM 12-0: ok, mode always"),
    ("VM with a name", {**LOADED, **vm("12-0", "ok"), "proc/12/cmdline": "qemu\0-name\0web,x=y\0"}, [], 0,
     "ok: VM 12-0 (web): ok"),
    ("VMs in order", {**LOADED, **vm("12-10", "ok"), **vm("12-9", "ok")}, [], 0,
     "ok: VM 12-9: ok, mode hint\nok: VM 12-10: ok"),
    ("VM that goes", {**LOADED, f"{MISC}/vms/12-0/x": ""}, [], 1, "FAILED: VM 12-0: gone while we looked"),
    ("status unknown to the tool", {**LOADED, **vm("1-0", "new: reason")}, [], 1,
     "FAILED: VM 1-0: new: reason: see docs/operating.md"),
    ("guest works", {**DEVICE, **driver()}, [], 0, "ok: virtio3: the host listens, idle mode cpuidle, hints: timer, 42 publishes"),
    ("guest, nobody listens", {**DEVICE, **driver(hint_status="host not listening", listening="0")}, [], 1,
     "FAILED: virtio3: host not listening: on the host: modprobe"),
    ("guest, nobody acts", {**DEVICE, **driver(hint_status="host not acting: why")}, [], 1,
     "FAILED: virtio3: host not acting: why: on the host: its sched-hint status"),
    ("guest, cpuidle off", {**DEVICE, **driver(hint_status="degraded: cpuidle is off: why")}, [], 1,
     "FAILED: virtio3: degraded: cpuidle is off: why: it works, without early wakes for timers; for those boot"),
    ("guest, a CPU is missing", {**DEVICE, **driver(hint_status="degraded: 1 CPUs are not published")}, [], 1,
     "FAILED: virtio3: degraded: 1 CPUs are not published: see the guest's kernel log"),
    ("guest, never halts", {**DEVICE, **driver(hint_status="the guest never halts (idle=poll)")}, [], 1, "without idle=poll"),
    ("guest, another cpuidle driver", {**DEVICE, **driver(hint_status="degraded: another cpuidle driver", features_in_use="none")}, [], 1,
     "FAILED: virtio3: degraded: another cpuidle driver: it works, without early wakes for timers"),
    ("guest, told late", {**DEVICE, **driver(listening="0")}, [], 1, "FAILED: virtio3: host not listening"),
    ("guest, idle not seen", {**DEVICE, **driver(idle_mode="off")}, [], 1, "does not see when CPUs go idle"),
    ("guest, no hint in common", {**DEVICE, **driver(features_in_use="none")}, [], 1, "agree on no hint"),
    ("guest, silent", {**DEVICE, **driver(publishes="0")}, [], 1, "nothing has been published yet"),
    ("guest, status unreadable", {**DEVICE, f"{DRIVER}/virtio3/x": ""}, [], 1, "FAILED: virtio3: no status"),
    ("guest without driver", DEVICE, [], 1, "FAILED: the driver virtio_sched_hint is not loaded"),
    ("guest without device", {f"{DRIVER}/module/x": ""}, [], 1, "no virtio-sched-hint device"),
    ("guest, driver without device", {**DEVICE, f"{DRIVER}/module/x": ""}, [], 1, "FAILED: the driver took no device"),
    ("guest that could be a host", {**DEVICE, **driver(), "sys/class/misc/kvm/dev": ""}, [], 0, "ok: virtio3"),
    ("guest and host at once", {**LOADED, **vm("7-0", "ok"), **DEVICE, **driver()}, [], 0, "ok: VM 7-0: ok"),
    ("neither", {}, [], 1, "neither a KVM host nor a guest"),
    ("host asked for", {}, ["--host"], 1, "FAILED: the module"),
    ("guest asked for", {}, ["--guest"], 1, "no virtio-sched-hint device"),
    ("help", {}, ["--help"], 0, "usage: sched-hint status"),
    ("unknown option", {}, ["--gest"], 2, "unrecognized option '--gest'"),
    ("too many options", {}, ["--guest", "--host"], 2, "--host or --guest"),
    ("an argument", {}, ["now"], 2, "unexpected argument 'now'"),
    ("quiet and JSON", {}, ["--quiet", "--json"], 2, "not both"),
]
# every status the module can show, by its first word: each has its own remedy
HOST_STATUS = ["draining: x", "detached: x", "off: x", "disarmed: x", "ceiling: x", "no-poll: x", "no-halts: x",
               "no-publisher: x", "budget: x", "quota: x", "observe: x", "nested: x", "contended: x"]


TOP_CASES = [
    ("no module", {}, [], 1, "the module kvm_sched_hint is not loaded: modprobe kvm_sched_hint"),
    ("guest", DEVICE, [], 1, "this is a guest"),
    ("no VM", {**LOADED, "proc/kvm-sched-hint": None}, [], 1, "no VM is attached: start QEMU with -device"),
    ("other VM", {**LOADED, **counters(1)}, ["--vm", "x"], 1, "no VM 'x' is attached"),
    ("strange counters", {**LOADED, "proc/kvm-sched-hint": "vm 12-0 mode=hint"}, [], 1,
     "line 1: no counters (halts=...): install module and tool from one version"),
    ("help", {}, ["--help"], 0, "usage: sched-hint top"),
    *[(f"interval {bad}", {}, ["--interval", bad], 2, "--interval is 0.1 to 3600")
      for bad in ("0", "-1", "", "x", "1x", "nan", "inf", "3601")],
    *[(f"count {bad}", {}, ["--count", bad], 2, "--count is a number from 1 on")
      for bad in ("0", "-1", "", "x", "99999999999999999999")],
    ("unknown option", {}, ["--fast"], 2, "unrecognized option '--fast'"),
    ("an argument", {}, ["now"], 2, "unexpected argument 'now'"),
]


def write(root, files):
    """None makes an empty file, without even a line's end."""
    for path, text in files.items():
        path = os.path.join(root, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        # as a whole, for who looks meanwhile
        with open(path + ".new", "w", encoding="ascii") as file:
            file.write("" if text is None else text + "\n")
        os.rename(path + ".new", path)


def environment(root):
    return {**os.environ, "SCHED_HINT_ROOT": root, "LC_ALL": "C"}


def tool(files, arguments):
    """Returns exit status and output, which holds both streams."""
    with tempfile.TemporaryDirectory() as root:
        write(root, files)
        done = subprocess.run([TOOL, *arguments], env=environment(root), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=20)
        return done.returncode, done.stdout


def setUpModule():
    subprocess.run(["make", "-s", "-C", TOP, "--no-print-directory", "tools"], check=True)


class Status(unittest.TestCase):
    def test_cases(self):
        for what, files, options, status, text in CASES:
            with self.subTest(what):
                got, output = tool(files, ["status", *options])
                self.assertEqual(got, status, output)
                self.assertIn(text, output)

    def test_each_status_has_a_remedy(self):
        for text in HOST_STATUS:
            with self.subTest(text):
                status, output = tool({**LOADED, **vm("1-0", text)}, ["status"])
                self.assertEqual(status, 1)
                self.assertNotIn("docs/operating.md", output)

    def test_json_says_the_same(self):
        for what, files, options, status, _ in CASES:
            if status == 2 or "--help" in options:
                continue
            with self.subTest(what):
                _, text = tool(files, ["status", *options])
                got, output = tool(files, ["status", *options, "--json"])
                found = json.loads(output)
                self.assertEqual(got, status)
                self.assertEqual(found["ok"], status == 0)
                lines = ["ok: " * f["ok"] + "FAILED: " * (not f["ok"]) + (f["about"] + ": " if f["about"] else "") +
                         f["text"] + (": " + f["remedy"] if f["remedy"] else "") for f in found["findings"]]
                self.assertEqual("\n".join(lines) + "\n", text)

    def test_quiet(self):
        files = {**LOADED, **vm("12-0", "ok"), **vm("13-1", "off: mode is off")}
        status, output = tool(files, ["status", "--quiet"])
        self.assertEqual((status, output.count("\n")), (1, 1))
        self.assertTrue(output.startswith("FAILED: VM 13-1"))
        self.assertEqual(tool({**LOADED, **vm("12-0", "ok")}, ["status", "--quiet"]), (0, ""))

    def test_output_that_does_not_arrive(self):
        for arguments in (["status"], ["status", "--json"], ["--help"], ["top", "--help"]):
            with tempfile.TemporaryDirectory() as root, open("/dev/full", "wb") as full:
                write(root, {**LOADED, **vm("12-0", "ok")})
                done = subprocess.run([TOOL, *arguments], env=environment(root), stdout=full, stderr=subprocess.PIPE)
                self.assertEqual(done.returncode, 1, arguments)
                self.assertIn(b"cannot write", done.stderr)


class Commands(unittest.TestCase):
    def test_usage(self):
        for arguments, status, text in (([], 2, "usage: sched-hint COMMAND"), (["--help"], 0, "usage: sched-hint"),
                                        (["help"], 0, "usage: sched-hint"), (["stat"], 2, "unknown command 'stat'")):
            with self.subTest(arguments):
                got, output = tool({}, arguments)
                self.assertEqual(got, status)
                self.assertIn(text, output)


class ManPage(unittest.TestCase):
    PAGE = os.path.join(TOP, "tools", "sched-hint", "sched-hint.1")

    def test_renders(self):
        done = subprocess.run(["groff", "-man", "-ww", "-Tascii", "-P-bcou", self.PAGE], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("SYNOPSIS", done.stdout)

    def test_has_each_option(self):
        with open(self.PAGE, encoding="ascii") as page:
            text = page.read().replace("\\-", "-")
        for command in ("status", "top"):
            for option in re.findall(r"^  (--[a-z]+)", tool({}, [command, "--help"])[1], re.M):
                self.assertIn(option, text)


class Install(unittest.TestCase):
    def test_install_and_uninstall(self):
        with tempfile.TemporaryDirectory() as root:
            for action, wanted in (("install", ["sbin/sched-hint", "share/man/man1/sched-hint.1"]), ("uninstall", [])):
                subprocess.run([os.path.join(TOP, "scripts", "install-tools"), action], check=True,
                               env={**os.environ, "DESTDIR": root, "PREFIX": "/opt"})
                found = [os.path.relpath(os.path.join(folder, name), root + "/opt")
                         for folder, _, names in os.walk(root) for name in names]
                self.assertEqual(sorted(found), wanted)


class Top(unittest.TestCase):
    def test_cases(self):
        for what, files, options, status, text in TOP_CASES:
            with self.subTest(what):
                got, output = tool(files, ["top", *(["--count", "1"] if status == 1 else []), *options])
                self.assertEqual(got, status, output)
                self.assertIn(text, output)

    @unittest.skipUnless(os.geteuid(), "root may read everything; tests/lab has this case")
    def test_no_permission(self):
        with tempfile.TemporaryDirectory() as root:
            write(root, counters(1))
            os.chmod(os.path.join(root, "proc/kvm-sched-hint"), 0)
            done = subprocess.run([TOOL, "top"], env=environment(root), stderr=subprocess.PIPE, text=True)
            self.assertEqual(done.returncode, 1)
            self.assertIn("run it as root", done.stderr)

    def test_json(self):
        with tempfile.TemporaryDirectory() as root:
            write(root, {**LOADED, **counters(1000)})
            with subprocess.Popen([TOOL, "top", "--json", "--interval", "1.5", "--count", "2"], text=True,
                                  env=environment(root), stdout=subprocess.PIPE) as process:
                time.sleep(0.7)
                write(root, counters(1060))
                first, second = (json.loads(process.stdout.readline()) for _ in range(2))
                self.assertEqual(process.wait(), 0)
        for rates in (first["vms"][0]["rates"], first["vms"][0]["vcpus"][0]["rates"]):
            self.assertAlmostEqual(rates["halts"] * first["interval_s"], 60, delta=0.5)
            self.assertAlmostEqual(rates["kept_ns"] * first["interval_s"], 60e6, delta=1e5)
            self.assertAlmostEqual(rates["stock_stale"] * first["interval_s"], 30, delta=0.5)
        self.assertEqual(first["vms"][0]["vcpus"][0]["state"], {"wake_cost_ns": 5, "mode": "hint"})
        self.assertEqual(second["vms"][0]["rates"]["halts"], 0)

    def test_columns(self):
        """Each under its title."""
        with tempfile.TemporaryDirectory() as root:
            write(root, {**LOADED, **counters(1000, arrival_wakes=0, arrival_hits=0)})
            with subprocess.Popen([TOOL, "top", "--interval", "1.5", "--count", "1"], text=True,
                                  env=environment(root), stdout=subprocess.PIPE) as process:
                time.sleep(0.7)
                write(root, counters(1060, arrival_wakes=600, arrival_hits=300))
                title, columns, of_vm, of_vcpu, empty = process.communicate()[0].splitlines()
        self.assertEqual(empty, "")
        interval_s = float(re.search(r"over (\S+) s", title)[1])
        for row in (of_vm, of_vcpu):
            for name, grown in (("HALT/s", 60), ("KEPTms/s", 60), ("PACKET/s", 600), ("PHIT/s", 300)):
                end = columns.index(name) + len(name)
                self.assertAlmostEqual(float(row[:end].split()[-1]) * interval_s, grown, delta=grown / 8, msg=name)
            self.assertRegex(row, r"  stale \d+\.\d$")

    def test_new_vm_and_old_name(self):
        """Nothing is known of a VM that was not there before, or begins anew."""
        for before in ("vm 11-0 halts=1\nstatus 11-0 ok", counters(99)["proc/kvm-sched-hint"]):
            with self.subTest(before), tempfile.TemporaryDirectory() as root:
                write(root, {**LOADED, "proc/kvm-sched-hint": before})
                with subprocess.Popen([TOOL, "top", "--json", "--interval", "1.5", "--count", "1"], text=True,
                                      env=environment(root), stdout=subprocess.PIPE) as process:
                    time.sleep(0.7)
                    write(root, counters(50))
                    self.assertIsNone(json.loads(process.stdout.readline())["vms"][0]["rates"])

    def test_module_goes(self):
        with tempfile.TemporaryDirectory() as root:
            write(root, {**LOADED, **counters(1)})
            with subprocess.Popen([TOOL, "top", "--interval", "0.5"], env=environment(root),
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
                time.sleep(0.2)
                os.unlink(os.path.join(root, "proc/kvm-sched-hint"))
                self.assertIn("is not loaded", process.communicate()[1])
                self.assertEqual(process.returncode, 1)


class Terminal(unittest.TestCase):
    """However top ends, the terminal is as it was."""

    def run_top(self, act, files=None, wanted=0):
        with tempfile.TemporaryDirectory() as root:
            write(root, files or {**LOADED, **counters(1)})
            master, slave = pty.openpty()
            before = termios.tcgetattr(slave)
            process = subprocess.Popen([TOOL, "top", "--interval", "0.2"], env=environment(root), stdin=slave,
                                       stdout=slave, stderr=slave, start_new_session=True,
                                       preexec_fn=lambda: __import__("fcntl").ioctl(0, termios.TIOCSCTTY, 0))
            output, acted, deadline = b"", False, time.monotonic() + 10
            while process.poll() is None or select.select([master], [], [], 0)[0]:
                self.assertLess(time.monotonic(), deadline, output)
                if select.select([master], [], [], 0.05)[0]:
                    output += os.read(master, 65536)
                if not acted and output.count(b"12-0") >= 2:
                    acted = True
                    self.assertFalse(termios.tcgetattr(slave)[3] & termios.ECHO)
                    act(process, master, root)
            after = termios.tcgetattr(slave)
            os.close(master)
            os.close(slave)
        self.assertEqual(process.returncode, wanted, output)
        self.assertEqual(before, after)
        self.assertTrue(output.startswith(ENTER), output)
        self.assertEqual(output.count(ENTER), output.count(LEAVE))
        return output[output.rindex(LEAVE) + len(LEAVE):]

    def test_control_c(self):
        self.assertEqual(self.run_top(lambda process, master, root: os.write(master, b"\x03")), b"")

    def test_q(self):
        self.assertEqual(self.run_top(lambda process, master, root: os.write(master, b"q")), b"")

    def test_terminated(self):
        self.assertEqual(self.run_top(lambda process, master, root: process.send_signal(signal.SIGTERM)), b"")

    def test_module_goes(self):
        def act(process, master, root):
            os.unlink(os.path.join(root, "proc/kvm-sched-hint"))
        self.assertIn(b"is not loaded", self.run_top(act, wanted=1))

    def test_stopped_and_continued(self):
        def act(process, master, root):
            os.write(master, b"\x1a")
            for _ in range(100):
                time.sleep(0.02)
                with open(f"/proc/{process.pid}/stat", encoding="ascii") as stat:
                    if stat.read().split()[2] == "T":
                        break
            else:
                self.fail("Ctrl-Z does not stop it")
            process.send_signal(signal.SIGCONT)
            time.sleep(0.7)
            os.write(master, b"q")
        self.assertEqual(self.run_top(act), b"")


if __name__ == "__main__":
    unittest.main()
