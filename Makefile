# Each target does its own set-up; README.md says what they are for.
PYTHON = .venv/bin/python
PURE = assess/psychometrics/*,assess/publication/*,*/policies.py
LOCK = $(PYTHON) -m uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet
.PHONY: install demo run check test bench migrate lock

install:  ## makes .venv and installs what the project runs on
	@bin/install run

demo: install  ## a whole round of an invented company, with its reports in demo/
	@$(PYTHON) -m examples.demo

run: install  ## serves what the demonstration made
	@bin/serve

check:  ## what can be said without running anything: style, types, who imports whom
	@bin/install test
	@$(PYTHON) -m ruff check --quiet && $(PYTHON) -m ruff format --check --quiet
	@$(PYTHON) -m mypy
	@$(PYTHON) .venv/bin/lint-imports --no-logo

# Workers with several threads each only wait for each other.
test bench: export OPENBLAS_NUM_THREADS = 1

test: check  ## everything, on what databases and browsers there are
	@$(PYTHON) -m pytest --numprocesses auto --cov --cov-report term:skip-covered
	@report=$$($(PYTHON) -m coverage report --include '$(PURE)' --fail-under 100) || { echo "$$report"; exit 1; }
	@report=$$($(PYTHON) -m coverage report --omit '$(PURE)' --fail-under 95) || { echo "$$report"; exit 1; }

bench:  ## how long the long work takes
	@bin/install test
	@for script in bench/*.py; do PYTHONPATH=. $(PYTHON) "$$script" || exit 1; done

migrate: install  ## brings the database that the settings name up to date
	@$(PYTHON) -m flask db upgrade

lock:  ## pins what requirements/*.in ask for
	@bin/install test
	@$(LOCK) requirements/run.in --output-file requirements/run.txt
	@$(LOCK) requirements/dev.in --output-file requirements/dev.txt
