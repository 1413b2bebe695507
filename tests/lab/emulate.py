# SPDX-License-Identifier: GPL-2.0-or-later
"""The emulated KVM host: QEMU's TCG emulates AMD SVM with nested paging."""

import os
import re
import select
import subprocess
import time

# The emulated CPU has none of the flaws that mitigations are for, and each of them costs
# more emulated than real: a return through a thunk, a flush of what is not there.
APPEND = "mitigations=off"
# --time=virtual: see emulator/. 1 ns for an instruction. 2 us are less than any latency between CPUs.
VIRTUAL_TIME = "shift=0,sleep=off,lockstep=2000"
# The host of the paper, a Xeon E5-2690, has 2.9 GHz; at one instruction per cycle, which is what
# servers reach, it does 2.9 in that time. So in virtual time everything that is a constant of the
# hardware, or was chosen for it, is to be that much longer: else waking would look cheaper, in
# comparison with what it is done for, than it is.
SLOWER = 2.9
# What leaving an idle state takes that host, and from which length of sleep on (us): Linux's
# intel_idle, snb_cstates. An emulated CPU leaves at once, no real one does.
CSTATES = {"none": (), "snb": ((2, 2), (10, 20), (80, 211), (104, 345))}
# A vmxnet3, because the guests have its driver and the host has not loaded it; behind a port of its own,
# whose reset is the only one that it has: without, the next guest's packets get lost. Without interrupt
# remapping the host's interrupts stay what they are where there is no IOMMU.
ASSIGNABLE_NIC = [
    "-device", "intel-iommu,intremap=off",
    "-netdev", "hubport,id=own,hubid=0", "-device", "virtio-net-pci,netdev=own,romfile=,mac=52:54:00:0b:00:01",
    "-netdev", "hubport,id=assigned,hubid=0", "-device", "pcie-root-port,id=assigned-port,chassis=1",
    "-device", "vmxnet3,bus=assigned-port,netdev=assigned,romfile=,mac=52:54:00:0b:00:02"]


def idle_states(name, nr_cpus):
    """For -icount. The CPUs that pin-load uses stand for other machines and have no idle states."""
    states = ":".join(f"{exit_us * SLOWER:.0f}/{residency_us * SLOWER:.0f}"
                      for exit_us, residency_us in CSTATES[name])
    if not states:
        return ""
    mask = (1 << nr_cpus) - 1
    for cpu in range(1, min(3, nr_cpus - 1)):
        mask &= ~(1 << cpu)
    return f",cstates={states},cstates-mask={mask}"


def prefer_main_loop(pid):
    """Lets QEMU's device emulation preempt its emulated CPUs, where that is allowed.

    Timers and devices of the emulated machine run in QEMU's main loop. Where the emulated
    CPUs burn every CPU of this one, as in mode always, the main loop would have to wait
    for a time slice, and each of their interrupts with it: no real machine does that.
    Needs root; without, figures of modes that poll are worse than they should be.
    The threads that the main loop starts, the emulated CPUs, stay ordinary.
    """
    try:
        os.sched_setscheduler(pid, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(1))
    except OSError:
        pass


def give_way(pid):
    """What was begun with SCHED_IDLE (chrt --idle 0) leaves the CPUs to all else, in its new session, too.

    To a kernel with autogroups a session is a group, and what its threads are counts within it only.
    """
    if os.sched_getscheduler(0) != os.SCHED_IDLE:
        return
    try:
        with open(f"/proc/{pid}/autogroup", "w", encoding="ascii") as group:
            group.write("19")
    except OSError:
        pass	# it has ended, or there are no such groups


def emulated_cpus(pid, nr_cpus, patience_s=5):
    """The threads of QEMU's emulated CPUs: {CPU: thread id}; in virtual time one for all, as CPU 0."""
    deadline = time.monotonic() + patience_s
    found = {}
    while len(found) < nr_cpus and time.monotonic() < deadline:
        for tid in os.listdir(f"/proc/{pid}/task"):
            try:
                with open(f"/proc/{pid}/task/{tid}/comm", encoding="ascii", errors="replace") as comm:
                    match = re.match(r"(?:CPU (\d+)|ALL CPUs)/TCG", comm.read())
            except OSError:
                continue
            if match:
                found[int(match[1] or 0)] = int(tid)
        time.sleep(0.02)
    return found


