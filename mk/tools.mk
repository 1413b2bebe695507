# SPDX-License-Identifier: GPL-2.0-or-later

.PHONY: tools install-tools uninstall-tools
#: make tools             build sched-hint, the operator's tool: build/tools/; STATIC=1
tools:
	@$(MAKE) --no-print-directory -s -C tools/sched-hint O=$(CURDIR)/build/tools$(if $(STATIC),-static)

#: make install-tools     install it and its man page below PREFIX, /usr/local
install-tools:
	@scripts/install-tools install

#: make uninstall-tools   undo make install-tools
uninstall-tools:
	@scripts/install-tools uninstall
