# make demo    make a DICOM study of a synthetic head, segment it, name the report
# make test    every test and doctest
# make lint    style, types, and who may import whom
# make peers   .venv-peers, with nnU-Net and others that benchmarks and some tests run beside ours
# make test-peers   these tests
# make docs    the documentation, into site/
# make clean   remove what these made
#
# Each sets up its environment by itself, from a lock, and does so again only when that file or pyproject.toml changes.
# Variables: PYTHON (3.11 or later), JOBS (test processes), SEED (of the demo's study).

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup peers demo picture test test-peers lint format docs lock lock-peers clean

PYTHON ?= $(or $(shell command -v python3.11),python3)
JOBS ?= 3
SEED ?= 6

BIN := .venv/bin
PEERS := .venv-peers/bin
STATE := $(shell cat requirements.lock requirements-peers.lock pyproject.toml | cksum | cut -d' ' -f1)
SET_UP := .venv/set-up-$(STATE)
PEERS_SET_UP := .venv-peers/set-up-$(STATE)

help:
	@sed -n 's/^# \{0,1\}//p;/^$$/q' Makefile

setup: $(SET_UP)

peers: $(PEERS_SET_UP)

$(SET_UP): LOCK := requirements.lock
$(PEERS_SET_UP): LOCK := requirements-peers.lock
# antspyx asks for older versions of numpy and scipy, and runs with ours: it is installed without asking.
$(PEERS_SET_UP): ALONE := antspyx==0.6.3 webcolors==25.10.0
$(SET_UP) $(PEERS_SET_UP):
	@echo "Setting up $(@D) (some minutes, 2 to 3 GB; once)"
	@test -x $(@D)/bin/python || $(PYTHON) -m venv $(@D)
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --requirement $(LOCK)
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable . $(ALONE)
	@rm -f $(@D)/set-up-*
	@touch $@

demo: $(SET_UP)
	@rm -rf demo
	$(BIN)/oncontour phantom demo/study --cases 1 --skull --dicom --seed $(SEED)
	$(BIN)/oncontour segment demo/study/cases/* --out demo/result --dicom
	@scripts/open-report.sh demo/result

# The README's picture: the demo's report.
picture: demo
	pdftoppm -r 110 -png -singlefile demo/result/*/report.pdf docs/images/report

# One thread each, so that the test processes do not fight over the cores; three on two cores, for some tests only wait.
test: $(SET_UP)
	@scripts/test-tools.sh
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(JOBS) --dist worksteal -r sfE

# Fails, rather than skips, where a peer is missing.
test-peers: $(PEERS_SET_UP)
	OMP_NUM_THREADS=1 $(PEERS)/python -m pytest -n $(JOBS) --dist worksteal -m peers --peers -r s

lint: $(SET_UP)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/basedpyright
	$(BIN)/lint-imports

format: $(SET_UP)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

docs: $(SET_UP)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	@echo "Documentation: $(CURDIR)/site/index.html"

# After a change of versions in .venv: write down what is there.
lock:
	$(BIN)/python scripts/lock.py > requirements.lock.part
	@mv requirements.lock.part requirements.lock

lock-peers:
	$(PEERS)/python scripts/lock.py peers > requirements-peers.lock.part
	@mv requirements-peers.lock.part requirements-peers.lock

clean:
	rm -rf .venv .venv-peers demo site build dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests scripts -name __pycache__ -type d -prune -exec rm -rf {} +
