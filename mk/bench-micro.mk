# SPDX-License-Identifier: GPL-2.0-or-later

.PHONY: bench-micro
#: make bench-micro       instructions and ns of what is added to a halt: build/results/bench-micro.json
bench-micro: lab-built
	@tests/bench-micro/run --kernel $(KERNEL) $(BENCH_ARGS)