def pin(pid, nr_cpus):
    """Each emulated CPU to a CPU of this machine, the main loop to the first one's.

    Else the scheduler puts two of these threads on one CPU now and then, for a time slice:
    milliseconds in which an emulated CPU stands still, most often where it polls. A machine
    of fewer CPUs than the emulated one has is left to its scheduler.
    """
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) < nr_cpus:
        return
    try:
        for cpu, tid in emulated_cpus(pid, nr_cpus).items():
            os.sched_setaffinity(tid, {cpus[cpu]})
        os.sched_setaffinity(pid, {cpus[0]})
    except OSError:
        pass	# it has ended, or this machine does not let us


class EmulatedHost:
    """machine: nr_cpus, virtual_time (else the clock is this machine's), cstates (virtual time only), mwait,
    assignable_nic"""

    def __init__(self, qemu, firmware, kernel, initramfs, disk, memory, append, console, machine):
        self.complaints = []
        self.nr_cpus = machine["nr_cpus"]
        self.virtual_time = machine["virtual_time"]
        self.assignable_nic = machine["assignable_nic"]
        accel = ["-accel", "tcg,thread=multi"]
        if self.virtual_time:
            accel = ["-accel", "tcg,thread=single",
                     "-icount", VIRTUAL_TIME + idle_states(machine["cstates"], self.nr_cpus)]
            # The CPUs' clocks differ by as much as lockstep lets them: no reason to do without.
            append = f"tsc=reliable {append}"
        cpu = "EPYC,+svm,+npt"
        if machine["mwait"]:
            # One C1 sub-state, which is for guests: where it is emulated MWAIT is but a pause.
            cpu += ",x-mwait-edx=0x10"
            append = f"idle=nomwait {append}"
        self.argv = [
            qemu, "-L", firmware, "-name", "sched-hint-lab,debug-threads=on", "-M", "q35", *accel,
            "-cpu", cpu, "-smp", str(self.nr_cpus), "-m", str(memory),
            "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-serial", f"file:{console}", "-serial", "stdio",
            "-drive", f"file={disk},format=raw,if=none,id=results,cache=unsafe",
            "-device", "virtio-blk-pci,drive=results,romfile=",
            *(ASSIGNABLE_NIC if self.assignable_nic else []),
            "-kernel", kernel, "-initrd", initramfs,
            "-append", f"console=ttyS0 loglevel=5 panic=-1 {APPEND} {append}"]

    def run(self, limit_s, line):
        """Calls line(text) for each line of the run. False: it had to be killed."""
        deadline = time.monotonic() + limit_s
        process = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, start_new_session=True)
        try:
            give_way(process.pid)
            if not self.virtual_time:
                prefer_main_loop(process.pid)
                pin(process.pid, self.nr_cpus)
            elif self.assignable_nic and emulated_cpus(process.pid, 1):
                # The net between the two NICs is the main loop's, and is waited for in virtual time.
                # The emulated CPUs' thread is there by now, and goes on giving way.
                prefer_main_loop(process.pid)
            return self._follow(process, deadline, line)
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
            self.complaints = [text for text in process.stderr.read().decode(errors="replace").splitlines()
                               if "TCG doesn't support requested feature" not in text]

    def _follow(self, process, deadline, line):
        pending = b""
        out = process.stdout.fileno()
        while time.monotonic() < deadline:
            if not select.select([out], [], [], 1)[0]:
                continue
            data = os.read(out, 65536)
            if not data:
                return True
            *lines, pending = (pending + data).split(b"\n")
            for text in lines:
                line(text.decode(errors="replace").rstrip("\r"))
        return False
