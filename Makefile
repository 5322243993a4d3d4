# What a newcomer needs: make setup, make demo, make test. Each sets up what it needs; the second time that takes no time.

# The first Python that is new enough; `make PYTHON=…` names another.
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$name; break; }; done)
ROWS ?= 100000
ARGS ?=

BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: help demo practice test mutate deltas failpoints feed rounds torture cutovers matrix bench growth pause performance docs screenshots check lint format lock stop clean setup
.DEFAULT_GOAL := help

help:
	@echo "make setup                make .venv with the program .venv/bin/nxtgauge-migrate; needs Python only"
	@echo "make demo [ROWS=100000]   migrate a made-up legacy database; needs Python only"
	@echo "make practice [ROWS=20000]"
	@echo "                          make databases to practise a migration night on (docs/tutorial.md)"
	@echo "make test [ARGS=…]        run the whole test suite; ARGS go to pytest"
	@echo "make mutate               plant faults in a finished migration, one at a time, and see each found"
	@echo "make deltas               verify deltas of every golden case, and find nothing that a whole verification does not"
	@echo "make failpoints           strike runs at every named point, with every action, and see each end the same"
	@echo "make feed [ROUNDS=1000]   keep a copy by the change feed alone, through random rounds, and compare it after each"
	@echo "make rounds [HISTORIES=500] [SEED=1000]"
	@echo "                          follow random histories, and compare each round with a fresh build of the same snapshot"
	@echo "make matrix [FROM=14,…,18] [TO=14,…,18] [GOLDEN=1]"
	@echo "                          migrate between servers of all versions, with TLS, ICU and libxml; fetches them by npm"
	@echo "make torture [ROUNDS=50] [SEED=1]"
	@echo "                          strike the command at random moments, resume it, compare; about half a minute a round"
	@echo "make cutovers [ROUNDS=50] [SEED=1]"
	@echo "                          strike cut-overs under writers at every step; no acknowledged write may be lost"
	@echo "make bench [ROWS=2000000] [TIMES=5]"
	@echo "                          measure this program beside what one would run instead; wants a quiet machine"
	@echo "make growth [TIMES=3]     measure how time and memory grow, up to five million rows"
	@echo "make pause [ROWS=2000000] [TIMES=20]"
	@echo "                          measure how long writers wait at a cut-over; no acknowledged write may be lost"
	@echo "make performance          write docs/performance.md of what was measured last"
	@echo "make docs                 write the documents that are made of the program anew, and build the site in build/site"
	@echo "make screenshots          make the pictures of docs/images anew; wants Chromium"
	@echo "make check                all that is no test: what lint does, types, spelling"
	@echo "make lint                 style, format and import directions; some seconds"
	@echo "make format               put the code into the format that lint asks for"
	@echo "make lock                 resolve the dependencies anew into the two lock files"
	@echo "make stop                 stop the demo's servers"
	@echo "make clean                stop all servers of this checkout, and remove .venv, caches and all that they kept"

setup: $(STAMP)
	@echo "$(BIN)/nxtgauge-migrate is ready; \`. $(BIN)/activate\` makes it nxtgauge-migrate in this terminal"

# Bytecode is compiled here, once, because imports take more than twice as long without; some machines forbid Python
# to write any while it runs. A few files of other packages are templates that cannot be compiled: no reason to stop.
# Prefect's empty database is made here, once, and copied by each new server; without it, that makes its own.
$(STAMP): requirements.lock pyproject.toml
	@if [ -z "$(PYTHON)" ]; then \
		echo "found no Python 3.11 or later; install one, or name it: make PYTHON=/path/to/python3.12" >&2; exit 1; fi
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
		f"found Python {sys.version.split()[0]}; wanted 3.11 or later: make PYTHON=/path/to/python3.12")'
	@echo "setting up .venv (once, a minute or two)"
	$(PYTHON) -m venv .venv
	env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--require-hashes -r requirements.lock
	env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--no-build-isolation --no-deps -e .
	-@env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m compileall -qq -j 0 .venv/lib
	-@env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m flows.local.prefect_server
	@touch $@

