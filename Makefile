# nova-lifecycle: `make verify` and `make test` install what they need into .venv and need only Python 3.11+ and make.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/nova-lifecycle
INSTALLED := $(VENV)/.installed

.PHONY: help verify test lint output diagrams page repl bench bugs mutate conform record spin browser lock clean

help: ## This list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

$(INSTALLED): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

verify: $(INSTALLED) ## Build the space and decide every property: the main job
	$(RUN) space
	$(RUN) verify

test: $(INSTALLED) ## The tests (minutes)
	$(VENV)/bin/python -X dev -W error -m pytest -q -m "not network and not nova and not spin and not browser"

lint: $(INSTALLED) ## ruff, formatting and mypy --strict
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

lock: ## Renew requirements.lock from pyproject.toml (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--no-emit-index-url --no-emit-find-links --extra test -o requirements.lock pyproject.toml

clean: ## Remove what make has made, but not output/
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
