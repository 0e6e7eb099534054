# One command a job; .ci/run calls the same ones. What set-up prints goes to stderr.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

.PHONY: setup system demo test check clean
.DEFAULT_GOAL := help

help:
	@echo "make demo [ARGS='--once --json']   set up and run the demo"
	@echo "make test                          set up, check and run the tests"
	@echo "make setup | check | clean"

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
	@$(BIN)/python -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder $(ARGS)

clean:
	@rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
