"""Taking in what arrives: scans, exports, eligible lists."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ichimado.cli.shared import Json, answer_with
from ichimado.compose import open_runtime
from ichimado.terminal import emit, fail, long_progress, progress, say
from pipeline.channels.errors import ArrivalError
from pipeline.channels.slip import BatchSlip
from pipeline.domain.statuses import RosterProblemCode
from pipeline.runtime import Runtime

if TYPE_CHECKING:
    from pipeline.steps.roster_report import ProblemLines

app = typer.Typer()

PROBLEMS = {
    RosterProblemCode.NO_NUMBER: "宛名番号がなく、取り込みません",
    RosterProblemCode.NO_NAME: "氏名がなく、取り込みません",
    RosterProblemCode.NO_TEXT: "保存できない文字があり、取り込みません",
    RosterProblemCode.NUMBER_TWICE: "前の行と同じ宛名番号で内容が違い、取り込みません",
    RosterProblemCode.UNREADABLE_DATE: "日付を読めず、空欄として取り込みました",
    RosterProblemCode.UNKNOWN_STATE: "手続の設定にない区分で、区分なしとして取り込みました",
}
_LISTED_LINES = 1000


@app.command()
def scan(
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False)],
    received_on: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="収受日")] = None,
    source: Annotated[str, typer.Option(help="mail, counter, branch or drop_box")] = "mail",
    department: Annotated[str | None, typer.Option()] = None,
    counted: Annotated[int | None, typer.Option(min=1, help="Sheets counted by hand.")] = None,
    as_json: Json = False,
) -> None:
    """Receive scan files as one batch and make submissions of them.

    Exits 1 when a file was refused: it is kept, and stands in the mailroom's queue.
    """
    from ichimado.intake import receive_paths
    from pipeline.steps.advance import arrivals_of
    from pipeline.steps.assemble import assemble_batch
    from pipeline.steps.intake_paper import take_pages
    from pipeline.steps.totals import batch_totals
    from pipeline.store.engine import read
    from pipeline.store.tables import Arrival, Batch

    runtime = open_runtime()
    day: date = received_on.date() if received_on else runtime.today()
    slip = BatchSlip(received_on=day, source=source, department=department, counted_sheets=counted)
    received = receive_paths(runtime, slip, files)
    submissions: list[str] = []
    if received.batch_id is not None:
        arrivals = arrivals_of(runtime, received.batch_id)
        with progress(len(arrivals), "頁に分けています") as step:
            for arrival_id in arrivals:
                take_pages(runtime, arrival_id)
                step()
        submissions = assemble_batch(runtime, received.batch_id)
    with read(runtime.engine) as session:
        refused = [
            {"arrival": row.id, "code": row.problem_code}
            for arrival_id in received.arrival_ids
            if (row := session.get_one(Arrival, arrival_id)).problem_code
        ]
        batch = session.get(Batch, received.batch_id) if received.batch_id else None
        totals = batch_totals(session, batch) if batch else None
    answer = {
        "batch": received.batch_number or None,
        "files": len(received.arrival_ids),
        "repeated": received.repeated,
        "refused": refused,
        "pages": totals.received if totals else 0,
        "in_documents": totals.in_documents if totals else 0,
        "exceptions": totals.exceptions if totals else {},
        "submissions": len(submissions),
    }
    answer_with(answer, as_json, "スキャンの受付")
    if received.repeated:
        say("重複到着: 同じファイルが前に届いています。記録だけして、読み直しません。")
    for one in refused:
        _say_refusal(str(one["code"]))
    raise typer.Exit(int(bool(refused)))


@app.command("import")
def import_export(
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False)],
    procedure: Annotated[str, typer.Option(help="手続の id")],
    channel: Annotated[str | None, typer.Option(help="取込経路の id")] = None,
    roster: Annotated[bool, typer.Option("--roster", help="The files are eligible lists (対象者名簿).")] = False,
    as_json: Json = False,
) -> None:
    """Import e-application exports (with the attachments beneath their folder), or an eligible list.

    A bad row is named by line and column and the rest goes on; exits 1 when a whole file was refused.
    """
    runtime = open_runtime()
    take = _import_roster if roster else partial(_import_export, channel=channel)
    whole = [take(runtime, procedure, path, as_json) for path in files]
    raise typer.Exit(int(not all(whole)))


def _import_roster(runtime: Runtime, procedure: str, path: Path, as_json: bool) -> bool:
    from pipeline.steps.roster import import_roster
    from pipeline.steps.roster_report import problems_of
    from pipeline.store.engine import read

    try:
        with long_progress("対象者名簿", "氏名の集計") as (told, counted):
            done = import_roster(runtime, procedure, path, progress=told, counted=counted)
    except ArrivalError as error:
        if as_json:
            emit({"rows": 0, "skipped_lines": [], "problems": [], "refused": error.code})
        fail(error.message_ja)
        return False
    with read(runtime.engine) as session:
        problems = problems_of(session, done.roster_id)
    answer = {"rows": done.rows, "skipped": len(done.skipped)}
    if as_json:
        skipped = list(done.skipped[:_LISTED_LINES])
        emit({**answer, "skipped_lines": skipped, "problems": _problems(problems), "refused": None})
        return True
    answer_with(answer, False, "対象者名簿")
    _say_problems(problems)
    return True


@app.command()
def rosters(
    procedure: Annotated[str, typer.Option(help="手続の id")],
    as_json: Json = False,
) -> None:
    """Show the eligible lists of a procedure: how far each is in, what it says of people, which lines were wrong."""
    from pipeline.steps.roster_report import roster_reports
    from pipeline.store.engine import read

    with read(open_runtime().engine) as session:
        reports = roster_reports(session, procedure)
    for one in reports:
        answer = {
            "base_date": one.base_date.isoformat(),
            "imported_at": one.imported_at.isoformat(),
            "rows": one.rows,
            "done": one.done,
            "in_force": one.in_force,
            "listed": one.listed,
            "eligible": one.eligible,
            **{kind.value: count for kind, count in one.marks.items()},
        }
        if as_json:
            emit({**answer, "problems": _problems(one.problems)})
        else:
            answer_with(answer, False, "対象者名簿")
            _say_problems(one.problems)


def _problems(problems: Sequence[ProblemLines]) -> list[dict[str, object]]:
    return [
        {"code": one.code.value, "column": one.header or None, "count": one.count, "lines": list(one.lines)}
        for one in problems
    ]


def _say_problems(problems: Sequence[ProblemLines]) -> None:
    for one in problems:
        lines = "、".join(map(str, one.lines)) + ("…" if one.count > len(one.lines) else "")
        say(f"  {PROBLEMS[one.code]}{f'({one.header})' if one.header else ''}: {one.count}行  {lines}行目")


def _import_export(runtime: Runtime, procedure: str, path: Path, as_json: bool, channel: str | None = None) -> bool:
    from ichimado.intake import find_export, store
    from pipeline.steps.intake_online import take_records

    try:
        export = find_export(runtime, procedure, path, channel)
    except ValueError as error:
        fail(str(error))
        raise typer.Exit(2) from None
    received = take_records(runtime, store(runtime, procedure, export), actor="command_line")
    answer = {
        "taken": len(received.taken),
        "already": received.already,
        "changed": len(received.changed),
        "problems": [{"line": p.line, "column": p.column, "code": p.code} for p in received.problems],
        "refused": received.refusal.code if received.refusal else None,
    }
    answer_with(answer, as_json, "申請データの取込")
    for problem in received.problems:
        say(f"  {problem.line}行目 {problem.column or ''}: {problem.message.ja}")
    if received.refusal:
        fail(received.refusal.message_ja)
    return received.refusal is None


def _say_refusal(code: str) -> None:
    from pipeline.channels.errors import find_error_class

    error = find_error_class(code)
    fail(f"{code}: {error().message_ja}" if error else code)
