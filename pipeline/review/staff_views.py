"""職員 as administrators see them: accounts, their grants, and what was done to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from pipeline.domain.statuses import StaffRole
from pipeline.procedures.pack import Label
from pipeline.review.administration import Actor, get_account
from pipeline.runtime import Runtime
from pipeline.steps.packs import newest_packs
from pipeline.store.engine import read
from pipeline.store.events import events_of
from pipeline.store.tables import StaffGrant, User


@dataclass(frozen=True)
class GrantView:
    """A grant as shown. procedure: None for all of them; deputy_for: a name, "" in one's own right."""

    id: str
    role: StaffRole
    department: str
    procedure: Label | None
    procedure_id: str
    deputy_for: str


@dataclass(frozen=True)
class StaffRow:
    """One account."""

    id: str
    login: str
    display_name: str
    department: str
    sees_protected: bool
    active: bool
    locked_until: datetime | None
    must_change_password: bool
    grants: tuple[GrantView, ...]


@dataclass(frozen=True)
class StaffEvent:
    """What was done to an account. actor: a name, or the bare word for who has no account, such as the command line."""

    at: datetime
    kind: str
    actor: str
    role: StaffRole | None
    department: str


@dataclass(frozen=True)
class StaffView:
    """One account with its history, and what may be chosen for it."""

    row: StaffRow
    own: bool
    history: tuple[StaffEvent, ...]
    choices: Choices


@dataclass(frozen=True)
class Choices:
    """departments: of packs, accounts and grants. superiors: id and name of who approves in their own right."""

    departments: tuple[str, ...]
    procedures: tuple[tuple[str, Label], ...]
    superiors: tuple[tuple[str, str], ...]


def list_staff(runtime: Runtime, actor: Actor) -> tuple[StaffRow, ...]:
    """All accounts, the open ones first, by login."""
    with read(runtime.engine) as session:
        actor.require(session)
        users = session.exec(select(User).order_by(col(User.active).desc(), col(User.login))).all()
        return _rows(session, users)


def get_staff(runtime: Runtime, actor: Actor, user_id: str) -> StaffView:
    """One account. Raises NotVisible."""
    with read(runtime.engine) as session:
        actor.require(session)
        user = get_account(session, user_id)
        return StaffView(
            row=_rows(session, [user])[0],
            own=actor.id == user_id,
            history=_history(session, user_id),
            choices=_choices(session),
        )


def get_choices(runtime: Runtime, actor: Actor) -> Choices:
    """What may be chosen for a new account."""
    with read(runtime.engine) as session:
        actor.require(session)
        return _choices(session)


def _rows(session: Session, users: Sequence[User]) -> tuple[StaffRow, ...]:
    labels = {pack.id: pack.label for pack in newest_packs(session)}
    ids = [user.id for user in users]
    held = session.exec(
        select(StaffGrant)
        .where(col(StaffGrant.user_id).in_(ids))
        .order_by(col(StaffGrant.department), col(StaffGrant.role), col(StaffGrant.procedure_id))
    ).all()
    superiors = [row.deputy_for for row in held if row.deputy_for]
    names = dict(session.exec(select(User.id, User.display_name).where(col(User.id).in_(superiors))).all())
    return tuple(
        StaffRow(
            id=user.id,
            login=user.login,
            display_name=user.display_name,
            department=user.department,
            sees_protected=user.sees_protected,
            active=user.active,
            locked_until=user.locked_until,
            must_change_password=user.must_change_password,
            grants=tuple(_shown(row, labels, names) for row in held if row.user_id == user.id),
        )
        for user in users
    )


def _shown(row: StaffGrant, labels: dict[str, Label], names: dict[str, str]) -> GrantView:
    unknown = Label(ja=row.procedure_id, en=row.procedure_id)
    return GrantView(
        id=row.id,
        role=row.role,
        department=row.department,
        procedure=labels.get(row.procedure_id, unknown) if row.procedure_id else None,
        procedure_id=row.procedure_id,
        deputy_for=names.get(row.deputy_for or "", ""),
    )


def _choices(session: Session) -> Choices:
    packs = newest_packs(session)
    departments = {pack.review.department for pack in packs}
    departments |= set(session.exec(select(User.department).distinct()).all())
    departments |= set(session.exec(select(StaffGrant.department).distinct()).all())
    superiors = session.exec(
        select(User.id, User.display_name)
        .join(StaffGrant, col(StaffGrant.user_id) == User.id)
        .where(
            StaffGrant.role == StaffRole.APPROVER,
            col(StaffGrant.deputy_for).is_(None),
            col(User.active).is_(True),
        )
        .distinct()
        .order_by(col(User.display_name))
    ).all()
    return Choices(
        departments=tuple(sorted(departments)),
        procedures=tuple((pack.id, pack.label) for pack in packs),
        superiors=tuple((one, name) for one, name in superiors),
    )


def _history(session: Session, user_id: str) -> tuple[StaffEvent, ...]:
    """The newest first."""
    events = events_of(session, "staff", user_id)
    actors = {event.actor for event in events}
    names = dict(session.exec(select(User.id, User.display_name).where(col(User.id).in_(actors))).all())
    return tuple(
        StaffEvent(
            at=event.at,
            kind=event.kind,
            actor=names.get(event.actor, event.actor),
            role=StaffRole(str(event.payload["role"])) if "role" in event.payload else None,
            department=str(event.payload.get("department", "")),
        )
        for event in reversed(events)
    )
