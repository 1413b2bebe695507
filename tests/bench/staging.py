# SPDX-License-Identifier: GPL-2.0-or-later
"""Lays out the scenario folder of a workload: scripts, load tools, programs of the guest."""

import os
import shutil
import subprocess

import stage  # the demonstration's

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
SIP_KINDS = ("sip", "capacity")


def compiled(source, folder):
    """A static program, in `folder`."""
    os.makedirs(folder, exist_ok=True)
    target = os.path.join(folder, os.path.basename(source)[:-2])
    done = subprocess.run([stage.which("cc", "gcc"), "-O2", "-static", "-Wall", "-Wextra", "-o", target, source, "-lm"],
                          capture_output=True, text=True)
    if done.returncode:
        raise stage.StageError(f"{os.path.basename(source)} does not build: {done.stderr.strip()}")


def stage_programs(kind, host, guest):
    """Load tools for the host, servers for the guest; returns versions."""
    compiled(os.path.join(HERE, "udp-load.c"), os.path.join(host, "usr/bin"))
    for name in ("udp-server.c", "blk-read.c"):
        compiled(os.path.join(HERE, "guest", name), os.path.join(guest, "usr/bin"))
    if kind != "cyclictest":
        return {}
    program = stage.which("cyclictest", "rt-tests")
    stage.put_program(guest, program)
    said = subprocess.run([program, "--help"], capture_output=True, text=True)
    return {"cyclictest": next((line.split()[-1] for line in (said.stdout + said.stderr).splitlines()
                                if line.startswith("cyclictest V")), "unknown")}


def stage_workload(folder, kind, conf):
    """Fills `folder` for tests/lab/run or tests/scenario/run; returns versions of what is measured."""
    stage.stage_scripts(folder, os.path.join(HERE, "scenario"))
    host, guest = os.path.join(folder, "files/host"), os.path.join(folder, "files/guest")
    os.makedirs(host)
    versions = stage_programs(kind, host, guest)
    if kind in SIP_KINDS:
        stage.stage_sipp(folder, host)
        versions["server"] = stage.stage_server(guest, "kamailio")
        # not as guest.sh, which would start it in each guest
        shutil.copy(os.path.join(stage.HERE, "scenario", "guest.sh"), os.path.join(guest, "etc/demo/server.sh"))
    stage.write_conf(os.path.join(folder, "bench.conf"), conf)
    return versions
