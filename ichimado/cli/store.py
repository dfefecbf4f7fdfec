"""The store itself: its schema, its proof."""

from __future__ import annotations

from typing import Annotated

import typer

from ichimado.cli.shared import Json
from ichimado.compose import open_runtime
from ichimado.terminal import emit, fail, say, show_table

app = typer.Typer()


@app.command()
def migrate() -> None:
    """Bring the case store to the newest schema."""
    open_runtime()
    say("保存先は最新です。")


@app.command()
def audit(
    quick: Annotated[
        bool, typer.Option("--quick", help="Ask only whether each file is there, not what is in it.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Prove that what must always hold does hold; exits 1 when something does not.

    Every file is read and compared with the hash it was named for, so that one altered by hand is found.
    """
    from pipeline.steps.audit import audit as run_audit

    report = run_audit(open_runtime(), content=not quick)
    breaches = [{"rule": breach.rule, "where": breach.where} for breach in report.breaches]
    if as_json:
        emit({"checked": report.checked, "breaches": breaches})
    else:
        show_table("整合性の検査", [(rule, str(count)) for rule, count in report.checked.items()])
        for breach in breaches:
            fail(f"破れています: {breach['rule']} {breach['where']}")
        say("すべて整っています。" if not breaches else f"{len(breaches)}件の問題があります。")
    raise typer.Exit(int(bool(breaches)))
