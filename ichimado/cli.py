"""The command line. Every command says what it did; with --json, one JSON line for programs on the output."""

from __future__ import annotations

import signal
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from ichimado.compose import open_runtime
from ichimado.settings import Settings
from ichimado.terminal import emit, fail, progress, say, show_table
from pipeline.channels.errors import ArrivalError
from pipeline.channels.slip import BatchSlip
from pipeline.domain.errors import DomainError
from pipeline.domain.statuses import StaffRole
from pipeline.procedures.registry import PackError
from pipeline.runtime import Runtime

app = typer.Typer(no_args_is_help=True, add_completion=False, help="一窓 Ichimado: 紙と電子の申請をひとつの窓に。")
procedures_app = typer.Typer(no_args_is_help=True, help="手続定義 (procedure packs)")
users_app = typer.Typer(no_args_is_help=True, help="職員 (staff accounts)")
app.add_typer(procedures_app, name="procedures")
app.add_typer(users_app, name="users")

Json = Annotated[bool, typer.Option("--json", help="One JSON line on the output.")]


@app.command()
def demo(
    serve: Annotated[bool, typer.Option(help="Keep serving the screens and the dashboard afterwards.")] = True,
    as_json: Json = False,
    data_dir: Annotated[Path, typer.Option(help="Where the demo keeps its store.")] = Path("var/demo"),
) -> None:
    """Take the sample from arrival to the review queue, and show it."""
    from ichimado.demo import run_demo, staff_lines
    from ichimado.serving import supervise

    settings = Settings(data_dir=data_dir)
    done = run_demo(settings, as_json=as_json)
    if not serve:
        done.server.terminate()
        done.server.wait(timeout=30)
        return
    supervise(settings, done.prefect, done.server, staff_lines(done.passwords))


@app.command()
def migrate() -> None:
    """Bring the case store to the newest schema."""
    open_runtime()
    say("保存先は最新です。")


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
    _answer(answer, as_json, "スキャンの受付")
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

    try:
        done = import_roster(runtime, procedure, path.read_bytes())
    except ArrivalError as error:
        if as_json:
            emit({"rows": 0, "skipped_lines": [], "refused": error.code})
        fail(error.message_ja)
        return False
    _answer({"rows": done.rows, "skipped_lines": list(done.skipped), "refused": None}, as_json, "対象者名簿")
    return True


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
    _answer(answer, as_json, "申請データの取込")
    for problem in received.problems:
        say(f"  {problem.line}行目 {problem.column or ''}: {problem.message.ja}")
    if received.refusal:
        fail(received.refusal.message_ja)
    return received.refusal is None


@app.command()
def advance(as_json: Json = False) -> None:
    """Take every submission that waits for software as far as it goes."""
    from collections import Counter

    from pipeline.domain.next_step import Step
    from pipeline.steps.advance import advance as advance_one
    from pipeline.steps.advance import due_submissions

    runtime = open_runtime()
    due = due_submissions(runtime)
    with progress(len(due), "読み取っています") as step:
        for submission_id in due:
            advance_one(runtime, submission_id, until=Step.READ)
            step()
    counts = Counter(str(advance_one(runtime, submission_id)) for submission_id in due)
    _answer(dict(counts), as_json, "進めた申請")


@app.command()
def serve(
    only: Annotated[str | None, typer.Option(help="web or flows: one part, in this process.")] = None,
    host: Annotated[str | None, typer.Option()] = None,
    port: Annotated[int | None, typer.Option()] = None,
) -> None:
    """Serve the screens, the flows and a local Prefect server."""
    from ichimado.serving import serve_all, serve_flows_here, serve_web

    settings = Settings()
    changed = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = settings.model_copy(update=changed)
    if only == "web":
        serve_web(settings, settings.dashboard_url or None)
    elif only == "flows":
        serve_flows_here(settings)
    elif only is None:
        open_runtime(settings)
        serve_all(settings)
    else:
        fail("--only は web か flows です。")
        raise typer.Exit(2)


@app.command()
def read(
    images: Annotated[list[Path], typer.Argument()],
    procedure: Annotated[str | None, typer.Option(help="Pack id, folder or zip.")] = None,
    field_type: Annotated[str | None, typer.Option("--type", help="The picture is one field of this type.")] = None,
    cells: Annotated[int | None, typer.Option(min=1, help="It is a row of this many cells.")] = None,
    as_json: Json = False,
) -> None:
    """Read forms, or pictures of single fields, without any store."""
    from ichimado import reading
    from ocr.engine import PPOCRRecogniser

    if (procedure is None) == (field_type is None):
        fail("--procedure (申請書) か --type (ひとつの項目) のどちらかを指定してください。")
        raise typer.Exit(2)
    recogniser = PPOCRRecogniser(threads=Settings().ocr_threads)
    failed = False
    for path in images:
        if procedure is not None:
            answers = reading.read_forms(path, reading.find_pack(procedure).procedure, recogniser)
        else:
            answers = reading.read_single(path, _content(str(field_type)), cells, recogniser)
        for answer in answers:
            failed = failed or "error" in answer
            _show_reading(answer, as_json)
    raise typer.Exit(int(failed))


