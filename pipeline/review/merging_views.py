"""統合の候補 and the merges and splits there were, as far as a viewer may know of the people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from matchers.compare import compare
from matchers.decide import decide
from matchers.normalise import normalise
from matchers.records import Outcome, Scored
from pipeline.domain.statuses import RegroupingKind
from pipeline.review.merging import may_know, require_known
from pipeline.runtime import Runtime
from pipeline.steps.differences import said_different
from pipeline.steps.evidence import evidence_json
from pipeline.steps.merged import records_of
from pipeline.steps.people import find_near, record_of
from pipeline.steps.regroup import regroupings_with
from pipeline.steps.weights import weights_in_force
from pipeline.store.access import Viewer
from pipeline.store.engine import read
from pipeline.store.tables import Person, RegroupedRow, User


@dataclass(frozen=True)
class PossibleDouble:
    """Somebody of the store who may be the same person. total: bits for it. evidence: as in `candidate`.

    likely: the software would link them. said_different: a clerk has said no, and the data are still the same.
    """

    person_id: str
    total: float
    evidence: str
    likely: bool
    said_different: bool


@dataclass(frozen=True)
class RegroupingView:
    """One merge or split. moved: how many rows of each table went from one to the other. may_undo: it stands."""

    id: str
    kind: RegroupingKind
    from_id: str
    to_id: str
    made_by: str
    made_at: datetime
    undone_by: str
    undone_at: datetime | None
    moved: dict[str, int]

    @property
    def stands(self) -> bool:
        """True until it is undone."""
        return self.undone_at is None


def find_doubles(runtime: Runtime, viewer: Viewer, person_id: str) -> tuple[PossibleDouble, ...]:
    """Who of the persons that this viewer may know of may be the same one, the likeliest first.

    Raises NotAllowed, NotVisible.
    """
    with read(runtime.engine) as session:
        require_known(session, viewer, {person_id})
        person = session.get_one(Person, person_id)
        wanted = normalise(record_of(person))
        near = [one for one in find_near(session, wanted, runtime.secrets.key) if one.id != person_id]
        near = [one for one in near if may_know(session, viewer, {one.id})]
        weights = weights_in_force(session)
        scored = [Scored(one, compare(wanted, normalise(record), weights)) for one, record in records_of(session, near)]
        decision = decide(scored, weights=weights)
        if decision.outcome is Outcome.NEW:
            return ()
        best = {one.candidate_id: one.comparison for one in reversed(decision.candidates)}
        return tuple(
            PossibleDouble(
                person_id=one,
                total=comparison.total,
                evidence=evidence_json(comparison),
                likely=decision.outcome is Outcome.LINK and one == decision.best,
                said_different=said_different(runtime, session, person_id, one),
            )
            for one, comparison in sorted(best.items(), key=lambda item: -item[1].total)
            if comparison.total > 0
        )


def regroupings_of(session: Session, viewer: Viewer, person_id: str) -> tuple[RegroupingView, ...]:
    """Merges and splits of a person with people whom this viewer may know of, the latest first."""
    rows = [row for row in regroupings_with(session, person_id) if may_know(session, viewer, {row.from_id, row.to_id})]
    names = _names(session, {name for row in rows for name in (row.made_by, row.undone_by or "")})
    return tuple(
        RegroupingView(
            id=row.id,
            kind=row.kind,
            from_id=row.from_id,
            to_id=row.to_id,
            made_by=names.get(row.made_by, row.made_by),
            made_at=row.made_at,
            undone_by=names.get(row.undone_by or "", row.undone_by or ""),
            undone_at=row.undone_at,
            moved=dict(
                Counter(session.exec(select(RegroupedRow.kind).where(RegroupedRow.regrouping_id == row.id)).all())
            ),
        )
        for row in rows
    )


def _names(session: Session, user_ids: Collection[str]) -> dict[str, str]:
    return dict(session.exec(select(User.id, User.display_name).where(col(User.id).in_(user_ids))).all())
