# The panel. `make run` and `make test` do all their own set-up; `make help` lists the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/pytest
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help install provision run test check format bench soak lock clean

help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "%-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(STAMP) ## Make the virtual environment and install pinned dependencies

$(STAMP): requirements/uv.txt requirements/dev.txt pyproject.toml
	@PYTHON="$(PYTHON)" .ci/venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@$(BIN)/uv pip sync --quiet --require-hashes --python $(BIN)/python requirements/dev.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

provision: ## Install what browser and container tests need (Debian, as root; otherwise says what is missing)
	@.ci/provision

run: install ## Start the embedded AWS, a worker and the panel; Ctrl-C stops them and keeps the state
	@exec $(BIN)/panel up

test: install provision ## All tests
	@$(PYTEST) -m "not soak" --numprocesses 3 --dist loadfile

check: install ## Lint, types, import rules, Terraform format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m tests.terraform.format_check

format: install ## Format the Python code
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format .

bench: install ## Benchmarks, as ratios against the named peer
	@$(BIN)/python -m tests.benchmarks

soak: install provision ## Long-running tests: kill -9 again and again
	@$(PYTEST) -m soak tests/system

lock: install ## Compile requirements/*.in anew
	@.ci/lock $(BIN)/uv

clean: ## Remove everything that was built here (not .panel: that is your data)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis frontend/node_modules frontend/dist test-artifacts
