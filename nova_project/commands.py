"""How Nova's commands speak: a table for people, or `--json` and one object on the last line.

Exit status: 0 done, 1 failed with the reason, 2 bad use (argparse says why).
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any, cast

from django.core.management.base import BaseCommand, CommandParser
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table


class NovaCommand(BaseCommand):
    """A command with `--json`. Subclasses call `report` once, at the end."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--json", action="store_true", help="Print one JSON object on the last line."
        )

    def report(self, result: Mapping[str, Any], *, title: str, as_json: bool) -> None:
        """Prints `result`. A mapping of mappings in it becomes a table of its own, lists lines."""
        if as_json:
            self.stdout.write(json.dumps(result, default=str))
            return
        console = Console(file=cast(IO[str], self.stdout))
        table = Table(title=title, show_header=False, title_justify="left")
        for name, value in result.items():
            if isinstance(value, Mapping):
                continue
            text = "\n".join(value) if isinstance(value, list) else str(value)
            if value not in ("", None, []):
                table.add_row(name.replace("_", " "), text)
        console.print(table)
        for value in result.values():
            if isinstance(value, Mapping) and value:
                console.print(_matrix(value))

    @contextmanager
    def progress(self, *, is_quiet: bool) -> Iterator[Any]:
        """A listener for long work: one bar per stream, on standard error."""
        console = Console(stderr=True, quiet=is_quiet)
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description:<28}"),
            BarColumn(),
            MofNCompleteColumn(),
        )
        with Progress(*columns, console=console) as bars:
            tasks: dict[str, Any] = {}

            def listen(stream: str, done: int, total: int | None) -> None:
                if stream not in tasks:
                    tasks[stream] = bars.add_task(stream, total=total)
                bars.update(tasks[stream], completed=done, total=total or done)

            yield listen


def _matrix(rows: Mapping[str, Mapping[str, Any]]) -> Table:
    """A row per key, a column per key of the inner mappings; what is not there is blank."""
    columns = list(dict.fromkeys(column for row in rows.values() for column in row))
    table = Table("", *columns)
    for name, row in rows.items():
        table.add_row(name, *(f"{row[c]:,}" if c in row else "" for c in columns))
    return table
