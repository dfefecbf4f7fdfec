"""What the commands have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from ichimado.terminal import emit, show_table

Json = Annotated[bool, typer.Option("--json", help="One JSON line on the output.")]


def answer_with(answer: Mapping[str, Any], as_json: bool, title: str) -> None:
    """One JSON line for programs, or a small table for people."""
    if as_json:
        emit(answer)
    else:
        show_table(title, [(name, str(value)) for name, value in answer.items()])
