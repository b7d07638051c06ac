# One environment for everything; `make demo` and `make test` set it up by themselves.
PYTHON ?= python3.11
VENV   := .venv
BIN    := $(VENV)/bin
DEMO   := demo

.PHONY: help demo test check lint bench oracles proof-coco proof-scene clean
.DEFAULT_GOAL := help

help:
	@echo "make demo    small raw archives of its own, built and proven"
	@echo "make test    every test"
	@echo "make lint    ruff and mypy"
	@echo "make check   what CI runs: demo, test, lint"
	@echo "make proof-scene  a scene of 24,000 x 16,000 pixels, 16-bit, and the memory it takes"
	@echo "make bench   10,000 chips against a hand-written script, as a ratio"
	@echo "make oracles     our readers against datumaro, box for box, in an environment of its own"
	@echo "make proof-coco  one gigabyte of COCO JSON: seconds and peak memory"

# Runtime only: what a user and a worker have.
$(VENV)/.runtime: requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing the pinned packages into $(VENV) …"
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements-dev.lock
	@echo "installing the tools of development …"
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $@

demo: $(VENV)/.runtime
	@rm -rf $(DEMO)
	@echo "1/3 raw archives: $(DEMO)/raw"
	@$(BIN)/sarchat synthesize --output $(DEMO)/raw --source ssdd --images 120
	@$(BIN)/sarchat synthesize --output $(DEMO)/raw --source sar_aircraft --images 24
	@echo "2/3 dataset: $(DEMO)/dataset"
	@$(BIN)/sarchat build --raw $(DEMO)/raw --output $(DEMO)/dataset
	@echo "3/3 proof"
	@$(BIN)/sarchat validate $(DEMO)/dataset
	@echo
	@echo "The dataset is $(DEMO)/dataset; its card is $(DEMO)/dataset/README.md."
	@echo "With real archives: put Official-SSDD-OPEN.zip into raw/ssdd/, then"
	@echo "  $(BIN)/sarchat build --raw raw --output dataset && $(BIN)/sarchat validate dataset"

test: $(VENV)/.dev
	@$(BIN)/python -m pytest

lint: $(VENV)/.dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

check: demo test lint

bench: $(VENV)/.runtime
	@$(BIN)/python -m benchmarks.compare

proof-scene: $(VENV)/.runtime
	@$(BIN)/python -m benchmarks.proof_scene

# datumaro pins what the project must not: it has its own environment and reads files we hand it.
.venv-oracles/.installed: requirements-oracles.lock
	@test -x .venv-oracles/bin/python || $(PYTHON) -m venv .venv-oracles
	@.venv-oracles/bin/python -m pip install --quiet --require-hashes -r requirements-oracles.lock
	@touch $@

oracles: $(VENV)/.dev .venv-oracles/.installed
	@rm -rf oracles
	@mkdir oracles
	@$(BIN)/python tests/oracles/export.py oracles
	@.venv-oracles/bin/python tests/oracles/compare.py oracles
	@rm -rf oracles

proof-coco: $(VENV)/.runtime
	@mkdir -p bench
	@$(BIN)/python -m benchmarks.coco_memory bench/coco.json 1024
	@rm -f bench/coco.json

clean:
	rm -rf $(VENV) .venv-oracles $(DEMO) bench oracles
