# Every target works alone on a fresh clone; all it needs is make and a Python >= 3.11.
PYTHON ?= python3
LOCALE ?=
BIN := .venv/bin
export UV_PYTHON_DOWNLOADS := never

# An install is redone when what it is made from has changed; catalogs are compiled by the build hook.
INPUTS := pyproject.toml constraints.txt hatch_build.py tools/install.sh \
    $(wildcard src/licensing_core/locales/*/LC_MESSAGES/*.po)
UV := .venv/.made-uv
DEMO := .venv/.made-demo
TEST := .venv/.made-test
CHECK := .venv/.made-check
DOCS := .venv/.made-docs
BENCH := .venv/.made-bench
ALL := .venv/.made-all

.PHONY: help setup demo test check docs bench reliability clean distclean pin lint types coverage hostile
.DEFAULT_GOAL := help
.NOTPARALLEL: # the installs share one environment

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' Makefile | sed -E 's/^([a-z]+):.*## /  \1\t/' | expand -t 16

setup: $(ALL) ## make .venv with everything a contributor needs

demo: $(DEMO) ## run the demo; LOCALE=es prints it in Spanish
	$(BIN)/python examples/demo/demo.py $(if $(LOCALE),--locale $(LOCALE))

test: $(TEST) ## run the tests, with the examples of the docs
	$(BIN)/python -m pytest -q -n auto --dist loadfile --no-loadscope-reorder

check: lint types docs coverage ## lint, formatting, types, docs, hostile tests with coverage

lint: $(CHECK)
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(CHECK) # side by side, since each keeps one core busy
	@$(BIN)/mypy & mypy=$$!; $(BIN)/pyright; pyright=$$?; wait $$mypy && exit $$pyright

coverage: $(TEST)
	tools/coverage_floors.sh

hostile: $(TEST) ## run the tests in a hostile environment
	tools/hostile.sh

docs: $(DOCS) ## build the docs into docs/_build/html; a warning is an error
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build/html

bench: $(BENCH) ## print the table of ratios against peers
	$(BIN)/python -m bench

reliability: $(TEST) ## run the long tests: races, crashes, a million cases
	$(BIN)/python -m tests.reliability

pin: $(UV) ## remake constraints.txt from pyproject.toml
	tools/pin.sh

clean: ## remove what was built, but not .venv
	rm -rf build dist docs/_build docs/reference/modules .coverage .coverage.* htmlcov
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find src tests tools docs bench examples -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

distclean: clean ## remove .venv as well
	rm -rf .venv

$(UV):
	tools/make_venv.sh "$(PYTHON)"
	@touch $@

$(DEMO): $(UV) $(INPUTS)
	tools/install.sh rich,sql
	@touch $@

$(TEST): $(UV) $(INPUTS)
	tools/install.sh rich,serde,sql,postgres,stripe test
	@touch $@

$(CHECK): $(UV) $(INPUTS)
	tools/install.sh rich,serde,sql,postgres,stripe test lint docs bench
	@touch $@ $(TEST) $(DOCS) $(BENCH)

$(DOCS): $(UV) $(INPUTS)
	tools/install.sh rich,serde,sql,postgres,stripe docs
	@touch $@

$(BENCH): $(UV) $(INPUTS)
	tools/install.sh rich,serde,sql,postgres,stripe bench
	@touch $@

$(ALL): $(UV) $(INPUTS)
	tools/install.sh rich,serde,sql,postgres,stripe dev
	@touch $@ $(DEMO) $(TEST) $(CHECK) $(DOCS) $(BENCH)
