# SPDX-License-Identifier: GPL-2.0-or-later

.PHONY: modules install uninstall
#: make modules           build both modules for KERNEL into build/modules/<version>/
modules:
	@scripts/build-modules $(KERNEL)

#: make install           on a KVM host, as root: install the host module, its udev rule, sched-hint
install:
	@scripts/install-host install

#: make uninstall         undo make install
uninstall:
	@scripts/install-host uninstall
