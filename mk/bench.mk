# SPDX-License-Identifier: GPL-2.0-or-later

.PHONY: bench
#: make bench             workloads and targets: tables, build/results/bench.json, plots;
#:                        BENCH_ARGS="--quick", or what tests/bench/run --help lists
bench: lab-built
	@tests/bench/run --kernel $(KERNEL) $(BENCH_ARGS)
