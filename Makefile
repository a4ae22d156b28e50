# The panel. `make run` and `make test` do all their own set-up; `make help` lists the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/pytest
STAMP := $(VENV)/.installed
# What checks terraform/ wants versions of its own: docs/adr/0006-terraform-checks.md.
CHECKS_VENV := .venv-terraform
CHECKS_STAMP := $(CHECKS_VENV)/.installed
# Where `make dev` serves.
SITE_PORT ?= 8080
API_PORT ?= 5000

.DEFAULT_GOAL := help
.PHONY: help install provision run dev build test check format docs bench soak lock clean

help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "%-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(STAMP) ## Make the virtual environment and install pinned dependencies

$(STAMP): requirements/uv.txt requirements/dev.txt pyproject.toml
	@PYTHON="$(PYTHON)" .ci/venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@$(BIN)/uv pip sync --quiet --require-hashes --python $(BIN)/python requirements/dev.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

$(CHECKS_STAMP): requirements/terraform-checks.txt | $(STAMP)
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(CHECKS_VENV)
	@$(BIN)/uv pip sync --quiet --require-hashes --python $(CHECKS_VENV)/bin/python requirements/terraform-checks.txt
	@touch $@

provision: ## Install what browser and container tests need (Debian, as root; otherwise says what is missing)
	@.ci/provision

run: install ## Start the embedded AWS, a worker and the panel; Ctrl-C stops them and keeps the state
	@exec $(BIN)/panel up

dev: install ## Site and API as plain processes, following their source; Ctrl-C stops them
	@exec $(BIN)/python -m backend.dev --site-port $(SITE_PORT) --api-port $(API_PORT)

build: install ## The application's site as static files in frontend/dist; prints its weight
	@cd frontend && PATH="$(abspath $(BIN)):$$PATH" npm ci --no-audit --no-fund --silent
	@cd frontend && PATH="$(abspath $(BIN)):$$PATH" npm run --silent build

test: install provision $(CHECKS_STAMP) ## All tests
	@$(PYTEST) -m "not soak" --numprocesses 4 --dist loadfile --no-loadscope-reorder

check: install $(CHECKS_STAMP) ## Lint, types, import rules, workflows; Terraform's format, findings, tables and picture
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@$(BIN)/python -m tests.terraform.format_check
	@$(BIN)/python -m tests.terraform.readme_tables
	@$(BIN)/python -m tests.terraform.topology
	@$(BIN)/python -m tests.terraform.checkov_check

format: install ## Format the Python code
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format .

docs: install ## Write the tables of Terraform's READMEs and the topology picture anew
	@$(BIN)/python -m tests.terraform.readme_tables --write
	@$(BIN)/python -m tests.terraform.topology --write

bench: install ## Benchmarks, as ratios against the named peer
	@$(BIN)/python -m tests.benchmarks

soak: install provision ## Long-running tests: kill -9 again and again
	@$(PYTEST) -m soak tests/system

lock: install ## Compile requirements/*.in anew
	@.ci/lock $(BIN)/uv

clean: ## Remove everything that was built here (not .panel: that is your data)
	rm -rf $(VENV) $(CHECKS_VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis frontend/node_modules frontend/dist test-artifacts
