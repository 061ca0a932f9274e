# Everything a newsroom needs on a machine: Python 3.11, 3.12 or 3.13, and make. Nothing outside this directory is touched.
#   make PYTHON=/path/to/python3.12 install     to choose the interpreter

VENV := .venv
BIN := $(VENV)/bin
PYTHONS := $(or $(PYTHON),python3.13 python3.12 python3.11 python3)

.PHONY: help install demo test test-fast lint format docs bench-publish lock clean
.DEFAULT_GOAL := help

help:
	@echo 'make install    the project and its locked dependencies into $(VENV) (a minute; nothing to do: at once)'
	@echo 'make demo       a sample newsroom, two nights against it, and what came of them'
	@echo 'make test       lint, then every test'
	@echo 'make test-fast  the tests without those marked slow'
	@echo 'make lint       ruff, mypy, import contracts'
	@echo 'make format     let ruff put it right'
	@echo 'make docs       docs/schema.md and the answers of docs/cookbook.md anew, from the database'
	@echo 'make bench-publish  what models, checks, public file and report cost at 30,000 articles (minutes)'
	@echo 'make lock       requirements.lock anew from pyproject.toml (needs uv)'
	@echo 'make clean      remove what can be made again (never the data)'

install: $(VENV)/.installed

# Two steps, so that a change of pyproject.toml alone costs two seconds. The venv is built anew from a changed lock: it holds
# what the lock says and nothing else.
$(VENV)/.locked: requirements.lock
	@set -eu; \
	for python in $(PYTHONS); do \
	    if "$$python" -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' >/dev/null 2>&1; then \
	        echo "Installing into $(VENV) with $$("$$python" --version) …"; \
	        "$$python" -m venv --clear $(VENV); \
	        $(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --require-hashes -r requirements.lock; \
	        touch $@; exit 0; \
	    fi; \
	done; \
	echo "newsroom needs Python 3.11, 3.12 or 3.13 with venv (on Debian and Ubuntu: apt install python3-venv);" \
	     "none of these is one: $(PYTHONS). Name it: make PYTHON=/path/to/python3 $(or $(MAKECMDGOALS),install)" >&2; \
	exit 2

$(VENV)/.installed: $(VENV)/.locked pyproject.toml
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
	@echo 'Installed. Try: $(BIN)/newsroom --help'

demo: install
	@$(BIN)/newsroom demo

test: lint
	@$(BIN)/python -m pytest

test-fast: install
	@$(BIN)/python -m pytest -m 'not slow'

lint: install
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check . || { echo 'ruff format: run make format' >&2; exit 1; }
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-cache >$(VENV)/lint-imports.log || { cat $(VENV)/lint-imports.log; exit 1; }

format: install
	@$(BIN)/ruff check --quiet --fix .
	@$(BIN)/ruff format --quiet .

docs: install
	@PYTHONPATH=. $(BIN)/python -m tests.made_docs

bench-publish: install
	@PYTHONPATH=. $(BIN)/python -m tests.bench_publish $(or $(ARTICLES),30000)

lock:
	@uv pip compile pyproject.toml --group dev --group build --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' --quiet --upgrade --output-file requirements.lock

clean:
	@rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find src flows tests -name __pycache__ -prune -exec rm -rf {} +
