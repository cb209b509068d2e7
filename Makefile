# nova-lifecycle: `make verify` and `make test` install what they need into .venv and need only Python 3.11+ and make.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/nova-lifecycle
INSTALLED := $(VENV)/.installed

.PHONY: help verify three closely crashes bounded test lint output fresh diagrams page repl bench bugs mutate conform releases record referee browser lock clean

help: ## This list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

$(INSTALLED): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

verify: $(INSTALLED) ## Build the space and decide every property: the main job (a minute)
	$(RUN) space
	$(RUN) verify

three: $(INSTALLED) ## Three requests at once, for every choice of three operations (minutes)
	$(RUN) verify --scenario concurrent-3

closely: $(INSTALLED) ## Two requests at once, with a second look at what the first leaves unconfirmed (minutes)
	$(RUN) verify --scenario concurrent-2 --closely

crashes: $(INSTALLED) ## Two requests at once, with crashes and with lost messages (minutes)
	$(RUN) verify --scenario crash-2 --scenario lost-2

bounded: $(INSTALLED) ## No counterexample is shorter than those found: by z3, step after step (minutes)
	$(RUN) verify --scenario sequential --bounded 36
	$(RUN) verify --scenario crash --bounded 24

test: $(INSTALLED) ## The tests (minutes)
	$(VENV)/bin/python -X dev -W error -m pytest -q -m "not network and not nova and not spin and not browser"

diagrams: $(INSTALLED) ## Every figure, into output/figures
	$(RUN) render figures -o output/figures

page: $(INSTALLED) ## The reference page, output/index.html
	$(RUN) render page -o output/index.html

output: $(INSTALLED) ## Everything that output/ holds, and what docs/ and README show of it (minutes)
	$(RUN) verify --quiet --write output
	$(RUN) bugs --write docs/bugs.md
	$(MAKE) diagrams page
	$(VENV)/bin/python docs/refresh_properties.py
	$(VENV)/bin/python docs/refresh_readme.py

fresh: output ## output/, docs/ and README are what the tables make of them (minutes)
	@git diff --exit-code --stat -- output README.md docs || { echo "output/ is stale: run make output and commit" >&2; exit 1; }
	@test -z "$$(git status --porcelain -- output)" || { git status --short -- output >&2; echo "output/ has new files: commit them" >&2; exit 1; }

repl: $(INSTALLED) ## Ask questions at a prompt
	$(RUN) repl

bugs: $(INSTALLED) ## Put each historical bug back, and see it found (a minute)
	$(RUN) bugs

mutate: $(INSTALLED) ## Change every row in turn, and see it noticed: docs/mutation.md (hours; needs the network)
	$(RUN) mutate --keep .mutants.jsonl --source 34.0.0 --output docs/mutation.md

bench: $(INSTALLED) ## Times and sizes, beside Spin where it is installed (minutes)
	$(VENV)/bin/python -m benchmarks

conform: $(INSTALLED) ## Compare the tables with Nova from PyPI (needs the network)
	$(VENV)/bin/python -m pytest -q -m network
	$(RUN) conform source 34.0.0

releases: $(INSTALLED) ## Compare every release from 15 on (needs the network; long)
	$(RUN) releases -o output --findings sequential --findings crash

record: $(INSTALLED) ## Install Nova, record some of its functional tests, replay them (needs the network; minutes)
	$(VENV)/bin/python -m pytest -q -m nova

referee: $(INSTALLED) ## Spin and cvc5 decide the same (installs Debian's spin where it can; minutes)
	@command -v spin >/dev/null || { apt-get update -qq && apt-get install -y -qq spin gcc >/dev/null; }
	$(VENV)/bin/python -m pytest -q -m spin

browser: $(INSTALLED) ## The reference page in Chromium (installs Debian's chromium where it can)
	@command -v chromium >/dev/null || { apt-get update -qq && apt-get install -y -qq chromium >/dev/null; }
	cd tests/browser && npm ci --silent --no-audit --no-fund
	$(VENV)/bin/python -m pytest -q -m browser

lint: $(INSTALLED) ## ruff, formatting and mypy --strict
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

lock: ## Renew requirements.lock from pyproject.toml (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--no-emit-index-url --no-emit-find-links --extra test -o requirements.lock pyproject.toml

clean: ## Remove what make has made, but neither output/ nor what is known of mutants
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
