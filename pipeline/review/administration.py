"""職員の管理: accounts and what they may. Nothing of applicants is seen here, and everything done is in the history.

Nobody changes their own account: what an administrator wants for themselves another one has to give.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete
from sqlmodel import Session, col, select

from pipeline.domain.errors import Impossible, NotAllowed, NotVisible
from pipeline.domain.statuses import StaffRole
from pipeline.review.staff import NewAccount, add_account, hash_password
from pipeline.runtime import Runtime
from pipeline.steps.packs import newest_packs
from pipeline.store.access import Grant, Viewer
from pipeline.store.engine import again_on_clash, read, write
from pipeline.store.events import append_event
from pipeline.store.tables import StaffGrant, User, UserSession


class OwnAccount(NotAllowed):
    """Four eyes: one's own rights are another administrator's to change."""

    code = "own_account"
    ja = "自分の権限や状態は変えられません。別の管理者に頼んでください。"
    en = "You cannot change your own account. Another administrator has to."


class LastAdministrator(Impossible):
    """Nobody would be left who could give rights."""

    code = "last_administrator"
    ja = "管理者が一人もいなくなるため、この変更はできません。先に別の管理者を置いてください。"
    en = "No administrator would be left. Please make another one first."


class NoSuperior(Impossible):
    """A deputy of nobody, of themselves, or of somebody who may not approve there."""

    code = "no_superior"
    ja = "代決の相手は、同じ所属と手続で決裁の権限を自分で持つ、別の職員です。"
    en = "A deputy stands in for another member of staff who may approve there in their own right."


class ScopeMissing(Impossible):
    """A grant without a department, or for a procedure that is not installed."""

    code = "scope_missing"
    ja = "所属を入力してください。手続は登録済みのものから選びます。"
    en = "A department is needed, and the procedure must be an installed one."


@dataclass(frozen=True)
class Actor:
    """Who administers. The command line is nobody's own account, but leaves an administrator too."""

    id: str
    viewer: Viewer | None = None

    def require(self, session: Session) -> None:
        """Raises NotAllowed unless this is an administrator still."""
        if self.viewer is not None and self.viewer.user_id not in _administrators(session):
            raise NotAllowed

    def require_other(self, user_id: str) -> None:
        """Raises OwnAccount."""
        if self.viewer is not None and self.viewer.user_id == user_id:
            raise OwnAccount


COMMAND_LINE = Actor("command_line")


def acting(viewer: Viewer) -> Actor:
    """A signed-in administrator. Raises NotAllowed for anybody else."""
    if not viewer.has(StaffRole.ADMINISTRATOR):
        raise NotAllowed
    return Actor(viewer.user_id, viewer)


def add_staff(runtime: Runtime, actor: Actor, account: NewAccount) -> str:
    """The id of a new account without any right yet. Raises LoginTaken, WeakPassword, ScopeMissing."""
    if not account.department.strip() or not account.display_name.strip() or not account.login.strip():
        raise ScopeMissing
    with read(runtime.engine) as session:
        actor.require(session)
    return add_account(runtime, account, actor=actor.id)


def grant(runtime: Runtime, actor: Actor, user_id: str, wanted: Grant) -> None:
    """Gives a role; the same again changes nothing. Raises NotVisible, OwnAccount, ScopeMissing, NoSuperior."""

    def give() -> None:
        with write(runtime.engine) as session:
            _hold(session, actor, user_id)
            _require_scope(session, wanted)
            if wanted.deputy_for:
                _require_superior(session, user_id, wanted)
            known = _same(session, user_id, wanted)
            if known is not None and (known.deputy_for or "") == wanted.deputy_for:
                return
            row = known or StaffGrant(user_id=user_id, role=wanted.role, department=wanted.department)
            row.procedure_id, row.deputy_for = wanted.procedure_id, wanted.deputy_for or None
            session.add(row)
            _note(runtime, session, actor, user_id, "staff_granted", _said(row))

    again_on_clash(give)


def revoke(runtime: Runtime, actor: Actor, user_id: str, grant_id: str) -> None:
    """Takes a role away; nothing happens when it is gone. Raises NotVisible, OwnAccount, LastAdministrator."""
    with write(runtime.engine) as session:
        _hold(session, actor, user_id)
        row = session.exec(select(StaffGrant).where(StaffGrant.id == grant_id, StaffGrant.user_id == user_id)).first()
        if row is None:
            return
        session.delete(row)
        session.flush()
        _require_administrator(session)
        _note(runtime, session, actor, user_id, "staff_revoked", _said(row))


