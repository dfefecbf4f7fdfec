"""The station: one task with everything needed to decide it, and the decisions."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from pipeline.domain.errors import Conflict
from pipeline.domain.statuses import ReasonCode
from pipeline.review import decisions, fields, households, persons
from pipeline.review.claim import claim, claim_next, release, renew
from pipeline.review.doubles import settle_doubt
from pipeline.review.field_views import FieldView
from pipeline.review.papers import name_paper
from pipeline.review.queue import QueueFilter, waiting_ids
from pipeline.review.views import (
    MailroomTaskView,
    SubmissionView,
    get_submission_view,
    get_task_view,
)
from pipeline.runtime import Runtime
from pipeline.store.access import Viewer
from web.context import Decider, Form, FormBroken, Reviewer, RuntimeHere, Staff, Worker, number_of, text_of
from web.pages import render
from web.routes.queue import filter_of

router = APIRouter()


@router.get("/tasks/{task_id}")
def task_page(request: Request, task_id: str, runtime: RuntimeHere, staff: Worker) -> Response:
    """The station of a task."""
    view = get_task_view(runtime, staff.viewer, task_id)
    if isinstance(view, MailroomTaskView):
        return render(request, "mailroom_task.html", view=view, task=view.task)
    if view.submission.erased:
        return render(request, "erased.html", submission=view.submission)
    current = _current(view.submission, request.query_params.get("field"), request.query_params.get("after"))
    return render(
        request,
        "station.html",
        task=view.task,
        submission=view.submission,
        current=current,
        sheet=_sheet(view.submission, request.query_params.get("sheet"), current),
        open_task=None,
        left=len(waiting_ids(runtime, staff.viewer, QueueFilter())),
    )


@router.get("/submissions/{submission_id}")
def submission_page(request: Request, submission_id: str, runtime: RuntimeHere, staff: Decider) -> Response:
    """An application to look at, whether or not a task is open for it."""
    view, open_task = get_submission_view(runtime, staff.viewer, submission_id)
    if view.erased:
        return render(request, "erased.html", submission=view)
    return render(
        request,
        "station.html",
        task=None,
        submission=view,
        current=None,
        sheet=_sheet(view, request.query_params.get("sheet"), None),
        open_task=open_task,
        left=None,
    )


@router.post("/tasks/{task_id}/claim")
def claim_task(task_id: str, runtime: RuntimeHere, staff: Worker, form: Form) -> Response:
    """Into this person's hands."""
    claim(runtime, staff.viewer, task_id)
    return _back(task_id)


@router.post("/tasks/{task_id}/renew")
def renew_task(task_id: str, runtime: RuntimeHere, staff: Worker, form: Form) -> Response:
    """Keeps the task while its page is open and used."""
    renew(runtime, staff.viewer, task_id)
    return Response(status_code=204)


@router.post("/tasks/{task_id}/release")
def release_task(task_id: str, runtime: RuntimeHere, staff: Worker, form: Form) -> Response:
    """Back into the queue."""
    release(runtime, staff.viewer, task_id)
    return RedirectResponse("/queue?done=released", status_code=303)


@router.post("/tasks/{task_id}/field")
def decide_field(task_id: str, runtime: RuntimeHere, staff: Reviewer, form: Form) -> Response:
    """The value as it stands, another reading, or what was typed; the page then shows the next doubt."""
    key, version = text_of(form, "key", longest=100), number_of(form, "version")
    chosen, typed = text_of(form, "choose"), text_of(form, "raw")
    accepts = text_of(form, "action") == "accept" or typed == text_of(form, "before")
    if chosen:
        fields.correct_field(runtime, staff.viewer, task_id, key, chosen, version)
    elif accepts:
        fields.accept_field(runtime, staff.viewer, task_id, key, version)
    else:
        fields.correct_field(runtime, staff.viewer, task_id, key, typed, version)
    return _after_step(runtime, staff, task_id, form, f"after={key}&done=field")


