# Two commands matter: `make demo` and `make test`.  The `sales` command does the work; this file installs and calls it.
# Make variables: PYTHON=python3.12 picks the interpreter.
SHELL := $(or $(wildcard /bin/bash),bash)
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
# the clone's folder; make splits names at spaces, so the shell finds it
HERE := $(shell cd -P -- "$$(dirname -- '$(subst ','\'',$(MAKEFILE_LIST))' | sed 's/^ //')" && pwd)

ifneq ($(HERE),$(CURDIR))
# make was called from another folder
help: ; @$(MAKE) --directory '$(subst ','\'',$(HERE))' $@
%: ; @$(MAKE) --directory '$(subst ','\'',$(HERE))' $@
else

# every path below is relative to the clone, whose own path may contain spaces
VENV := .venv
UV := .uv/bin/uv
UV_VERSION := 0.13.9
# the first interpreter that works and is 3.11 or 3.12
PYTHON ?= $(shell for p in python3.12 python3.11 python3 python; do $$p -c 'import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))' >/dev/null 2>&1 && { command -v $$p; break; }; done)
GROUPS_ := --group ingestion --group spark --group dbt --group app --group airflow --group local --group dev
# uv's own list of authorities lacks a company's; the system's list has it, if there is one
export UV_SYSTEM_CERTS ?= $(if $(wildcard /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem),true,false)
# for a user whose home cannot be written
ifneq ($(shell test -w ~ && echo yes),yes)
export UV_CACHE_DIR ?= $(CURDIR)/.uv/cache
endif
# an empty environment has no PATH
export PATH := $(CURDIR)/$(VENV)/bin:$(or $(PATH),/usr/local/bin:/usr/bin:/bin)
# a Python environment contains its own path in every script, so it is made again after its clone was moved or copied
MOVED := $(if $(wildcard $(VENV)/.installed),$(shell printf %s "$$(pwd -P)" | cmp -s - $(VENV)/lib/python3*/site-packages/_sales_lakehouse.pth || echo yes))
# PATH cannot contain a colon; the rest of the rule is in ingestion/settings.py, which would report it minutes later
ODD := $(shell printf %s "$$(pwd -P)" | grep -o '[];:,\#$$*?{}|^<>"`\[]' | head -n 1)
ifneq ($(ODD),)
$(error the path of a clone must not contain $(ODD), got $(CURDIR); move it (docs/runbook.md, The name of a folder))
endif

.PHONY: help setup lock demo airflow up down status logs test test-story test-airflow test-stack check lint types sql units docs bench warm clean distclean

help: ## this list
	@if [ -t 1 ]; then bold='\033[1m' plain='\033[0m'; else bold='' plain=''; fi; \
	    awk -F':.*## ' "/^[a-z-]+:.*## /{printf \"  $$bold%-12s$$plain %s\n\", \$$1, \$$2}" Makefile

