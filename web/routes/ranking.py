"""順位: the order by points, and what a changed rule would do. Pages to look at; nothing here changes anything."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import QueryParams

from pipeline.domain.errors import NotVisible
from pipeline.procedures.pack import Procedure
from pipeline.procedures.ranking import place_labels, ranking_of
from pipeline.procedures.what_if import changed_rules
from pipeline.review.ranking import (
    RANKERS,
    get_ranked_pack,
    get_version,
    other_versions,
    rank_cases,
    ranked_procedures,
    what_if,
)
from web.context import FormBroken, RuntimeHere, Staff, holding
from web.pages import render

PAGE_SIZE = 100
MOST = 999

Ranker = Annotated[Staff, Depends(holding(*RANKERS))]
router = APIRouter()


@router.get("/ranking")
def rankings(request: Request, runtime: RuntimeHere, staff: Ranker) -> Response:
    """The procedures with a ranking; straight to the only one."""
    packs = ranked_procedures(runtime, staff.viewer)
    if len(packs) == 1:
        return RedirectResponse(f"/ranking/{packs[0].id}", status_code=303)
    return render(request, "rankings.html", packs=packs)


@router.get("/ranking/{procedure_id}")
def ranking(request: Request, procedure_id: str, runtime: RuntimeHere, staff: Ranker) -> Response:
    """The order, all of it or of one facility (`place`), or of those without one (`place=none`)."""
    view = rank_cases(runtime, staff.viewer, procedure_id)
    chosen = request.query_params.get("place", "")
    rows = [row for row in view.rows if not chosen or (row.standing.place or "none") == chosen]
    pages = max(1, -(-len(rows) // PAGE_SIZE))
    page = min(max(1, _whole(request.query_params.get("page", "1"))), pages)
    shown = rows[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    return render(
        request, "ranking.html", view=view, rows=shown, matching=len(rows), chosen=chosen, number=page, pages=pages
    )


@router.get("/ranking/{procedure_id}/what-if")
def compare(request: Request, procedure_id: str, runtime: RuntimeHere, staff: Ranker) -> Response:
    """The same cases under another version (`version`) with other points (`p.<rule>`) or places (`c.<facility>`)."""
    pack = get_ranked_pack(runtime, staff.viewer, procedure_id)
    versions = other_versions(runtime, staff.viewer, procedure_id)
    version = request.query_params.get("version") or versions[0][0]
    base = get_version(runtime, staff.viewer, procedure_id, version)
    rules, edited = _edited(base, request.query_params)
    found = what_if(runtime, staff.viewer, procedure_id, rules) if edited or base != pack else None
    return render(
        request,
        "what_if.html",
        view=found,
        pack=pack,
        rules=rules,
        base=base,
        ranking=ranking_of(rules),
        labels=place_labels(rules),
        versions=versions,
        version=version,
    )


def _edited(base: Procedure, params: QueryParams) -> tuple[Procedure, bool]:
    """The rules with what was typed, and whether that differs. Raises FormBroken, NotVisible."""
    points = {name[2:]: _whole(text) for name, text in params.items() if name.startswith("p.") and text.strip()}
    places = {name[2:]: _whole(text) for name, text in params.items() if name.startswith("c.") and text.strip()}
    if any(count < 0 for count in places.values()):
        raise FormBroken
    try:
        rules = changed_rules(base, points, places)
    except KeyError:  # a link to rules of another version
        raise NotVisible from None
    return rules, rules != base


def _whole(text: str) -> int:
    """A whole number of reasonable size. Raises FormBroken."""
    try:
        number = int(text.strip())
    except ValueError:
        raise FormBroken from None
    if abs(number) > MOST:
        raise FormBroken
    return number