demo: $(STAMP)
	@$(BIN)/nxtgauge-migrate demo --rows $(ROWS)

practice: ROWS = 20000
practice: $(STAMP)
	@$(BIN)/nxtgauge-migrate demo --practice --rows $(ROWS)

# Tests start the program hundreds of times: its bytecode is written before, and that of tests by who first collects them.
test: $(STAMP)
	-@$(BIN)/python -m compileall -qq config transforms engine checks flows
	env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder $(ARGS)

mutate: $(STAMP)
	NXTGAUGE_MUTATIONS=all $(BIN)/python -m pytest --numprocesses 2 --dist load tests/mutations $(ARGS)

deltas: $(STAMP)
	NXTGAUGE_DELTAS=all $(BIN)/python -m pytest --numprocesses 2 --dist load tests/golden/test_golden.py $(ARGS)

failpoints: $(STAMP)
	NXTGAUGE_STRIKES=all $(BIN)/python -m pytest --numprocesses 2 --dist load tests/integration/engine/test_failpoints.py $(ARGS)

feed: ROUNDS = 1000
feed: $(STAMP)
	NXTGAUGE_FEED_ROUNDS=$(ROUNDS) $(BIN)/python -m pytest tests/integration/engine/changes $(ARGS)

rounds: HISTORIES = 500
rounds: SEED = 1000
rounds: $(STAMP)
	$(BIN)/python -W ignore -m tests.histories --histories $(HISTORIES) --seed $(SEED) $(ARGS)

matrix: FROM = 14,15,16,17,18
matrix: TO = $(FROM)
matrix: $(STAMP)
	$(BIN)/python -W ignore -m tests.matrix --from $(FROM) --to $(TO) $(if $(GOLDEN),--golden $(GOLDEN)) $(ARGS)

torture: ROUNDS = 50
torture: SEED = 1
torture: $(STAMP)
	$(BIN)/python -W ignore -m tests.torture --rounds $(ROUNDS) --seed $(SEED) $(ARGS)

cutovers: ROUNDS = 50
cutovers: SEED = 1
cutovers: $(STAMP)
	$(BIN)/python -W ignore -m tests.torture.cutovers --rounds $(ROUNDS) --seed $(SEED) $(ARGS)

bench: ROWS = 2000000
bench: TIMES = 5
bench: $(STAMP)
	$(BIN)/python -m tests.benchmarks --rows $(ROWS) --times $(TIMES) $(ARGS)

growth: TIMES = 3
growth: $(STAMP)
	$(BIN)/python -m tests.benchmarks.growth --times $(TIMES) $(ARGS)

pause: ROWS = 2000000
pause: TIMES = 20
pause: $(STAMP)
	$(BIN)/python -m tests.benchmarks.pause --rows $(ROWS) --times $(TIMES) $(ARGS)

performance: $(STAMP)
	$(BIN)/python -m tests.benchmarks.document $(ARGS)

docs: $(STAMP)
	$(BIN)/python -m docs.generator
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

screenshots: $(STAMP)
	$(BIN)/python -m tests.system.screenshots

check: lint
	$(BIN)/mypy
	$(BIN)/codespell

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# uv is no dependency; any installation of it does. runtime.lock, for the Dockerfile, is the part without tests and
# linters, and with what builds the editable install.
LOCK := --universal --generate-hashes --no-emit-index-url --no-emit-find-links --python-version 3.11 --no-header
lock:
	uv pip compile pyproject.toml --extra dev --extra docs --extra dask $(LOCK) -o requirements.lock
	echo "setuptools>=70.1" | uv pip compile pyproject.toml - --extra dask --constraints requirements.lock $(LOCK) -o runtime.lock

stop:
	@if [ -x $(BIN)/nxtgauge-migrate ]; then $(BIN)/nxtgauge-migrate demo --stop; fi

clean:
	@if [ -x $(BIN)/nxtgauge-migrate ]; then $(BIN)/nxtgauge-migrate demo --remove && $(BIN)/nxtgauge-migrate server stop --remove; fi
	rm -rf .venv build *.egg-info .pytest_cache .hypothesis .ruff_cache .mypy_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
