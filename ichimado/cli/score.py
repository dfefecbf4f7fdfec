"""How well a city's own scans are read."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ichimado.cli.shared import Json
from ichimado.settings import Settings
from ichimado.terminal import emit, fail, progress, say, show_columns

if TYPE_CHECKING:
    from ichimado.scoring import ScanPage

app = typer.Typer()

PROBLEMS = {
    "missing_column": "見出しが足りません (file, field, value は必須)",
    "unknown_column": "知らない見出しです",
    "header_twice": "同じ見出しが2度あります",
    "unknown_encoding": "UTF-8 でも CP932 でもありません",
    "cell_count": "欄の数が見出しと合いません",
    "unclosed_quote": "引用符が閉じていません",
    "malformed_row": "CSVの行として読めません",
    "no_such_file": "このファイルはフォルダにありません",
    "bad_page": "page は1からの数です",
    "unknown_field": "この手続にない項目です",
    "field_twice": "同じページの同じ項目が2度あります",
    "no_such_page": "そのページはファイルにありません",
    "form_not_found": "この手続の様式と分かりません",
    "field_not_on_page": "このページの様式にない項目です",
}


@app.command()
def score(
    folder: Annotated[Path, typer.Argument(metavar="DIR", exists=True, file_okay=False, help="The scans.")],
    procedure: Annotated[str, typer.Option(help="Pack id, folder or zip.")],
    truth: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="CSV: file, page, field, value, group.")],
    out: Annotated[Path | None, typer.Option(help="Folder for card.json, wrong.csv and reliability.svg.")] = None,
    show_values: Annotated[bool, typer.Option("--show-values", help="wrong.csv also says truth and reading.")] = False,
    as_json: Json = False,
) -> None:
    """Read scans and hold them against what truly stands in them: a card of numbers, without any store.

    Exits 2 when the truth cannot be used, 1 when some of its pages or fields could not be read.
    """
    from ichimado import reading, scoring
    from ocr.engine import PPOCRRecogniser
    from pipeline.score.truth import read_truth

    if show_values and out is None:
        fail("--show-values には --out が必要です (値は画面に出しません)。 / --show-values needs --out.")
        raise typer.Exit(2)
    pack = reading.find_pack(procedure).procedure
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    truths, problems = read_truth(truth.read_bytes(), pack, files)
    if problems or not truths:
        _refuse([scoring.problem_of(one) for one in problems], as_json)
    pages: list[ScanPage] = []
    with progress(len(truths), "読み取っています") as step:
        for page in scoring.score_scans(folder, pack, truths, PPOCRRecogniser(threads=Settings().ocr_threads)):
            pages.append(page)
            step()
    card = {"procedure": pack.id, **scoring.card_of(pages)}
    if out is not None:
        _write(out, card, pages, show_values)
    if as_json:
        emit(card)
    else:
        _show(card, out)
    raise typer.Exit(int(bool(card["problems"])))


def _refuse(problems: Sequence[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        emit({"problems": problems})
    if not problems:
        fail("正解のCSVに行がありません。 / The truth has no rows.")
    for one in problems:
        _say_problem(one)
    raise typer.Exit(2)


def _say_problem(one: dict[str, Any]) -> None:
    about = f": {one['about']}" if one["about"] else ""
    fail(f"{one['line']}行目 {PROBLEMS.get(one['code'], 'このファイルは読めません')} ({one['code']}){about}")


def _write(out: Path, card: dict[str, Any], pages: Sequence[ScanPage], show_values: bool) -> None:
    from pipeline.score.diagram import reliability_svg

    out.mkdir(parents=True, exist_ok=True)
    (out / "card.json").write_text(json.dumps(card, ensure_ascii=False, indent=1) + "\n", "utf-8")
    (out / "reliability.svg").write_text(reliability_svg(card["reliability"], str(card["procedure"])), "utf-8")
    with (out / "wrong.csv").open("w", encoding="utf-8-sig", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["file", "page", "field", "accepted", "reasons", "confidence"] + ["truth", "read"] * show_values)
        for row in (row for page in pages for row in page.rows if not row.right):
            sure = "" if row.confidence is None else f"{row.confidence:.4f}"
            values = [row.truth or "", row.read or ""] * show_values
            rows.writerow([row.file, row.page, row.key, row.accepted, " ".join(row.reasons), sure, *values])


def _show(card: dict[str, Any], out: Path | None) -> None:
    say(f"{card['procedure']}: {card['pages']}ページ (様式と分かったもの {card['pages_read']})、{card['fields']}項目")
    exact = [
        (name, *_share(one["exact"]), "-".join(f"{100 * bound:.1f}" for bound in one["exact"]["bounds_95"]),
         _percent(one["cer"]))
        for name, one in {**card["by_hand"], **card["by_sort"]}.items()
    ]  # fmt: skip
    _table("正しく読めた項目 / read exactly", ("", "件 fields", "率 share", "95%", "CER"), exact)
    accepted = [
        (name, _number(card["thresholds"].get(name)), *_share({"hits": one["accepted"], **one}),
         str(one["wrong"]), _percent(one["wrong_at_most_95"]))
        for name, one in card["acceptance"].items()
        if ", " not in name
    ]  # fmt: skip
    head = ("", "しきい値 from", "件 fields", "率 share", "誤り wrong", "最大 at most")
    _table("人を通さずに受け取る項目 / accepted without a person", head, accepted)
    sure = [(_number(one["from"]), _number(one["mean_confidence"]), *_share(one)) for one in card["reliability"]]
    _table("確信度と正しさ / confidence and truth", ("から from", "平均 mean", "正 right", "率 share"), sure)
    placed, spent = card["registration_said_mm"], card["spent"]
    say(f"  位置の誤差 (見込み) / registration, estimated: {placed['mean']} mm, 95 % {placed['p95']} mm")
    say(f"  1ページ / a page: CPU {spent['cpu_s_mean']} s, 時計 wall {spent['wall_s_median']} s")
    for one in card["problems"]:
        _say_problem(one)
    if out is not None:
        say(f"  {out}: card.json, wrong.csv, reliability.svg")


def _share(one: dict[str, Any]) -> tuple[str, str]:
    return f"{one['hits']}/{one['of']}", _percent(one["share"])


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} %"


def _number(number: float | None) -> str:
    return "-" if number is None else f"{number:.4f}"


def _table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    if rows:
        say(title)
        show_columns([head, *rows], header=True)
