"""Work on what arrived: advancing it, and reading pictures by themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ichimado.cli.shared import Json, answer_with
from ichimado.compose import open_runtime
from ichimado.settings import Settings
from ichimado.terminal import emit, fail, progress, say

app = typer.Typer()


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
    answer_with(dict(counts), as_json, "進めた申請")


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
