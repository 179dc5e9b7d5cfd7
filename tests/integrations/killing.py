"""Nova in a process of its own, with a database in a file, that is killed somewhere in its work."""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from django.db import connection

ROOT = Path(__file__).parents[2]
DATABASE = "nova.sqlite3"

KILLED_FIRST = """
import os
child = os.fork()
if not child:
    exec({killed!r})
    os._exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == {status}, "was not killed"
"""
"""The kill strikes a child, so that what follows need not start Python and Django once more."""
MIGRATE = """
from django.core.management import call_command
call_command("migrate", verbosity=0)
"""
ON_SQL = """
import os, signal
from django.db import connection
calls = []
def watch(execute, sql, params, many, context):
    if {sql!r} in sql:
        calls.append(sql)
        if len(calls) == {call}:
            os.kill(os.getpid(), signal.SIGKILL)
    return execute(sql, params, many, context)
with connection.execute_wrapper(watch):
    {run}
"""


def copy_tests_database(folder: Path) -> Path:
    """Copies the tests' SQLite database, as it is now, into a file in the folder."""
    connection.ensure_connection()
    with closing(sqlite3.connect(folder / DATABASE)) as copy:
        connection.connection.backup(copy)
    return folder


def migrate(folder: Path) -> Path:
    """Makes an empty database in a file in the folder."""
    run(MIGRATE, folder)
    return folder


def run(code: str, folder: Path, **environment: str) -> None:
    """Runs code with Nova's settings. Raises CalledProcessError: it failed."""
    given = os.environ | environment
    given |= {
        "DATABASE_URL": f"sqlite:///{folder / DATABASE}",
        "NOVA_VAR_DIR": str(folder),
        "REDIS_URL": "",
        "DJANGO_SETTINGS_MODULE": "nova_project.settings",
        "LOG_LEVEL": "ERROR",
    }
    command = [sys.executable, "-c", f"import django; django.setup()\n{code}"]
    subprocess.run(command, cwd=ROOT, env=given, check=True)


def kill_then(killed: str, then: str, folder: Path, **environment: str) -> None:
    """Runs `killed`, which must end by SIGKILL, and then `then`. Raises CalledProcessError."""
    first = KILLED_FIRST.format(killed=killed, status=-signal.SIGKILL)
    run(first + then, folder, **environment)


def figures(folder: Path, queries: dict[str, str]) -> dict[str, int]:
    """What the database holds, read without Nova: the single number that each query finds."""
    with sqlite3.connect(folder / DATABASE) as database:
        return {name: database.execute(sql).fetchone()[0] for name, sql in queries.items()}
