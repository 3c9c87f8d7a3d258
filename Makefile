# What a person types. Everything is installed into .venv from the one hashed lock; nothing else is needed.
.DEFAULT_GOAL := help
.PHONY: help setup run test check bench lock dump clean

PYTHON ?= $(firstword $(foreach v,python3.13 python3.12 python3.11 python3,$(if $(shell $(v) -c 'import sys; print(sys.version_info >= (3, 11) or "")' 2>/dev/null | grep True),$(v))))
BIN := .venv/bin
WORKERS ?= 2

help:  ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## */  make \1\t/' | expand -t 16

setup: .venv/installed  ## make .venv with the command .venv/bin/timebank

.venv/installed: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "需要 Python 3.11 或更高 / Python 3.11 or later is needed" >&2; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-index --no-deps --no-build-isolation -e .
	@touch $@

run: setup  ## book a small invented community and serve it, with a login for each role (Ctrl-C ends it)
	$(BIN)/timebank demo --serve

test: setup  ## run every test
	@.ci/tools
	$(BIN)/python -m pytest -m "" -n $(WORKERS) --dist loadfile

check: setup  ## ruff, mypy --strict, import contracts, dependencies, migration drift, schema dump
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .
	$(BIN)/python -m timebank.migrations.dump --check
	$(BIN)/python -m pytest tests/timebank/migrations/test_drift.py

bench: setup  ## measure the ratios of docs/benchmarks.md (ARGS='--json FILE' and others)
	$(BIN)/python -m tests.benchmarks $(ARGS)

lock: setup  ## resolve requirements.lock anew from pyproject.toml
	$(BIN)/uv pip compile --quiet --group dev pyproject.toml --universal --python-version 3.11 \
	  --generate-hashes --no-header -o requirements.lock

dump: setup  ## write the schema dump anew after a migration
	$(BIN)/python -m timebank.migrations.dump

clean:  ## remove what setup and the tools made
	rm -rf .venv .mypy_cache .ruff_cache .import_linter_cache .hypothesis
