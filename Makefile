# Aulario. `make run` and `make test` do everything on a fresh machine (Python 3.11 with venv, make).
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
.DEFAULT_GOAL := help

.PHONY: help setup setup-dev run demo test check fix requirements dist clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

setup: $(VENV)/.run ## create .venv with what running needs

setup-dev: $(VENV)/.dev ## add what the tests need

$(VENV)/.run: requirements.txt pyproject.toml
	@$(PYTHON) scripts/make_venv.py $(VENV) requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	@$(PYTHON) scripts/make_venv.py $(VENV) requirements-dev.txt
	@touch $@

run: ## serve on http://127.0.0.1:8000 (HOST=, PORT= change it)
	@$(PYTHON) scripts/check_port.py $(HOST) $(PORT)
	@$(MAKE) --no-print-directory $(VENV)/.run
	@exec $(BIN)/lms serve --host $(HOST) --port $(PORT)

requirements: $(VENV)/.dev ## compile the pinned requirement files from pyproject.toml
	$(BIN)/uv pip compile pyproject.toml --extra postgres --group install --generate-hashes --python-version 3.11.7 --no-emit-index-url --no-header -o requirements.txt
	$(BIN)/uv pip compile pyproject.toml --extra postgres --group dev --generate-hashes --python-version 3.11.7 --no-emit-index-url --no-header -c requirements.txt -o requirements-dev.txt
