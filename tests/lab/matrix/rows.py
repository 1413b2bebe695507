# SPDX-License-Identifier: GPL-2.0-or-later
"""The rows of the matrix: how each is set up, and, from docs/matrix.md, what is to be expected."""

import os
import re

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
DOCS = os.path.join(TOP, "docs", "matrix.md")

# (the host's kernel, the guest's)
SAME = (("6.12", "6.12"), ("6.1", "6.1"))
RT = (("6.12-rt", "6.12-rt"), ("6.1-rt", "6.1-rt"))
MIXED = (("6.12", "6.1"), ("6.1", "6.12"), ("6.12-rt", "6.12"), ("6.12", "6.12-rt"), ("6.1-rt", "6.1"),
         ("6.1", "6.1-rt"))
# what no housekeeping of the kernel's is to be done on: the second CPU of two
ISOLATED = "nohz_full=1 rcu_nocbs=1 isolcpus=nohz,domain,managed_irq,1"


class MatrixError(Exception):
    """One line for the user."""


class Row:
    """host: options of tests/lab/run; the others, of guest-start; kernels: pairs as in SAME"""

    def __init__(self, host=(), guest="", qemu="", vcpus=1, device="", kernels=SAME):
        self.host, self.guest, self.qemu, self.vcpus, self.kernels = host, guest, qemu, vcpus, kernels
        self.device = ",".join(filter(None, ["virtio-sched-hint-pci", device]))
        self.says = {}	# by side, host, guest or qemu: what docs/matrix.md has it say


ROWS = {
    "plain": Row(kernels=SAME + RT + MIXED),
    "two-vcpus": Row(vcpus=2, kernels=SAME + RT),
    "all-hints": Row(vcpus=2, device="runnable=on,poll=on,wake-peer=on,event=on", kernels=SAME + RT),
    "idle-poll": Row(guest="idle=poll", kernels=SAME + RT),
    "idle-halt": Row(guest="idle=halt"),
    "idle-nomwait": Row(guest="idle=nomwait"),
    "haltpoll": Row(guest="cpuidle_haltpoll.force=1", kernels=SAME + RT),
    "cpuidle-off": Row(guest="cpuidle.off=1"),
    "cpu-pm": Row(qemu="-overcommit cpu-pm=on"),
    "mwait": Row(host=("--mwait",), qemu="-overcommit cpu-pm=on"),
    "irqchip-split": Row(qemu="-machine kernel-irqchip=split"),
    "guest-isolated": Row(vcpus=2, guest=ISOLATED, kernels=SAME + RT),
    "host-isolated": Row(host=("--host-append", ISOLATED), kernels=SAME + RT),
}


def expectations(path=DOCS):
    """{row: {side: text}} of the tables whose first column is "row"; the text is a cell's first `code`."""
    found, heads = {}, None
    with open(path, encoding="utf-8") as docs:
        for line in docs:
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            if not line.startswith("|"):
                heads = None
            elif heads is None:
                heads = cells
            elif heads[0] == "row" and not set(cells[0]) <= set("-: "):
                texts = [re.search(r"`([^`]+)`", cell) for cell in cells]
                by_head = {head: text[1] if text else "" for head, text in zip(heads, texts)}
                name = by_head.pop("row")
                found[name] = {side: by_head.get(side, "") for side in ("host", "guest", "qemu")}
    return found


def rows():
    """All rows by name, each with what it is to say."""
    said = expectations()
    for name in sorted(set(ROWS) ^ set(said)):
        where = "not in docs/matrix.md" if name in ROWS else "in docs/matrix.md only"
        raise MatrixError(f"row {name} is {where}")
    for name, row in ROWS.items():
        row.says = said[name]
        if not row.says["host"] or not row.says["guest"]:
            raise MatrixError(f"docs/matrix.md does not say what to expect of row {name}")
    return ROWS
