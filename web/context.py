"""Who asks: the signed-in person, their roles, and the proof that a form came from our own page."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import unquote, unquote_plus

from fastapi import Depends, Request
from starlette.datastructures import FormData

from pipeline.domain.errors import DomainError, NotAllowed, NotVisible
from pipeline.domain.statuses import StaffRole
from pipeline.domain.texts import is_text
from pipeline.review.staff import StaffSession, viewer_of
from pipeline.runtime import Runtime
from pipeline.store.access import READERS, Viewer

SESSION_COOKIE = "session"


class NotSignedIn(Exception):
    """Nobody is signed in; the way is to the sign-in page."""


class PasswordDue(Exception):
    """Somebody else chose the password; the way is to the page where another one is chosen."""


class FormRefused(DomainError):
    """The form did not come from a page of this session."""

    code = "form_refused"
    ja = "画面の有効期限が切れました。前の画面を開き直して、もう一度送ってください。"
    en = "This form has expired. Please open the page again and send it once more."


class FormBroken(DomainError):
    """Something the form must hold is missing or is no such thing."""

    code = "form_broken"
    ja = "入力に不足があります。前の画面に戻って確かめてください。"
    en = "Something is missing in the form. Please go back and check."


@dataclass(frozen=True)
class Staff:
    """A signed-in person with their session."""

    viewer: Viewer
    session: StaffSession
    token: str


def get_runtime(request: Request) -> Runtime:
    """The runtime of this application."""
    runtime: Runtime = request.app.state.runtime
    return runtime


def signed_in(request: Request) -> Staff:
    """Who asks, whatever they still have to do first. Raises NotSignedIn, and NotVisible for an address that no page
    of ours has ever had: a NUL in it would stop PostgreSQL."""
    if not is_text(unquote(str(request.url.path))) or not is_text(unquote_plus(request.url.query)):
        raise NotVisible
    token = request.cookies.get(SESSION_COOKIE, "")
    found = viewer_of(get_runtime(request), token) if token else None
    if found is None:
        raise NotSignedIn
    staff = Staff(found[0], found[1], token)
    request.state.staff = staff
    return staff


def current_staff(staff: Annotated[Staff, Depends(signed_in)]) -> Staff:
    """Who asks. Raises NotSignedIn or PasswordDue."""
    if staff.session.must_change:
        raise PasswordDue
    return staff


def holding(*roles: StaffRole) -> Callable[..., Staff]:
    """A dependency that gives the person when they hold one of the roles. Raises NotAllowed."""

    def check(staff: Annotated[Staff, Depends(current_staff)]) -> Staff:
        if not any(staff.viewer.has(role) for role in roles):
            raise NotAllowed
        return staff

    return check


async def checked_form(request: Request, staff: Annotated[Staff, Depends(signed_in)]) -> FormData:
    """The form of a page of this very session. Raises FormRefused."""
    form = await request.form(max_files=500, max_fields=500)
    token, ours = form.get("csrf"), staff.session.csrf_token.encode()
    if not isinstance(token, str) or not hmac.compare_digest(token.encode(errors="replace"), ours):
        raise FormRefused
    return form


def login_form_token(request: Request) -> tuple[str, str]:
    """A fresh secret for a cookie, and the token made of it for the sign-in form."""
    cookie = secrets.token_urlsafe(24)
    return cookie, get_runtime(request).secrets.digest(f"sign-in:{cookie}")


def login_form_fits(request: Request, form: FormData) -> bool:
    """True when the sign-in form belongs to the cookie of this browser."""
    cookie, token = request.cookies.get("sign_in", ""), form.get("csrf")
    if not cookie or not isinstance(token, str):
        return False
    wanted = get_runtime(request).secrets.digest(f"sign-in:{cookie}")
    return hmac.compare_digest(wanted.encode(), token.encode(errors="replace"))


def text_of(form: FormData, name: str, *, longest: int = 2000) -> str:
    """A text of the form, "" when absent. Raises FormBroken for a file, an endless text, or what is no text."""
    value = form.get(name, "")
    if not isinstance(value, str) or len(value) > longest or not is_text(value):
        raise FormBroken
    return value


def number_of(form: FormData, name: str) -> int:
    """A whole number of the form. Raises FormBroken."""
    text = text_of(form, name, longest=20).strip()
    if not text.isdecimal():
        raise FormBroken
    return int(text)


RuntimeHere = Annotated[Runtime, Depends(get_runtime)]
AnyStaff = Annotated[Staff, Depends(current_staff)]
SignedIn = Annotated[Staff, Depends(signed_in)]
Worker = Annotated[Staff, Depends(holding(StaffRole.REVIEWER, StaffRole.MAILROOM))]
Reviewer = Annotated[Staff, Depends(holding(StaffRole.REVIEWER))]
Reader = Annotated[Staff, Depends(holding(*READERS))]
Approver = Annotated[Staff, Depends(holding(StaffRole.APPROVER))]
Decider = Annotated[Staff, Depends(holding(StaffRole.REVIEWER, StaffRole.APPROVER))]
Mailroom = Annotated[Staff, Depends(holding(StaffRole.MAILROOM))]
Administrator = Annotated[Staff, Depends(holding(StaffRole.ADMINISTRATOR))]
Operator = Annotated[Staff, Depends(holding(StaffRole.OPERATOR))]
Form = Annotated[FormData, Depends(checked_form)]
