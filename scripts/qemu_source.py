# SPDX-License-Identifier: GPL-2.0-or-later
"""QEMU's source, pristine and with qemu-patch/ applied, and where it is built."""

import fcntl
import filecmp
import hashlib
import json
import os
import shutil
import subprocess
import sys

from pins import TOP, PinError, cache_dir, read_pins

PATCH = os.path.join(TOP, "qemu-patch")
WIRE_UP = os.path.join(PATCH, "wire-up.patch")
# What the emulated host needs of its emulator; no part of the device's series.
EMULATOR = os.path.join(TOP, "tests", "lab", "emulator")
OUT = os.path.join(TOP, "build", "qemu")
BINARY = "qemu-system-x86_64"

# Static, so that the emulated host needs no libraries; with nothing that the
# lab does not use, so that it builds in minutes.
CONFIGURE = [
    "--python=/usr/bin/python3", "--target-list=x86_64-softmmu", "--static",
    "--without-default-features", "--disable-install-blobs", "--enable-kvm", "--enable-tcg",
    "--enable-vhost-net", "--enable-vhost-kernel", "--enable-vhost-user", "--enable-attr", "--audio-drv-list=",
]


def root():
    """The cache directory of the pinned source; another pin gets another one."""
    _, path, digest = read_pins()["qemu_dsc"]
    version = os.path.basename(path).split("_")[1].split("+")[0]
    return os.path.join(cache_dir(), f"qemu-{version}-{digest[:12]}")


def locked():
    """Holds the cache against a second build until the file is closed."""
    os.makedirs(root(), exist_ok=True)
    lock = open(os.path.join(root(), ".lock"), "w", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("waiting for another build to end")
        fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def say(text):
    print(f"qemu: {text}", flush=True)


def run(argv, **kwargs):
    """Runs a command that says nothing unless it fails."""
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", **kwargs)
    if done.returncode:
        sys.stderr.write(done.stdout)
        raise PinError(f"{os.path.basename(argv[0])} failed: see the lines above")
    return done.stdout


def fetch(*names):
    done = subprocess.run([os.path.join(TOP, "scripts", "fetch"), *names], text=True,
                          stdout=subprocess.PIPE)
    if done.returncode:
        raise PinError("cannot fetch " + " ".join(names) + ": see the line above")
    return done.stdout.split()


def need(*programs):
    missing = [program for program in programs if not shutil.which(program)]
    if missing:
        raise PinError("missing: " + " ".join(missing) + "; `make deps` installs what is needed")


def pristine():
    """Debian's patched source, unpacked once. Nobody writes there."""
    target = os.path.join(root(), "pristine")
    if not os.path.isdir(target):
        need("dpkg-source")
        dsc = fetch("qemu_dsc", "qemu_orig", "qemu_debian")[0]
        say("unpacking " + os.path.basename(dsc))
        new = target + ".new"
        shutil.rmtree(new, ignore_errors=True)
        # The three files' hashes are pinned, so no signature has to be checked.
        run(["dpkg-source", "--no-check", "-x", dsc, new])
        os.rename(new, target)
    return target


def meson_env():
    """The environment in which Debian's pinned meson is found."""
    target = os.path.join(root(), "meson")
    if not os.path.isdir(target):
        need("dpkg")
        deb = fetch("meson_deb")[0]
        new = target + ".new"
        shutil.rmtree(new, ignore_errors=True)
        run(["dpkg", "-x", deb, new])
        os.rename(new, target)
    env = dict(os.environ)
    env["PATH"] = os.path.join(target, "usr/bin") + os.pathsep + env["PATH"]
    env["PYTHONPATH"] = os.path.join(target, "usr/lib/python3/dist-packages")
    return env


def patched_files(patch):
    """The files of QEMU's own that a patch edits."""
    with open(patch, encoding="utf-8") as lines:
        pairs = [line.split()[1] for line in lines if line.startswith(("--- a/", "--- /dev/null", "+++ b/"))]
    return [new.split("/", 1)[1] for old, new in zip(pairs[::2], pairs[1::2]) if old != "/dev/null"]


def apply(patch, staged):
    for name in patched_files(patch):
        target = os.path.join(staged, name)
        if not os.path.exists(target):
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy(os.path.join(pristine(), name), target)
    run(["patch", "-d", staged, "-p1", "--fuzz=0", "--no-backup-if-mismatch", "-s", "-i", patch])


def emulator_patches():
    return sorted(os.path.join(EMULATOR, name) for name in os.listdir(EMULATOR) if name.endswith(".patch"))


def walk(top):
    for folder, _, names in os.walk(top):
        for name in names:
            yield os.path.relpath(os.path.join(folder, name), top)


def stage(emulator=False):
    """Writes every file that the device adds or changes to a directory, and names it.

    emulator: and those of the lab's emulator.
    """
    source = pristine()
    need("patch")
    staged = os.path.join(root(), "stage")
    shutil.rmtree(staged, ignore_errors=True)
    for folder in ("scripts", "include/standard-headers/linux", "linux-headers/linux"):
        os.makedirs(os.path.join(staged, folder))
    marker = "scripts/update-linux-headers.sh"
    shutil.copy(os.path.join(source, marker), os.path.join(staged, marker))
    run([os.path.join(TOP, "scripts", "qemu-headers"), staged])
    os.unlink(os.path.join(staged, marker))

    apply(WIRE_UP, staged)
    shutil.copytree(os.path.join(PATCH, "tree"), staged, dirs_exist_ok=True)
    for patch in emulator_patches() if emulator else []:
        apply(patch, staged)
    return staged


def key(staged):
    """Names a build: by the source, our files, and how they are configured."""
    digest = hashlib.sha256(" ".join(CONFIGURE).encode())
    digest.update(read_pins()["meson_deb"][2].encode())
    for name in sorted(walk(staged)):
        digest.update(b"\0" + name.encode() + b"\0")
        with open(os.path.join(staged, name), "rb") as data:
            digest.update(data.read())
    return digest.hexdigest()[:16]


def update_tree(staged):
    """Brings the tree that is built in line, touching only what differs."""
    tree = os.path.join(root(), "tree")
    manifest = os.path.join(root(), "tree.json")
    if not os.path.isdir(tree):
        say("copying the source")
        new = tree + ".new"
        shutil.rmtree(new, ignore_errors=True)
        shutil.copytree(pristine(), new, symlinks=True)
        os.rename(new, tree)

    before = []
    if os.path.exists(manifest):
        with open(manifest, encoding="utf-8") as old:
            before = json.load(old)
    now = sorted(walk(staged))
    with open(manifest, "w", encoding="utf-8") as new:
        json.dump(sorted(set(before) | set(now)), new)
    for name in set(before) - set(now):
        original = os.path.join(pristine(), name)
        if os.path.exists(original):
            shutil.copyfile(original, os.path.join(tree, name))
        elif os.path.exists(os.path.join(tree, name)):
            os.unlink(os.path.join(tree, name))
    for name in now:
        source, target = os.path.join(staged, name), os.path.join(tree, name)
        if not os.path.exists(target) or not filecmp.cmp(source, target, shallow=False):
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copyfile(source, target)
    with open(manifest, "w", encoding="utf-8") as new:
        json.dump(now, new)
    return tree
