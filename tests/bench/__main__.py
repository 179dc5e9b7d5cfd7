"""`python -m tests.bench [NAME …]`: runs every measurement in this folder, or those named.

A module of this folder that has `run(report)` is a measurement; it calls `report` with a title,
headings and rows. They make databases of their own beside the one that BENCH_DATABASE_URL or
DATABASE_URL names, in SQLite where neither is set, and leave nothing behind.
"""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

import django
from rich.console import Console
from rich.table import Table

FOLDER = Path(__file__).parent


def report(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Prints a table: the first column names what was measured, the others are figures."""
    table = Table(title=title, title_justify="left")
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="right" if place else "left")
    for row in rows:
        table.add_row(*row)
    Console(width=None if sys.stdout.isatty() else 140).print(table)


def main(wanted: Sequence[str]) -> int:
    names = sorted(path.stem for path in FOLDER.glob("[!_]*.py"))
    if unknown := set(wanted) - set(names):
        print(f"There is no {', '.join(unknown)}; there are {', '.join(names)}.", file=sys.stderr)
        return 2
    with TemporaryDirectory() as folder:
        settle_environment(folder)
        django.setup()
        for name in wanted or names:
            measurement = import_module(f"tests.bench.{name}")
            if hasattr(measurement, "run"):
                measurement.run(report)
    return 0


def settle_environment(folder: str) -> None:
    """Settings as a laptop has them, with files in `folder`."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "nova_project.settings")
    os.environ |= {"NOVA_ENV_FILE": "", "DEBUG": "true", "NOVA_VAR_DIR": folder}
    os.environ.setdefault("LOG_LEVEL", "ERROR")
    if url := os.environ.get("BENCH_DATABASE_URL"):
        os.environ["DATABASE_URL"] = url


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
