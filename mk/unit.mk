# SPDX-License-Identifier: GPL-2.0-or-later

.PHONY: coverage
#: make coverage          what of the product's pure files the unit tests reach
coverage:
	@tests/unit/coverage
