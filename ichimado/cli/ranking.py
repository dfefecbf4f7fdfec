"""順位: the order by points, and what a changed rule would do, on the command line."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ichimado.cli.shared import Json
from ichimado.compose import open_runtime
from ichimado.terminal import emit, fail, show_table

app = typer.Typer()

Changes = Annotated[
    list[str] | None, typer.Option("--points", help="Other points: base.1-1=18. Cases are compared, nothing changes.")
]
Places = Annotated[list[str] | None, typer.Option("--places", help="Another capacity: north=30.")]


@app.command("ranking")
def ranking(
    procedure: Annotated[str, typer.Argument(help="Id of a procedure with points and a ranking.")],
    login: Annotated[str, typer.Option("--as", help="Account whose rights apply: it sees its own cases only.")],
    rules: Annotated[str, typer.Option("--rules", help="Folder or zip of a pack to compare with.")] = "",
    points: Changes = None,
    places: Places = None,
    as_json: Json = False,
) -> None:
    """The cases of a procedure in order of points; with other rules, those that would move. By case number."""
    from ichimado.reading import find_pack
    from pipeline.procedures.what_if import changed_rules
    from pipeline.review.ranking import get_ranked_pack, rank_cases, what_if
    from pipeline.review.staff import viewer_named

    runtime = open_runtime()
    viewer = viewer_named(runtime, login)
    pack = get_ranked_pack(runtime, viewer, procedure)
    if not (rules or points or places):
        lines = [_line(row) for row in rank_cases(runtime, viewer, procedure).rows]
        _answer(lines, as_json, "順位")
        return
    base = find_pack(rules).procedure if rules else pack
    try:
        changed = changed_rules(base, _numbers(points), _numbers(places))
    except KeyError as error:
        fail(f"この規則または施設はありません: {error.args[0]}")
        raise typer.Exit(2) from None
    moved = what_if(runtime, viewer, procedure, changed).moved
    _answer([_moved(one) for one in moved], as_json, "変わる案件")


def _numbers(given: list[str] | None) -> dict[str, int]:
    found: dict[str, int] = {}
    for text in given or []:
        name, _, number = text.partition("=")
        try:
            found[name] = int(number)
        except ValueError:
            raise typer.BadParameter("name=number was expected") from None
    return found


def _line(row: Any) -> dict[str, Any]:
    one = row.standing
    return {
        "rank": one.rank,
        "case": row.number,
        "total": one.score.total,
        "place": one.place,
        "wish": one.wish,
        "tied": one.tied,
        "by_lot": one.drawn,
        "why": row.why.ja,
    }


def _moved(one: Any) -> dict[str, Any]:
    before, after = one.move.before, one.move.after
    return {
        "case": one.after.number,
        "rank": [before.rank, after.rank],
        "total": [before.score.total, after.score.total],
        "place": [before.place, after.place],
        "changed": {code: [was, now] for code, was, now in one.move.changed},
    }


def _answer(lines: list[dict[str, Any]], as_json: bool, title: str) -> None:
    if as_json:
        emit({"cases": lines})
        return
    show_table(
        title, [(str(line["case"]), " ".join(f"{k}={v}" for k, v in line.items() if k != "case")) for line in lines]
    )
