# SPDX-License-Identifier: GPL-2.0-or-later

.PHONY: check check-all check-unit check-qtest check-lab check-matrix check-long check-mutants style
#: make check             the tests that take half an hour; the last line is "N passed, N failed"
check: deps
	@scripts/check unit qtest lab

#: make check-all         the same, and what takes longer: check-matrix, check-long
check-all: deps
	@scripts/check unit qtest lab matrix long

#: make check-unit        the pure parts, in user space
check-unit:
	@scripts/check unit

#: make check-qtest       QEMU's device
check-qtest:
	@scripts/check qtest

#: make check-lab         the whole stack in the emulated lab; CASES="10-load 20-attach" picks
check-lab:
	@scripts/check lab

#: make check-matrix      guests and hosts set up in every way: docs/matrix.md;
#:                        MATRIX_ARGS="--rows plain", or what tests/lab/matrix/run --help lists
check-matrix:
	@tests/lab/matrix/run $(MATRIX_ARGS)

#: make check-long        what takes longest: storms, 255 vCPUs, hibernation, VFIO, vhost-user, PREEMPT_RT
check-long:
	@scripts/check long

#: make check-mutants     takes features out, one at a time: do the tests notice?
#:                        MUTANTS="--kernels 6.1 quota drain", or what tests/mutants/run --help lists
check-mutants: deps
	@tests/mutants/run $(MUTANTS)

#: make style             checkpatch, sparse, W=1, cppcheck; silent when all is well
style:
	@scripts/style
