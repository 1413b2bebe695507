# SPDX-License-Identifier: GPL-2.0-or-later
"""Asterisk 22 from Debian's unstable suite, unpacked without installing it."""


def stage(guest):
    raise NotImplementedError
