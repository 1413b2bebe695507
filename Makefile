# SPDX-License-Identifier: GPL-2.0-or-later
# Entry points only; how each is done stands in mk/ and scripts/.

# kbuild and QEMU's configure would each fail in a way of its own
$(if $(word 2,$(CURDIR)),$(error the path of the tree has a blank in it: $(CURDIR)))

KERNEL ?= 6.12

.PHONY: help clean
help:
	@echo 'sched-hint: a scheduling-hint channel between KVM guests and their host'
	@echo
	@sed -n 's/^#: //p' $(MAKEFILE_LIST)
	@echo
	@echo 'KERNEL=6.12|6.1 picks the kernel, of "make modules" 6.12-rt|6.1-rt, too. Downloads, QEMU and unpacked kernels are kept'
	@echo 'in $$SCHED_HINT_CACHE, else ~/.cache/sched-hint; all other output is in build/.'

include $(wildcard mk/*.mk)

#: make clean             remove build/ (the cache stays)
clean:
	rm -rf build
