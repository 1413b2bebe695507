# SPDX-License-Identifier: GPL-2.0-or-later
# QEMU with the device.

.PHONY: qemu qemu-path qemu-series

#: make qemu              build QEMU with the device, static: build/qemu/
qemu:
	@scripts/qemu-build

# prints the path of what `make qemu` built
qemu-path:
	@scripts/qemu-build --path

#: make qemu-series       write and test the series for git am: build/qemu-series/
qemu-series:
	@scripts/qemu-series
