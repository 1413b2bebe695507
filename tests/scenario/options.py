# SPDX-License-Identifier: GPL-2.0-or-later
"""The options of tests/scenario/run and tests/lab/run, and their checks."""

import argparse
import os
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "scripts"))
from pins import PinError, kernels  # noqa: E402
from arguments import USAGE, Parser, number as _number  # noqa: E402

# exit status
OK, SCRIPT_FAILED, SPLAT, TIMEOUT, SETUP_FAILED = 0, 1, 3, 4, 5
STATUS = """exit status: 0 ok, 1 a script failed, 2 usage, 3 kernel splat, 4 timeout, 5 set-up failed"""

DEFAULT_DEVICE = "virtio-sched-hint-pci"


class SetupError(Exception):
    """One line for the user; the run cannot take place."""


def _no_newline(text):
    if "\n" in text or "'" in text:
        raise argparse.ArgumentTypeError("line breaks and ' are not possible here")
    return text


def parser(prog, description):
    """The options both runners have."""
    known = kernels()
    args = Parser(prog=prog, description=description, epilog=STATUS, allow_abbrev=False,
                   formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("dir", metavar="DIR", help="has guest.sh (started in each guest at boot), host.sh (started on "
                      "the host when the first guest answers), files/guest and files/host (laid over the file systems)")
    args.add_argument("--kernel", default=next(iter(known)), choices=list(known), help="default %(default)s")
    args.add_argument("--vcpus", type=_number(1, 64, "vCPUs"), default=1, metavar="N", help="default 1")
    args.add_argument("--guest-memory", type=_number(128, 1 << 20, "MB"), default=256, metavar="MB", help="default 256")
    args.add_argument("--device", type=_no_newline, default=DEFAULT_DEVICE, metavar="ARGS",
                      help="the hint device with its properties, or none; default " + DEFAULT_DEVICE)
    args.add_argument("--qemu-args", type=_no_newline, default="", metavar="S", help="more options for the guests' QEMU")
    args.add_argument("--guest-append", type=_no_newline, default="", metavar="S",
                      help="more of the guests' kernel command line; sched_hint.guest_module=0: do not load the driver")
    args.add_argument("--timeout", type=_number(1, 86400, "seconds"), default=300, metavar="S",
                      help="for everything that runs on the host; default 300")
    args.add_argument("--out", metavar="OUT", help="default build/lab/<name of DIR>")
    return args


def parse(args, argv):
    """Parses and checks what argparse cannot."""
    try:
        opts = args.parse_args(argv)
    except PinError as error:
        args.error(str(error))
    opts.dir = os.path.abspath(opts.dir)
    if not os.path.isdir(opts.dir):
        args.error(f"no such folder: {opts.dir}")
    for script in ("host.sh", "guest.sh"):
        path = os.path.join(opts.dir, script)
        if os.path.exists(path) and not os.access(path, os.X_OK):
            args.error(f"{path} is not executable: chmod +x it")
    if not os.path.exists(os.path.join(opts.dir, "host.sh")):
        args.error(f"{opts.dir} has no host.sh: the run would have no end")
    opts.name = os.path.basename(opts.dir)
    opts.out = os.path.abspath(opts.out or os.path.join(TOP, "build", "lab", opts.name))
    opts.kver = kernels()[opts.kernel]
    # tests/lab/run's --guest-kernel; elsewhere there is but the one
    opts.guest_kernel = getattr(opts, "guest_kernel", None) or opts.kernel
    opts.guest_kver = kernels()[opts.guest_kernel]
    return opts
