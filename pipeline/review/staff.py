"""Members of staff: accounts, signing in and out, and who stands behind a session token."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete
from sqlmodel import Session, col, select

from pipeline.domain.errors import Impossible, NotVisible
from pipeline.domain.statuses import StaffRole
from pipeline.runtime import Runtime
from pipeline.store.access import Grant, Viewer
from pipeline.store.engine import read, write
from pipeline.store.events import append_event
from pipeline.store.tables import StaffGrant, User, UserSession

MAX_FAILURES = 10
LOCK = timedelta(minutes=15)
SESSION_LIFE = timedelta(hours=12)
MIN_PASSWORD = 8
MAX_PASSWORD = 256
LANGUAGES = ("ja", "en")

# RFC 9106, second recommended option scaled to one lane: machines in a city hall are small.
_HASHER = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=1)


class LoginTaken(Impossible):
    """An account of this login exists."""

    code = "login_taken"
    ja = "このログイン名は使われています。別の名前にしてください。"
    en = "This login is taken. Please choose another."


class WeakPassword(Impossible):
    """The password is too short or far too long."""

    code = "weak_password"
    ja = f"パスワードは{MIN_PASSWORD}文字以上にしてください。"
    en = f"A password needs at least {MIN_PASSWORD} characters."


class WrongPassword(Impossible):
    """The present password is not the one typed."""

    code = "wrong_password"
    ja = "いまのパスワードが違います。"
    en = "This is not your present password."


class SamePassword(Impossible):
    """The new password is the old one."""

    code = "same_password"
    ja = "いまのパスワードとは別のものにしてください。"
    en = "Please choose another password than the present one."


@dataclass(frozen=True)
class StaffSession:
    """What a page may know of a session: the token itself is never kept. must_change: the password comes first."""

    csrf_token: str
    language: str
    login: str
    must_change: bool = False


@dataclass(frozen=True)
class NewAccount:
    """An account to be made. must_change: somebody else chose the password."""

    login: str
    password: str
    display_name: str
    department: str
    must_change: bool = True


def create_user(
    runtime: Runtime,
    login: str,
    password: str,
    *,
    display_name: str,
    department: str,
    roles: Iterable[StaffRole],
    sees_protected: bool = False,
) -> str:
    """The id of a new account with these roles in its department, for all procedures: how an installation gets its
    first staff. Raises LoginTaken or WeakPassword."""
    account = NewAccount(login, password, display_name, department, must_change=False)
    return add_account(runtime, account, actor="command_line", roles=roles, sees_protected=sees_protected)


def add_account(
    runtime: Runtime,
    account: NewAccount,
    *,
    actor: str,
    roles: Iterable[StaffRole] = (),
    sees_protected: bool = False,
) -> str:
    """The id of the new account. Raises LoginTaken or WeakPassword."""
    hashed, held = hash_password(account.password), sorted(set(roles))
    with write(runtime.engine) as session:
        if _find_user(session, account.login) is not None:
            raise LoginTaken
        user = User(
            login=_plain(account.login),
            display_name=account.display_name.strip(),
            password_hash=hashed,
            department=account.department.strip(),
            sees_protected=sees_protected,
            must_change_password=account.must_change,
        )
        session.add(user)
        session.flush()
        session.add_all(StaffGrant(user_id=user.id, role=role, department=user.department) for role in held)
        said = {"roles": [role.value for role in held], "department": user.department, "protected": sees_protected}
        append_event(session, "staff", user.id, "staff_added", actor=actor, at=runtime.clock(), payload=said)
        return user.id


def hash_password(password: str) -> str:
    """What is kept of a password. Raises WeakPassword."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise WeakPassword
    return _HASHER.hash(password)


def change_password(runtime: Runtime, token: str, old: str, new: str) -> None:
    """Another password for who is signed in with this token; their other sessions end.

    Raises WrongPassword, WeakPassword, and SamePassword when it is the old one again.
    """
    hashed = hash_password(new)
    with read(runtime.engine) as session:
        found = session.get(UserSession, _digest(token))
        user = session.get(User, found.user_id) if found else None
    if user is None or not _verifies(user.password_hash, old):
        raise WrongPassword
    if old == new:
        raise SamePassword
    with write(runtime.engine) as session:
        current = session.get_one(User, user.id)
        current.password_hash, current.must_change_password = hashed, False
        session.add(current)
        others = (col(UserSession.user_id) == user.id, col(UserSession.token_digest) != _digest(token))
        session.execute(delete(UserSession).where(*others))
        append_event(session, "staff", user.id, "staff_password_changed", actor=user.id, at=runtime.clock())


