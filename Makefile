# `make serve` and `make test` need nothing but Python 3.11 or newer: each makes its own environment.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
HOST ?= 127.0.0.1
PORT ?= 8000
PROCESS ?= ttbar
MODEL ?= exp2
EVENTS ?= 306000
SECONDS ?= 600

SERVE := .venv/serve/bin
DEV := .venv/dev/bin

.DEFAULT_GOAL := help

help: ## Show this list.
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

serve: .venv/serve/.ready ## Serve the shipped models on 127.0.0.1:8000 (PORT=8123 for another port).
	$(SERVE)/eventmill serve --host $(HOST) --port $(PORT)

test: lint types ## Check style and types, then run all tests.
	$(DEV)/python -m pytest

lint: .venv/dev/.ready ## Check style and formatting.
	$(DEV)/ruff check .
	$(DEV)/ruff format --check .

types: .venv/dev/.ready ## Check types.
	$(DEV)/mypy

docker-test: .venv/dev/.ready ## Build the image, run it under docker compose and test it (needs a Docker engine).
	EVENTMILL_DOCKER_TEST=1 $(DEV)/python -m pytest tests/docker

bench: .venv/dev/.ready ## Measure limits, stages and service on this machine (a quarter of an hour); keep docs/bench.json.
	$(DEV)/python -m tests.benchmarks --json docs/bench.json
	$(DEV)/python -m tests.benchmarks.table README.md docs/performance.md

bench-check: .venv/dev/.ready ## Measure quickly; fail if a ratio is much worse than in docs/bench.json.
	$(DEV)/python -m tests.benchmarks --quick --compare docs/bench.json

soak: .venv/dev/.ready ## Bear clients of every kind, kills and restarts, for SECONDS (600); needs Linux.
	$(DEV)/python -m tests.soak --seconds $(SECONDS)

train: .venv/dev/.ready ## Simulate a process and train a model: make train PROCESS=stop_02 MODEL=exp3 EVENTS=306000; MORE=325000 events of a second simulation are all trained on.
	$(DEV)/eventmill-train simulate --process $(PROCESS) --events $(EVENTS) --seed 1 --out data/$(PROCESS).csv
	$(if $(MORE),$(DEV)/eventmill-train simulate --process $(PROCESS) --events $(MORE) --seed 2 --out data/$(PROCESS)_2.csv)
	$(DEV)/eventmill-train train --process $(PROCESS) --config $(MODEL) --data data/$(PROCESS).csv \
		$(if $(MORE),--data data/$(PROCESS)_2.csv) --run runs/$(PROCESS)-$(MODEL)
	$(if $(filter flow,$(MODEL)),$(DEV)/eventmill-train tune runs/$(PROCESS)-$(MODEL) --data data/$(PROCESS).csv \
		$(if $(MORE),--data data/$(PROCESS)_2.csv))
	$(DEV)/eventmill-train export runs/$(PROCESS)-$(MODEL)

refine: .venv/dev/.ready ## Refine a model with the events it was trained on: make refine PROCESS=stop_02 MODEL=flow MORE=325000.
	$(DEV)/eventmill-train refine $(PROCESS)/$(MODEL) --data data/$(PROCESS).csv \
		$(if $(MORE),--data data/$(PROCESS)_2.csv) --cache runs/$(PROCESS)-$(MODEL)/tables

leaderboard: .venv/dev/.ready ## Judge all shipped models by data/ttbar.csv and data/stop_02.csv (minutes a model).
	$(DEV)/eventmill-train leaderboard --truth ttbar=data/ttbar.csv --truth stop_02=data/stop_02.csv --cache runs/floors
	$(DEV)/python -m tests.support.leaderboard

lock: ## Resolve the pinned versions anew.
	$(PYTHON) -m venv .venv/lock
	.venv/lock/bin/python -m pip install --quiet uv
	$(call compile,serve,--extra cpu)
	$(call compile,serve-gpu,--extra gpu)
	$(call compile,dev,--extra dev)

define compile
.venv/lock/bin/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --custom-compile-command 'make lock' --extra build $(2) -o requirements/$(1).txt
endef

.venv/%/.ready: requirements/%.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Eventmill needs Python 3.11 or newer")'
	$(PYTHON) -m venv --clear .venv/$*
	.venv/$*/bin/python -m pip install --disable-pip-version-check --require-hashes -r requirements/$*.txt
	.venv/$*/bin/python -m pip install --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

clean: ## Remove the environments and caches.
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis

.PHONY: help serve test lint types docker-test bench bench-check soak train refine leaderboard lock clean
