# One environment for everything; `make demo` and `make test` set it up by themselves.
PYTHON ?= python3.11
VENV   := .venv
BIN    := $(VENV)/bin
DEMO   := demo

.PHONY: help demo test check libarchive chromium lint lock golden docs bytes clean faults gcs dataflow image
.PHONY: clients engines flink picture prism short-engines short-gcs site
.PHONY: bench bench-start oracles proof-coco proof-crowds proof-full proof-million proof-neardup proof-scene
.DEFAULT_GOAL := help

help:
	@echo "make demo    small raw archives of its own, built and proven"
	@echo "make test    every test"
	@echo "make lint    ruff and mypy"
	@echo "make check   demo, test, lint: what CI runs before 'make engines'"
	@echo "make golden  the published format, and the texts and screens that reviewers read, after a change"
	@echo "make docs    the pages of docs/, after a reason, a column, a command, or a key of manifest or recipe changed"
	@echo "make picture the README's picture of the explorer, of the demo"
	@echo "make site    docs/ as a site, every link followed, in an environment of its own"
	@echo "make bytes   small builds under both recipes, byte for byte as recorded (RECORD=--record: anew)"
	@echo "make lock    every pin anew, with hashes"
	@echo
	@echo "slow proofs:"
	@echo "make proof-crowds   pictures of up to 20,000 boxes, documents of millions of records"
	@echo "make bench          10,000 chips against a hand-written script, as a ratio"
	@echo "make bench-start    CPU seconds of help and of errors of usage"
	@echo "make gcs            builds in a bucket, on a server of the real protocol (IMAGES=…); needs Go"
	@echo "make prism          builds with Prism, Beam's own engine (IMAGES=…); needs Go"
	@echo "make flink          builds with Flink in one process, and with a cluster that loses a worker;"
	@echo "                    needs Go, Java and Maven"
	@echo "make engines        the three above at their shortest, without the cluster"
	@echo "make dataflow       job, graph and flex template for Dataflow, made without a cloud; needs Go"
	@echo "make image          the image of launcher and workers, of bases that stand in; needs buildah, root"
	@echo "make faults         builds killed and interrupted at random moments (SEED=…), then resumed"
	@echo "make clients        trainers and harnesses read exports, each in an environment of its own"
	@echo "                    (ONLY=\"trl ms-swift\"); with torch: gigabytes"
	@echo "make oracles        our readers against datumaro, box for box, in an environment of its own"
	@echo "make proof-coco     one gigabyte of COCO JSON: seconds and peak memory"
	@echo "make proof-full     every source at its published size: built, proven, counted"
	@echo "make proof-million  planning of a million facts: time and memory, ten million computed"
	@echo "make proof-neardup  near-duplicates among a million hashes, all found"
	@echo "make proof-scene    a scene of 24,000 x 16,000 pixels, 16-bit, and the memory it takes"

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

# Both start Python many times: it may keep what it has compiled, whatever the machine prefers.
demo test: export PYTHONDONTWRITEBYTECODE =

demo: $(VENV)/.runtime
	@rm -rf $(DEMO)
	@echo "1/3 raw archives: $(DEMO)/raw"
	@$(BIN)/sarchat synthesize --output $(DEMO)/raw --source ssdd --images 120
	@$(BIN)/sarchat synthesize --output $(DEMO)/raw --source sar_aircraft --images 24
	@$(BIN)/sarchat synthesize --output $(DEMO)/raw --source msar --images 120
	@echo "2/3 dataset: $(DEMO)/dataset"
	@$(BIN)/sarchat build --raw $(DEMO)/raw --output $(DEMO)/dataset
	@echo "3/3 proof"
	@$(BIN)/sarchat validate $(DEMO)/dataset
	@echo
	@echo "Open this page in a browser: $(CURDIR)/$(DEMO)/dataset/report/sample.html"
	@echo "Its card is $(DEMO)/dataset/README.md. Every picture, an export for a trainer, all figures:"
	@echo
	@echo "  $(BIN)/sarchat explore $(DEMO)/dataset --open"
	@echo "  $(BIN)/sarchat export $(DEMO)/dataset --format ms-swift --source ssdd --output $(DEMO)/swift"
	@echo "  $(BIN)/sarchat report $(DEMO)/dataset --output $(DEMO)/figures"

# In the order of their folders: otherwise the modules of few tests, which are the long ones, are last.
test: $(VENV)/.dev libarchive chromium
	@$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

