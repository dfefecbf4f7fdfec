"""The store itself: its schema, its proof, its copies."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ichimado.cli.shared import Json, answer_with
from ichimado.compose import make_runtime, open_runtime
from ichimado.settings import Settings
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


@app.command()
def backup(
    folder: Annotated[Path, typer.Argument(file_okay=False, help="Where backups are kept; each adds what is new.")],
    keep: Annotated[int | None, typer.Option(min=1, help="Remove all but so many of the last backups.")] = None,
    as_json: Json = False,
) -> None:
    """Copy the store and its files, as of one moment, while work goes on.

    The key of the installation is not in it: keep that apart. Exits 1 when files were lost or altered in the store
    already; everything else is in the backup then.
    """
    from pipeline.steps.backup import back_up

    made = back_up(open_runtime(), folder, keep=keep)
    lost = [*made.manifest.missing, *made.manifest.altered]
    answer = {
        "backup": made.folder.name,
        "rows": made.manifest.rows,
        "files": made.manifest.blobs,
        "new_files": made.copied,
        "lost_or_altered": len(lost),
        "removed_backups": len(made.removed),
    }
    answer_with(answer, as_json, "バックアップ")
    if lost:
        fail("失われたか書き換えられたファイルがあります。ichimado audit で場所を確かめてください。")
    raise typer.Exit(int(bool(lost)))


@app.command()
def restore(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="Where backups are kept.")],
    name: Annotated[str | None, typer.Option("--backup", help="Which one; without it the last.")] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Even though the store holds data, which is lost.")
    ] = False,
    check: Annotated[bool, typer.Option("--check", help="Read the backup to its end and restore nothing.")] = False,
    files: Annotated[bool, typer.Option("--files", help="Bring back lost or altered files only.")] = False,
    as_json: Json = False,
) -> None:
    """Put a backup back, then prove the store: exits 1 when audit finds something."""
    from pipeline.steps.audit import audit as run_audit
    from pipeline.steps.restore import check_backup, find_backup, mend_files
    from pipeline.steps.restore import restore as put_back

    runtime = make_runtime(Settings())
    chosen = find_backup(folder, name)
    if files:
        answer_with({"backup": chosen.name, "mended_files": mend_files(runtime, chosen)}, as_json, "ファイルの復元")
        return
    done = check_backup(runtime, chosen) if check else put_back(runtime, chosen, replace=replace)
    breaches = () if check else run_audit(runtime).breaches
    answer = {"backup": done.backup, "rows": done.rows, "files": done.blobs, "breaches": len(breaches)}
    answer_with(answer, as_json, "バックアップの確認" if check else "復元")
    if breaches:
        fail("復元した保存先に問題があります。ichimado audit で場所を確かめてください。")
    raise typer.Exit(int(bool(breaches)))