@app.command()
def audit(as_json: Json = False) -> None:
    """Prove that what must always hold does hold; exits 1 when something does not."""
    from pipeline.steps.audit import audit as run_audit

    report = run_audit(open_runtime())
    breaches = [{"rule": breach.rule, "where": breach.where} for breach in report.breaches]
    if as_json:
        emit({"checked": report.checked, "breaches": breaches})
    else:
        show_table("整合性の検査", [(rule, str(count)) for rule, count in report.checked.items()])
        for breach in breaches:
            fail(f"破れています: {breach['rule']} {breach['where']}")
        say("すべて整っています。" if not breaches else f"{len(breaches)}件の問題があります。")
    raise typer.Exit(int(bool(breaches)))


@procedures_app.command("install")
def install(pack: Annotated[str, typer.Argument(help="Folder, zip, or the id of a bundled pack.")]) -> None:
    """Install a version of a procedure; the same version again must have the same content."""
    from ichimado.reading import find_pack
    from pipeline.steps.packs import install_pack

    loaded = find_pack(pack)
    install_pack(open_runtime(), loaded)
    say(f"{loaded.procedure.label.ja} {loaded.procedure.version} を登録しました。")


@procedures_app.command("list")
def list_procedures(as_json: Json = False) -> None:
    """The installed procedures and their versions."""
    from pipeline.steps.packs import installed_versions

    for procedure_id, version, digest in installed_versions(open_runtime()):
        line = {"id": procedure_id, "version": version, "digest": digest[:12]}
        emit(line) if as_json else say(" ".join(line.values()))


@procedures_app.command("form")
def print_form(
    procedure: Annotated[str, typer.Argument()],
    form: Annotated[str, typer.Argument()],
    out: Annotated[Path, typer.Option("--out", help="PDF to write.")],
) -> None:
    """Write a blank form of a procedure as a PDF to print."""
    from ichimado.reading import find_pack
    from pipeline.procedures.fonts import find_japanese_font
    from pipeline.procedures.printing import render_form

    pack = find_pack(procedure).procedure
    template = next((one for one in pack.forms if one.id == form), None)
    if template is None:
        fail(f"様式は {', '.join(one.id for one in pack.forms)} のどれかです。")
        raise typer.Exit(2)
    out.write_bytes(render_form(pack, template, {}, None, find_japanese_font()))
    say(f"{out} を作りました。")


@users_app.command("add")
def add_user(
    login: Annotated[str, typer.Argument()],
    name: Annotated[str, typer.Option(help="氏名")],
    department: Annotated[str, typer.Option(help="所属")],
    role: Annotated[list[StaffRole], typer.Option(help="May be given more than once.")],
    sees_protected: Annotated[bool, typer.Option(help="支援措置対象者を見られる")] = False,
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True)] = "",
) -> None:
    """Add a member of staff; the password is asked for."""
    from pipeline.review.staff import create_user

    create_user(
        open_runtime(), login, password, display_name=name, roles=role, department=department,
        sees_protected=sees_protected,
    )  # fmt: skip
    say(f"{login} を登録しました。")


def _content(name: str) -> Any:
    from ichimado.reading import content_of

    try:
        return content_of(name)
    except ValueError:
        fail(f"項目の種類が分かりません: {name}")
        raise typer.Exit(2) from None


def _show_reading(answer: dict[str, Any], as_json: bool) -> None:
    if as_json:
        emit(answer)
        return
    say(f"[bold]{answer['image']}[/]  {answer.get('form') or answer.get('error') or ''}")
    for row in answer.get("fields", [answer] if "value" in answer else []):
        sure = "" if row["confidence"] is None else f"{row['confidence']:.2f}"
        say(f"  {row.get('name', ''):<24} {row['value'] or '':<30} {sure} {' '.join(row['reasons'])}")


def _answer(answer: dict[str, Any], as_json: bool, title: str) -> None:
    if as_json:
        emit(answer)
    else:
        show_table(title, [(name, str(value)) for name, value in answer.items()])


def _say_refusal(code: str) -> None:
    from pipeline.channels.errors import find_error_class

    error = find_error_class(code)
    fail(f"{code}: {error().message_ja}" if error else code)


def main(arguments: list[str] | None = None) -> None:
    """The entry point: what is expected to go wrong ends in one line, not in a traceback."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        app(arguments)
    except DomainError as error:
        fail(f"{error.code}: {error.ja}")
        raise SystemExit(1) from None
    except PackError as error:
        fail(str(error))
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
