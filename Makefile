# The one vocabulary of tasks: people, hooks and CI call these.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/installed-$(shell cat requirements/dev.txt pyproject.toml | sha256sum | cut -c1-16)
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
# The locks are complete: nothing is resolved, so a newer release of a package cannot break the install.
LOCKED := install --require-hashes --no-deps $(if $(BUNDLE),--no-index --find-links $(abspath $(BUNDLE)))
export MLFLOW_DISABLE_TELEMETRY := true
WORKERS ?= 2

.PHONY: demo test check install clients bundle format lint types contracts bench torture fuzz soak docs lock clean

demo: install
	$(BIN)/kqml demo

test: install
	$(BIN)/python -m pytest -n $(WORKERS)

check: install lint types contracts
	$(MAKE) --no-print-directory test

install: $(STAMP)

# LightGBM's package does not contain the OpenMP runtime; most Linux systems have it, minimal images do not.
OPENMP := import ctypes, sys; sys.platform != "linux" or ctypes.CDLL("libgomp.so.1")

$(STAMP): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c '$(OPENMP)' 2>/dev/null || { echo "The OpenMP runtime libgomp.so.1 is missing: apt-get install libgomp1, or dnf install libgomp" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) $(LOCKED) -r requirements/dev.txt
	$(PIP) install --no-index --no-build-isolation --no-deps -e .
	$(BIN)/python -m features.engine.warm
	rm -f .venv/installed-*
	touch $@

# The generators of API clients, in environments of their own: the tests of the API's document generate clients with them.
CLIENTS := .clients/ready-$(shell cat requirements/clients.txt requirements/typescript/*.json | sha256sum | cut -c1-16)
clients: $(CLIENTS)

$(CLIENTS): requirements/clients.txt requirements/typescript/package-lock.json
	test -x .clients/python/bin/python || $(PYTHON) -m venv .clients/python
	.clients/python/bin/python -m pip --quiet --disable-pip-version-check $(LOCKED) -r requirements/clients.txt
	mkdir -p .clients/typescript
	cp requirements/typescript/*.json .clients/typescript
	npm ci --prefix .clients/typescript --ignore-scripts --no-audit --no-fund --silent
	rm -f .clients/ready-*
	touch $@

# A folder of wheels with their hashes, for `make install BUNDLE=folder` on a machine without network.
BUNDLE_FOLDER ?= bundle
bundle: requirements/dev.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) download --require-hashes --no-deps --only-binary=:all: -d $(BUNDLE_FOLDER) -r requirements/dev.txt
	cd $(BUNDLE_FOLDER) && sha256sum *.whl >SHA256SUMS

format: install
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	@! grep -n '://' requirements/*.txt requirements/typescript/*.json || { echo "lock files must hold no addresses"; exit 1; }

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

# Needs network. Only releases older than a week are taken, so that a bad release is not picked up on its first days.
# `uv` lives in an environment of its own: it is never a dependency.
A_WEEK_AGO = $(shell date -u -d '7 days ago' +%F)
LOCK = .lockenv/bin/uv pip compile --python-version 3.11 --universal --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links --quiet --exclude-newer $(A_WEEK_AGO)
lock:
	test -x .lockenv/bin/uv || { $(PYTHON) -m venv .lockenv && .lockenv/bin/pip install --quiet uv; }
	$(LOCK) -o requirements/core.txt pyproject.toml
	$(LOCK) --extra dev -c requirements/core.txt -o requirements/dev.txt pyproject.toml
	$(LOCK) -o requirements/clients.txt requirements/clients.in
	npm update --prefix requirements/typescript --before $(A_WEEK_AGO) --package-lock-only --omit-lockfile-registry-resolved \
		--no-audit --no-fund
	$(PYTHON) -c 'import json, pathlib; path = pathlib.Path("requirements/typescript/package-lock.json"); \
		lock = json.loads(path.read_text()); [entry.pop("funding", None) for entry in lock["packages"].values()]; \
		path.write_text(json.dumps(lock, indent=2) + "\n")'

clean:
	rm -rf .venv .clients .lockenv .mypy_cache .ruff_cache .pytest_cache .hypothesis
