# Aulario. `make run` and `make test` do everything on a fresh machine that has make and Python 3.11 with its venv module.
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
DEMO_PORT ?= 8001
FAULT_HISTORIES ?= 30
FAULT_SEED ?= 1
FAULT_STRINGS ?= 30
BENCH_LEARNERS ?= 500
SIZE ?= short
RANGE ?= main..HEAD
PIP_AUDIT ?= 2.9.0
BASE ?= main
BEFORE ?= main
AFTER ?= .
DB ?= sqlite
MINUTES ?= 10
BIN := .venv/bin
.DEFAULT_GOAL := help
.PHONY: help run demo test test-changed test-rest test-all test-bare check coverage browser identity faults bench bench-peers simulations loadtest scaled matrix mutation golden house fix fonts guide-pictures spelling advisories dist migration schema-dump requirements hooks commits clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

run: ## serve on http://127.0.0.1:8000 (HOST=, PORT=, PYTHON= change it)
	@$(PYTHON) scripts/prepare.py --port $(HOST) $(PORT) requirements.txt
	@echo "Starting the program."
	@exec $(BIN)/lms serve --host $(HOST) --port $(PORT)

demo: ## serve a house full of people on http://127.0.0.1:8001, in instance/demo
	@$(PYTHON) scripts/prepare.py --port 127.0.0.1 $(DEMO_PORT) requirements.txt
	@exec $(BIN)/lms demo --port $(DEMO_PORT)

test: ## check, then the fast tests on SQLite (DB=postgres: only those whose result depends on the database, on PostgreSQL)
	@$(PYTHON) scripts/prepare.py requirements-dev.txt
	@[ "$(DB)" != sqlite ] || $(MAKE) --no-print-directory check
	@exec $(BIN)/python scripts/run_tests.py --db $(DB)

test-changed: ## the tests of what differs from BASE=main, chosen by the names of the changed files; says what it leaves out
	@$(PYTHON) scripts/prepare.py requirements-dev.txt
	@exec $(BIN)/python scripts/changed_tests.py $(BASE)

test-rest: ## what make test leaves out, for as long as MINUTES=10 last: a browser, slow tests, pages on PostgreSQL
	@$(PYTHON) scripts/prepare.py requirements-dev.txt
	@exec $(BIN)/python scripts/run_tests.py --rest $(MINUTES)

test-all: ## check, then everything on SQLite and PostgreSQL, in a browser and slow, each test with an application of its own; slow
	@$(PYTHON) scripts/prepare.py requirements-dev.txt
	@$(MAKE) --no-print-directory check
	@exec $(BIN)/python scripts/run_tests.py --all

test-bare: ## the fast tests that touch programs of the machine, as on one with make and Python alone
	@$(PYTHON) scripts/prepare.py requirements-dev.txt
	@exec $(BIN)/python scripts/bare_tests.py

check: ## format, lint, types, floors and rooms, translations, migrations, documents
	@$(PYTHON) scripts/prepare.py requirements-dev.txt
	@$(MAKE) --no-print-directory --jobs=2 --keep-going --output-sync=target $(CHECKS)

# The longest first, so that two at a time end together.
CHECKS := check/migrations check/translations check/types check/documents check/imports check/lint check/format
.PHONY: $(CHECKS)
check/migrations:
	@$(BIN)/python scripts/migrations.py check
check/translations:
	@$(BIN)/python scripts/translations.py check
check/types:
	@$(BIN)/mypy
check/documents:
	@$(BIN)/python scripts/packages.py check
	@$(BIN)/python scripts/documents.py check
	@$(BIN)/python scripts/access_matrix.py --check
check/imports:
	@$(BIN)/lint-imports --no-logo
check/lint:
	@$(BIN)/ruff check --quiet --output-format concise .
check/format:
	@$(BIN)/ruff format --check --quiet --output-format concise . || { echo "These files are not formatted: make fix"; exit 1; }
	@$(BIN)/python scripts/format_static.py --check

coverage: ## every branch of the rules is taken by the tests of the rules
	@$(PYTHON) scripts/prepare.py requirements-dev.txt
	@$(BIN)/python -m pytest -q -p no:randomly -m "not slow" tests/kernel/test_*_rules.py tests/enrolments/test_*_rules.py tests/compliance/test_*_rules.py tests/questions/test_*_rules.py tests/quizzes/test_*_rules.py tests/analysis/test_*_rules.py --cov=kernel.expressions --cov=enrolments.rules --cov=compliance/rules --cov=questions/rules --cov=quizzes/rules --cov=analysis/rules --cov-branch --cov-report=term-missing:skip-covered --cov-fail-under=100

