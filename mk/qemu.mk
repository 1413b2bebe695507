# SPDX-License-Identifier: GPL-2.0-or-later
# QEMU with the device: build/qemu/qemu-system-x86_64

.PHONY: qemu qemu-path qemu-series check-qtest

qemu: ## build QEMU with the device, static
	@scripts/qemu-build

qemu-path: ## print where it is, if it is built
	@scripts/qemu-build --path

qemu-series: ## write qemu-patch/ as a series for git am, and test that it applies
	@scripts/qemu-series

check-qtest: ## QEMU's own tests of the device; needs no KVM
	@scripts/qemu-qtest
