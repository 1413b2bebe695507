# SPDX-License-Identifier: GPL-2.0-or-later
"""versions.conf, the cache, and the mirrors apt is configured with."""

import hashlib
import os
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CONF = os.path.join(TOP, "versions.conf")


class PinError(Exception):
    """One line for the user."""


def cache_dir():
    cache = os.environ.get("SCHED_HINT_CACHE")
    if not cache:
        base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
        cache = os.path.join(base, "sched-hint")
    return os.path.abspath(cache)


def read_pins():
    """Returns {name: (suite, path, sha256)} in the file's order."""
    pins = {}
    with open(CONF, encoding="utf-8") as conf:
        for number, line in enumerate(conf, 1):
            fields = line.split("#")[0].split()
            if not fields:
                continue
            if len(fields) != 4 or len(fields[3]) != 64:
                raise PinError(f"versions.conf:{number}: expected NAME SUITE PATH SHA256")
            pins[fields[0]] = tuple(fields[1:])
    return pins


def kernels(pins=None):
    """Returns {"6.12": "6.12.117+deb12-cloud-amd64", ...}, the default first."""
    found = {}
    for name, (_, path, _) in (pins or read_pins()).items():
        if name.startswith("kernel_") and name.endswith("_image"):
            package = os.path.basename(path).split("_")[0]
            found[name.split("_")[1]] = package[len("linux-image-"):]
    return found


def checked_kernels():
    """Those that `make check` runs on; the others are for `make check-all`, and who asks for them."""
    return {kernel: version for kernel, version in kernels().items() if not kernel.endswith("-rt")}


def mirrors():
    """The base URLs of the Debian archives in apt's own configuration."""
    try:
        listing = subprocess.run(
            ["apt-get", "indextargets", "--format", "$(ORIGIN)\t$(REPO_URI)"],
            check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise PinError(f"cannot ask apt for its mirrors ({error}); this needs Debian's apt") from error
    bases = []
    for line in listing.splitlines():
        origin, _, uri = line.partition("\t")
        uri = uri.rstrip("/") + "/"
        if origin == "Debian" and uri not in bases:
            bases.append(uri)
    if not bases:
        raise PinError("apt has no Debian archive configured, or no index yet: run apt-get update")
    return bases


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as data:
        while block := data.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def main_guard(main):
    """Runs main(argv) and turns the expected failures into one line."""
    try:
        sys.exit(main(sys.argv[1:]))
    except (PinError, OSError) as error:
        print(f"{os.path.basename(sys.argv[0])}: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
