# SPDX-License-Identifier: GPL-2.0-or-later
"""Lays out the scenario folder of the experiment: scripts, SIP server, load generator."""

import os
import re
import shutil
import subprocess

import asterisk

HERE = os.path.dirname(os.path.abspath(__file__))
# shell that the benchmarks use, too
MEASURE = os.path.join(os.path.dirname(HERE), "measure")
KAMAILIO_MODULES = ("tm", "sl", "pv", "textops")
LOADER = "/lib64/ld-linux-x86-64.so.2"


class StageError(Exception):
    """One line for the user."""


def which(name, package):
    path = shutil.which(name, path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
    if not path:
        raise StageError(f"{name} is missing: run `make deps` (package {package})")
    return path


def libraries(path):
    """The shared libraries a program or module is loaded with, as ldd finds them."""
    listing = subprocess.run(["ldd", path], capture_output=True, text=True)
    missing = re.findall(r"(\S+) => not found", listing.stdout)
    if missing:
        raise StageError(f"{path} needs {missing[0]}, which is not installed: run `make deps`")
    return re.findall(r"(/\S+) \(0x", listing.stdout)


def put(tree, path):
    """Copies a file to the same path below the folder `tree`."""
    target = tree + path
    if not os.path.exists(target):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copy(path, target)


def put_program(tree, path):
    for name in [path, *libraries(path)]:
        put(tree, name)
    if os.path.exists(LOADER):
        put(tree, LOADER)


def stage_kamailio(guest):
    program = which("kamailio", "kamailio")
    put_program(guest, program)
    modules = None
    for base in ("/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib"):
        if os.path.isdir(f"{base}/kamailio/modules"):
            modules = f"{base}/kamailio"
            break
    if not modules:
        raise StageError("kamailio's modules are missing: run `make deps` (package kamailio)")
    for name in KAMAILIO_MODULES:
        put_program(guest, f"{modules}/modules/{name}.so")
    shutil.copy(os.path.join(HERE, "kamailio.cfg"), os.path.join(guest, "etc/demo"))
    version = subprocess.run([program, "-v"], capture_output=True, text=True).stdout
    return version.split()[2]


def build_fine_grain(folder):
    done = subprocess.run([which("cc", "gcc"), "-O2", "-Wall", "-shared", "-fPIC",
                           "-o", os.path.join(folder, "fine-grain.so"), os.path.join(HERE, "fine-grain.c")],
                          capture_output=True, text=True)
    if done.returncode:
        raise StageError(f"fine-grain.c does not build: {done.stderr.strip()}")


def stage_scripts(folder, scenario):
    """A scenario's scripts and those that all measurements share."""
    shutil.copytree(scenario, folder)
    for name in os.listdir(MEASURE):
        if name.endswith(".sh"):
            shutil.copy(os.path.join(MEASURE, name), folder)


def stage_sipp(folder, host):
    put_program(host, which("sipp", "sip-tester"))
    build_fine_grain(folder)
    put_program(host, which("tcpdump", "tcpdump"))
    for terminfo in ("/lib/terminfo/d/dumb", "/usr/share/terminfo/d/dumb"):
        if os.path.exists(terminfo):
            put(host, terminfo)
    # tcpdump looks its user up
    os.makedirs(os.path.join(host, "etc"))
    with open(os.path.join(host, "etc/passwd"), "w", encoding="utf-8") as passwd:
        passwd.write("root:x:0:0:root:/root:/bin/sh\n")


def stage_server(guest, server):
    """Returns its version."""
    os.makedirs(os.path.join(guest, "etc/demo"))
    version = stage_kamailio(guest) if server == "kamailio" else asterisk.stage(guest)
    write_conf(os.path.join(guest, "etc/demo/conf"), {"SERVER": server})
    return f"{server} {version}"


def stage(folder, server, conf):
    """Fills `folder` for tests/lab/run or tests/scenario/run; returns the server's version."""
    stage_scripts(folder, os.path.join(HERE, "scenario"))
    host, guest = os.path.join(folder, "files/host"), os.path.join(folder, "files/guest")
    os.makedirs(host)
    stage_sipp(folder, host)
    version = stage_server(guest, server)
    write_conf(os.path.join(folder, "demo.conf"), conf)
    return version


def write_conf(path, values):
    with open(path, "w", encoding="utf-8") as out:
        out.writelines(f"{key}='{value}'\n" for key, value in values.items())
