"""What happened to an application, in the order it happened, and who did it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, or_
from sqlmodel import Session, col, select

from pipeline.domain.statuses import DecisionKind
from pipeline.store.tables import Decision, Event, User


@dataclass(frozen=True)
class HistoryItem:
    """kind: a DecisionKind or an event's kind. actor: a display name, or "" for the software itself."""

    at: datetime
    kind: str
    actor: str
    about: str = ""
    note: str = ""


def history_of(
    session: Session, task_id: str | None, submission_id: str | None, *, reopened: Sequence[str] = ()
) -> tuple[HistoryItem, ...]:
    """Decisions and events of a task and its submission, the newest first.

    reopened: submissions whose going back to review, with its reason, is part of it.
    """
    decisions = session.exec(
        select(Decision).where(
            or_(
                col(Decision.task_id) == (task_id or ""),
                col(Decision.submission_id) == (submission_id or ""),
                and_(col(Decision.submission_id).in_(reopened), col(Decision.kind) == DecisionKind.REOPEN),
            )
        )
    ).all()
    ids = [known for known in (task_id, submission_id) if known]
    events = session.exec(select(Event).where(col(Event.aggregate_id).in_(ids)).order_by(col(Event.id))).all()
    actors = {row.made_by for row in decisions} | {row.actor for row in events}
    names = dict(session.exec(select(User.id, User.display_name).where(col(User.id).in_(actors))).all())
    decided = {row.made_at for row in decisions}
    items = [
        HistoryItem(row.made_at, row.kind.value, names.get(row.made_by, ""), row.about, row.note) for row in decisions
    ]
    # A decision and the events it caused share one moment; people want to read it once.
    items += [HistoryItem(row.at, row.kind, names.get(row.actor, "")) for row in events if row.at not in decided]
    return tuple(sorted(items[::-1], key=lambda item: item.at, reverse=True))
