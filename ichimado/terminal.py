"""What commands print: calm lines for people on the error stream, JSON for programs on the output."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
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


SPEAK_EVERY_S = 5.0


@contextmanager
def long_progress(*labels: str) -> Iterator[list[Callable[[int, int], None]]]:
    """For work of minutes; yields for each stage a function told (done, of how many). Shows both, the share and the
    time left: bars on a terminal, a line every few seconds in a log."""
    if not console.is_terminal:
        yield [_Lines(label) for label in labels]
        return
    left = (TextColumn("残り"), TimeRemainingColumn())
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TaskProgressColumn(), *left)
    with Progress(*columns, console=console, transient=False) as bars:
        yield [_bar(bars, bars.add_task(label, total=None)) for label in labels]


def _bar(bars: Progress, task: TaskID) -> Callable[[int, int], None]:
    return lambda done, total: bars.update(task, completed=done, total=total)


class _Lines:
    def __init__(self, label: str) -> None:
        self.label = label
        self.began = self.spoke = time.monotonic()
        self.first: int | None = None

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if self.first is None:
            # What an earlier run did is no measure of how fast this one is.
            self.began, self.first = now, done
        if now - self.spoke < SPEAK_EVERY_S and done < total:
            return
        self.spoke = now
        took, here = now - self.began, done - self.first
        rest = f" 残り約{round(took / here * (total - done)):,}秒" if here and done < total else ""
        say(f"{self.label}: {done:,}/{total:,} ({done / max(1, total):.0%}){rest}")
