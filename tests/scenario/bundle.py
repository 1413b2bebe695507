# SPDX-License-Identifier: GPL-2.0-or-later
"""Lays out what on-host.sh needs: QEMU, firmware, guest image, commands, DIR."""

import contextlib
import glob
import os
import shutil
import subprocess

from image import Tree, kernel_modules
from options import SetupError, TOP
from pins import cache_dir, kernels
from vmlinux import vmlinux

HERE = os.path.dirname(os.path.abspath(__file__))
FIRST_GUEST = "main"
FIRMWARE = {
    "/usr/share/seabios/bios-256k.bin": "seabios",
    "/usr/share/qemu/kvmvapic.bin": "qemu-system-data",
    "/usr/share/qemu/pvh.bin": "qemu-system-data",
    "/usr/share/qemu/linuxboot_dma.bin": "qemu-system-data",
}
# the button, for suspended guests to be woken with
GUEST_MODULES = ["virtio_pci", "virtio_net", "virtio_blk", "virtio_balloon", "button"]
# there to be loaded: a NIC that QEMU emulates
MORE_GUEST_MODULES = ["vmxnet3"]


def command(argv, what):
    """Runs a build step; its output is shown only when it fails."""
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-1]
        raise SetupError(f"{what}: {last}")
    return done.stdout.strip()


def kernel_root(kernel):
    return command([os.path.join(TOP, "scripts", "kernel-tree"), kernel], "kernel")


def qemu_binary():
    """The static QEMU with the device: $QEMU, else what `make qemu` built."""
    path = os.environ.get("QEMU")
    if path:
        if not os.access(path, os.X_OK):
            raise SetupError(f"QEMU={path} is not an executable file")
        return path
    return command([os.path.join(TOP, "scripts", "qemu-build"), "--path"], "QEMU")


# of QEMUs without debug information, in the cache
COPIES_KEPT = 8


def stripped(path):
    """A copy without debug information, kept in the cache: it goes into an initramfs."""
    if not shutil.which("strip"):
        return path
    stat = os.stat(path)
    copy = os.path.join(cache_dir(), "stripped", f"qemu-{stat.st_size}-{stat.st_mtime_ns}")
    if not os.path.exists(copy):
        os.makedirs(os.path.dirname(copy), exist_ok=True)
        part = f"{copy}.{os.getpid()}"
        command(["strip", "-o", part, path], "strip")
        os.rename(part, copy)
        copies = glob.glob(os.path.join(os.path.dirname(copy), "qemu-*-*"))
        with contextlib.suppress(FileNotFoundError): # another run may do the same
            for old in sorted(copies, key=os.path.getmtime)[:-COPIES_KEPT]:
                os.unlink(old)
    return copy


def helper(name):
    """Compiles a static program of this folder, once per change."""
    source = os.path.join(HERE, name + ".c")
    binary = os.path.join(TOP, "build", "scenario", name)
    if not os.path.exists(binary) or os.path.getmtime(binary) < os.path.getmtime(source):
        os.makedirs(os.path.dirname(binary), exist_ok=True)
        part = f"{binary}.{os.getpid()}"
        command(["cc", "-O2", "-static", "-o", part, source], f"cannot compile {name}.c")
        os.rename(part, binary)
    return binary


def project_modules(kver):
    """{name.ko: path} of everything `make modules` built for this kernel."""
    found = glob.glob(os.path.join(TOP, "build", "modules", kver, "**", "*.ko"), recursive=True)
    return {os.path.basename(path): path for path in sorted(found)}