@router.post("/tasks/{task_id}/person")
def decide_person(task_id: str, runtime: RuntimeHere, staff: Reviewer, form: Form) -> Response:
    """Who somebody of the application is, or is not."""
    role, index = text_of(form, "role", longest=100), number_of(form, "role_index")
    version, person = number_of(form, "version"), text_of(form, "person_id", longest=64)
    action = text_of(form, "action")
    if action == "same":
        persons.same_person(runtime, staff.viewer, task_id, role, index, person, version)
    elif action == "not_same":
        persons.not_same_person(runtime, staff.viewer, task_id, role, index, person, version)
    elif action == "new":
        persons.new_person(runtime, staff.viewer, task_id, role, index, version)
    elif action == "undo":
        persons.undo_link(runtime, staff.viewer, task_id, role, index, version)
    else:
        raise FormBroken
    return _after_step(runtime, staff, task_id, form, "done=person")


@router.post("/tasks/{task_id}/paper")
def decide_paper(task_id: str, runtime: RuntimeHere, staff: Reviewer, form: Form) -> Response:
    """What an attachment is."""
    attachment, kind = text_of(form, "attachment", longest=64), text_of(form, "kind", longest=100)
    name_paper(runtime, staff.viewer, task_id, attachment, kind, number_of(form, "version"))
    return _after_step(runtime, staff, task_id, form, "done=paper")


@router.post("/tasks/{task_id}/household")
def decide_household(task_id: str, runtime: RuntimeHere, staff: Reviewer, form: Form) -> Response:
    """Which household the application comes from, whoever of it is meant; or that it is not this one."""
    version, action = number_of(form, "version"), text_of(form, "action")
    if action == "same":
        household = text_of(form, "household_id", longest=64)
        households.confirm_household(runtime, staff.viewer, task_id, household, version)
    elif action == "undo":
        households.undo_household(runtime, staff.viewer, task_id, version)
    else:
        raise FormBroken
    return _after_step(runtime, staff, task_id, form, "done=household")


@router.post("/tasks/{task_id}/settle")
def settle(task_id: str, runtime: RuntimeHere, staff: Reviewer, form: Form) -> Response:
    """An account, a picture or a case of another procedure that is no reason to wait."""
    code, about = text_of(form, "code", longest=50), text_of(form, "about", longest=64)
    if code not in set(ReasonCode):
        raise FormBroken
    note = text_of(form, "note").strip()
    settle_doubt(runtime, staff.viewer, task_id, ReasonCode(code), about, number_of(form, "version"), note)
    return _after_step(runtime, staff, task_id, form, "done=settled")


