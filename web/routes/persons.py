"""One person of the store: who they are, where they appear, 統合, 分離, and taking either back."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from pipeline.review.merging import (
    merge_persons,
    say_different,
    split_person,
    take_back_different,
    undo_regrouping,
)
from pipeline.review.person_views import get_merge_page, get_person_page
from web.context import Decider, Form, FormBroken, Reviewer, RuntimeHere, text_of
from web.pages import render

router = APIRouter()


class NothingChosen(FormBroken):
    """A split without an application to move."""

    code = "nothing_chosen"
    ja = "別の人に移す申請を一つ以上選んでください。"
    en = "Please choose at least one application that is somebody else's."


@router.get("/persons/{person_id}")
def person(request: Request, person_id: str, runtime: RuntimeHere, staff: Decider) -> Response:
    """A person with their applications, cases and possible doubles."""
    return render(request, "person.html", view=get_person_page(runtime, staff.viewer, person_id))


@router.get("/persons/{person_id}/merge/{other_id}")
def merge_page(request: Request, person_id: str, other_id: str, runtime: RuntimeHere, staff: Reviewer) -> Response:
    """Both side by side, and what will follow: the second becomes the first."""
    return render(request, "merge.html", view=get_merge_page(runtime, staff.viewer, person_id, other_id))


@router.post("/persons/{person_id}/merge/{other_id}")
def merge(person_id: str, other_id: str, runtime: RuntimeHere, staff: Reviewer, form: Form) -> Response:
    """The second becomes the first."""
    merge_persons(runtime, staff.viewer, person_id, other_id)
    return _to(person_id, "merged")


@router.post("/persons/{person_id}/different/{other_id}")
def different(person_id: str, other_id: str, runtime: RuntimeHere, staff: Reviewer, form: Form) -> Response:
    """They are not the same; or that is taken back."""
    if text_of(form, "action") == "take_back":
        take_back_different(runtime, staff.viewer, person_id, other_id)
        return _to(person_id, "different_taken_back")
    say_different(runtime, staff.viewer, person_id, other_id)
    return _to(person_id, "different")


@router.post("/persons/{person_id}/split")
def split(person_id: str, runtime: RuntimeHere, staff: Reviewer, form: Form) -> Response:
    """The chosen applications are a new person's; on to that one."""
    chosen = [one for one in form.getlist("link") if isinstance(one, str) and len(one) <= 64]
    if not chosen:
        raise NothingChosen
    return _to(split_person(runtime, staff.viewer, person_id, chosen), "split")


@router.post("/persons/{person_id}/undo/{regrouping_id}")
def undo(person_id: str, regrouping_id: str, runtime: RuntimeHere, staff: Reviewer, form: Form) -> Response:
    """A merge or a split is taken back."""
    undo_regrouping(runtime, staff.viewer, regrouping_id)
    return _to(person_id, "regrouping_undone")


def _to(person_id: str, done: str) -> Response:
    return RedirectResponse(f"/persons/{person_id}?done={done}", status_code=303)