browser: ## every test of a real browser, the long ones too, on SQLite and PostgreSQL
	@$(PYTHON) scripts/prepare.py requirements-dev.txt
	@$(BIN)/python -m pytest -q -n auto --dist worksteal tests/browser
	@$(BIN)/python -m pytest -q -n auto --dist worksteal tests/browser --db postgres

identity: ## sign-in by identity providers that others wrote, in a real browser (needs Chromium and Node; npm installs one of them)
	@$(PYTHON) scripts/prepare.py requirements-dev.txt
	@[ -d tests/federation/certified/node_modules ] || npm ci --silent --no-audit --no-fund --ignore-scripts --prefix tests/federation/certified
	@$(BIN)/python -m pytest -q tests/browser/test_foreign_providers.py

faults: ## what breaks while people work, on SQLite and PostgreSQL, and random histories in a real browser (FAULT_HISTORIES=30, FAULT_SEED=1), strings of each list (FAULT_STRINGS=30); counts in docs/figures; slow
	@$(PYTHON) scripts/prepare.py requirements-dev.txt
	@FIGURES=faults $(BIN)/python -m pytest -q tests/faults
	@FIGURES=faults $(BIN)/python -m pytest -q -m faults tests/kernel tests/lms tests/scale
	@FAULT_STRINGS=$(FAULT_STRINGS) FIGURES=faults $(BIN)/python -m pytest -q -m long tests/journeys/test_hostile_input.py
	@FIGURES=faults $(BIN)/python -m pytest -q tests/faults --db postgres
	@FIGURES=faults $(BIN)/python -m pytest -q -m faults tests/kernel tests/lms --db postgres
	@FAULT_HISTORIES=$(FAULT_HISTORIES) FAULT_SEED=$(FAULT_SEED) FIGURES=faults $(BIN)/python -m pytest -q tests/browser/test_faults.py tests/browser/test_devices.py tests/quizzes/test_saves.py

bench: ## measure pages, journeys, reports beside bare programs, and many at once, on SQLite and PostgreSQL; figures in docs/figures; slow
	@$(PYTHON) scripts/prepare.py requirements-dev.txt
	@red=0; $(BIN)/python -m tests.bench || red=1; \
	for database in sqlite postgres; do \
	  FIGURES=scale BENCH_LEARNERS=$(BENCH_LEARNERS) $(BIN)/python -m pytest -q tests/scale/test_many_starts.py --db $$database || red=1; \
	  FIGURES=scale BENCH_ATTEMPTS=36000 $(BIN)/python -m pytest -q tests/scale/test_report_of_many.py tests/scale/test_regrading.py tests/scale/test_acta_of_many.py --db $$database || red=1; \
	done; exit $$red

bench-peers: ## install Kolibri 0.19 into build/peers and let eight learners at once go the whole way there and here (needs a line to PyPI)
	@$(PYTHON) scripts/prepare.py requirements-dev.txt
	@$(BIN)/python -m tests.bench.peers

simulations: ## simulate the rules in force beside the error rates that the specification states (SIZE=short, or whole, which is recorded in docs/figures)
	@$(PYTHON) scripts/prepare.py requirements-dev.txt
	@$(BIN)/python -m tests.simulations --size $(SIZE)

loadtest: ## play the last hours before a deadline with 36,000 accounts, and compare what was told with the database (ARGS="--rate 5"); slow
	@$(PYTHON) scripts/prepare.py requirements-dev.txt
	@rm -f build/loadtest.json; red=0; LMS_DATA_DIR=$${LMS_DATA_DIR:-build/loadtest} $(BIN)/python -m tests.loadtest --json build/loadtest.json $(ARGS) || red=1; \
	case "$$LMS_DATABASE_URL" in postgresql*) database=postgres;; *) database=sqlite;; esac; \
	if [ -f build/loadtest.json ]; then $(BIN)/python scripts/figures.py loadtest $$database day build/loadtest.json; fi; exit $$red

scaled: ## run four processes behind nginx with PostgreSQL, Redis and a bucket, once through PgBouncer: the journey, a killed one, a rolling restart (nginx, redis-server, pgbouncer)
	@$(PYTHON) scripts/prepare.py requirements-dev.txt
	@$(BIN)/python -m pytest -q -s -p no:randomly tests/scale/test_scaled_out.py tests/scale/test_sizes.py
	@$(BIN)/python -m pytest -q -s -p no:randomly tests/scale/test_sizes.py --db postgres

matrix: ## who may do what, each cell of the access matrix tried over a socket; one line for each, and totals
	@$(PYTHON) scripts/prepare.py requirements-dev.txt
	@$(BIN)/python -m pytest -q -n auto --dist worksteal -m matrix --over-a-socket --show-capture=no tests

