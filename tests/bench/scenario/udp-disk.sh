# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2034,SC2154 # variables of the files that it is sourced with
# As udp, but for each answer the server reads from its disk.

. ./disk.sh
. ./udp.sh
