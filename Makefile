# SPDX-License-Identifier: GPL-2.0-or-later
# A thin front for meson: `make` builds, and each target below is one line of what it does.
BUILD ?= build
export BUILD

.PHONY: all demo check check-long bench docs install clean
all: $(BUILD)/build.ninja
	@ninja -C $(BUILD)

$(BUILD)/build.ninja:
	@./configure --build=$(BUILD)

# Debian at a shell prompt, on a PC or with GUEST=riscv64; installs, builds and fetches what is missing.
demo:
	@scripts/demo

# Every test; the last line is "N passed, N failed, N skipped".
check:
	@scripts/check

# What takes hours: 100 boots in a row, random tests in millions.
check-long:
	@scripts/check --long

# Speed beside the peer, as a table for each guest.
bench:
	@scripts/bench --arch=riscv64
	@scripts/bench --arch=x86_64

docs:
	@scripts/setup docs
	@sphinx-build -q -W -b html docs $(BUILD)/docs && echo "open $(BUILD)/docs/index.html"

install: all
	@meson install -C $(BUILD)

clean:
	@rm -rf $(BUILD)
