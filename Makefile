# One command a job; .ci/run calls the same ones. What set-up prints goes to stderr.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
PYTHON_SCENES ?= $(shell command -v python3.11 || echo $(PYTHON))

.PHONY: setup system demo test check model model-small model-environments clean
.DEFAULT_GOAL := help

help:
	@echo "make demo [ARGS='--once --json']   set up and run the demo"
	@echo "make test                          set up, check and run the tests"
	@echo "make setup | check | clean"
	@echo "make model [ARGS='--scenes 700']    from seeds to a street model, in runs/model (hours)"
	@echo "make model-small                   the same at toy scale (minutes)"

# A fresh Debian has python3 without venv; root installs it, others are told how.
$(BIN)/python:
	@$(PYTHON) -m venv $(VENV) >&2 || { rm -rf $(VENV); \
	  if [ "$$(id -u)" = 0 ]; then \
	    { apt-get update && apt-get install -y --no-install-recommends python3-venv; } >&2 \
	      && $(PYTHON) -m venv $(VENV) >&2; \
	  else echo "run: sudo apt-get install -y python3-venv" >&2; exit 1; fi; }

$(VENV)/installed: pyproject.toml | $(BIN)/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]' >&2
	@touch $@

setup: $(VENV)/installed

# What tests drive but pip does not have: a real RTSP server, a real browser.
system:
	@missing=""; for p in $$(cat tests/debian-packages.txt); do \
	  dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q "ok installed" || missing="$$missing $$p"; \
	done; \
	if [ -n "$$missing" ]; then \
	  if [ "$$(id -u)" = 0 ]; then \
	    { apt-get update && DEBIAN_FRONTEND=noninteractive \
	      apt-get install -y --no-install-recommends $$missing; } >&2; \
	  else echo "some tests will skip; run: sudo apt-get install -y$$missing" >&2; fi; \
	fi

demo: setup
	@$(BIN)/streetwarden demo $(ARGS)

check: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/python -m pytest tests/test_layers.py tests/test_house.py

# Many tests wait for real time; files beside each other keep two cores busy.
test: setup system check
	@$(BIN)/python -m pytest --numprocesses 4 --dist loadfile --no-loadscope-reorder $(ARGS)

# Environments of their own, because their needs collide; bpy 5.0 wants Python 3.11.
.venv-scenes/installed: training/scenes/requirements.txt
	@$(PYTHON_SCENES) -m venv .venv-scenes >&2
	@.venv-scenes/bin/python -m pip install --quiet --disable-pip-version-check -r $< >&2
	@touch $@

.venv-training/installed: pyproject.toml
	@$(PYTHON) -m venv .venv-training >&2
	@.venv-training/bin/python -m pip install --quiet --disable-pip-version-check \
	  --editable '.[training]' >&2
	@touch $@

model-environments: setup .venv-scenes/installed .venv-training/installed

# Both go on where they were stopped; neither touches models/weights unless ARGS has --install.
model: model-environments
	@$(BIN)/python -m training.make $(ARGS)

model-small: model-environments
	@$(BIN)/python -m training.make --small $(ARGS)

clean:
	@rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
