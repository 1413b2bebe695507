# SPDX-License-Identifier: GPL-2.0-or-later

.PHONY: deps update-versions
#: make deps              install the Debian packages all this needs (as root), else name them
deps:
	@scripts/deps

#: make update-versions   move the pins in versions.conf to the mirror's present versions
update-versions:
	@scripts/update-versions

# What runs in the lab needs these; the packages first, whatever make's -j
.PHONY: lab-built
lab-built: deps
	@$(MAKE) --no-print-directory modules qemu
