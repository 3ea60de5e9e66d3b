# make demo      set up what is missing and start the lab (PORT=8123, ARGS="--photos DIR")
# make test      set up what is missing, then lint, format check, unit, contract, oracle and browser tests
# make lint      the first two of these
# make weights   train every shipped network again, keep the better of old and new (SOURCE="photos.zip DIR", MINUTES=90 for all)

PORT ?= 7860
SOURCE ?= imagenette
VENV := .venv
PYTHON_IN_VENV := $(VENV)/bin/python

.PHONY: demo test lint weights
.DEFAULT_GOAL := demo

demo: $(VENV)/.installed
	@$(PYTHON_IN_VENV) app.py --port $(PORT) $(ARGS)

test: lint
	@CHROMIUM="$$(scripts/chromium)" $(PYTHON_IN_VENV) -m pytest $(ARGS)

lint: $(VENV)/.installed-dev
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .

# A stamp is newer than pyproject.toml once its pins are installed, so the second run installs nothing.
$(VENV)/.installed: pyproject.toml
	@scripts/install $(VENV) .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	@scripts/install $(VENV) '.[dev]'
	@touch $@

weights: $(VENV)/.installed
	@$(PYTHON_IN_VENV) -m ssl_core train --all --source $(SOURCE) $(if $(MINUTES),--minutes $(MINUTES)) $(ARGS)