class Note(StrEnum):
    """What a decision wants of the reason that a clerk writes: OPTIONAL ones say themselves when they need it."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


_ACTS: dict[str, tuple[Callable[..., bool | None], str, Note]] = {
    "accept": (decisions.accept, "accepted", Note.OPTIONAL),
    "adopt": (decisions.adopt, "adopted", Note.OPTIONAL),
    "keep_earlier": (decisions.keep_earlier, "kept", Note.NONE),
    "reject": (decisions.reject, "ended", Note.REQUIRED),
    "withdraw": (decisions.withdraw, "ended", Note.REQUIRED),
    "refer": (decisions.refer, "ended", Note.REQUIRED),
    "close": (decisions.close, "closed", Note.REQUIRED),
}


class NoteMissing(FormBroken):
    """A decision that ends something needs its reason."""

    code = "note_missing"
    ja = "理由を書いてください。履歴に残ります。"
    en = "Please give the reason; it stays in the history."


@router.post("/tasks/{task_id}/decide")
def decide(task_id: str, runtime: RuntimeHere, staff: Worker, form: Form) -> Response:
    """A decision on the whole; after it the next task is simply there."""
    action, version = text_of(form, "action"), number_of(form, "version")
    if action not in _ACTS:
        raise FormBroken
    act, done, wants = _ACTS[action]
    note = text_of(form, "note").strip()
    if wants is Note.REQUIRED and not note:
        raise NoteMissing
    given = {Note.NONE: (version,), Note.OPTIONAL: (version, note), Note.REQUIRED: (note, version)}[wants]
    if act(runtime, staff.viewer, task_id, *given):
        done = "to_refuse"
    return next_or_queue(runtime, staff.viewer, filter_of(form), done)


@router.get("/tasks/{task_id}/correction")
def correction_page(request: Request, task_id: str, runtime: RuntimeHere, staff: Reviewer) -> Response:
    """All that would be asked of the applicant, to keep, change, drop or add to."""
    view = get_task_view(runtime, staff.viewer, task_id)
    if isinstance(view, MailroomTaskView):
        raise FormBroken
    return render(request, "correction.html", task=view.task, submission=view.submission)


@router.post("/tasks/{task_id}/correction")
def correction(request: Request, task_id: str, runtime: RuntimeHere, staff: Reviewer, form: Form) -> Response:
    """First the letter as the applicant will read it; then, when that is confirmed, the request itself."""
    version, drafts = number_of(form, "version"), _drafts(form)
    if text_of(form, "step") == "send":
        decisions.request_correction(runtime, staff.viewer, task_id, drafts, version)
        return next_or_queue(runtime, staff.viewer, QueueFilter(), "requested")
    if not drafts:
        raise NothingAsked
    view = get_task_view(runtime, staff.viewer, task_id)
    if isinstance(view, MailroomTaskView):
        raise FormBroken
    if view.task.version != version:
        raise Conflict
    return render(request, "correction_preview.html", task=view.task, submission=view.submission, drafts=drafts)


class NothingAsked(FormBroken):
    """A request for correction without a deficiency."""

    code = "nothing_asked"
    ja = "補正をお願いする事項を一つ以上選ぶか、書いてください。"
    en = "Please choose or write at least one thing to be mended."


def _drafts(form: FormData) -> list[decisions.DeficiencyDraft]:
    drafts = []
    for number in form.getlist("item"):
        if isinstance(number, str) and number.isdecimal():
            text = text_of(form, f"text_{number}").strip()
            if text:
                code = text_of(form, f"code_{number}", longest=100) or "other"
                about = text_of(form, f"about_{number}", longest=300)
                drafts.append(decisions.DeficiencyDraft(code, about, text))
    return drafts


def next_or_queue(runtime: Runtime, viewer: Viewer, wanted: QueueFilter, done: str) -> Response:
    """The next task of the list, or the list when it is empty."""
    task_id = claim_next(runtime, viewer, waiting_ids(runtime, viewer, wanted))
    place = f"/tasks/{task_id}?done={done}" if task_id else f"/queue?done={done}"
    return RedirectResponse(place, status_code=303)


def _after_step(runtime: Runtime, staff: Staff, task_id: str, form: FormData, query: str) -> Response:
    """Back to the task; or on to the next one, where the step settled the whole application."""
    view = get_task_view(runtime, staff.viewer, task_id)
    if not view.task.open:
        return next_or_queue(runtime, staff.viewer, filter_of(form), "accepted")
    return _back(task_id, query)


def _back(task_id: str, query: str = "") -> Response:
    return RedirectResponse(f"/tasks/{task_id}{'?' + query if query else ''}", status_code=303)


def _current(view: SubmissionView, wanted: str | None, after: str | None) -> FieldView | None:
    """The field under the eye: the one asked for, else the next doubtful one after `after`."""
    shown = view.fields
    if wanted:
        return next((field for field in shown if field.key == wanted), None)
    keys = [field.key for field in shown]
    start = keys.index(after) + 1 if after in keys else 0
    ahead = shown[start:] + shown[:start]
    flagged = (field for field in ahead if field.flagged and field.key != after)
    return next((field for field in ahead if field.doubtful), None) or next(flagged, None)


def _sheet(view: SubmissionView, wanted: str | None, current: FieldView | None) -> str | None:
    """The id of the page or attachment shown first."""
    ids = [page.id for page in view.pages] + [file.id for file in view.attachments if not file.page_id]
    if wanted in ids:
        return wanted
    return current.page_id if current and current.page_id in ids else ids[0] if ids else None
