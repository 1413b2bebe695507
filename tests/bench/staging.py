# SPDX-License-Identifier: GPL-2.0-or-later
"""Lays out the scenario folder of a workload: scripts, load tools, programs of the guest."""

import os
import re
import shutil
import subprocess

import stage  # the demonstration's

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
SIP_KINDS = ("sip", "capacity")
NOBODY_ELSE = {"passwd": "root:x:0:0:root:/root:/bin/sh\n", "group": "root:x:0:\n"}


def compiled(source, folder):
    """A static program, in `folder`."""
    os.makedirs(folder, exist_ok=True)
    target = os.path.join(folder, os.path.basename(source)[:-2])
    done = subprocess.run([stage.which("cc", "gcc"), "-O2", "-static", "-Wall", "-Wextra", "-o", target, source, "-lm"],
                          capture_output=True, text=True)
    if done.returncode:
        raise stage.StageError(f"{os.path.basename(source)} does not build: {done.stderr.strip()}")


def stage_own(host, guest):
    """This project's load tool for the host, and its servers for the guest."""
    compiled(os.path.join(HERE, "udp-load.c"), os.path.join(host, "usr/bin"))
    for name in ("udp-server.c", "blk-read.c"):
        compiled(os.path.join(HERE, "guest", name), os.path.join(guest, "usr/bin"))


def version_of(program, pattern):
    """What a program says that it is; its exit status says nothing."""
    said = subprocess.run([program, "--help" if "cyclictest" in program else "--version"], capture_output=True, text=True)
    found = re.search(pattern, said.stdout + said.stderr)
    return found[1] if found else "unknown"


def stage_cyclictest(guest):
    program = stage.which("cyclictest", "rt-tests")
    stage.put_program(guest, program)
    return {"cyclictest": version_of(program, r"cyclictest V (\S+)")}


def stage_dnsmasq(guest):
    program = stage.which("dnsmasq", "dnsmasq-base")
    stage.put_program(guest, program)
    os.makedirs(os.path.join(guest, "etc"), exist_ok=True)
    for name, content in NOBODY_ELSE.items(): # it looks its user and group up
        with open(os.path.join(guest, "etc", name), "w", encoding="utf-8") as out:
            out.write(content)
    return {"dnsmasq": version_of(program, r"version (\S+)")}


def stage_sip(folder, host, guest, server):
    stage.stage_sipp(folder, host)
    version = stage.stage_server(guest, server)
    # not as guest.sh, which would start it in each guest
    shutil.copy(os.path.join(stage.HERE, "scenario", "guest.sh"), os.path.join(guest, "etc/demo/server.sh"))
    return {server: version.partition(" ")[2]}


def stage_workload(folder, workload, conf):
    """Fills `folder` for tests/lab/run or tests/scenario/run; returns versions of what is measured."""
    stage.stage_scripts(folder, os.path.join(HERE, "scenario"))
    host, guest = os.path.join(folder, "files/host"), os.path.join(folder, "files/guest")
    os.makedirs(host)
    stage_own(host, guest)
    stage.write_conf(os.path.join(folder, "bench.conf"), conf)
    if workload.kind in SIP_KINDS:
        return stage_sip(folder, host, guest, workload.server)
    if workload.kind == "cyclictest":
        return stage_cyclictest(guest)
    return stage_dnsmasq(guest) if workload.server == "dnsmasq" else {}
