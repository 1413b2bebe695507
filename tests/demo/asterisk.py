# SPDX-License-Identifier: GPL-2.0-or-later
"""Asterisk 22 from Debian's unstable suite, unpacked but not installed.

Debian 12 has no Asterisk. mmdebstrap makes a small unstable root of its own in the
cache; from it come Asterisk, the modules that answering a call takes, and unstable's
own C library, which runs them on the guest's kernel.
"""

import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(TOP, "scripts"))
from pins import PinError, cache_dir, mirrors  # noqa: E402

LIBRARIES = "usr/lib/x86_64-linux-gnu"
LOADER = "lib64/ld-linux-x86-64.so.2"
# Asterisk asks for these, and their defaults are right
EMPTY = ("stasis", "ccss", "features", "acl", "udptl", "pjproject")


class AsteriskError(Exception):
    """One line for the user."""


def unstable_root():
    """The unpacked unstable root with Asterisk, made at the first use."""
    root = os.path.join(cache_dir(), "asterisk-sid")
    if os.path.exists(os.path.join(root, "usr/sbin/asterisk")):
        return root
    if not shutil.which("mmdebstrap"):
        raise AsteriskError("mmdebstrap is missing: apt-get install mmdebstrap")
    try:
        bases = [base for base in mirrors() if "security" not in base]
    except PinError as error:
        raise AsteriskError(str(error)) from error
    if not bases:
        raise AsteriskError("apt has no Debian mirror configured: Asterisk comes from its unstable suite")
    print("demo: unpacking Debian unstable with Asterisk into the cache; a minute or two", flush=True)
    part = root + ".part"
    shutil.rmtree(part, ignore_errors=True)
    os.makedirs(os.path.dirname(root), exist_ok=True)
    done = subprocess.run(
        ["mmdebstrap", "--variant=essential", '--aptopt=Acquire::Check-Valid-Until "false"',
         "--include=asterisk", "sid", part, bases[0]], capture_output=True, text=True)
    if done.returncode:
        shutil.rmtree(part, ignore_errors=True)
        errors = [line for line in done.stderr.splitlines() if line.startswith("E:")] or ["no message"]
        raise AsteriskError(f"mmdebstrap failed: {errors[0]}")
    os.rename(part, root)
    return root


def libraries(root, path):
    """What a program or module of the unstable root is loaded with, below that root."""
    found = subprocess.run(
        [os.path.join(root, LOADER), "--library-path", os.path.join(root, LIBRARIES), "--list", path],
        capture_output=True, text=True).stdout
    return re.findall(r"=> (/\S+) \(0x", found)


def put(root, guest, path):
    """Copies a file of the unstable root to the same place in the guest."""
    target = os.path.join(guest, os.path.relpath(path, root))
    if not os.path.exists(target):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copy(path, target)


def wanted_modules():
    with open(os.path.join(HERE, "asterisk/modules.conf"), encoding="utf-8") as conf:
        return re.findall(r"^load = (\S+)", conf.read(), re.M)


def version(root):
    with open(os.path.join(root, "var/lib/dpkg/status"), encoding="utf-8") as status:
        return re.search(r"^Package: asterisk\n(?:.+\n)*?Version: (\S+)", status.read(), re.M)[1]


def stage(guest):
    """Fills the guest's folder; returns the version."""
    root = unstable_root()
    programs = [os.path.join(root, "usr/sbin/asterisk")]
    for name in wanted_modules():
        programs.append(os.path.join(root, LIBRARIES, "asterisk/modules", name))
        if not os.path.exists(programs[-1]):
            raise AsteriskError(f"Asterisk's {name} is missing in {root}: remove that folder, it is made again")
    for program in programs:
        for path in [program, *libraries(root, program)]:
            put(root, guest, path)
    put(root, guest, os.path.join(root, LOADER))
    # It registers no option that has no documentation, and does not start without its options.
    put(root, guest, os.path.join(root, "usr/share/asterisk/documentation/core-en_US.xml"))
    conf = os.path.join(guest, "etc/demo/asterisk")
    shutil.copytree(os.path.join(HERE, "asterisk"), conf)
    for name in EMPTY:
        with open(os.path.join(conf, name + ".conf"), "w", encoding="utf-8"):
            pass
    return version(root)
