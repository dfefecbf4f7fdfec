"""消去済み on the screen: what is left to say of an application whose retention is over."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, col, select

from pipeline.runtime import JST
from pipeline.store.access import Viewer, visible
from pipeline.store.tables import Case, Entry, Erasure, Event, Submission


@dataclass(frozen=True)
class Erased:
    """When what an application said was erased, as a day in Japan. certificate: the number of the signed certificate,
    "" while the erasure has not finished. cases: ids and numbers of its cases that the viewer may see."""

    on: date
    certificate: str
    cases: tuple[tuple[str, str], ...]


def find_erased(session: Session, viewer: Viewer, submission: Submission | None) -> Erased | None:
    """None while the application still holds what it said."""
    if submission is None or submission.erased_at is None:
        return None
    cases = session.exec(
        select(Case.id, Case.number)
        .join(Entry, col(Entry.case_id) == Case.id)
        .where(Entry.submission_id == submission.id, visible(Case, viewer))
        .distinct()
        .order_by(col(Case.number))
    ).all()
    return Erased(
        on=submission.erased_at.astimezone(JST).date(),
        certificate=_certificate(session, submission.id),
        cases=tuple((case_id, number) for case_id, number in cases),
    )


def _certificate(session: Session, submission_id: str) -> str:
    payload = session.exec(
        select(Event.payload)
        .where(Event.aggregate_id == submission_id, Event.kind == "submission_erased")
        .order_by(col(Event.seq).desc())
    ).first()
    erasure = session.get(Erasure, json.loads(payload)["erasure"]) if payload else None
    return erasure.number if erasure and erasure.certificate else ""
