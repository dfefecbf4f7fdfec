"""Points of every entry by the pack's published rules; part of step CHECK, so that a mended value scores again."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from sqlalchemy import delete
from sqlmodel import Session, col, select

from pipeline.procedures.pack import Procedure
from pipeline.procedures.scoring import Score, Scorer
from pipeline.store.tables import Case, Entry, PackVersion, ScoreLine


def write_scores(session: Session, submission_id: str, pack: Procedure, scores: Iterable[Score]) -> None:
    """The submission's score lines become exactly these."""
    session.execute(delete(ScoreLine).where(col(ScoreLine.submission_id) == submission_id))
    for score in scores:
        for position, line in enumerate(score.lines):
            session.add(
                ScoreLine(
                    submission_id=submission_id,
                    role=pack.matching.subject_role,
                    role_index=score.index,
                    position=position,
                    code=line.code,
                    about=f"{line.role}.{line.row}" if line.role and line.row else "",
                    points=line.points,
                    counted=line.counted,
                    reason_ja=line.reason.ja,
                    reason_en=line.reason.en,
                    source=line.source,
                )
            )


def points_of(session: Session, case: Case, table: str | None = None) -> int:
    """Points that count of the case's adopted application, of one table or in all; 0 without rules of points."""
    counted = (
        select(ScoreLine.code, ScoreLine.points)
        .join(
            Entry,
            (col(Entry.submission_id) == ScoreLine.submission_id) & (col(Entry.role_index) == ScoreLine.role_index),
        )
        .where(
            Entry.case_id == case.id,
            Entry.submission_id == case.adopted_submission_id,
            col(ScoreLine.counted).is_(True),
        )
    )
    rows = session.exec(counted).all()
    return sum(points for code, points in rows if table is None or code.startswith(f"{table}."))


def get_scorer(session: Session, pack_version_id: str) -> Scorer:
    """The tables of an installed version, made ready once. KeyError when there is no such version."""
    row = session.get(PackVersion, pack_version_id)
    if row is None:
        raise KeyError(pack_version_id)
    return _scorer(row.content)


@lru_cache(maxsize=32)
def _scorer(content: str) -> Scorer:
    return Scorer(Procedure.model_validate_json(content))
