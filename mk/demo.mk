# SPDX-License-Identifier: GPL-2.0-or-later

SIP ?= kamailio
QUICK ?=

.PHONY: demo
#: make demo              the paper's experiment: table, build/results/demo.json and plots;
#:                        QUICK=1: medium load only; SIP=asterisk: Asterisk 22 in the guest
demo: lab-built
	@tests/demo/run --server $(SIP) --kernel $(KERNEL) $(if $(filter-out 0,$(QUICK)),--quick) $(DEMO_ARGS)
