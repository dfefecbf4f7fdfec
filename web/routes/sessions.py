"""Signing in and out, and the language of the pages."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from pipeline.domain.statuses import StaffRole
from pipeline.review.staff import SESSION_LIFE, choose_language, sign_in, sign_out
from web.context import SESSION_COOKIE, AnyStaff, Form, RuntimeHere, login_form_fits, text_of
from web.pages import render_sign_in

router = APIRouter()


async def login_form(request: Request) -> FormData:
    """The sign-in form as sent; whether it is ours is checked with its cookie."""
    return await request.form(max_files=0, max_fields=10)


@router.get("/")
def home(staff: AnyStaff) -> Response:
    """To where this person's work is."""
    first = "/operations"
    if staff.viewer.has(StaffRole.REVIEWER):
        first = "/queue"
    elif staff.viewer.has(StaffRole.MAILROOM):
        first = "/batches"
    return RedirectResponse(first, status_code=303)


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
def sign_out_now(runtime: RuntimeHere, staff: AnyStaff, form: Form) -> Response:
    """Ends the session here and in the store."""
    sign_out(runtime, staff.token)
    answer = RedirectResponse("/sign-in", status_code=303)
    answer.delete_cookie(SESSION_COOKIE)
    return answer


@router.post("/language")
def language(runtime: RuntimeHere, staff: AnyStaff, form: Form) -> Response:
    """The language of this session's pages from now on."""
    choose_language(runtime, staff.token, text_of(form, "language", longest=5))
    back = text_of(form, "back", longest=300)
    # Only a path of our own: "//host" would lead elsewhere.
    safe = back if back.startswith("/") and not back.startswith(("//", "/\\")) else "/"
    return RedirectResponse(safe, status_code=303)
