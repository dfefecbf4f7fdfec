"""Administrators' pages: accounts and what they may."""

from __future__ import annotations

import secrets

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from pipeline.domain.statuses import StaffRole
from pipeline.review import administration
from pipeline.review.administration import acting
from pipeline.review.staff import NewAccount
from pipeline.review.staff_views import get_choices, get_staff, list_staff
from pipeline.store.access import Grant
from web.context import Administrator, Form, FormBroken, RuntimeHere, text_of
from web.pages import render

router = APIRouter()


@router.get("/staff")
def everybody(request: Request, runtime: RuntimeHere, staff: Administrator) -> Response:
    """All accounts with their rights."""
    return render(request, "staff.html", rows=list_staff(runtime, acting(staff.viewer)))


@router.get("/staff/new")
def new_member(request: Request, runtime: RuntimeHere, staff: Administrator) -> Response:
    """The form for a new account, with a first password made up."""
    choices = get_choices(runtime, acting(staff.viewer))
    return render(request, "staff_new.html", choices=choices, first=secrets.token_urlsafe(9))


@router.post("/staff/new")
def add(runtime: RuntimeHere, staff: Administrator, form: Form) -> Response:
    """An account without any right yet; its password is to be changed at the first sign-in."""
    account = NewAccount(
        login=text_of(form, "login", longest=100),
        password=text_of(form, "password"),
        display_name=text_of(form, "name", longest=100),
        department=text_of(form, "department", longest=100),
    )
    user_id = administration.add_staff(runtime, acting(staff.viewer), account)
    return _back(user_id)


@router.get("/staff/{user_id}")
def member(request: Request, user_id: str, runtime: RuntimeHere, staff: Administrator) -> Response:
    """One account: its rights, its state, its history."""
    view = get_staff(runtime, acting(staff.viewer), user_id)
    return render(request, "staff_member.html", view=view, roles=tuple(StaffRole), first=secrets.token_urlsafe(9))


@router.post("/staff/{user_id}/grant")
def grant(user_id: str, runtime: RuntimeHere, staff: Administrator, form: Form) -> Response:
    """One more right."""
    role = text_of(form, "role", longest=30)
    if role not in set(StaffRole):
        raise FormBroken
    wanted = Grant(
        StaffRole(role),
        text_of(form, "department", longest=100).strip(),
        text_of(form, "procedure", longest=100),
        text_of(form, "deputy_for", longest=64),
    )
    administration.grant(runtime, acting(staff.viewer), user_id, wanted)
    return _back(user_id)


@router.post("/staff/{user_id}/revoke")
def revoke(user_id: str, runtime: RuntimeHere, staff: Administrator, form: Form) -> Response:
    """One right less."""
    administration.revoke(runtime, acting(staff.viewer), user_id, text_of(form, "grant", longest=64))
    return _back(user_id)


@router.post("/staff/{user_id}/protected")
def protected(user_id: str, runtime: RuntimeHere, staff: Administrator, form: Form) -> Response:
    """Whether they see what touches protected persons."""
    administration.set_protected(runtime, acting(staff.viewer), user_id, text_of(form, "sees", longest=1) == "1")
    return _back(user_id)


@router.post("/staff/{user_id}/active")
def active(user_id: str, runtime: RuntimeHere, staff: Administrator, form: Form) -> Response:
    """Closes the account, or opens it again."""
    administration.set_active(runtime, acting(staff.viewer), user_id, text_of(form, "active", longest=1) == "1")
    return _back(user_id)


@router.post("/staff/{user_id}/password")
def password(user_id: str, runtime: RuntimeHere, staff: Administrator, form: Form) -> Response:
    """Another first password."""
    administration.reset_password(runtime, acting(staff.viewer), user_id, text_of(form, "password"))
    return _back(user_id)


def _back(user_id: str) -> Response:
    return RedirectResponse(f"/staff/{user_id}?done=staff_changed", status_code=303)
