"""Cases: the list, one case with its applications, and the export of what was decided."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from pipeline.domain.statuses import CaseStatus
from pipeline.review.case_views import get_case_view, list_cases
from pipeline.review.ranking import ranked_procedures
from pipeline.review.reopening import reopen_case
from pipeline.steps.export import export_decided
from web.context import Decider, Form, Reviewer, RuntimeHere, number_of, text_of
from web.pages import render

router = APIRouter()


@router.get("/cases")
def cases(request: Request, runtime: RuntimeHere, staff: Decider) -> Response:
    """Cases that fit the conditions in the address."""
    params = request.query_params
    status = CaseStatus(params["status"]) if params.get("status") in set(CaseStatus) else None
    several = params.get("several") == "1"
    number = params.get("page", "1")
    page = list_cases(
        runtime,
        staff.viewer,
        status=status,
        several=several,
        page=int(number) if number.isdecimal() and len(number) < 7 else 1,
    )
    return render(
        request,
        "cases.html",
        page=page,
        chosen=status,
        several=several,
        statuses=tuple(CaseStatus),
        rankings=ranked_procedures(runtime, staff.viewer),
    )


@router.post("/cases/export")
def export(runtime: RuntimeHere, staff: Reviewer, form: Form) -> Response:
    """The decided cases of a procedure as CSV in CP932, to be saved. The name holds no value."""
    made = export_decided(runtime, staff.viewer, text_of(form, "procedure", longest=100))
    name = f"cases-{runtime.today().isoformat()}.csv"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(made.data, media_type="text/csv; charset=Shift_JIS", headers=headers)


@router.get("/cases/{case_id}")
def case(request: Request, case_id: str, runtime: RuntimeHere, staff: Decider) -> Response:
    """One case."""
    return render(request, "case.html", view=get_case_view(runtime, staff.viewer, case_id))


@router.post("/cases/{case_id}/reopen")
def reopen(case_id: str, runtime: RuntimeHere, staff: Reviewer, form: Form) -> Response:
    """Back to review; on to the task, which is in this person's hands."""
    task_id = reopen_case(runtime, staff.viewer, case_id, text_of(form, "note"), number_of(form, "version"))
    return RedirectResponse(f"/tasks/{task_id}?done=reopened", status_code=303)
