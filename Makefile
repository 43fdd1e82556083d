# Two commands do all set-up on a machine with make, bash and Python >= 3.11: `make sim` and `make test`.
# Each makes its own environment once and uses it again; a changed lock makes it anew.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
# Python 3.11 and 3.12 read the path of a checkout in the locale's letters, and fail at others than ASCII in this one.
export LC_ALL := $(if $(filter C POSIX,$(LC_ALL)),C.UTF-8,$(LC_ALL))
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do if command -v $$p >/dev/null && $$p -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo $$p; break; fi; done)
SIM := .venv-sim
DEV := .venv
SBOM := .venv-sbom
ARGS ?=

NODE := .node
NPM_PACKAGES := @actions/expressions@0.3.61 axe-core@4.14.1
GITHUB_OPENAPI := @octokit/openapi@23.0.2

.PHONY: help setup sim node test docs check e2e chaos bench shots dist sbom lock clean
help: ## say what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

$(SIM)/.ready: requirements/sim.txt pyproject.toml
	@$(call environment,$(SIM),requirements/sim.txt)

$(DEV)/.ready: requirements/dev.txt pyproject.toml
	@$(call environment,$(DEV),requirements/dev.txt)

# pip checks every file against the hashes in the lock.
define environment
[ -n "$(PYTHON)" ] || { echo "ekswiz needs Python 3.11 or later with venv; none was found. Name one: make PYTHON=/path/to/python" >&2; exit 1; }; \
echo "Making $(1) (once)"; rm -rf $(1); $(PYTHON) -m venv $(1); \
$(1)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(2); \
$(1)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .; \
touch $(1)/.ready
endef

setup: $(DEV)/.ready ## the environment for working on ekswiz

sim: $(SIM)/.ready ## rehearse the bundled sample: no AWS account, no Docker, no network
	@$(SIM)/bin/ekswiz --sim --headless --sample $(ARGS)

node: ## packages of npm that tests compare with; without npm or a network those tests are skipped
	@[ -d $(NODE)/node_modules ] || ! command -v npm >/dev/null || \
	  npm install --silent --no-audit --no-fund --no-save --ignore-scripts --prefix $(NODE) $(NPM_PACKAGES) >/dev/null 2>&1 || \
	  echo "npm cannot fetch $(NPM_PACKAGES): the tests that need it are skipped" >&2
	@[ -f $(NODE)/api.github.com.json ] || ! command -v npm >/dev/null || { mkdir -p $(NODE) && \
	  npm pack --silent --pack-destination $(NODE) $(GITHUB_OPENAPI) >/dev/null 2>&1 && \
	  tar -xzf $(NODE)/octokit-openapi-*.tgz -C $(NODE) --strip-components 2 package/generated/api.github.com.json && \
	  rm $(NODE)/octokit-openapi-*.tgz; } || \
	  echo "npm cannot fetch $(GITHUB_OPENAPI): the tests that need it are skipped" >&2

test: $(DEV)/.ready node ## all tests
	@$(DEV)/bin/python -m pytest -n 2 --dist loadfile $(ARGS)

docs: $(DEV)/.ready ## reference pages anew from the code, and all pages as HTML in site/
	@$(DEV)/bin/python tests/house/reference.py
	@$(DEV)/bin/sphinx-build -q -n -W --keep-going -b html -c docs . site

check: $(DEV)/.ready ## what CI checks besides the tests: format, lint, types, layers, sizes, documents
	@$(DEV)/bin/ruff format --check .
	@$(DEV)/bin/ruff check .
	@$(DEV)/bin/mypy
	@PATH="$(CURDIR)/$(DEV)/bin:$$PATH" $(DEV)/bin/lint-imports
	@$(DEV)/bin/python tests/house/limits.py
	@$(DEV)/bin/python tests/house/reference.py --check
	@$(DEV)/bin/sphinx-build -q -n -W --keep-going -b dummy -c docs . site

e2e: $(DEV)/.ready ## the rehearsal and its negative cases on every tier of this machine; reports in e2e-report/
	@PYTHONPATH=wizard:sim:tests $(DEV)/bin/python tests/e2e/run.py $(ARGS)

chaos: $(DEV)/.ready ## every reliability sweep at full size, and the table of what it reached
	@PYTHONPATH=wizard:sim:tests $(DEV)/bin/python tests/chaos/run.py $(ARGS)

bench: $(DEV)/.ready ## time and memory of a rehearsal; calls of the engine; decisions per second
	@$(DEV)/bin/python tests/house/bench.py $(ARGS)
	@PYTHONPATH=wizard:sim:tests $(DEV)/bin/python tests/house/bench_engine.py
	@PYTHONPATH=wizard:sim:tests $(DEV)/bin/python tests/house/bench_script.py
	@$(DEV)/bin/python tests/house/bench_tui.py
	@PYTHONPATH=wizard:sim:tests $(DEV)/bin/python tests/house/bench_iam.py
	@PYTHONPATH=wizard:sim:tests $(DEV)/bin/python tests/house/bench_kubernetes.py

shots: $(DEV)/.ready ## the pictures of every screen, and the recorded rehearsal, in docs/pictures
	@$(DEV)/bin/python tests/house/shots.py $(ARGS)
	@$(DEV)/bin/python tests/house/cast.py

dist: $(DEV)/.ready ## wheel and sdist, in dist/
	@rm -rf dist
	@$(DEV)/bin/python -m hatchling build

sbom: ## what the wheel with its extra `sim` brings along, as CycloneDX, in dist/
	@[ -x $(SBOM)/bin/cyclonedx-py ] || { $(PYTHON) -m venv $(SBOM); \
	  $(SBOM)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/sbom.txt; }
	@mkdir -p dist
	@$(SBOM)/bin/cyclonedx-py requirements requirements/sim.txt --pyproject pyproject.toml --mc-type application \
	  --output-reproducible --of JSON -o dist/ekswiz.cdx.json

lock: $(DEV)/.ready ## compile the hashed requirement files anew
	@$(DEV)/bin/python -m pip install --quiet uv
	@for extra in sim dev sbom; do \
	  groups="--extra sim --group build pyproject.toml"; \
	  [ $$extra != dev ] || groups="$$groups --extra github --extra full --group dev"; \
	  [ $$extra != sbom ] || groups="--group sbom"; \
	  $(DEV)/bin/uv pip compile --quiet --universal --no-strip-extras --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	    --custom-compile-command "make lock" $$groups -o requirements/$$extra.txt; done

clean: ## remove what make made
	@rm -rf $(SIM) $(DEV) $(SBOM) $(NODE) dist build site .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
