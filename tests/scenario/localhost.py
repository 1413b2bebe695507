# SPDX-License-Identifier: GPL-2.0-or-later
"""What a run on a real KVM host needs of that host, and how it leaves it."""

import os
import shlex
import subprocess
import sys
import time

import bundle
from options import SetupError

# module -> a file that is there once it is loaded or built in. Opening /dev/net/tun or
# /dev/vhost-net would have the kernel load the module: look at sysfs instead.
NEEDED = {
    "kvm": "/sys/class/misc/kvm",
    "tun": "/sys/class/misc/tun",
    "vhost_net": "/sys/class/misc/vhost-net",
}
# files/host is laid over the host's files; overlayfs has parameters, so built in it is there, too
NEEDED_FOR_FILES = {"overlay": "/sys/module/overlay"}
PROJECT = "kvm_sched_hint"
UNLOAD_TRIES = 25


def _loaded(module):
    return os.path.exists(f"/sys/module/{module}")


class Modules:
    def __init__(self, may_load, with_files):
        self.may_load = may_load
        self.needed = {**NEEDED, **(NEEDED_FOR_FILES if with_files else {})}
        self.loaded = []
        self.built = bundle.project_modules(os.uname().release).get(PROJECT + ".ko")

    def check(self):
        """Before anything is done: is this a KVM host, and are we allowed?"""
        if os.geteuid() != 0:
            raise SetupError("this needs root: it creates tap devices and pins kernel threads")
        missing = [m for m, path in self.needed.items() if not os.path.exists(path)]
        if missing and not self.may_load:
            raise SetupError(f"not loaded: {', '.join(missing)}; load them (modprobe), or give --yes-load-modules")

    def prepare(self, log):
        for module, path in self.needed.items():
            if not os.path.exists(path):
                self._load(["modprobe", self._kvm_vendor() if module == "kvm" else module])
        if _loaded(PROJECT):
            log.line(f"using the {PROJECT} that is loaded")
        elif not self.may_load:
            log.warn(f"{PROJECT} is not loaded (and --yes-load-modules not given): guests run without it")
        elif self.built:
            self._load(["insmod", self.built])
        else:
            self._load(["modprobe", PROJECT])

    @staticmethod
    def _kvm_vendor():
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as info:
            flags = info.read().split()
        if "svm" in flags:
            return "kvm_amd"
        if "vmx" in flags:
            return "kvm_intel"
        raise SetupError("this CPU offers no virtualization (or the firmware has it switched off); "
                         "tests/lab/run emulates a host")

    def _load(self, argv):
        """By insmod or modprobe."""
        done = subprocess.run(argv, capture_output=True, text=True)
        if done.returncode:
            raise SetupError(f"{' '.join(argv)}: {done.stderr.strip() or 'failed'}")
        module = os.path.basename(argv[1]).split(".ko")[0]
        # modprobe does not know a module that insmod has loaded from elsewhere
        self.loaded.append(["rmmod", module] if argv[0] == "insmod" else ["modprobe", "-r", module])

    def environment(self):
        folder = os.path.dirname(self.built) if self.built else ""
        return {"HOST_MODULE": self.built or "", "HARNESS_MODULES": folder}

    def undo(self):
        """Unloads what was loaded; says what cannot be."""
        for argv in reversed(self.loaded):
            # the last of the guests may just be ending
            for _ in range(UNLOAD_TRIES):
                done = subprocess.run(argv, capture_output=True, text=True)
                if not done.returncode:
                    break
                time.sleep(0.2)
            else:
                print(f"still loaded: {' '.join(argv)}: {done.stderr.strip()}", file=sys.stderr)


def overlay_root(files, tmp):
    """Shell commands that lay files/host over a private view of the file system."""
    root, work = os.path.join(tmp, "root"), os.path.join(tmp, "overlay")
    quoted = {k: shlex.quote(v) for k, v in {"root": root, "work": work, "files": files, "tmp": tmp}.items()}
    # The files go to the upper layer: two lower layers may not lie in one another.
    return """set -e
mkdir -p {root} {work}
mount -t tmpfs tmpfs {work}
mkdir {work}/upper {work}/work
cp -a {files}/. {work}/upper
mount -t overlay overlay -o lowerdir=/,upperdir={work}/upper,workdir={work}/work {root}
mkdir -p {root}/results {root}{tmp}
for dir in /dev /proc /sys /run {tmp}; do mount --rbind $dir {root}$dir; done
mkdir -p "$RESULTS"
mount --bind "$RESULTS" {root}/results
set +e
""".format(**quoted)