# The system library behind the extra `archives`: 7z and rar. A fresh Debian machine is given it.
libarchive: $(VENV)/.dev
	@$(BIN)/python -c "import libarchive" 2>/dev/null || { \
	  if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
	    echo "installing the system library libarchive …"; \
	    apt-get update -qq && apt-get install -qq -y --no-install-recommends libarchive13 >/dev/null; \
	  fi; \
	  $(BIN)/python -c "import libarchive" 2>/dev/null || { \
	    echo "libarchive is missing: run 'sudo apt-get install libarchive13' (macOS: 'brew install libarchive')"; \
	    exit 1; \
	  }; \
	}

# The browser in which the page of `sarchat explore` is tested. A fresh Debian machine is given it.
chromium: $(VENV)/.dev
	@find() { PYTHONPATH=tests/support $(BIN)/python -c "import browser; browser.find_browser()" 2>/dev/null; }; \
	find || { \
	  if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
	    echo "installing Chromium …"; \
	    { apt-get update -qq && { \
	      apt-get install -qq -y --no-install-recommends chromium-headless-shell || \
	      apt-get install -qq -y --no-install-recommends chromium; }; } >/dev/null 2>&1; \
	  fi; \
	  find || \
	    echo "no Chromium, so tests of the page are left out: 'sudo apt-get install chromium' (macOS: 'brew install --cask chromium')"; \
	}

# The picture of the README: of the demo, as the page is now.
picture: demo chromium
	@PYTHONPATH=.:tests:tests/support $(BIN)/python tests/support/demo_picture.py $(DEMO)/dataset

# Only the index that is configured on the machine is asked; no lock names one.
LOCK = $(BIN)/uv pip compile pyproject.toml --quiet --generate-hashes --no-header --no-annotate \
  --python-version 3.11
lock: $(VENV)/.dev
	@$(LOCK) --group build --extra archives -o requirements.lock
	@$(LOCK) --group dev --extra archives -c requirements.lock -o requirements-dev.lock
	@$(LOCK) --group build --extra archives --extra gcp -c requirements.lock -o requirements-gcp.lock
	@$(filter-out pyproject.toml,$(LOCK)) --group site -o requirements-site.lock

lint: $(VENV)/.dev
	@$(BIN)/hadolint Dockerfile
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

check: demo test lint

proof-neardup: $(VENV)/.runtime
	@$(BIN)/python -m benchmarks.near_duplicates

# Half an hour on two cores with the real archives. SEED chooses the moments, KILLS how many.
SEED  ?= 0
KILLS ?= 20
faults: $(VENV)/.dev
	@PYTHONPATH=.:tests:tests/support $(BIN)/python tests/trials/faults_trial.py --seed $(SEED) --kills $(KILLS)

# A server of the protocol of Google Cloud Storage, on this machine only.
GCS_SERVER = github.com/fsouza/fake-gcs-server@v1.56.1
IMAGES ?= 400
gcs: $(VENV)/.dev
	@command -v fake-gcs-server >/dev/null || test -x "$$(go env GOPATH)/bin/fake-gcs-server" || { \
	  echo "building $(GCS_SERVER) …"; go install $(GCS_SERVER); }
	@PYTHONPATH=.:tests:tests/support $(BIN)/python tests/trials/gcs_trial.py --images $(IMAGES)

# What the image has, in an environment of its own.
.venv-gcp/.installed: requirements-gcp.lock pyproject.toml
	@test -x .venv-gcp/bin/python || $(PYTHON) -m venv .venv-gcp
	@echo "installing the pinned packages of Dataflow into .venv-gcp …"
	@.venv-gcp/bin/python -m pip install --quiet --require-hashes -r requirements-gcp.lock
	@touch $@

dataflow: .venv-gcp/.installed
	@command -v fake-gcs-server >/dev/null || test -x "$$(go env GOPATH)/bin/fake-gcs-server" || { \
	  echo "building $(GCS_SERVER) …"; go install $(GCS_SERVER); }
	@PYTHONPATH=.:tests:tests/support .venv-gcp/bin/python tests/trials/dataflow_trial.py

# ROOTFS keeps the minimal Debian for the next time.
image: $(VENV)/.dev
	@$(BIN)/hadolint Dockerfile
	@PYTHONPATH=.:tests:tests/support $(BIN)/python tests/trials/image_trial.py $(if $(ROOTFS),--rootfs $(ROOTFS))

# Engines of others, each of one version, in a folder of this project.
ENGINES = .engines
BEAM    = github.com/apache/beam/sdks/v2
TRIAL   = PYTHONPATH=.:tests:tests/support $(BIN)/python tests/trials

$(ENGINES)/bin/prism:
	@echo "building $(BEAM)/go/cmd/prism …"
	@GOBIN=$(CURDIR)/$(ENGINES)/bin go install $(BEAM)/go/cmd/prism@v2.77.0

# What starts a worker beside a task manager.
$(ENGINES)/bin/container:
	@echo "building $(BEAM)/python/container …"
	@GOBIN=$(CURDIR)/$(ENGINES)/bin go install $(BEAM)/python/container@v2.77.0

