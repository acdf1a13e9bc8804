# The two commands are `make run` and `make test`; both prepare .venv by themselves.
# PYTHON=python3.12 chooses the Python, PORT=9000 the port, ARGS="-k limits" goes to pytest.

PYTHON ?= python3
PORT ?= 8000
ARGS ?=
UV ?= uv

MEMBERS = platform/pyproject.toml $(wildcard plugins/*/pyproject.toml)
OWN_NAMES = $(shell sed -n 's/^name = "\(frontage[a-z-]*\)"$$/\1/p' $(MEMBERS))

.PHONY: help run test lint setup lock security torture bench bench-quick build clean

help: ## list these commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' Makefile

run: setup ## serve on 127.0.0.1:8000, with the embedded database in var/
	@exec .venv/bin/frontage serve --demo --port $(PORT)

test: setup lint ## lint, then every test
	.venv/bin/python -m pytest -n auto $(ARGS)

lint: setup ## ruff, mypy and the order of the floors
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

setup: ## make .venv from requirements.txt; nothing to do the second time
	@$(PYTHON) bootstrap.py

lock: ## write requirements.txt anew (needs uv); LOCK=--upgrade moves what is pinned already
	$(UV) pip compile --quiet $(LOCK) --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		$(addprefix --no-emit-package ,$(OWN_NAMES)) --group dev --output-file requirements.txt $(MEMBERS)

torture: setup ## every fault of intake and of snapshots, in a table; ROUNDS=20 for a short one, ARGS="'reply cut' crash" for some rows
	.venv/bin/python -m tests.torture $(ARGS)

security: setup ## what this edge withstands, a row a threat, by tests and fuzzers; SECURITY_ROUNDS=20 for longer ones
	.venv/bin/python -m tests.security

bench: setup ## the front, intake, nearby search, the beacon and the dashboard against their rivals, as ratios in one run
	.venv/bin/python -m tests.bench $(ARGS)

bench-quick: setup ## one short round of every bench: whether they run, not what is true
	.venv/bin/python -m tests.bench --quick $(ARGS)

build: setup ## wheel and source archive of every distribution, in dist/
	@set -e; for member in $(dir $(MEMBERS)); do \
		(cd $$member && $(CURDIR)/.venv/bin/hatchling build -d $(CURDIR)/dist); \
	done

clean: ## remove .venv, dist/ and every cache; var/ with your data stays
	rm -rf .venv dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
