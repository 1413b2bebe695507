# SPDX-License-Identifier: GPL-2.0-or-later
# Product files in user space. From TOP, O and SHIMMED, these files and their headers:
# SHIM_HEADERS, what they include of the kernel but for what user space has, each of which
# leads to shim.h.

UAPI := $(wildcard $(TOP)/include/uapi/linux/*.h)
USER := linux/errno.h linux/limits.h linux/stddef.h linux/types.h $(UAPI:$(TOP)/include/uapi/%=%)
INCLUDED := $(shell sed -n 's/^\#include <\(\(linux\|asm\|trace\)\/.*\)>.*/\1/p' $(SHIMMED) | sort -u)
SHIM_HEADERS := $(patsubst %,$(O)/shim/%,$(filter-out $(USER),$(INCLUDED))) $(UAPI)

$(O)/shim/%.h:
	mkdir -p $(@D)
	echo '#include <shim.h>' >$@
