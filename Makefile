# Second Look: the commands a person types. `make help` lists them.
# Only relative paths below: the folder's own path may contain spaces.
.DEFAULT_GOAL := help
LINTS := lint-style lint-format lint-types lint-contracts lint-templates lint-migrations
.PHONY: help up down status test lint lock bench screens messages clean install install-dev $(LINTS)
MAKEFLAGS += --no-print-directory

PYTHON := .venv/bin/python
export CLIP PYTHON3

help: ## List these commands
	@sed -n 's/^\([a-z]*\):[^#]*## /\1\t/p' Makefile | while IFS="$$(printf '\t')" read -r name text; do \
	  printf '  make %-8s %s\n' "$$name" "$$text"; done

up: install ## Start everything, raise one alert (from CLIP=file.mp4 when given), stay until Ctrl-C
	@if [ -n "$$CLIP" ]; then set -- --clip "$$CLIP"; else set --; fi; exec $(PYTHON) manage.py up "$$@"

down: ## Stop a running stack from another terminal
	@if [ -x $(PYTHON) ]; then exec $(PYTHON) manage.py down; else echo "Nothing is installed here, so nothing runs."; fi

status: ## Say which processes run, and how they are
	@if [ -x $(PYTHON) ]; then exec $(PYTHON) manage.py status; else echo "Nothing is installed here, so nothing runs."; fi

test: install-dev ## Install what the tests need and run them (ARGS="tests/audit -x" to choose)
	@exec $(PYTHON) -m pytest $(or $(ARGS),-n 2 --dist loadscope)

lint: install-dev $(LINTS) ## Style, types, import contracts, templates, missing migrations

lint-style:
	$(PYTHON) -m ruff check .

lint-format:
	$(PYTHON) -m ruff format --check .

lint-types:
	$(PYTHON) -m mypy .

lint-contracts:
	$(PYTHON) -c 'from importlinter.cli import lint_imports_command; lint_imports_command()'

lint-templates:
	find apps templates -name '*.html' -print0 | xargs -0 -r .venv/bin/djade --target-version 5.2 --check
	find apps templates -name '*.html' -print0 | xargs -0 -r $(PYTHON) -m djlint --lint --quiet

lint-migrations:
	$(PYTHON) manage.py makemigrations --check --dry-run

bench: install-dev ## The long measurements of docs/benchmarks.md (minutes)
	@exec $(PYTHON) -m pytest tests/bench -m bench -s -o timeout=3600 $(ARGS)

screens: install-dev ## Take every kind of page into docs/screens from a stack of its own (about 7 minutes; ARGS="--only case")
	@exec $(PYTHON) -m tests.screens $(ARGS)

messages: install-dev ## Gather the words of the screens for translation, and compile them (needs GNU gettext)
	for domain in django djangojs; do $(PYTHON) manage.py makemessages --locale es --domain $$domain --no-wrap --no-obsolete \
	    --add-location file --ignore '.venv/*' --ignore 'var/*' --ignore 'tests/*' --ignore 'docs/*' --ignore '*/vendor/*' || exit 1; done
	$(PYTHON) manage.py compilemessages --locale es

lock: install-dev ## Recompile requirements/*.txt from *.in, with hashes
	cd requirements && for name in dev base bootstrap; do \
	  ../$(PYTHON) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --custom-compile-command "make lock" \
	    $$([ $$name = dev ] || echo "-c dev.txt") $$name.in -o $$name.txt || exit 1; done

clean: ## Remove the virtual environment and caches; data in var/ only after asking
	@rm -rf .venv staticfiles .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@if [ -d var ]; then printf 'Also delete all data in var/ (alerts, evidence, passwords)? [y/N] '; \
	  read -r answer && [ "$$answer" = y ] && rm -rf var && echo 'Deleted.' || echo 'Kept.'; fi

install: .venv/bin/python
	@$(PYTHON) requirements/install.py base

install-dev: .venv/bin/python
	@$(PYTHON) requirements/install.py dev

.venv/bin/python:
	@sh requirements/venv.sh
