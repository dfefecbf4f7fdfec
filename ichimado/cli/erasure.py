"""消去: what was kept long enough goes, and what went is certified."""

from __future__ import annotations

import getpass
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from ichimado.cli.shared import Json
from ichimado.compose import open_runtime
from ichimado.terminal import emit, fail, say, show_table
from pipeline.domain.statuses import HoldReason
from pipeline.runtime import Runtime

app = typer.Typer(help="消去 (erase what was kept long enough)", invoke_without_command=True)

_BLOCKED = {
    "under_way": "手続きが終わっていない",
    "open_task": "確認作業が開いている",
    "in_draft": "起案の回議中",
    "held": "保存延長中",
    "undelivered": "送信待ちがある",
    "carrier_open": "元のファイルの処理が終わっていない",
    "asked_again": "同じ対象者の申請を確認中",
}


@app.callback()
def erase(
    context: typer.Context,
    procedure: Annotated[str | None, typer.Option(help="One procedure's id; all of them when left out.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what is due; change nothing.")] = False,
    whole: Annotated[
        bool, typer.Option("--rewrite", help="Rewrite PostgreSQL's tables too; they are locked meanwhile.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Erase every application whose retention is over, and certify it; exits 1 while an erasure is unfinished."""
    if context.invoked_subcommand is not None:
        return
    from pipeline.steps.packs import installed_versions

    runtime = open_runtime()
    known = sorted({procedure_id for procedure_id, _, _ in installed_versions(runtime)})
    wanted = [procedure] if procedure else known
    answers = [_look(runtime, one) if dry_run else _erase(runtime, one) for one in wanted]
    if not dry_run and (whole or any(answer["number"] for answer in answers)):
        _compact(runtime, whole)
    for answer in answers:
        emit(answer) if as_json else _show(answer, dry_run)
    raise typer.Exit(int(any(answer.get("number") and not answer["finished"] for answer in answers)))


def _look(runtime: Runtime, procedure: str) -> dict[str, Any]:
    from pipeline.steps.erasure.run import look

    due = look(runtime, procedure)
    blocked = {blocker.value: count for blocker, count in sorted(due.blocked.items())}
    submissions = sum(len(file.submission_ids) for file in due.files)
    return {"procedure_id": procedure, "due": submissions, "files": len(due.files), "blocked": blocked}


def _erase(runtime: Runtime, procedure: str) -> dict[str, Any]:
    from pipeline.steps.erasure.run import erase as run

    return asdict(run(runtime, procedure, actor=f"cli:{getpass.getuser()}"))


def _compact(runtime: Runtime, whole: bool) -> None:
    from sqlalchemy.exc import OperationalError

    from pipeline.store.compact import StillSeen, compact

    try:
        compact(runtime.engine, whole=whole)
    except (OperationalError, StillSeen):
        fail("ほかの処理が動いているため、データベースの書き直しを見送りました。ichimado erase rewrite で行えます。")


def _show(answer: Mapping[str, Any], dry_run: bool) -> None:
    rows = [(_BLOCKED.get(name, name), str(count)) for name, count in answer["blocked"].items()]
    if dry_run:
        rows = [("消去できる申請", str(answer["due"])), *rows]
    elif answer["number"]:
        state = "証明書を作成しました" if answer["finished"] else f"残り {answer['waiting']} 件は次回"
        rows = [("消去番号", answer["number"]), ("消去した申請", str(answer["submissions"])), ("状態", state), *rows]
        rows.insert(2, ("削除したファイル", str(answer["files_removed"])))
    else:
        rows = [("消去する申請はありません", ""), *rows]
    show_table(f"消去 {answer['procedure_id']}", rows)


@app.command()
def rewrite() -> None:
    """Rewrite the whole database, so that its files hold nothing that was deleted. For a quiet hour."""
    _compact(open_runtime(), whole=True)
    say("データベースを書き直しました。")


@app.command()
def certificate(
    number: Annotated[str, typer.Argument(help="Number of the erasure, such as R8-E0001.")],
    out: Annotated[Path, typer.Option(help="Where to write it; .json or .pdf.")],
) -> None:
    """Write an erasure's signed certificate to a file."""
    from pipeline.outbound.certificate import certificate_pdf
    from pipeline.steps.erasure.certificate import get_certificate

    signed = get_certificate(open_runtime(), number)
    if out.suffix.lower() == ".pdf":
        out.write_bytes(certificate_pdf(signed))
    else:
        out.write_text(json.dumps(signed, ensure_ascii=False, indent=1), encoding="utf-8")
    say(f"{number} の証明書を書き出しました。")


@app.command()
def verify(file: Annotated[Path, typer.Argument(help="A certificate as JSON.")], as_json: Json = False) -> None:
    """Say whether a certificate was made here and still fits the store; exits 1 when not."""
    from pipeline.steps.erasure.certificate import verify_certificate

    try:
        signed = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        signed = {}
    verdict = verify_certificate(open_runtime(), signed if isinstance(signed, dict) else {})
    if as_json:
        emit({"number": verdict.number, "problems": list(verdict.problems)})
    elif verdict.problems:
        fail(f"証明書 {verdict.number} を確認できません: {' '.join(verdict.problems)}")
    else:
        say(f"証明書 {verdict.number} はこの一窓が作成したもので、記録と一致します。")
    raise typer.Exit(int(bool(verdict.problems)))


@app.command()
def hold(
    receipt_number: Annotated[str, typer.Argument()],
    reason: Annotated[HoldReason, typer.Option(help="Why it must be kept.")],
) -> None:
    """保存延長: keep an application although its retention is over."""
    from pipeline.steps.erasure.holds import set_hold

    set_hold(open_runtime(), receipt_number, reason, actor=f"cli:{getpass.getuser()}")
    say(f"{receipt_number} の保存を延長しました。")


@app.command()
def release(receipt_number: Annotated[str, typer.Argument()]) -> None:
    """Lift the hold on an application."""
    from pipeline.steps.erasure.holds import lift_holds

    lifted = lift_holds(open_runtime(), receipt_number, actor=f"cli:{getpass.getuser()}")
    say(f"{receipt_number} の保存延長を終えました。" if lifted else f"{receipt_number} に保存延長はありません。")