def guest_image(opts, root):
    tree = Tree()
    tree.busybox()
    tree.file("usr/bin/agent", helper("agent"), 0o755)
    tree.file("init", os.path.join(HERE, "guest-init.sh"), 0o755)
    boot = kernel_modules(root, opts.guest_kver, GUEST_MODULES)
    for name, content in boot + kernel_modules(root, opts.guest_kver, MORE_GUEST_MODULES):
        tree.data(f"lib/scenario/{name}", content)
    tree.data("lib/scenario/boot-modules", "".join(n + "\n" for n, _ in boot).encode())
    for name, path in project_modules(opts.guest_kver).items():
        if name != "kvm_sched_hint.ko":
            tree.file(f"lib/scenario/{name}", path)
    script = os.path.join(opts.dir, "guest.sh")
    if os.path.exists(script):
        tree.file("guest.sh", script, 0o755)
    files = os.path.join(opts.dir, "files", "guest")
    if os.path.isdir(files):
        tree.overlay(files)
    return tree


def applets(where):
    """busybox's commands, for what a host may lack; behind its own in PATH."""
    tree = Tree()
    source = tree.busybox()
    folder = os.path.join(where, "applets")
    os.makedirs(folder)
    shutil.copy(source, folder)
    for path, (_, target) in tree.entries.items():
        if target == "busybox":
            os.symlink("busybox", os.path.join(folder, os.path.basename(path)))


def _device(opts, qemu):
    if opts.device == "none":
        return "none"
    name = opts.device.split(",")[0]
    if f'"{name}"' not in command([qemu, "-device", "help"], qemu):
        raise SetupError(f"QEMU at {qemu} has no device {name}; `make qemu` builds one, --device none does without")
    return opts.device


def need_module(kernel, module, switch, append):
    """A run without a module must be asked for, lest it pass for a result."""
    if f"{module}.ko" not in project_modules(kernels()[kernel]) and f"{switch}=0" not in append.split():
        option = "--guest-append" if "guest" in switch else "--host-append"
        raise SetupError(f"{module}.ko is not built for {kernel}: run `make modules KERNEL={kernel}`, "
                         f"or give {option} {switch}=0")


def build(opts, where):
    """Fills the folder `where` with all but the host's own kernel."""
    need_module(opts.guest_kernel, "virtio_sched_hint", "sched_hint.guest_module", opts.guest_append)
    root = kernel_root(opts.guest_kernel)
    qemu = qemu_binary()
    os.makedirs(os.path.join(where, "guest"))
    os.makedirs(os.path.join(where, "firmware"))
    for path, package in FIRMWARE.items():
        if not os.path.exists(path):
            raise SetupError(f"{path} is missing: run `make deps` (package {package})")
        shutil.copy(path, os.path.join(where, "firmware"))
    shutil.copytree(os.path.join(HERE, "bin"), os.path.join(where, "bin"))
    for script in ("lib.sh", "on-host.sh"):
        shutil.copy(os.path.join(HERE, script), where)
    shutil.copy(helper("agent"), os.path.join(where, "bin"))
    shutil.copy(stripped(qemu), os.path.join(where, "bin", "qemu"))
    shutil.copy(vmlinux(root, opts.guest_kver), os.path.join(where, "guest", "vmlinux"))
    # what a guest can start by kexec, and guest-start --packed
    shutil.copy(os.path.join(root, "boot", f"vmlinuz-{opts.guest_kver}"), os.path.join(where, "guest", "vmlinuz"))
    guest_image(opts, root).write(os.path.join(where, "guest", "initramfs"))
    shutil.copytree(opts.dir, os.path.join(where, "scenario"), symlinks=True,
                    ignore=lambda folder, names: ["files"] if folder == opts.dir else [])
    conf = {
        "KERNEL": opts.kernel, "VCPUS": opts.vcpus, "GUEST_MEMORY": opts.guest_memory,
        "DEVICE": _device(opts, qemu), "QEMU_ARGS": opts.qemu_args, "GUEST_APPEND": opts.guest_append,
        "TIMEOUT": opts.timeout, "FIRST_GUEST": FIRST_GUEST,
    }
    with open(os.path.join(where, "conf"), "w", encoding="utf-8") as out:
        out.writelines(f"{key}='{value}'\n" for key, value in conf.items())
