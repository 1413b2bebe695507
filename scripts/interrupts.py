# SPDX-License-Identifier: GPL-2.0-or-later
"""Being asked to end: by Ctrl-C, by SIGTERM, or because the terminal is closed."""

import signal

ASKED_BY = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _interrupt(_signum, _frame):
    # A terminal's Ctrl-C reaches a runner and what it has begun, which the runner ends as well: what cleans
    # up is not to be interrupted by that.
    for asked_by in ASKED_BY:
        signal.signal(asked_by, signal.SIG_IGN)
    raise KeyboardInterrupt


def interruptible():
    """The first of ASKED_BY raises KeyboardInterrupt, and those that follow do nothing. What is ignored from
    the begin (nohup, a job in the background) stays so."""
    for asked_by in ASKED_BY:
        if signal.getsignal(asked_by) is not signal.SIG_IGN:
            signal.signal(asked_by, _interrupt)
