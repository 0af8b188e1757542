# One entry point for everything a contributor does. `make help` lists the targets.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

CARGO ?= cargo
BIN := target/release/mtbsync
DEMO := out/demo
SAMPLE := data/sample

# What the tests built; the interoperability and browser tests use it as well.
TEST_BIN := target/debug/mtbsync
# Node comes from here when the system has none that is new enough (scripts/setup.sh web).
NODE_PATH_FIRST := $(CURDIR)/.venv/bin

.PHONY: help setup build demo test test-unit test-web test-interop test-faults lint bench bench-orb man accuracy accuracy-key-frames accuracy-gps accuracy-cameras ablation run-preview web clean

help: ## List the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | column -t -s "$$(printf '\t')"

setup: ## Install missing system packages (FFmpeg libraries, libclang) and check the Rust toolchain
	@scripts/setup.sh

build: setup ## Build the release binary, target/release/mtbsync
	$(CARGO) build --release --bin mtbsync

demo: build ## Align the sample pair, carry its markers over, say where the results are
	@rm -rf $(DEMO) && mkdir -p $(DEMO)
	$(BIN) sync --reference $(SAMPLE)/reference.mp4 --new $(SAMPLE)/new.mp4 \
	  --ref-markers $(SAMPLE)/reference_markers.csv --export resolve-edl --out $(DEMO)
	@echo
	@echo "Markers in the new run:  $(DEMO)/new_markers.csv"
	@echo "EDL for DaVinci Resolve: $(DEMO)/new_markers.edl"
	@echo "Overlay picture:         $(DEMO)/alignment_overlay.png"

test: ## Formatting, lints and all tests: Rust, web app in a browser, other programs on our files; how long each took
	@CARGO="$(CARGO)" MAKE="$(MAKE)" scripts/test.sh

test-unit: ## The fast part of the tests: no video is decoded by the built program
	$(CARGO) test --workspace --lib --bins

lint: ## Formatting, clippy and, where installed, cargo-deny
	$(CARGO) fmt --all -- --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	@if $(CARGO) deny --version >/dev/null 2>&1; then \
	  $(CARGO) deny check; \
	else \
	  echo "cargo-deny is not installed: licences and advisories are checked by the GitHub workflow only"; \
	fi

bench: build ## Benchmarks per stage, and the whole program against decoding alone (makes big clips once)
	$(CARGO) bench --workspace --benches
	python3 scripts/bench_program.py --bin $(BIN) --out out/bench.md

bench-orb: setup ## Inliers of our ORB against OpenCV's on neighbouring frames (installs OpenCV from PyPI into .venv)
	@test -x .venv/bin/python || python3 -m venv .venv
	@.venv/bin/python -c 'import cv2' 2>/dev/null || .venv/bin/pip install --quiet 'opencv-python-headless>=4.9,<6' 'numpy>=1.24,<3'
	$(CARGO) build --release -p mtbsync-vision --example orb_quality
	.venv/bin/python scripts/bench_orb.py

man: build ## Write the manual pages into out/man
	$(BIN) man out/man

accuracy: build ## Measure the release binary against every pair with known truth
	$(CARGO) run --release -p mtbsync-accuracy -- --bin $(BIN) --json out/accuracy.json --diagram out/reliability.png

accuracy-key-frames: build ## The same with a key frame every 10 frames, as cameras write: only key frames are decoded
	$(CARGO) run --release -p mtbsync-accuracy -- --bin $(BIN) --key-frames

accuracy-gps: build ## What GPS gives and that it does no harm: black pictures, wrong tracks, unknown clocks, chapters, real rides
	$(CARGO) run --release -p mtbsync-accuracy -- --bin $(BIN) --gps

accuracy-cameras: build ## Two cameras: zoomed, rolled, other lens, moving cockpit, bad light (ONLY="sample, zoom" for some rows)
	$(CARGO) run --release -p mtbsync-accuracy -- --bin $(BIN) --cameras $(if $(ONLY),--only "$(ONLY)") --json out/accuracy-cameras.json

ablation: build ## What each part of the method contributes, on every pair with known truth
	$(CARGO) run --release -p mtbsync-accuracy -- --bin $(BIN) --ablation

$(TEST_BIN):
	$(CARGO) build --bin mtbsync

test-interop: $(TEST_BIN) ## Other programs read the written files: numpy, OpenTimelineIO, ffprobe, xmllint
	@scripts/setup.sh interop
	@test -x .venv/bin/python || python3 -m venv .venv
	@.venv/bin/python -c 'import numpy' 2>/dev/null || .venv/bin/pip install --quiet 'numpy>=1.24,<3'
	.venv/bin/python scripts/interop_npz.py --bin $(TEST_BIN)
	python3 scripts/interop.py

test-web: $(TEST_BIN) ## The web app: types, unit tests, that web/dist is what its source builds, all pages in Chromium
	@scripts/setup.sh web
	cd web && export PATH="$(NODE_PATH_FIRST):$$PATH" && npm ci --no-audit --no-fund && npm test && \
	  npm run build -- --outDir ../target/web-dist --emptyOutDir
	@diff -rq web/dist target/web-dist || { echo 'error: web/dist is not what web/src builds; hint: make web, then commit it'; exit 1; }
	cd web && PATH="$(NODE_PATH_FIRST):$$PATH" npm run e2e -- ../$(TEST_BIN)

test-faults: build ## Every open, read, write, fsync, rename of five commands fails once, and 200 kills (half an hour)
	python3 scripts/faults.py --bin $(BIN)
	python3 scripts/faults.py --bin $(BIN) --kills 34

run-preview: demo ## Draw the overlay picture of the demo and open it on a desktop
	$(BIN) viewer --headless --ref-markers $(SAMPLE)/reference_markers.csv --timewarp-json $(DEMO)/timewarp.json \
	  --new-markers $(DEMO)/new_markers.csv --pairs $(DEMO)/pairs.csv --out-png $(DEMO)/preview.png
	@if [ -n "$${DISPLAY:-}$${WAYLAND_DISPLAY:-}" ] && command -v xdg-open >/dev/null; then \
	  xdg-open $(DEMO)/preview.png; \
	else \
	  echo "no desktop here: look at $(DEMO)/preview.png"; \
	fi

web: ## Rebuild the web app into web/dist
	@scripts/setup.sh web
	cd web && export PATH="$(NODE_PATH_FIRST):$$PATH" && npm ci --no-audit --no-fund && npm test && npm run build

clean: ## Remove build products and results
	$(CARGO) clean
	rm -rf out .venv
