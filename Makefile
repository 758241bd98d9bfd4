# Needs git, make and Python >= 3.11 with venv and pip. Everything else goes into .venv.

PYTHON ?= python3
OUT ?= demo_output
PYTEST_ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check

# A stamp says that an installation is done; it is redone when pyproject.toml changes.
CREATED := $(VENV)/.created
RUNTIME := $(VENV)/.runtime-installed
DEVELOPMENT := $(VENV)/.development-installed
BENCHMARKS := $(VENV)/.benchmarks-installed

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help demo test lint format bench clean

help: ## show this list
	@echo "make TARGET, where TARGET is one of"
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(RUNTIME) ## simulate a cohort, fit it, write maps and pictures into OUT (demo_output)
	$(BIN)/secondlevel demo --out "$(OUT)"

test: $(DEVELOPMENT) ## run the tests; PYTEST_ARGS="-k name" for some of them
	$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: $(DEVELOPMENT) ## check style, formatting, types and the direction of imports
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(DEVELOPMENT) ## format the code, mend what ruff can mend by itself
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

bench: $(BENCHMARKS) ## run secondlevel and nilearn side by side, print the table of ratios
	$(BIN)/python benchmarks/run.py

clean: ## remove whatever the other targets made, .venv too
	rm -rf $(VENV) demo_output dist build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUNTIME): pyproject.toml $(CREATED)
	@echo "Installing secondlevel into $(VENV) ..."
	@$(PIP) install --editable .
	@touch $@

$(DEVELOPMENT): pyproject.toml $(CREATED)
	@echo "Installing secondlevel and what its tests and checks need into $(VENV) ..."
	@$(PIP) install --editable '.[dev]'
	@touch $(RUNTIME) $@

$(BENCHMARKS): pyproject.toml $(CREATED)
	@echo "Installing secondlevel and what its benchmarks need into $(VENV) ..."
	@$(PIP) install --editable '.[bench]'
	@touch $(RUNTIME) $@

$(CREATED):
	@command -v "$(PYTHON)" >/dev/null \
	    || { echo "No '$(PYTHON)' here. Name a Python >= 3.11: make PYTHON=/path/to/python3 ..." >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	    || { echo "secondlevel needs Python >= 3.11; '$(PYTHON)' is $$("$(PYTHON)" --version 2>&1)." \
	              "Name a newer one: make PYTHON=python3.12 ..." >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null \
	    || { echo "'$(PYTHON)' comes without venv or pip." \
	              "On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@"$(PYTHON)" -m venv --clear $(VENV)
	@touch $@
