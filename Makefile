# Everything a newsroom needs on a machine: Python 3.11, 3.12 or 3.13, and make. Nothing outside this directory is touched.
#   make PYTHON=/path/to/python3.12 install     to choose the interpreter

VENV := .venv
BIN := $(VENV)/bin
SEED := 1
MARKS := not long
FUZZ_SECONDS := 300
LONG := tests/test_crash.py tests/test_chaos.py tests/test_walk.py tests/test_redesigns.py tests/test_extract.py tests/test_extract_altered.py \
    tests/test_hostile.py tests/test_fuzz.py tests/test_http.py tests/test_urls.py tests/test_dates.py tests/test_config.py tests/test_archive.py \
    tests/test_trust.py tests/test_changes.py tests/test_similarity.py tests/test_drift.py
PYTHONS := $(or $(PYTHON),python3.13 python3.12 python3.11 python3)

.PHONY: help install demo test test-fast test-long fuzz lint format docs bench bench-publish bench-scaling lock clean
.DEFAULT_GOAL := help

help:
	@echo 'make install    the project and its locked dependencies into $(VENV) (a minute; nothing to do: at once)'
	@echo 'make demo       a sample newsroom, two nights against it, and what came of them'
	@echo 'make test       lint, then every test but the few that take minutes'
	@echo 'make test-fast  the tests without those marked slow'
	@echo 'make test-long  what is tried at random, for longer: 220 kills, 40 power cuts, 10,000 walks … (docs/reliability.md)'
	@echo 'make fuzz       the coverage-guided fuzzer on the readers, FUZZ_SECONDS=300 of it (installs atheris)'
	@echo 'make lint       ruff, mypy, import contracts'
	@echo 'make format     let ruff put it right'
	@echo 'make docs       docs/schema.md and the answers of docs/cookbook.md anew, from the database'
	@echo 'make bench      crawls of a generated newsroom, ours beside Scrapy and dlt (needs nginx; some five minutes)'
	@echo 'make bench-publish  what models, checks, public file and report cost at 30,000 articles (minutes)'
	@echo 'make bench-scaling  a night over fifty newsrooms, on more and more Dask workers (some ten minutes)'
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
	@$(BIN)/python -m compileall -q src flows # whoever runs it may not be allowed to write here, and would compile it all at every start
	@touch $@
	@echo 'Installed. Try: $(BIN)/newsroom --help'

demo: install
	@$(BIN)/newsroom demo

# A test that takes its process with it ends the run and is named; xdist would try it again eight times.
test: lint
	@$(BIN)/python -m pytest -n auto --max-worker-restart 0 -m '$(MARKS)'

test-fast: install
	@$(BIN)/python -m pytest -n auto --max-worker-restart 0 -m 'not slow'

# Figures of docs/reliability.md come from here. The same tests are in `make test` with smaller numbers.
test-long: install
	@CRASH_KILLS=220 CRASH_SEED=$(SEED) WALKS=10000 REDESIGNS=4000 EXAMPLES=1000 CHAOS_SEEDS=12 POWER_CUTS=40 $(BIN)/python -m pytest -o timeout=1800 -s --no-header -q $(LONG)

# Beside the locked environment and never needed by it: atheris has no wheels for every Python and system.
$(VENV)/fuzz/.installed: $(VENV)/.installed
	@rm -rf $(VENV)/fuzz
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --target $(VENV)/fuzz atheris==3.0.0
	@touch $@

# New inputs gather in .venv/fuzz/corpus; what breaks something stands in .venv/fuzz/found and belongs into tests/corpus.
fuzz: $(VENV)/fuzz/.installed
	@mkdir -p $(VENV)/fuzz/corpus $(VENV)/fuzz/found
	@PYTHONPATH=src:.:$(VENV)/fuzz $(BIN)/python -m tests.fuzz $(VENV)/fuzz/corpus tests/corpus -max_total_time=$(FUZZ_SECONDS) -max_len=8192 \
	    -timeout=20 -dict=tests/corpus.dict -artifact_prefix=$(VENV)/fuzz/found/ -print_final_stats=1

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

bench: install
	@$(BIN)/python -m tests.bench_crawl --out .bench/results.json --plot docs/crawl.svg

bench-publish: install
	@PYTHONPATH=. $(BIN)/python -m tests.bench_publish $(or $(ARTICLES),30000)

bench-scaling: install
	@$(BIN)/python -m tests.bench_scaling --articles $(or $(ARTICLES),40) --out .bench/scaling.json --plot docs/scaling.svg

lock:
	@uv pip compile pyproject.toml --group dev --group build --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' --quiet --upgrade --output-file requirements.lock

clean:
	@rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find src flows tests -name __pycache__ -prune -exec rm -rf {} +
