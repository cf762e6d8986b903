# Every target works on a machine with only Python >= 3.11, make and the package registries.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test check bench bench-parts docs clean help

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit("cvfail needs Python 3.11 or newer; set PYTHON=python3.x") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) --editable ".[all]"
	@touch $@

$(VENV)/.installed-%: $(VENV)/.installed
	$(INSTALL) --group $*
	@touch $@

demo: $(VENV)/.installed ## the main job on an embedded dataset: demo/report.html
	$(BIN)/cvfail demo --output demo

test: $(VENV)/.installed-test ## the whole test suite
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile

check: $(VENV)/.installed-check ## lint, format, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench: $(VENV)/.installed-bench ## timings beside other tools
	$(BIN)/python -m benchmarks

bench-parts: $(VENV)/.installed-bench ## the parts of an evaluation, with pytest-benchmark
	$(BIN)/python -m pytest benchmarks/test_parts.py

docs: $(VENV)/.installed-docs ## the documentation site in site/
	$(BIN)/python -m cvfail.tables.documentation docs/tables.md
	$(BIN)/zensical build

clean: ## everything that the targets made
	rm -rf $(VENV) site demo .mypy_cache .ruff_cache .pytest_cache