def set_protected(runtime: Runtime, actor: Actor, user_id: str, sees: bool) -> None:
    """Whether this person sees what touches protected persons. Raises NotVisible, OwnAccount."""
    with write(runtime.engine) as session:
        user = _hold(session, actor, user_id)
        if user.sees_protected is sees:
            return
        user.sees_protected = sees
        session.add(user)
        _note(runtime, session, actor, user_id, "staff_sees_protected" if sees else "staff_sees_protected_no_more")


def set_active(runtime: Runtime, actor: Actor, user_id: str, active: bool) -> None:
    """Closes an account, which ends its sessions at once, or opens it again.

    Raises NotVisible, OwnAccount, LastAdministrator.
    """
    with write(runtime.engine) as session:
        user = _hold(session, actor, user_id)
        if user.active is active:
            return
        user.active = active
        session.add(user)
        session.flush()
        _require_administrator(session)
        _end_sessions(session, user_id)
        _note(runtime, session, actor, user_id, "staff_reopened" if active else "staff_closed")


def reset_password(runtime: Runtime, actor: Actor, user_id: str, password: str) -> None:
    """A first password, to be changed at the next sign-in; sessions and locks end.

    Raises NotVisible, WeakPassword, and OwnAccount: who is signed in changes it with the old one at hand.
    """
    hashed = hash_password(password)
    with write(runtime.engine) as session:
        user = _hold(session, actor, user_id)
        user.password_hash, user.must_change_password = hashed, True
        user.failed_sign_ins, user.locked_until = 0, None
        session.add(user)
        _end_sessions(session, user_id)
        _note(runtime, session, actor, user_id, "staff_password_reset")


def find_by_login(runtime: Runtime, login: str) -> str:
    """The id of an account by its login, for the command line. Raises NotVisible."""
    with read(runtime.engine) as session:
        found = session.exec(select(User.id).where(User.login == login.strip().lower())).first()
    if found is None:
        raise NotVisible
    return found


def _hold(session: Session, actor: Actor, user_id: str) -> User:
    # Held by all who administer, so that two who would each leave the other as the last one follow one another.
    session.exec(
        select(StaffGrant.id)
        .where(StaffGrant.role == StaffRole.ADMINISTRATOR)
        .order_by(col(StaffGrant.id))
        .with_for_update()
    ).all()
    actor.require(session)
    user = get_account(session, user_id)
    actor.require_other(user_id)
    return user


def get_account(session: Session, user_id: str) -> User:
    """The account. Raises NotVisible."""
    user = session.get(User, user_id, populate_existing=True)
    if user is None:
        raise NotVisible
    return user


def _administrators(session: Session) -> set[str]:
    """Ids of the open accounts that administer."""
    return set(
        session.exec(
            select(StaffGrant.user_id)
            .join(User, col(User.id) == StaffGrant.user_id)
            .where(StaffGrant.role == StaffRole.ADMINISTRATOR, col(User.active).is_(True))
        ).all()
    )


def _require_administrator(session: Session) -> None:
    if not _administrators(session):
        raise LastAdministrator


def _require_scope(session: Session, wanted: Grant) -> None:
    known = {pack.id for pack in newest_packs(session)}
    if not wanted.department.strip() or (wanted.procedure_id and wanted.procedure_id not in known):
        raise ScopeMissing


def _require_superior(session: Session, user_id: str, wanted: Grant) -> None:
    held = session.exec(
        select(StaffGrant.id).where(
            StaffGrant.user_id == wanted.deputy_for,
            StaffGrant.role == StaffRole.APPROVER,
            StaffGrant.department == wanted.department,
            col(StaffGrant.procedure_id).in_(["", wanted.procedure_id]),
            col(StaffGrant.deputy_for).is_(None),
        )
    ).first()
    if held is None or wanted.deputy_for == user_id or wanted.role is not StaffRole.APPROVER:
        raise NoSuperior


def _same(session: Session, user_id: str, wanted: Grant) -> StaffGrant | None:
    return session.exec(
        select(StaffGrant).where(
            StaffGrant.user_id == user_id,
            StaffGrant.role == wanted.role,
            StaffGrant.department == wanted.department,
            StaffGrant.procedure_id == wanted.procedure_id,
        )
    ).first()


def _end_sessions(session: Session, user_id: str) -> None:
    session.execute(delete(UserSession).where(col(UserSession.user_id) == user_id))


def _said(row: StaffGrant) -> dict[str, object]:
    return {
        "role": row.role.value,
        "department": row.department,
        "procedure": row.procedure_id,
        "deputy_for": row.deputy_for or "",
    }


def _note(
    runtime: Runtime,
    session: Session,
    actor: Actor,
    user_id: str,
    kind: str,
    payload: dict[str, object] | None = None,
) -> None:
    append_event(session, "staff", user_id, kind, actor=actor.id, at=runtime.clock(), payload=payload)
