# `make demo` shows Ichimado at work, `make check test` proves it. `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup setup-run demo test check format fuzz bench bench-quick bench-reading bench-matching bench-clean crash sample lock clean

ARGS ?=
WORKERS ?= 2
# Tests start some hundred processes: what Python compiled once is kept, whatever the shell says of bytecode.
export PYTHONDONTWRITEBYTECODE :=
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
PEERS := build/bench-peers

# A stamp names what was installed: when a lock changes, its name changes, and the next target installs.
LOCKED := requirements/tools.txt requirements/run.txt pyproject.toml packaging/opencv-contrib-shim/pyproject.toml
RUN_STAMP := $(VENV)/.run-$(shell cat $(LOCKED) | sha256sum | cut -c1-16)
DEV_STAMP := $(VENV)/.dev-$(shell cat $(LOCKED) requirements/dev.txt packaging/system-packages | sha256sum | cut -c1-16)

COMPILE := $(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-annotate \
	--python-version 3.11
COMPILE_APP := $(COMPILE) --override requirements/overrides.txt \
	--no-emit-package opencv-contrib-python --no-emit-package opencv-python

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(DEV_STAMP) ## install everything for running, testing and checking into .venv
	@echo "ready: make demo, make test, make check"

setup-run: $(RUN_STAMP) ## install only what running needs into .venv
	@echo "ready: make demo"

$(VENV)/bin/uv: requirements/tools.txt
	@packaging/system-packages run
	@echo "python: making $(VENV)"
	@"$$(packaging/find-python)" -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/tools.txt
	@touch $@

# The stand-in is built from a copy, so that its folder stays as it is in git (docs/decisions/0003).
define install
	echo "python: $(1) into $(VENV) (a minute or two the first time)"
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --require-hashes -r $(1)
	shim=$$(mktemp -d); trap 'rm -rf "$$shim"' EXIT
	cp packaging/opencv-contrib-shim/pyproject.toml "$$shim/"
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation "$$shim"
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	$(UV) pip check --quiet --python $(BIN)/python
endef

.ONESHELL:
$(RUN_STAMP): | $(VENV)/bin/uv
	@packaging/system-packages run
	$(call install,requirements/run.txt)
	rm -f $(VENV)/.run-*; touch $@

$(DEV_STAMP): | $(VENV)/bin/uv
	@packaging/system-packages dev
	$(call install,requirements/dev.txt)
	rm -f $(VENV)/.run-* $(VENV)/.dev-*; touch $(RUN_STAMP) $@

demo: $(RUN_STAMP) ## take sample forms and records from arrival to the review queue (ARGS="--no-serve --json")
	@exec $(BIN)/ichimado demo $(ARGS)

test: $(DEV_STAMP) ## run all tests, on SQLite and PostgreSQL and in Chromium (ARGS="-k name")
	@exec $(BIN)/pytest -n $(WORKERS) --dist loadfile $(ARGS)

check: $(DEV_STAMP) ## lint, format, types, import arrows, locks
	@echo "ruff: lint and format"
	$(BIN)/ruff check --quiet --output-format concise .
	$(BIN)/ruff format --quiet --check .
	echo "mypy: japan ocr matchers pipeline"
	$(BIN)/mypy --no-error-summary
	echo "import-linter: the arrows of the house"
	report=$$($(BIN)/lint-imports --no-logo) || { echo "$$report"; exit 1; }
	echo "locks: what is installed fits together and fits pyproject.toml"
	$(UV) pip check --quiet --python $(BIN)/python
	$(BIN)/pytest --quiet --no-header -p no:xdist tests/unit/test_house_locks.py

format: $(DEV_STAMP) ## mend what ruff can mend
	@$(BIN)/ruff check --quiet --fix .
	$(BIN)/ruff format --quiet .

fuzz: $(DEV_STAMP) ## 10,000 seeded hostile files against every reader (ARGS="--count 500 --seed 7 --formats pdf,zip")
	@exec $(BIN)/python -m tests.fuzz $(ARGS)

bench: $(DEV_STAMP) ## measure reading, matching, campaigns and workers (ARGS="campaign --applications 3000")
	@exec $(BIN)/python -m benchmarks $(ARGS)

bench-quick: $(DEV_STAMP) ## the same in small sizes, some ten minutes
	@exec $(BIN)/python -m benchmarks --quick $(ARGS)

bench-reading: $(DEV_STAMP) ## the reader's card on sheets of the lab (ARGS="--part held_out --sheets 60 --peers")
	@exec $(BIN)/python -m benchmarks.reading_card $(ARGS)

bench-matching: $(DEV_STAMP) $(PEERS)/.done ## ours beside Splink and on FEBRL (ARGS="--people 100000 --part held_out")
	@exec $(BIN)/python -m benchmarks.linking $(ARGS)

# What we compare with lives apart from the product: pins that need not fit ours.
$(PEERS)/.done: requirements/bench-matching.txt
	python3 -m venv $(PEERS)
	$(PEERS)/bin/pip install --quiet -r requirements/bench-matching.txt
	touch $@

bench-clean: ## remove what benchmarks drew and filled; their figures stay in build/bench
	@rm -rf build/bench-data

crash: $(DEV_STAMP) ## kill processes at seeded moments and compare what is left (ARGS="--runs 100 --seed 7")
	@exec $(BIN)/python -m tests.crash $(ARGS)

sample: $(DEV_STAMP) ## make the synthetic sample again (ARGS="--seed 7 --out DIR")
	@exec $(BIN)/python -m fixtures.generate $(ARGS)

lock: $(VENV)/bin/uv ## resolve pyproject.toml anew into requirements/*.txt (needs the network)
	@cd requirements && ../$(COMPILE) tools.in -o tools.txt; cd ..
	$(COMPILE_APP) pyproject.toml -o requirements/run.txt
	$(COMPILE_APP) pyproject.toml --extra dev -c requirements/run.txt -o requirements/dev.txt

clean: ## remove what was made here: .venv, caches, var/
	@rm -rf $(VENV) build var *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
