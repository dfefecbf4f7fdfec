"""Signing in and out, and the language of the pages."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from pipeline.domain.statuses import StaffRole
from pipeline.review.staff import SESSION_LIFE, change_password, choose_language, sign_in, sign_out
from web.context import SESSION_COOKIE, AnyStaff, Form, FormBroken, RuntimeHere, SignedIn, login_form_fits, text_of
from web.pages import render, render_sign_in

router = APIRouter()

_HOMES = {
    StaffRole.REVIEWER: "/queue",
    StaffRole.APPROVER: "/drafts",
    StaffRole.MAILROOM: "/batches",
    StaffRole.OPERATOR: "/operations",
    StaffRole.ADMINISTRATOR: "/staff",
}
"""Where the work of each role is, the first that somebody holds before the others."""


class PasswordsDiffer(FormBroken):
    """The new password was typed two ways."""

    code = "passwords_differ"
    ja = "新しいパスワードが二つの欄で違います。"
    en = "The new password was typed two ways."


async def login_form(request: Request) -> FormData:
    """The sign-in form as sent; whether it is ours is checked with its cookie."""
    return await request.form(max_files=0, max_fields=10)


@router.get("/")
def home(staff: AnyStaff) -> Response:
    """To where this person's work is."""
    for role, place in _HOMES.items():
        if staff.viewer.has(role):
            return RedirectResponse(place, status_code=303)
    # Without any right yet there is still one's own password.
    return RedirectResponse("/password", status_code=303)


@router.get("/sign-in")
def sign_in_page(request: Request) -> Response:
    """The sign-in page."""
    return render_sign_in(request)


@router.post("/sign-in")
def sign_in_now(request: Request, runtime: RuntimeHere, form: Annotated[FormData, Depends(login_form)]) -> Response:
    """A session for the right login and password; every refusal reads the same."""
    if not login_form_fits(request, form):
        return render_sign_in(request, 403)
    token = sign_in(runtime, text_of(form, "login", longest=200), text_of(form, "password"))
    if token is None:
        return render_sign_in(request, 401, refused=True)
    answer = RedirectResponse("/", status_code=303)
    answer.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=int(SESSION_LIFE.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=request.app.state.settings.https,
    )
    answer.delete_cookie("sign_in")
    return answer


@router.post("/sign-out")
def sign_out_now(runtime: RuntimeHere, staff: SignedIn, form: Form) -> Response:
    """Ends the session here and in the store."""
    sign_out(runtime, staff.token)
    answer = RedirectResponse("/sign-in", status_code=303)
    answer.delete_cookie(SESSION_COOKIE)
    return answer


@router.get("/password")
def password_page(request: Request, staff: SignedIn) -> Response:
    """Where one's own password is changed; the first thing to do with one that somebody else chose."""
    return render(request, "password.html")


@router.post("/password")
def password(runtime: RuntimeHere, staff: SignedIn, form: Form) -> Response:
    """Another password; other sessions of the same person end."""
    new = text_of(form, "new")
    if new != text_of(form, "again"):
        raise PasswordsDiffer
    change_password(runtime, staff.token, text_of(form, "old"), new)
    return RedirectResponse("/password?done=password", status_code=303)


@router.post("/language")
def language(runtime: RuntimeHere, staff: SignedIn, form: Form) -> Response:
    """The language of this session's pages from now on."""
    choose_language(runtime, staff.token, text_of(form, "language", longest=5))
    back = text_of(form, "back", longest=300)
    # Only a path of our own: "//host" would lead elsewhere.
    safe = back if back.startswith("/") and not back.startswith(("//", "/\\")) else "/"
    return RedirectResponse(safe, status_code=303)