mutation: ## change the rules in small ways and see that the tests notice (MODULES="marking saving"); counts in docs/figures; slow
	@$(PYTHON) scripts/prepare.py requirements-dev.txt
	@$(BIN)/python scripts/mutation.py $(MODULES)

golden: ## pages, exports and own data of every role, made from two commits and compared (BEFORE=main AFTER=. EXPECTED="")
	@$(PYTHON) scripts/prepare.py requirements-dev.txt
	@$(BIN)/python scripts/golden.py $(BEFORE) $(AFTER) $(if $(EXPECTED),--expected "$(EXPECTED)")

house: ## count what the house has too much of (PACKAGE=courses: of one package)
	@$(PYTHON) scripts/prepare.py requirements-dev.txt
	@$(BIN)/python scripts/house.py $(PACKAGE)

fix: ## format, mend what ruff can, collect messages, write the generated documents
	@$(PYTHON) scripts/prepare.py requirements-dev.txt
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format .
	@$(BIN)/python scripts/format_static.py
	@$(BIN)/python scripts/translations.py update
	@$(BIN)/python scripts/documents.py write
	@$(BIN)/python scripts/access_matrix.py

fonts: ## give the fonts of running text a plain zero, after one was replaced
	@$(PYTHON) scripts/prepare.py requirements-dev.txt
	@$(BIN)/python scripts/plain_zero.py static/fonts/atkinson*.woff2

guide-pictures: ## take the pictures of the guide anew from a demonstration (needs Chromium)
	@$(PYTHON) scripts/prepare.py requirements-dev.txt
	@$(BIN)/python scripts/guide_pictures.py

spelling: ## proof-read the Spanish of the courses with hunspell (apt-get install hunspell hunspell-es)
	@$(PYTHON) scripts/prepare.py requirements-dev.txt
	@$(BIN)/python scripts/spelling.py

advisories: ## ask the advisory service of PyPI about every pinned library (needs a line to it); before each release
	@$(PYTHON) scripts/prepare.py requirements-dev.txt
	@$(BIN)/uv tool run --from pip-audit==$(PIP_AUDIT) pip-audit --strict --disable-pip --require-hashes -r requirements-scaled.txt

dist: ## build the wheel and its bill of materials into dist/
	@$(PYTHON) scripts/prepare.py requirements-dev.txt
	@$(BIN)/python -m build --wheel --no-isolation --outdir dist .
	@$(BIN)/python scripts/sbom.py write dist/bill-of-materials.cdx.json

migration: ## write a migration from the models (MESSAGE="add a table")
	@$(PYTHON) scripts/prepare.py requirements-dev.txt
	@$(BIN)/python scripts/migrations.py write "$(MESSAGE)"

schema-dump: ## keep this version's schema with demo data for the upgrade tests of later ones
	@$(PYTHON) scripts/prepare.py requirements-dev.txt
	@$(BIN)/python scripts/dump_schema.py

requirements: ## compile the pinned requirement files from pyproject.toml
	@$(PYTHON) scripts/prepare.py requirements-dev.txt
	$(BIN)/uv pip compile pyproject.toml --extra postgres --generate-hashes --python-version 3.11.0 --no-emit-index-url --no-header --no-strip-extras --quiet -o requirements.txt
	$(BIN)/uv pip compile pyproject.toml --extra postgres --extra scaled --generate-hashes --python-version 3.11.0 --no-emit-index-url --no-header --no-strip-extras --quiet -c requirements.txt -o requirements-scaled.txt
	$(BIN)/uv pip compile pyproject.toml --extra postgres --extra scaled --group dev --generate-hashes --python-version 3.11.0 --no-emit-index-url --no-header --no-strip-extras --quiet -c requirements-scaled.txt -o requirements-dev.txt
	$(BIN)/uv pip compile --group install --generate-hashes --python-version 3.11.0 --no-emit-index-url --no-header --no-strip-extras --quiet -c requirements-dev.txt -o requirements-build.txt
	$(BIN)/uv pip compile --group installer --generate-hashes --python-version 3.11.0 --no-emit-index-url --no-header --no-strip-extras --quiet -c requirements-dev.txt -o requirements-uv.txt

hooks: ## check format and message before each commit in this clone
	@git config core.hooksPath .githooks

commits: ## check the messages of commits (RANGE=main..HEAD)
	@python3 scripts/commit_message.py --range $(RANGE)

clean: ## take away what can be made again (.venv, caches, dist); instance/ stays
	rm -rf .venv build dist mutants .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage
