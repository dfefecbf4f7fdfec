"""What an examination came to: the last word of a clerk on a whole application."""

from __future__ import annotations

from collections.abc import Iterable

from sqlmodel import Session, col, select

from pipeline.domain.statuses import DecisionKind
from pipeline.store.tables import Decision

WORDS = (DecisionKind.ACCEPT, DecisionKind.ADOPT, DecisionKind.KEEP_EARLIER, DecisionKind.REJECT)
"""Decisions after which an application goes to its cases."""

_SAID = (*WORDS, DecisionKind.REOPEN)


def words_on(session: Session, submission_id: str) -> list[DecisionKind]:
    """What clerks said of the whole application since it was last reopened, the first word first; [] when software
    settled it."""
    kinds = _all_words(session, submission_id)
    return kinds[len(kinds) - kinds[::-1].index(DecisionKind.REOPEN) :] if DecisionKind.REOPEN in kinds else kinds


def was_reopened(session: Session, submission_id: str) -> bool:
    """True from 審査に戻す until a clerk has said what the new examination came to."""
    return _all_words(session, submission_id)[-1:] == [DecisionKind.REOPEN]


def refusal_grounds(session: Session, submission_ids: Iterable[str]) -> dict[str, str]:
    """Of these applications those that were found to be refused (却下), each with the clerk's reason."""
    rows = session.exec(
        select(Decision.submission_id, Decision.kind, Decision.note)
        .where(col(Decision.submission_id).in_(list(submission_ids)), col(Decision.kind).in_(_SAID))
        .order_by(col(Decision.made_at))
    ).all()
    last = {submission_id: (kind, note) for submission_id, kind, note in rows if submission_id}
    return {one: note for one, (kind, note) in last.items() if kind is DecisionKind.REJECT}


def _all_words(session: Session, submission_id: str) -> list[DecisionKind]:
    kinds = session.exec(
        select(Decision.kind)
        .where(Decision.submission_id == submission_id, col(Decision.kind).in_(_SAID))
        .order_by(col(Decision.made_at))
    ).all()
    return [DecisionKind(kind) for kind in kinds]
