"""Points and ranking in a store, against points that the sample's generator reckoned by hand."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from sqlmodel import Session, col, func, select

from benchmarks.truth import Truth
from pipeline.domain.statuses import StaffRole
from pipeline.procedures.pack import Procedure
from pipeline.review.ranking import view_ranking
from pipeline.store.access import Viewer, grants
from pipeline.store.tables import Case, Entry, ScoreLine


def points_and_ranking(session: Session, pack: Procedure, truth: Truth, ids: dict[str, str]) -> dict[str, Any]:
    """scores: entries of the truth and how many have exactly its points, by channel. ranking: cases in order, those
    given a place, and neighbours whose true points are the other way round."""
    counts = {channel: dict.fromkeys(("entries", "correct"), 0) for channel in ("paper", "online")}
    for row in truth.submissions:
        if row["id"] not in ids:
            continue
        stored = _totals(session, ids[row["id"]])
        here = counts["paper" if row["channel"] == "paper" else "online"]
        for child in row["children"]:
            here["entries"] += 1
            here["correct"] += stored.get(child["index"]) == child["points"]["total"]
    return {"scores": counts, "ranking": _ranking(session, pack, truth, ids)}


def _totals(session: Session, submission_id: str) -> dict[int, int]:
    rows = session.exec(
        select(ScoreLine.role_index, func.sum(ScoreLine.points))
        .where(ScoreLine.submission_id == submission_id, col(ScoreLine.counted).is_(True))
        .group_by(col(ScoreLine.role_index))
    ).all()
    return {index: int(total) for index, total in rows}


def _ranking(session: Session, pack: Procedure, truth: Truth, ids: dict[str, str]) -> dict[str, int]:
    everything = grants(pack.review.department, StaffRole.REVIEWER)
    viewer = Viewer("benchmark", "benchmark", pack.review.department, everything, sees_protected=True)
    view = view_ranking(session, viewer, pack, pack)
    points = _true_points(session, truth, ids)
    known = [points[row.case_id] for row in view.rows if row.case_id in points]
    return {
        "cases": len(view.rows),
        "with_place": len(view.rows) - view.without_place,
        "out_of_order": sum(above < below for above, below in pairwise(known)),
    }


def _true_points(session: Session, truth: Truth, ids: dict[str, str]) -> dict[str, int]:
    """Case id -> true points of the application that is adopted."""
    names = {stored: name for name, stored in ids.items()}
    rows = {row["id"]: row for row in truth.submissions}
    found = session.exec(
        select(Case.id, Case.adopted_submission_id, Entry.role_index).join(
            Entry, (col(Entry.case_id) == Case.id) & (col(Entry.submission_id) == Case.adopted_submission_id)
        )
    ).all()
    points: dict[str, int] = {}
    for case, submission, index in found:
        if submission in names:
            children = rows[names[submission]]["children"]
            points[case] = next(child["points"]["total"] for child in children if child["index"] == index)
    return points