$(ENGINES)/job-server/.installed: tests/trials/flink_job_server.xml
	@echo "fetching a job server of Flink …"
	@mvn --batch-mode --quiet --file $< dependency:copy-dependencies -DincludeScope=runtime \
	  -DoutputDirectory=$(CURDIR)/$(ENGINES)/job-server
	@touch $@

$(ENGINES)/flink/.installed: requirements-flink.lock | $(VENV)/.dev
	@echo "fetching Flink …"
	@mkdir -p $(ENGINES)/flink
	@$(BIN)/python -m pip download --quiet --no-deps --require-hashes \
	  --dest $(ENGINES)/flink -r $<
	@tar -xzf $(ENGINES)/flink/*.tar.gz -C $(ENGINES)/flink --strip-components=2 --wildcards '*/deps/lib'
	@rm $(ENGINES)/flink/*.tar.gz
	@touch $@

prism: $(VENV)/.dev $(ENGINES)/bin/prism
	@$(TRIAL)/engine_trial.py prism --images $(IMAGES)

flink: $(VENV)/.dev $(ENGINES)/job-server/.installed $(ENGINES)/flink/.installed
flink: $(ENGINES)/bin/container
	@$(TRIAL)/engine_trial.py embedded --images $(IMAGES)
	@$(TRIAL)/engine_trial.py cluster --images $(IMAGES)

# Side by side: one waits for answers while the other computes.
engines: $(VENV)/.dev
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target short-gcs short-engines

short-gcs:
	@$(MAKE) --no-print-directory gcs IMAGES=40

short-engines: $(ENGINES)/bin/prism $(ENGINES)/job-server/.installed
	@$(TRIAL)/engine_trial.py prism --images 20
	@$(TRIAL)/engine_trial.py embedded --images 20

# Real readers of exports. ONLY names some; those of trainers bring torch.
clients: $(VENV)/.dev
	@$(TRIAL)/clients_trial.py $(if $(ONLY),--only $(ONLY))

# A million synthetic facts through planning and the search for leaks; ten million are computed.
proof-million: $(VENV)/.dev
	@PYTHONPATH=.:tests:tests/support $(BIN)/python tests/trials/million_trial.py

bench: $(VENV)/.runtime
	@$(BIN)/python -m benchmarks.compare

bench-start: $(VENV)/.runtime
	@$(BIN)/python -m benchmarks.start

# All ten raw sources as large as published: half an hour on two cores, 15 GB of disk.
proof-full: $(VENV)/.runtime
	@test -d bench/full/raw || $(BIN)/sarchat synthesize --output bench/full/raw --images published
	@$(BIN)/python -m benchmarks.full_size bench/full/raw bench/full/dataset
	@$(BIN)/sarchat validate bench/full/dataset

# An hour on two cores; CROWDS="--formats coco --boxes 1000 5000" measures less.
proof-crowds: $(VENV)/.runtime
	@$(BIN)/python -m benchmarks.crowds $(CROWDS)

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

golden: $(VENV)/.dev
	@PYTHONPATH=.:tests:tests/support $(BIN)/python tests/support/golden_text.py
	@PYTHONPATH=.:tests:tests/support $(BIN)/python tests/support/golden_format.py
	@PYTHONPATH=.:tests:tests/support $(BIN)/python tests/support/golden_screens.py

bytes: $(VENV)/.dev
	@PYTHONPATH=.:tests:tests/support $(BIN)/python tests/support/recorded_bytes.py $(RECORD)

docs: $(VENV)/.runtime
	@$(BIN)/python -m sarchat_build.reasons > docs/reasons.md
	@$(BIN)/python -m sarchat_build.config.reference manifest > docs/manifest.md
	@$(BIN)/python -m sarchat_build.config.reference recipe > docs/recipe.md
	@$(BIN)/python -m sarchat_build.card.columns > docs/columns.md
	@$(BIN)/python -m sarchat_build.exports.formats > docs/formats.md
	@$(BIN)/python -m typer pipelines.cli.main utils docs --name sarchat > docs/commands.md

.venv-site/.installed: requirements-site.lock
	@test -x .venv-site/bin/python || $(PYTHON) -m venv .venv-site
	@.venv-site/bin/python -m pip install --quiet --require-hashes -r requirements-site.lock
	@touch $@

# A dead link is an error.
site: .venv-site/.installed
	@NO_MKDOCS_2_WARNING=1 .venv-site/bin/mkdocs build --quiet --clean
	@echo "Open site/index.html"

clean:
	rm -rf $(VENV) .venv-clients .venv-gcp .venv-oracles .venv-site $(DEMO) site bench oracles $(ENGINES)
