# The one vocabulary of tasks: people, hooks and CI call these.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/installed-$(shell cat requirements/dev.txt pyproject.toml | sha256sum | cut -c1-16)
PACKAGES := kqml features models serve experiments
export MLFLOW_DISABLE_TELEMETRY := true
WORKERS ?= 2

.PHONY: demo test check install install-spark format lint types contracts bench torture fuzz soak docs lock clean

demo: install
	$(BIN)/kqml demo

test: install
	$(BIN)/python -m pytest -n $(WORKERS)

check: install lint types contracts
	$(MAKE) --no-print-directory test

install: $(STAMP)

$(STAMP): requirements/dev.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --no-build-isolation --no-deps -e .
	$(BIN)/python -m features.engine.warm
	rm -f .venv/installed-*
	touch $@

install-spark: install
	$(BIN)/python -m pip install --quiet --require-hashes --no-build-isolation -r requirements/spark.txt

format: install
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	@! grep -nE '://' requirements/*.txt || { echo "lock files must hold no addresses"; exit 1; }

types: install
	$(BIN)/mypy

contracts: install
	$(BIN)/lint-imports

bench: install
	$(BIN)/python -m experiments.bench features --json --save
	$(BIN)/python -m experiments.bench churn --json --save
	$(BIN)/python -m experiments.bench score --json --save
	$(BIN)/python -m experiments.bench serve --json --save

torture: install
	$(BIN)/python -m experiments.torture --kills 200 --save

fuzz: install
	$(BIN)/python -m experiments.fuzz --requests 20000 --save

soak: install
	$(BIN)/python -m experiments.bench serve --soak 30 --json --save

docs: install
	$(BIN)/python -m experiments.docs
	$(BIN)/python -m experiments.docs.commands_page docs/commands.md

# Needs network; `uv` lives in an environment of its own so that it is never a dependency.
LOCK := .lockenv/bin/uv pip compile pyproject.toml --python-version 3.11 --universal --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links --quiet
lock:
	test -x .lockenv/bin/uv || { $(PYTHON) -m venv .lockenv && .lockenv/bin/pip install --quiet uv; }
	$(LOCK) -o requirements/core.txt
	$(LOCK) --extra dev -c requirements/core.txt -o requirements/dev.txt
	$(LOCK) --extra spark -c requirements/core.txt -o requirements/spark.txt

clean:
	rm -rf .venv .lockenv .mypy_cache .ruff_cache .pytest_cache .hypothesis
