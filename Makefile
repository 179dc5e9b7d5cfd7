# `make` lists what can be made. Every target that needs the environment in .venv makes it first.

PYTHON = .venv/bin/python
ARGS =
FRESH =
PORT = 8000
SANDBOX_PORT = 8900
WORKERS = 2
UV_VERSION = 0.13.9

# Tests and lint see no setting of the shell, nor a .env file: they run the same everywhere.
SETTINGS := $(shell tr -d '\n ' <nova_project/settings.py | grep -oE 'env\.[a-z]+."[A-Z_]+"' | cut -d '"' -f 2)
HERMETIC = env $(foreach name,$(SETTINGS) NOVA_REQUIRE,-u $(name)) NOVA_ENV_FILE=
PYTEST = $(PYTHON) -m pytest -n $(WORKERS)

.PHONY: help demo test test-servers lint format bench chaos lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

demo: .venv/.runtime ## a year of shows in a running admin; FRESH=1 starts over, PORT=, SANDBOX_PORT=, ARGS=--no-serve
	@$(PYTHON) manage.py demo $(if $(filter-out 0,$(FRESH)),--fresh) \
		--port $(PORT) --sandbox-port $(SANDBOX_PORT) $(ARGS)

test: .venv/.development ## the whole suite on SQLite, without any server; ARGS= goes to pytest
	$(HERMETIC) $(PYTEST) $(ARGS)

# Set on the command line, never taken from the shell: that one may point at a database in use.
test-servers: DATABASE_URL = postgres://postgres@127.0.0.1:5432/nova
test-servers: REDIS_URL = redis://127.0.0.1:6379/9
test-servers: NOVA_REQUIRE = postgres,redis
test-servers: .venv/.development ## the same on PostgreSQL and Redis; DATABASE_URL=, REDIS_URL=, NOVA_REQUIRE=
	$(HERMETIC) 'DATABASE_URL=$(DATABASE_URL)' 'REDIS_URL=$(REDIS_URL)' \
		'NOVA_REQUIRE=$(NOVA_REQUIRE)' $(PYTEST) $(ARGS)

lint: .venv/.development ## style, types, import rules, missing migrations, deployment checks
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/lint-imports
	$(HERMETIC) $(PYTHON) -m mypy
	$(HERMETIC) $(PYTHON) manage.py makemigrations --check --dry-run
	@echo 'manage.py check --deploy'
	@secret() { $(PYTHON) -c 'import secrets; print(secrets.token_urlsafe(64))'; }; \
	$(HERMETIC) DEBUG=false "SECRET_KEY=$$(secret)" ALLOWED_HOSTS=nova.example \
		CSRF_TRUSTED_ORIGINS=https://nova.example DATABASE_URL=postgres://nova@127.0.0.1/nova \
		REDIS_URL=redis://127.0.0.1:6379/0 EMAIL_URL=smtp+tls://127.0.0.1:587 \
		"HUBSPOT_ACCESS_TOKEN=$$(secret)" "HUBSPOT_CLIENT_SECRET=$$(secret)" \
		"EVENTBRITE_TOKEN=$$(secret)" "EVENTBRITE_WEBHOOK_SECRET=$$(secret)" \
		$(PYTHON) manage.py check --deploy --fail-level WARNING

format: .venv/.development ## put the code in its usual form
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

bench: .venv/.development ## measure syncs, imports and reports; ARGS= picks some
	NOVA_ENV_FILE= $(PYTHON) -m tests.bench $(ARGS)

chaos: .venv/.development ## kill the syncs a hundred times under faults, compare both sides; ARGS=--kills 20 --seed 7
	NOVA_ENV_FILE= $(PYTHON) -m tests.chaos $(ARGS)

LOCK = pip compile --universal --python-version 3.11 --generate-hashes --quiet
lock: .venv/.runtime ## write both lock files anew; ARGS=--upgrade takes newer versions
	@export UV_CUSTOM_COMPILE_COMMAND='make lock'; PATH="$$PATH:.venv/bin"; \
	uv $(LOCK) $(ARGS) requirements.in -o requirements.txt && \
	uv $(LOCK) $(ARGS) requirements-dev.in -o requirements-dev.txt

clean: ## remove the environment and caches; what the product keeps in var/ stays
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage* htmlcov
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment. The first stamp is all that the demo needs; it only adds packages, so that a
# developer's tools stay. The second brings .venv to exactly what both locks say.
.venv/.runtime: requirements.txt
	@sh -ec "$$MAKE_VENV"
	@sh -ec "$$INSTALL" install install -r requirements.txt
	@touch $@

.venv/.development: .venv/.runtime requirements-dev.txt
	@sh -ec "$$INSTALL" install sync -r requirements.txt -r requirements-dev.txt
	@touch $@

# Makes .venv with the first Python that is new enough, or says what is missing and leaves nothing.
define MAKE_VENV
new_enough() { "$$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }
if new_enough .venv/bin/python; then exit 0; fi
for name in python3 python3.14 python3.13 python3.12 python3.11; do
	if new_enough "$$name"; then python=$$(command -v "$$name"); break; fi
done
if [ -z "$${python:-}" ]; then
	echo "Nova needs Python 3.11 or newer; python3 here is: $$(python3 --version 2>/dev/null || echo missing)" >&2
	exit 1
fi
python=$$("$$python" -c 'import sys; print(sys.executable)')
rm -rf .venv
trap 'rm -rf .venv' EXIT
trap 'exit 130' INT TERM
echo "Making .venv with $$("$$python" --version)"
if uv --version >/dev/null 2>&1; then
	uv venv --quiet --no-project --python "$$python" .venv
else
	if ! "$$python" -c 'import ensurepip' >/dev/null 2>&1; then
		if [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
			echo "This Python cannot make environments yet. Run: sudo apt-get install python3-venv" >&2
			exit 1
		fi
		echo "Installing python3-venv"
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null
	fi
	"$$python" -m venv .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION) ||
		echo "uv is not to be had; pip installs the packages, which takes a minute" >&2
fi
trap - EXIT
endef
export MAKE_VENV

# $1 is uv's verb, the rest names locks. Hashes are required either way. Bytecode comes with it, as
# pip makes it: where Python may write none, each start would compile all of Django again.
define INSTALL
verb=$$1; shift
echo "Installing $$*"
PATH="$$PATH:.venv/bin"
if uv --version >/dev/null 2>&1; then
	if [ "$$verb" = sync ]; then set -- $$(echo "$$*" | sed 's/-r //g'); fi
	uv pip "$$verb" --quiet --compile-bytecode --require-hashes --python .venv/bin/python "$$@"
else
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes "$$@"
fi
endef
export INSTALL
