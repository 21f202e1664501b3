# Everything one does in a clone. `make help` lists it. Needs Python 3.11 or newer, pip and make; nothing else.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
UV := $(BIN)/uv
UV_VERSION := 0.13.9
DATA ?= ./data
# Two at a time, whole files together: what a file shares (a pair of nodes, a browser) is made once.
FLAGS ?= -n 2 --dist loadfile
# What has been installed is noted inside .venv, so that both go together.
HAS_UV := .venv/.has-uv-$(UV_VERSION)
HAS_PROGRAM := .venv/.has-program
HAS_DEVELOPMENT := .venv/.has-development
MAKEFLAGS += --no-print-directory

.DEFAULT_GOAL := help
.PHONY: help run demo test check bench soak screenshots generated lock webapp browser faults clean

help: ## list these targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 14

run: $(HAS_PROGRAM) webapp ## start a node with its data in ./data
	@$(BIN)/microsocial run --data $(DATA)

demo: $(HAS_PROGRAM) webapp ## start four befriended people with posts, ready to click
	@$(BIN)/microsocial demo

test: check webapp browser faults ## everything that must hold: check, then all tests but the long ones (FLAGS for pytest)
	$(BIN)/python -m pytest -m "not soak" $(FLAGS)

check: $(HAS_DEVELOPMENT) ## style, types, walls between rooms, house rules, the web app's own checks
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m pytest -q tests/test_house_rules.py
	$(BIN)/python tools/web_app.py check
	$(BIN)/python tools/web_app.py test

bench: $(HAS_DEVELOPMENT) webapp ## measure; the figures go to bench/
	$(BIN)/python -m bench

soak: $(HAS_DEVELOPMENT) webapp browser faults ## the long tests
	$(BIN)/python -m pytest -m soak --timeout 0

screenshots: $(HAS_DEVELOPMENT) webapp browser ## take a picture of every screen and state
	$(BIN)/python -m tools.screenshots

generated: $(HAS_DEVELOPMENT) ## write the pages that are made from the program
	$(BIN)/python -m tools.generated

lock: $(HAS_UV) ## pin the newest versions of everything that is installed
	$(UV) pip compile --quiet --upgrade $(LOCKING) --group build pyproject.toml -o requirements.lock
	$(UV) pip compile --quiet --upgrade $(LOCKING) --group dev -c requirements.lock pyproject.toml -o requirements-dev.lock
LOCKING := --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock"

webapp: $(HAS_PROGRAM) ## build the web app, if something in it has changed
	@$(BIN)/python tools/web_app.py build

browser: $(HAS_DEVELOPMENT) ## have Chromium for the tests that need it
	@$(BIN)/python tools/browser.py

faults: $(HAS_DEVELOPMENT) ## have what makes disks and clocks fail for the tests that need it
	@$(BIN)/python tools/faults.py

clean: ## remove what was installed and built; your data stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis dist build webapp/node_modules src/microsocial/server/app

# What is installed, each step kept until what it was made from changes.

$(HAS_UV):
	@if [ -z "$(PYTHON)" ]; then \
		echo "Microsocial needs Python 3.11 or newer, and none was found. Install one, or name it: make PYTHON=/path/to/python3" >&2; exit 1; fi
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
		"Microsocial needs Python 3.11 or newer; this one is %d.%d. Name another: make PYTHON=/path/to/python3" % sys.version_info[:2])'
	@echo "Making an environment of its own in .venv …" >&2
	@$(PYTHON) -m venv --without-pip .venv
	@$(PYTHON) -m pip --python $(BIN)/python install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

$(HAS_PROGRAM): $(HAS_UV) requirements.lock pyproject.toml hatch_build.py
	@echo "Installing what the program needs …" >&2
	@VIRTUAL_ENV=.venv $(UV) pip install --quiet --require-hashes -r requirements.lock
	@VIRTUAL_ENV=.venv $(UV) pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(HAS_DEVELOPMENT): $(HAS_PROGRAM) requirements-dev.lock
	@echo "Installing what the tests need …" >&2
	@VIRTUAL_ENV=.venv $(UV) pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $@
