# SPDX-License-Identifier: GPL-2.0-or-later
"""Builds initramfs images: no root, no cpio, no device nodes (devtmpfs has them)."""

import lzma
import os
import shutil
import stat

from options import SetupError

# where today's distributions have moved these folders
MERGED = {"bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib", "lib64": "usr/lib64"}


class Tree:
    """A root file system in memory: path -> (mode, content).

    content is a source file's path (str), bytes, or a link's target for links.
    """

    def __init__(self):
        self.entries = {}
        for folder in ("dev", "proc", "sys", "run", "tmp", "etc", "root", "results", "var"):
            self.folder(folder)
        for link, target in MERGED.items():
            self.folder(target)
            self.link(link, target)

    def resolve(self, path):
        """Follows links to folders in the path's own parents, as tar -h would not."""
        done = ""
        for part in os.path.dirname(path).split("/"):
            if not part:
                continue
            done = f"{done}/{part}" if done else part
            for _ in range(16):
                mode, target = self.entries.get(done, (0, ""))
                if not stat.S_ISLNK(mode):
                    break
                done = os.path.normpath(os.path.join("/", os.path.dirname(done), target)).lstrip("/")
        return os.path.join(done, os.path.basename(path))

    def folder(self, path, mode=0o755):
        path = self.resolve(path)
        if stat.S_ISLNK(self.entries.get(path, (0, ""))[0]):
            return
        parent = os.path.dirname(path)
        if parent and parent not in self.entries:
            self.folder(parent)
        self.entries[path] = (stat.S_IFDIR | mode, b"")

    def _put(self, path, mode, content):
        path = self.resolve(path)
        parent = os.path.dirname(path)
        if parent and parent not in self.entries:
            self.folder(parent)
        if stat.S_ISDIR(self.entries.get(path, (0, ""))[0]):
            # a link over a folder that has content (bin -> usr/bin): keep it
            return
        self.entries[path] = (mode, content)

    def link(self, path, target):
        self._put(path, stat.S_IFLNK | 0o777, target)

    def data(self, path, content, mode=0o644):
        self._put(path, stat.S_IFREG | mode, content)

    def file(self, path, source, mode=None):
        if mode is None:
            mode = stat.S_IMODE(os.stat(source).st_mode)
        self._put(path, stat.S_IFREG | mode, source)

    def overlay(self, source, path=""):
        """Lays the content of a folder over the tree."""
        for entry in sorted(os.scandir(source), key=lambda e: e.name):
            where = os.path.join(path, entry.name)
            if entry.is_symlink():
                self.link(where, os.readlink(entry.path))
            elif entry.is_dir():
                self.folder(where, stat.S_IMODE(entry.stat().st_mode))
                self.overlay(entry.path, where)
            elif entry.is_file():
                if not os.access(entry.path, os.R_OK):
                    raise SetupError(f"cannot read {entry.path}")
                self.file(where, entry.path)

    def busybox(self):
        source = shutil.which("busybox", path="/bin:/usr/bin")
        if not source:
            raise SetupError("busybox is missing: run `make deps` (package busybox-static)")
        with os.popen(f"{source} --list") as listing:
            applets = listing.read().split()
        self.file("usr/bin/busybox", source, 0o755)
        for applet in applets:
            if applet != "busybox":
                self.link(f"usr/bin/{applet}", "busybox")
        return source

    def write(self, path):
        """Writes a newc archive; not compressed, which is what boots fastest here."""
        with open(path, "wb") as out:
            for inode, name in enumerate(sorted(self.entries), 1):
                mode, content = self.entries[name]
                if stat.S_ISLNK(mode):
                    content = content.encode()
                if isinstance(content, str):
                    with open(content, "rb") as source:
                        _header(out, name, inode, mode, os.fstat(source.fileno()).st_size)
                        start = out.tell()
                        shutil.copyfileobj(source, out, 1 << 20)
                        size = out.tell() - start
                else:
                    _header(out, name, inode, mode, len(content))
                    out.write(content)
                    size = len(content)
                out.write(b"\0" * (-size % 4))
            _header(out, "TRAILER!!!", 0, 0, 0)


def _header(out, name, inode, mode, size):
    encoded = name.encode() + b"\0"
    links = 2 if stat.S_ISDIR(mode) else 1
    fields = (inode, mode, 0, 0, links, 0, size, 0, 0, 0, 0, len(encoded), 0)
    out.write(b"070701" + b"".join(b"%08X" % f for f in fields) + encoded)
    out.write(b"\0" * (-(6 + 8 * 13 + len(encoded)) % 4))


def _decompressed(path):
    if path.endswith(".xz"):
        with lzma.open(path) as packed:
            return packed.read()
    with open(path, "rb") as plain:
        return plain.read()


def kernel_modules(kernel_root, version, wanted):
    """Returns [(name.ko, bytes)] in load order; what is built in is left out."""
    base = os.path.join(kernel_root, "lib/modules", version)
    dep, by_name = {}, {}
    with open(os.path.join(base, "modules.dep"), encoding="utf-8") as listing:
        for line in listing:
            path, _, needs = line.partition(":")
            dep[path] = needs.split()
            by_name[os.path.basename(path).split(".ko")[0].replace("-", "_")] = path
    order = []

    def add(path):
        for need in reversed(dep[path]):
            add(need)
        if path not in order:
            order.append(path)

    for name in wanted:
        if name in by_name:
            add(by_name[name])
    return [(os.path.basename(p).split(".ko")[0] + ".ko", _decompressed(os.path.join(base, p)))
            for p in order]
