# The two commands of the README: `make try` and `make test`. Both set up what they need in .venv.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check install
# Every editable install warns that folders named like our packages come first; that they do is its purpose.
OURSELVES := PYTHONWARNINGS=ignore:Editable $(PIP) --no-deps --no-build-isolation --editable .

.PHONY: try test check install docs screenshots lock clean

# `make try ONCE=1` stops after one round trip.
try: .venv/try
	$(BIN)/papers-bot try $(if $(ONCE),--once)

test: .venv/dev
	$(BIN)/python -m pytest -n auto

check: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m docs.generate --check

install: .venv/try

docs: .venv/dev
	$(BIN)/python -m docs.generate

# Needs Chromium (Debian: `apt-get install chromium`).
screenshots: .venv/dev
	$(BIN)/python -m docs.screenshots

# Said here, because what pip says of an old Python is a riddle.
NEW_ENOUGH = import sys; sys.version_info >= (3, 11) or sys.exit("papers-bot needs Python 3.11 or newer; \
this is " + sys.version.split()[0] + ". Name another: make PYTHON=python3.12 ...")

# A stamp is written only after the whole install worked, so a broken one is repeated.
.venv/try: requirements.lock pyproject.toml
	@$(PYTHON) -c '$(NEW_ENOUGH)'
	$(PYTHON) -m venv .venv
	$(PIP) --require-hashes -r requirements.lock
	$(OURSELVES)
	touch $@

.venv/dev: requirements-dev.lock pyproject.toml
	@$(PYTHON) -c '$(NEW_ENOUGH)'
	$(PYTHON) -m venv .venv
	$(PIP) --require-hashes -r requirements-dev.lock
	$(OURSELVES)
	touch $@ .venv/try

# Needs uv (https://docs.astral.sh/uv/); one lock serves every platform and Python from 3.11 on.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
	  --custom-compile-command "make lock" --group build pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
	  --custom-compile-command "make lock" --group build --group dev pyproject.toml -c requirements.lock -o requirements-dev.lock

clean:
	rm -rf .venv build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
