# make demo   the app, from a bare machine      make test   every fast test, browser included
# make arm    environment of the bridge of an arm (ARM=hardware adds LeRobot)
# make check  format, lint, types, imports      make format rewrite what can be rewritten
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV ?= .venv
BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip --disable-pip-version-check --no-input --quiet

ARM ?= simulated
ARM_PIP = bridge/.venv/bin/python -m pip --disable-pip-version-check --no-input --quiet

.PHONY: arm demo test check format install install-dev
demo: install
	HF_HUB_OFFLINE=1 $(BIN)/python app.py

test: install-dev
	$(BIN)/python -m pytest -n 2 --dist loadfile --ignore tests/browser
	$(BIN)/python -m pytest tests/browser

check: install-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: install-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

arm: bridge/.venv/.$(ARM)

bridge/.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "wam_demo needs Python 3.11 or newer"; exit 1; }
	$(PYTHON) -m venv bridge/.venv

bridge/.venv/.simulated: bridge/requirements.txt | bridge/.venv/bin/python
	$(ARM_PIP) install -r bridge/requirements.txt
	@touch $@

bridge/.venv/.hardware: bridge/requirements-hardware.txt bridge/.venv/.simulated
	$(ARM_PIP) install -r bridge/requirements-hardware.txt
	@touch $@

install: $(VENV)/.system $(VENV)/.runtime
install-dev: install $(VENV)/.system-dev $(VENV)/.dev

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "wam_demo needs Python 3.11 or newer"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements.txt pyproject.toml | $(BIN)/python
	$(PIP) install -r requirements.txt
	$(PIP) install --no-deps --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.runtime
	$(PIP) install -r requirements-dev.txt
	@touch $@

$(VENV)/.system: packages.txt | $(BIN)/python
	@bash .ci/system-packages packages.txt $@

$(VENV)/.system-dev: packages-dev.txt | $(BIN)/python
	@bash .ci/system-packages packages-dev.txt $@
