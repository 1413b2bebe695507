# SPDX-License-Identifier: GPL-2.0-or-later
"""A kernel as QEMU can start it by its PVH entry: it need not decompress itself.

That takes seconds where each instruction is emulated, and there is one boot or more in most
of the tests. What the kernel does once it runs is the same; only its address is not random.
"""

import os
import subprocess
import tempfile

from options import SetupError

# Documentation/arch/x86/boot.rst: setup_sects, payload_offset and payload_length of the setup
# header, protocol 2.08. The offset is from the protected-mode code on.
SETUP_SECTS, PAYLOAD_OFFSET, PAYLOAD_LENGTH = 0x1f1, 0x248, 0x24c
# Debian's kernels have been packed by these. The four bytes behind the payload proper are
# its unpacked size.
UNPACKERS = {b"\x28\xb5\x2f\xfd": "zstd", b"\x02\x21\x4c\x18": "lz4", b"\xfd7zX": "xz"}


def packed_kernel(path):
    """Returns (its unpacker, its bytes)."""
    with open(path, "rb") as image:
        content = image.read()

    def number(at):
        return int.from_bytes(content[at:at + 4], "little")

    begin = (content[SETUP_SECTS] + 1) * 512 + number(PAYLOAD_OFFSET)
    payload = content[begin:begin + number(PAYLOAD_LENGTH) - 4]
    if payload[:4] not in UNPACKERS:
        raise SetupError(f"{path}: the kernel in it is packed by none of {', '.join(UNPACKERS.values())}")
    return UNPACKERS[payload[:4]], payload


def vmlinux(root, version):
    """The path of what boot/vmlinuz-VERSION has in it; kept beside it, which is in the cache."""
    path = os.path.join(root, "boot", f"vmlinux-{version}")
    if os.path.exists(path):
        return path
    unpacker, payload = packed_kernel(os.path.join(root, "boot", f"vmlinuz-{version}"))
    with tempfile.NamedTemporaryFile(dir=os.path.dirname(path), prefix=".vmlinux-", delete=False) as part:
        try:
            done = subprocess.run([unpacker, "-dc"], input=payload, stdout=part, stderr=subprocess.PIPE, check=False)
            if done.returncode:
                raise SetupError(f"{unpacker} cannot unpack the kernel {version}: {done.stderr.decode().strip()}")
            os.fchmod(part.fileno(), 0o644)
            os.rename(part.name, path)
        except OSError as error:
            raise SetupError(f"cannot unpack the kernel {version}: {error}; run `make deps`") from error
        finally:
            if os.path.exists(part.name):
                os.unlink(part.name)
    return path
