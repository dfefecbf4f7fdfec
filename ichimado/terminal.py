"""What commands print: calm lines for people on the error stream, JSON for programs on the output."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

console = Console(stderr=True, highlight=False)


def say(text: str) -> None:
    """One line for the person at the terminal."""
    console.print(text)


def fail(text: str) -> None:
    """One line that says what is wrong and what to do, in red where the terminal has colours."""
    console.print(text, style="red")


def emit(value: Mapping[str, Any]) -> None:
    """One JSON line for programs, on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def show_table(title: str, rows: Iterator[tuple[str, str]] | list[tuple[str, str]]) -> None:
    """A two-column table, figures to the right."""
    table = Table(title=title, title_justify="left", show_header=False, box=None, padding=(0, 2))
    table.add_column()
    table.add_column(justify="right")
    for name, value in rows:
        table.add_row(name, value)
    console.print(table)


def show_columns(rows: Sequence[Sequence[str]], *, header: bool = False) -> None:
    """Rows of words under each other, indented; the first row is a header where said."""
    table = Table.grid(padding=(0, 3))
    for _ in rows[0]:
        table.add_column(no_wrap=True)
    for place, row in enumerate(rows):
        table.add_row(*row, style="dim" if header and place == 0 else None)
    console.print(Padding(table, (0, 0, 0, 2)))


@contextmanager
def progress(total: int, label: str) -> Iterator[Any]:
    """A progress bar; yields a function that counts one further."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=False) as bar:
        task = bar.add_task(label, total=total)
        yield lambda: bar.advance(task)
