# Two commands matter: `make demo` and `make test`.  The verbs live in the `sales` command; this file only installs it.
# Make variables: PYTHON=python3.12 picks the interpreter.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
ROOT := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
VENV := $(ROOT)/.venv
UV := $(ROOT)/.uv/bin/uv
UV_VERSION := 0.13.9
# the first interpreter that answers and is 3.11 or 3.12
PYTHON ?= $(shell for p in python3.12 python3.11 python3 python; do $$p -c 'import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))' >/dev/null 2>&1 && { command -v $$p; break; }; done)
GROUPS_ := --group ingestion --group dbt --group app --group local --group dev
export PATH := $(VENV)/bin:$(PATH)

.PHONY: help setup lock demo down status logs test check docs bench warm clean distclean

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  \033[1m%-10s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(UV):
	@[ -n "$(PYTHON)" ] || { echo "Python 3.11 or 3.12 is needed, none was found; install one or say make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@"$(PYTHON)" -m venv "$(ROOT)/.uv" || { echo "python's venv module is missing (Debian: apt-get install python3-venv)" >&2; rm -rf "$(ROOT)/.uv"; exit 1; }
	@"$(ROOT)/.uv/bin/python" -m pip install --quiet --disable-pip-version-check "uv==$(UV_VERSION)"

$(VENV)/.installed: requirements.lock pyproject.toml | $(UV)
	@[ -n "$(PYTHON)" ] || { echo "Python 3.11 or 3.12 is needed, none was found; install one or say make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@echo "installing the Python environment into .venv (about 1.6 GB, once)"
	@[ -x "$(VENV)/bin/python" ] || "$(UV)" venv --quiet --no-python-downloads --python "$(PYTHON)" "$(VENV)"
	@"$(UV)" pip sync --quiet --python "$(VENV)/bin/python" --require-hashes "$(ROOT)/requirements.lock"
	@"$(UV)" pip install --quiet --python "$(VENV)/bin/python" --no-deps --no-build-isolation --editable "$(ROOT)"
	@touch "$@"

setup: $(VENV)/.installed ## install everything: Python environment and jars
	@sales jars

lock: | $(UV) ## pin the dependencies again, with hashes
	@cd "$(ROOT)" && "$(UV)" pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 \
	    --custom-compile-command "make lock" $(GROUPS_) --output-file requirements.lock $(LOCK_ARGS)

demo: setup ## everything from nothing to a dashboard with figures; leaves the stack running
	@sales demo

down: $(VENV)/.installed ## stop the stack, leave nothing behind (the data stays)
	@sales down

status: $(VENV)/.installed ## what runs, how far, how fresh
	@sales status

logs: $(VENV)/.installed ## follow every log of the stack
	@sales logs --follow

test: setup ## every test, on the real broker and engine
	@cd "$(ROOT)" && python -m pytest --cov --cov-report=term:skip-covered

check: $(VENV)/.installed ## lint, types, unit tests; no services
	@cd "$(ROOT)" && ruff check . && ruff format --check . && mypy && sqlfluff lint dbt_sales --processes 2 && python -m pytest -q tests/unit tests/contracts

docs: setup ## the dbt docs with the lineage graph, into dbt_sales/target
	@sales docs

bench: setup ## measure the figures of docs/performance.md on this machine
	@sales bench

warm: setup ## make the JVM's start-up cache (faster starts afterwards)
	@sales warm

clean: ## stop the stack and delete its data (delta/ and var/)
	@if [ -e "$(VENV)/.installed" ]; then sales down; fi
	@rm -rf "$(ROOT)/delta" "$(ROOT)/var"

distclean: clean ## also delete what was installed
	@rm -rf "$(VENV)" "$(ROOT)/.uv" "$(ROOT)/infra/jars/lib"