$(UV):
	@[ -n "$(PYTHON)" ] || { echo "Python 3.11 or 3.12 is needed, none was found; install one or run make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@rm -rf .uv
	@if "$(PYTHON)" -c 'import ensurepip' 2>/dev/null; then \
	    "$(PYTHON)" -m venv .uv && .uv/bin/python -m pip install --quiet --disable-pip-version-check "uv==$(UV_VERSION)"; \
	elif "$(PYTHON)" -m pip --version >/dev/null 2>&1; then \
	    "$(PYTHON)" -m pip install --quiet --disable-pip-version-check --target .uv "uv==$(UV_VERSION)"; \
	else \
	    echo "$(PYTHON) has neither venv nor pip; install one of them (Debian: apt-get install python3-venv)" >&2; exit 1; \
	fi

$(VENV)/.installed: requirements.lock pyproject.toml $(if $(MOVED),moved) | $(UV)
	@[ -n "$(PYTHON)" ] || { echo "Python 3.11 or 3.12 is needed, none was found; install one or run make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@[ -x $(VENV)/bin/python ] || $(UV) venv --quiet --no-python-downloads --python "$(PYTHON)" $(VENV)
	@cmp -s requirements.lock "$@" || { \
	    echo "installing the Python environment into .venv (about 1.9 GB, once)"; \
	    $(UV) pip sync --quiet --compile-bytecode --python $(VENV)/bin/python --require-hashes requirements.lock; }
	@$(UV) pip install --quiet --python $(VENV)/bin/python --no-deps --no-build-isolation --editable .
	@cp requirements.lock "$@"

.PHONY: moved
moved:
	@echo "this clone was moved or copied: its Python environment is made again"
	@rm -rf $(VENV)

setup: $(VENV)/.installed ## install everything: Python environment and jars
	@sales jars

lock: | $(UV) ## pin the dependencies again, with hashes
	@$(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 \
	    --custom-compile-command "make lock" $(GROUPS_) --output-file requirements.lock $(LOCK_ARGS)

demo: setup ## everything from nothing to a dashboard with figures; leaves the stack running
	@sales demo

airflow: setup ## Airflow beside the stack: the DAG, its runs, its address and password
	@sales airflow

up: ## the full stack in Docker: images, secrets, start; waits until everything is healthy
	@$(or $(PYTHON),python3) -m infra.docker.compose up

# the embedded stack, the full one, or both, whichever is running
down: ## stop the stack, leave nothing behind (the data stays)
	@if [ -e $(VENV)/.installed ]; then python -m infra.cli stop; fi
	@if [ -e .env ]; then $(or $(PYTHON),python3) -m infra.docker.compose down; fi

status: $(VENV)/.installed ## what is running, how far it has got, how fresh the figures are
	@sales status

logs: ## follow every log of the stack that is running
	@if [ -e .env ] && $(or $(PYTHON),python3) -m infra.docker.compose runs; then \
	    $(or $(PYTHON),python3) -m infra.docker.compose logs; \
	else $(MAKE) setup && sales logs --follow; fi

test: setup ## all tests but test-airflow and test-stack, on the real broker and engine
	@python -m pytest -n 2 --cov --cov-report= tests/unit tests/contracts
	@python -m pytest --cov --cov-append --cov-report=term:skip-covered --durations=10 -m "not airflow" tests/dags tests/e2e

test-story: setup ## for every day: start, the story of the data, the page; about three minutes
	@python -m pytest --durations=5 tests/e2e/test_1_story.py tests/e2e/test_5_page.py

test-airflow: setup ## the DAG through Airflow's real scheduler
	@python -m pytest --durations=10 -m airflow tests/e2e

test-stack: setup ## the full stack in Docker: the story, and every fault
	@python -m pytest --durations=10 -m stack tests/stack

check: $(VENV)/.installed ## lint, types, SQL, unit and contract tests; no services
	@$(MAKE) --jobs 4 lint types sql units

lint: ## of check: ruff
	@ruff check . && ruff format --check .

types: ## of check: mypy
	@mypy

sql: ## of check: sqlfluff
	@sqlfluff lint dbt_sales --disable-progress-bar

units: ## of check: unit and contract tests
	@python -m pytest -q -n 2 tests/unit tests/contracts

docs: setup ## the dbt docs with the lineage graph, into dbt_sales/target
	@sales docs

bench: setup ## measure the figures of docs/performance.md on this machine
	@sales bench

warm: setup ## make the JVM's start-up cache (faster starts afterwards)
	@sales warm

clean: ## stop the stack and delete its data (in delta/ and var/, or LAKE_DIR and VAR_DIR)
	@if [ -e $(VENV)/.installed ]; then python -m infra.cli stop; fi
	@if [ -e $(VENV)/.installed ]; then LAKE_DIR="$${LAKE_DIR:-delta}" python -m infra.local.refuse_owned_lake; fi
	@lake="$${LAKE_DIR:-delta}" var="$${VAR_DIR:-var}" && \
	    rm -rf "$$lake"/{bronze,silver,dernier_vente_id,.dernier_vente_id.lock,.owner} "$$var"/{kafka,spark,dbt,log,run,airflow} && \
	    rmdir --ignore-fail-on-non-empty "$$lake" "$$var" 2>/dev/null || true

distclean: clean ## also delete what was installed
	@rm -rf $(VENV) .uv infra/jars/lib
endif
