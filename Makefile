# One environment in .venv, made once; every target that needs it makes it.
PYTHON ?= python3
VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
READY := $(VENV)/.ready
CLUSTERS := $(VENV)/.clusters
RUN := PATH="$(BIN):$$PATH" HF_HUB_OFFLINE=1 PYTHONPATH="$(CURDIR)"
STORE := mlflow.db

.PHONY: help install demo ui test test-heavy lint docs mlproject bench bench-full clean

help:
	@echo "make demo        analyse the bundled model on the running Python's documentation and show where to look"
	@echo "make ui          open the record in MLflow's own interface"
	@echo "make test        run the test suite (offline)"
	@echo "make test-heavy  run the tests that need a browser, servers or other environments"
	@echo "make lint        ruff and mypy"
	@echo "make docs        build the documentation into site/; a warning is an error"
	@echo "make mlproject   write MLproject again, after an option was added or changed"
	@echo "make bench       measure speed and memory against peers, quick form; bench-full: as docs/benchmarks.md has it"
	@echo "make clean       remove the environment and what the demo recorded"

install: $(READY) $(STORE)

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "todacomm needs Python 3.11 or newer: $$($(PYTHON) --version) found; set PYTHON=python3.11"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --prefer-binary --editable ".[fast,dev,docs]"
	$(BIN)/python -m todacomm.core
	touch $@

$(CLUSTERS): $(READY)
	$(BIN)/python -m pip install --quiet --prefer-binary --editable ".[fast,dev,docs,ray,dask,postgres,s3]" "moto[server]"
	touch $@

# Made here, before MLflow's own commands can race for it or give its experiments a server's addresses.
$(STORE): | $(READY)
	@$(RUN) python -c "from todacomm.tracking import open_store; open_store()"

demo: $(READY) $(STORE)
	@$(RUN) MLFLOW_EXPERIMENT_NAME=todacomm mlflow run . --env-manager=local

ui: $(READY) $(STORE)
	@echo "http://127.0.0.1:5000 - press \"Model training\" on the experiment's page"
	@PATH="$(BIN):$$PATH" MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false mlflow ui

test: $(READY)
	$(RUN) python -m pytest -n 2 --dist worksteal -m "not heavy"

test-heavy: $(CLUSTERS)
	$(RUN) python -m pytest -m heavy

lint: $(READY)
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy

docs: $(READY)
	$(RUN) NO_MKDOCS_2_WARNING=1 mkdocs build --quiet --strict

mlproject: $(READY)
	$(RUN) python -m entrypoints

bench: $(READY)
	$(RUN) python -m benchmarks

bench-full: $(READY)
	$(RUN) python -m benchmarks --form full

clean:
	rm -rf $(VENV) build dist .coverage htmlcov site .hypothesis .pytest_cache .mypy_cache .ruff_cache *.egg-info $(STORE) $(STORE)-*
	find mlruns -mindepth 1 ! -name .gitkeep -delete
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
