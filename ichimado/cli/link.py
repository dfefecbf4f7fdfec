"""Whole tables: who is in both, or twice in one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ichimado.cli.shared import Json
from ichimado.terminal import emit, fail, progress, say, show_table

if TYPE_CHECKING:
    from ichimado.linking import Linked
    from matchers.tables.link import Stage, Tell

app = typer.Typer()

PROBLEMS = {
    "no_such_file": ("ファイルを開けません", "the file cannot be opened"),
    "empty_file": ("ファイルが空です", "the file is empty"),
    "no_rows": ("見出しの下に行がありません", "there are no rows under the header"),
    "unknown_encoding": ("UTF-8 でも CP932 でもありません", "neither UTF-8 nor CP932"),
    "missing_column": ("列がありません", "there is no such column"),
    "header_twice": ("同じ見出しが2度あります", "the header stands twice"),
    "cell_count": ("欄の数が見出しと合いません", "not as many cells as the header has"),
    "unclosed_quote": ("引用符が閉じていません", "a quote is never closed"),
    "malformed_row": ("CSVの行として読めません", "the row cannot be read as CSV"),
    "no_id": ("IDが空です", "the id is empty"),
    "id_twice": ("同じIDが2度あります", "the id stands twice"),
    "spec_no_yaml": ("YAMLとして読めません", "the spec cannot be read as YAML"),
    "spec_shape": (
        "spec は {id: 列, columns: {列: 型}} の形です",
        "a spec is {id: COLUMN, columns: {COLUMN: TYPE}}",
    ),
    "spec_unknown_key": ("spec に知らない項目があります", "the spec has an unknown key"),
    "spec_no_id": ("spec に id の列がありません", "the spec names no id column"),
    "spec_no_columns": ("spec に columns がありません", "the spec names no columns"),
    "spec_column_twice": ("spec に同じ列が2度あります", "the spec names a column twice"),
    "spec_id_compared": ("id の列は比べられません", "the id column cannot be compared"),
    "spec_unknown_type": ("知らない型です", "unknown type"),
    "out_is_input": ("出力先が入力と同じファイルです", "the output is one of the inputs"),
    "cannot_write": ("出力先に書けません", "the output cannot be written"),
}
_PARTS = {"fold": (0, 15), "block": (15, 45), "score": (45, 95), "settle": (95, 100)}
"""Where each stage begins and ends on a bar of a hundred."""


@app.command()
def link(
    left: Annotated[Path, typer.Argument(metavar="A.csv", help="A table: CSV, UTF-8 or CP932, commas or tabs.")],
    spec: Annotated[Path, typer.Option(help="YAML: {id: COLUMN, columns: {COLUMN: TYPE}}, see docs/linking.md.")],
    out: Annotated[Path, typer.Option(help="CSV to write: left_id, right_id, score (log2 odds), outcome.")],
    right: Annotated[
        Path | None, typer.Argument(metavar="[B.csv]", help="Another table; without it duplicates in A are found.")
    ] = None,
    clusters: Annotated[
        bool,
        typer.Option(
            "--clusters",
            help="Also write OUT-clusters.csv (links.csv: links-clusters.csv) with table (A, B), id and cluster for "
            "every record.",
        ),
    ] = False,
    seed: Annotated[int, typer.Option(help="Of the random pairs that strangers are measured on.")] = 0,
    as_json: Json = False,
) -> None:
    """Link the records of two tables, or find duplicates in one, without any store and without training.

    Exits 2 when the files or the spec cannot be used; then nothing is written.
    """
    from ichimado.link_files import LinkError
    from ichimado.linking import link_files

    tables = [left] if right is None else [left, right]
    try:
        with _bar() as tell:
            done = link_files(tables, spec, out, clusters=clusters, tell=tell, seed=seed)
    except LinkError as error:
        fail(_sentence(error.code, error.about, error.line))
        raise typer.Exit(2) from None
    if as_json:
        emit(_answer(done))
    else:
        _show(done, out)


@contextmanager
def _bar() -> Iterator[Tell]:
    with progress(100, "照合しています / linking") as step:
        shown = 0

        def tell(stage: Stage, done: int, of: int) -> None:
            nonlocal shown
            first, last = _PARTS[stage.value]
            reached = first + (last - first) * done // max(of, 1)
            for _ in range(shown, reached):
                step()
            shown = max(shown, reached)

        yield tell


def _sentence(code: str, about: str, line: int) -> str:
    ja, en = PROBLEMS[code]
    place = f"{line}行目 " if line else ""
    return f"{place}{ja} / {f'line {line}: ' if line else ''}{en} ({code})" + (f": {about}" if about else "")


def _answer(done: Linked) -> dict[str, object]:
    return {
        "records": list(done.records),
        "candidates": done.candidates,
        "links": done.links,
        "review": done.review,
        "clusters": done.clusters,
        "blocking": [
            {"rule": one.rule, "pairs": one.pairs, "largest_block": one.largest, "capped_blocks": one.capped,
             "capped_share": round(one.capped_share, 4)}
            for one in done.blocking
        ],
    }  # fmt: skip


def _show(done: Linked, out: Path) -> None:
    capped = [one for one in done.blocking if one.capped]
    show_table(
        "照合 / linking",
        [
            ("レコード / records", " + ".join(f"{size:,}" for size in done.records)),
            ("比べた組 / pairs compared", f"{done.candidates:,}"),
            ("リンク / links", f"{done.links:,}"),
            ("確認 / for review", f"{done.review:,}"),
            ("まとまり / clusters", f"{done.clusters:,}"),
            ("大きすぎて飛ばした鍵 / keys too common to use", f"{sum(one.capped for one in capped):,}"),
        ],
    )
    say(f"  {out}")
