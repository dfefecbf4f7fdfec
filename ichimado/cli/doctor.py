"""Whether this installation is well."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from ichimado.cli.shared import Json
from ichimado.settings import Settings
from ichimado.terminal import emit, fail, say

app = typer.Typer()


@app.command()
def doctor(
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 for warnings too.")] = False,
    only: Annotated[list[str] | None, typer.Option(help="Only this check; may be given more than once.")] = None,
    as_json: Json = False,
) -> None:
    """Say what is wrong with this installation, a line each with what to do. Nothing is made or changed.

    Exits 1 when something is bad; with --strict also for warnings.
    """
    from ichimado.doctor import Level, examine, names

    if unknown := set(only or ()) - names():
        fail(f"{', '.join(sorted(unknown))}: 検査は {', '.join(sorted(names()))} のどれかです。")
        raise typer.Exit(2)
    worst = {Level.FINE: 0, Level.WARNING: 0, Level.BAD: 0}
    for name, found in examine(Settings(), os.environ, frozenset(only or ())):
        worst[found.level] += 1
        if as_json:
            emit({"check": name, "level": found.level.value, "ja": found.ja, "en": found.en})
        elif found.level is Level.FINE:
            say(f"  ○ {found.ja}")
        else:
            mark = "×" if found.level is Level.BAD else "△"
            (fail if found.level is Level.BAD else say)(f"  {mark} {found.ja}\n    {found.en}")
    if not as_json:
        say(f"○ {worst[Level.FINE]}件、△ {worst[Level.WARNING]}件、× {worst[Level.BAD]}件")
    raise typer.Exit(int(bool(worst[Level.BAD] or (strict and worst[Level.WARNING]))))
