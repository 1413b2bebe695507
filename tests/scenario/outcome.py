# SPDX-License-Identifier: GPL-2.0-or-later
"""Judges a run: looks for kernel splats, writes result.json, picks the exit status."""

import json
import os
import re
import shutil
import subprocess

from options import OK, SCRIPT_FAILED, SETUP_FAILED, SPLAT, SetupError, TIMEOUT, TOP
from pins import PinError

# What WARN(), BUG(), an oops, KASAN, lockdep and the watchdogs print. "WARNING:" alone
# is not enough: mitigations print it at boot.
SPLAT_LINE = re.compile(
    r"------------\[ cut here \]------------"
    r"|\bWARNING: CPU: \d+ PID: \d+ at "
    r"|\bWARNING: (possible|suspicious|bad unlock|inconsistent|held lock|lock held)"
    r"|\bBUG: "
    r"|\bkernel BUG at "
    r"|\bOops\b"
    r"|\bgeneral protection fault"
    r"|\bUBSAN: "
    r"|\bKernel panic - not syncing"
    r"|\bINFO: (task .* blocked for more than|rcu.*(stall|self-detected))"
    r"|\brcu: INFO: .*(stall|self-detected)"
    r"|\bunregister_netdevice: waiting for"
    r"|\bCall Trace:")
REASONS = {"ok": OK, "script": SCRIPT_FAILED, "splat": SPLAT, "timeout": TIMEOUT, "setup": SETUP_FAILED}


def find_splat(paths):
    """Returns "file: line" of the first splat, or None."""
    for path in paths:
        try:
            with open(path, encoding="utf-8", errors="replace") as log:
                for line in log:
                    if SPLAT_LINE.search(line):
                        return f"{os.path.basename(path)}: {line.strip()}"
        except FileNotFoundError:
            pass
    return None


def _move_into(source, target):
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
        for name in os.listdir(source):
            shutil.move(os.path.join(source, name), os.path.join(target, name))


def collect(state, out):
    """Moves a run's state folder to OUT; returns on-host.sh's outcome."""
    found = {}
    outcome = os.path.join(state, "outcome")
    if os.path.exists(outcome):
        with open(outcome, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                key, _, value = line.rstrip("\n").partition("=")
                found[key] = int(value) if value.isdecimal() else value
    _move_into(os.path.join(state, "results"), os.path.join(out, "host"))
    guests = os.path.join(state, "guests")
    for name in sorted(os.listdir(guests)) if os.path.isdir(guests) else []:
        folder = os.path.join(guests, name)
        with open(os.path.join(out, f"guest-{name}.log"), "wb") as log:
            for part in ("console-earlier.log", "console.log", "qemu.log"):
                path = os.path.join(folder, part)
                if os.path.exists(path):
                    with open(path, "rb") as source:
                        shutil.copyfileobj(source, log)
        _move_into(os.path.join(folder, "results"), os.path.join(out, f"guest-{name}"))
    return found


def _own_version():
    """git's name for the tree, where it is a clone and git is there."""
    try:
        git = subprocess.run(["git", "-C", TOP, "describe", "--always", "--dirty"], capture_output=True, text=True)
    except OSError:
        return None
    return git.stdout.strip() or None


def judge(opts, found, times, versions):
    """Writes result.json; returns (exit status, one line)."""
    reason = found.get("reason", "setup")
    message = found.get("message", "")
    logs = [os.path.join(opts.out, "console.log")]
    logs += sorted(os.path.join(opts.out, n) for n in os.listdir(opts.out)
                   if n.startswith("guest-") and n.endswith(".log"))
    splat = find_splat(logs)
    if splat:
        reason, message = "splat", splat
    result = {
        "scenario": opts.name, "reason": reason, "exit": REASONS[reason], "message": message, "kernel": opts.kernel,
        "versions": {"guest_kernel": opts.guest_kver, "host_kernel": found.get("host_kernel"), "qemu": found.get("qemu"),
                     "sched_hint": _own_version(), **versions},
        "times_s": {**times, **{k[:-2]: v for k, v in found.items() if k.endswith("_s")}},
        "scripts": {k[:-3]: v for k, v in found.items() if k.endswith("_rc")},
    }
    with open(os.path.join(opts.out, "result.json"), "w", encoding="utf-8") as out:
        json.dump(result, out, indent=1)
        out.write("\n")
    return REASONS[reason], f"{reason}: {message}" if message else reason


def guarded(opts, run):
    """run(), whose failure to set up the run leaves a result, too."""
    try:
        return run()
    except (SetupError, PinError, OSError) as error:
        return judge(opts, {"reason": "setup", "message": str(error)}, {}, {})