def sign_in(runtime: Runtime, login: str, password: str) -> str | None:
    """A fresh session token, or None: unknown login, wrong password and locked account look alike.

    The password is checked in every case, so that the time taken does not tell which logins exist. After
    MAX_FAILURES wrong passwords the account rests for LOCK, whatever the password is.
    """
    now = runtime.clock()
    with read(runtime.engine) as session:
        user = _find_user(session, login)
    right = _verifies(user.password_hash if user else _nobody(), password)
    if user is None:
        return None
    with write(runtime.engine) as session:
        current = session.get_one(User, user.id)
        if not current.active or (current.locked_until and current.locked_until > now):
            return None
        if not right:
            current.failed_sign_ins += 1
            if current.failed_sign_ins >= MAX_FAILURES:
                current.locked_until, current.failed_sign_ins = now + LOCK, 0
            session.add(current)
            return None
        current.failed_sign_ins, current.locked_until = 0, None
        session.add(current)
        session.execute(delete(UserSession).where(col(UserSession.expires_at) <= now))
        token = secrets.token_urlsafe(32)
        session.add(
            UserSession(
                token_digest=_digest(token),
                user_id=current.id,
                csrf_token=secrets.token_urlsafe(32),
                expires_at=now + SESSION_LIFE,
            )
        )
        return token


def viewer_of(runtime: Runtime, token: str) -> tuple[Viewer, StaffSession] | None:
    """Who holds this token; None when it is unknown, has expired or its account was closed."""
    with read(runtime.engine) as session:
        found = session.get(UserSession, _digest(token))
        if found is None or found.expires_at <= runtime.clock():
            return None
        user = session.get(User, found.user_id)
        if user is None or not user.active:
            return None
        viewer = _viewer(session, user)
    return viewer, StaffSession(found.csrf_token, found.language, user.login, user.must_change_password)


def viewer_named(runtime: Runtime, login: str) -> Viewer:
    """The account of this login with its rights, for commands that show what that person may see. Raises NotVisible."""
    with read(runtime.engine) as session:
        user = _find_user(session, login)
        if user is None or not user.active:
            raise NotVisible
        return _viewer(session, user)


def _viewer(session: Session, user: User) -> Viewer:
    held = session.exec(select(StaffGrant).where(StaffGrant.user_id == user.id)).all()
    return Viewer(
        user_id=user.id,
        display_name=user.display_name,
        department=user.department,
        grants=frozenset(Grant(row.role, row.department, row.procedure_id, row.deputy_for or "") for row in held),
        sees_protected=user.sees_protected,
    )


def sign_out(runtime: Runtime, token: str) -> None:
    """The token is worth nothing any more; an unknown one changes nothing."""
    with write(runtime.engine) as session:
        session.execute(delete(UserSession).where(col(UserSession.token_digest) == _digest(token)))


def choose_language(runtime: Runtime, token: str, language: str) -> None:
    """The language of this session's pages. Raises Impossible for one we have no words in."""
    if language not in LANGUAGES:
        raise Impossible
    with write(runtime.engine) as session:
        found = session.get(UserSession, _digest(token))
        if found is not None:
            found.language = language
            session.add(found)


def _find_user(session: Session, login: str) -> User | None:
    return session.exec(select(User).where(User.login == _plain(login))).first()


def _plain(login: str) -> str:
    return login.strip().lower()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _verifies(hashed: str, password: str) -> bool:
    try:
        return _HASHER.verify(hashed, password[: MAX_PASSWORD + 1])
    except (VerificationError, InvalidHashError):
        return False


@lru_cache(maxsize=1)
def _nobody() -> str:
    # What unknown logins are checked against: the same work, never a match.
    return _HASHER.hash(secrets.token_hex(16))
