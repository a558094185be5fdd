PYTHON ?= python3
LAB    ?= demo-lab
PORTED := $(if $(PORT),--port $(PORT))

BIN   := .venv/bin
STAMP := .venv/.setup-done
PEERS := .venv-peers/.setup-done
CLIENTS ?= .venv-clients
DOCS  := $(wildcard docs/*.md)

.DEFAULT_GOAL := help
.PHONY: help setup run test check check-faults check-peers check-clients bench docs

help: ## Print these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMP) ## Build .venv from requirements.lock (PYTHON=python3.12 to choose one)

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "make: mllab needs Python 3.11 or newer, and '$(PYTHON)' is not; try: make setup PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

run: setup ## Open the demo lab (LAB=demo-lab, PORT=8610); without a terminal, work it through once
	@if [ -t 0 ] && [ -t 1 ]; then $(BIN)/mllab demo $(LAB) $(PORTED); else $(BIN)/mllab demo $(LAB) $(PORTED) --headless --once; fi

test: setup ## Run the tests
	$(BIN)/python -m pytest -n auto --dist worksteal

check: setup ## Format, lint, types, import contracts, docs, then the tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(if $(DOCS),$(BIN)/cog --check $(DOCS))
	@$(MAKE) --no-print-directory test

check-faults: setup ## Kill the host at every commit of the loop, and look where the restart ends
	$(BIN)/python -m pytest -n auto -m faults

check-peers: setup $(PEERS) ## Ask a lab with the clients of other projects: Feast's
	$(BIN)/python -m pytest -m peers tests/peers

$(PEERS): Makefile
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check "feast==0.67.*"
	@touch $@

check-clients: setup $(CLIENTS)/bin/mlflow ## Log to a lab with MLflow's own client (CLIENTS=FOLDER of an environment that has it)
	CLIENTS=$(CLIENTS) $(BIN)/python -m pytest -m clients tests/peers

$(CLIENTS)/bin/mlflow:
	$(PYTHON) -m venv $(CLIENTS)
	$(CLIENTS)/bin/python -m pip install --quiet --disable-pip-version-check "mlflow==3.17.*" "xgboost==3.*" skops matplotlib

bench: setup ## Run the benchmarks
	$(BIN)/python -m benchmarks

docs: setup ## Regenerate the generated parts of docs/*.md
	$(if $(DOCS),$(BIN)/cog -r $(DOCS))
