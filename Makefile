# make demo    make a DICOM study of a synthetic head, segment it, name the report
# make test    every test and doctest
# make lint    style, types, and who may import whom
# make docs    the documentation, into site/
# make clean   remove what these made
#
# Each sets up .venv by itself, from requirements.lock, and does so again only when that file or pyproject.toml changes.
# Variables: PYTHON (3.11 or later), JOBS (test processes), SEED (of the demo's study).

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup demo picture test lint format docs lock clean

PYTHON ?= $(or $(shell command -v python3.11),python3)
JOBS ?= 2
SEED ?= 6

BIN := .venv/bin
SET_UP := .venv/set-up-$(shell cat requirements.lock pyproject.toml | cksum | cut -d' ' -f1)

help:
	@sed -n 's/^# \{0,1\}//p;/^$$/q' Makefile

setup: $(SET_UP)

$(SET_UP):
	@echo "Setting up .venv (some minutes, 2 to 3 GB; once)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@rm -f .venv/set-up-*
	@touch $@

demo: $(SET_UP)
	@rm -rf demo
	$(BIN)/oncontour phantom demo/study --cases 1 --skull --dicom --seed $(SEED)
	$(BIN)/oncontour segment demo/study/cases/* --out demo/result --dicom
	@scripts/open-report.sh demo/result

# The README's picture: the demo's report.
picture: demo
	pdftoppm -r 110 -png -singlefile demo/result/*/report.pdf docs/images/report

# One thread each, so that the test processes do not fight over the cores.
test: $(SET_UP)
	@scripts/test-tools.sh
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(JOBS) --dist worksteal -r s

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

clean:
	rm -rf .venv demo site build dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests scripts -name __pycache__ -type d -prune -exec rm -rf {} +
