"""What clerks decide, on both databases: fields, people, duplicates, corrections, ends."""

from __future__ import annotations

import csv
import io
from typing import Any

import numpy as np
import pypdfium2
import pytest
from sqlmodel import col, select

from ocr.codes import find_codes
from pipeline.domain.drafts import DraftScope, Proposal
from pipeline.domain.errors import Impossible
from pipeline.domain.statuses import EndReason, EntryStatus, OutboundStatus, SubmissionStatus, TaskStatus
from pipeline.review.approvals import approve_draft
from pipeline.review.decisions import (
    DeficiencyDraft,
    StillUnclear,
    accept,
    adopt,
    keep_earlier,
    refer,
    request_correction,
    withdraw,
)
from pipeline.review.drafts import make_draft
from pipeline.review.fields import correct_field
from pipeline.review.history import history_of
from pipeline.runtime import Runtime
from pipeline.steps.audit import audit
from pipeline.steps.export import export_decided
from pipeline.store.engine import read
from pipeline.store.tables import Case, CorrectionRequest, Deficiency, Entry, Outbound, ReviewTask
from tests.desk import NO_CONSENT, NO_PHONE, again, at, value
from tests.runtime import (
    CHIEF,
    DEPARTMENT,
    PROCEDURE,
    REVIEWER,
    by_source_number,
    event_kinds,
    reasons_of,
    rows_of,
    submission,
    task_of,
)

# --- fields


# --- people


# --- duplicates


def paid(runtime: Runtime) -> list[dict[str, str]]:
    data = export_decided(runtime, REVIEWER, PROCEDURE).data.decode("cp932")
    return list(csv.DictReader(io.StringIO(data)))


@pytest.mark.parametrize(("decide", "adopted"), [(adopt, "second"), (keep_earlier, "first")])
def test_of_two_applications_one_counts_and_one_payment_leaves(small: Runtime, decide: Any, adopted: str) -> None:
    first = by_source_number(small, "2026110000001").id
    second = again(small)
    task = task_of(small, second)
    with pytest.raises(StillUnclear):
        accept(small, REVIEWER, task.id, task.version)
    correct_field(small, REVIEWER, task.id, "account_number", "7777777", task.version)
    task = task_of(small, second)
    assert paid(small) == []
    decide(small, REVIEWER, task.id, task.version)
    assert submission(small, second).status is SubmissionStatus.SETTLED
    entries = [rows_of(small, Entry, submission_id=one)[0] for one in (first, second)]
    assert entries[0].case_id == entries[1].case_id
    (case,) = rows_of(small, Case, id=entries[0].case_id)
    assert case.adopted_submission_id == {"first": first, "second": second}[adopted]
    scope = DraftScope(PROCEDURE, DEPARTMENT)
    draft = make_draft(small, REVIEWER, scope, [Proposal(one.id) for one in rows_of(small, Case)])
    approve_draft(small, CHIEF, draft, 1)
    after = paid(small)
    assert len(after) == len(rows_of(small, Case)) == len({row["宛名番号"] for row in after})
    accounts = {row["口座番号"] for row in after}
    assert ("7777777" in accounts) == (adopted == "second")
    assert (value(small, first, "account_number").value in accounts) == (adopted == "first")
    assert f"decided_{decide.__name__}" in event_kinds(small, task.id)
    assert event_kinds(small, case.id).count("submission_adopted") == (2 if adopted == "second" else 1)
    assert audit(small).breaches == ()


def test_a_third_application_is_a_question_again(small: Runtime) -> None:
    second = again(small)
    task = task_of(small, second)
    adopt(small, REVIEWER, task.id, task.version)
    third = again(small, sent_as="2026110000902")
    first = by_source_number(small, "2026110000001").id
    assert reasons_of(small, task_of(small, third).id) == {("duplicate", first), ("duplicate", second)}


# --- corrections and ends


def test_a_correction_request_is_a_letter_with_everything_and_its_code(small: Runtime) -> None:
    one, task, version = at(small, NO_CONSENT)
    drafts = [
        DeficiencyDraft("consent_missing", "consent", "同意の欄にチェックを入れてください。"),
        DeficiencyDraft("attachment_identity", "identity", "本人確認書類の写しを添えてください。"),
        DeficiencyDraft("x", "", "   "),
    ]
    outbound_id = request_correction(small, REVIEWER, task, drafts, version)
    (letter,) = rows_of(small, Outbound)
    assert (letter.id, letter.status, letter.media_type) == (
        outbound_id,
        OutboundStatus.READY,
        "application/pdf",
    )
    (request,) = rows_of(small, CorrectionRequest)
    assert request.due_on.isoformat() == "2026-12-06"
    assert [row.text for row in rows_of(small, Deficiency)] == [draft.text for draft in drafts[:2]]
    document = pypdfium2.PdfDocument(small.blobs.get(letter.blob))
    text = "".join(page.get_textpage().get_text_range() for page in document)
    for words in (
        "同意の欄にチェックを入れてください。",
        "本人確認書類の写しを添えてください。",
        "令和8年12月6日",
        "全2件",
    ):
        assert words in text
    picture = np.ascontiguousarray(document[0].render(scale=2).to_numpy())
    assert [code.text for code in find_codes(picture)] == [f"IM1:C:{one}"]
    waiting = submission(small, one)
    assert (waiting.status, waiting.due) == (SubmissionStatus.AWAITING_CORRECTION, False)
    held = task_of(small, one)
    assert (held.due_on, held.lease_owner) == (request.due_on, None)
    assert "correction_requested" in event_kinds(small, one)
    assert "decided_request_correction" in event_kinds(small, task)
    assert audit(small).breaches == ()


def test_a_letter_is_dated_as_in_japan(small: Runtime) -> None:
    clock: Any = small.clock
    clock.pass_(hours=15)  # past midnight in Japan, not yet in Greenwich
    _, task, version = at(small, NO_CONSENT)
    draft = DeficiencyDraft("consent_missing", "consent", "同意の欄にチェックを入れてください。")
    request_correction(small, REVIEWER, task, [draft], version)
    (letter,) = rows_of(small, Outbound)
    page = pypdfium2.PdfDocument(small.blobs.get(letter.blob))[0]
    assert "令和8年11月23日" in page.get_textpage().get_text_range()


def test_nothing_asked_for_is_no_request(small: Runtime) -> None:
    one, task, version = at(small, NO_CONSENT)
    with pytest.raises(Impossible):
        request_correction(small, REVIEWER, task, [DeficiencyDraft("x", "", " ")], version)
    assert submission(small, one).status is SubmissionStatus.IN_REVIEW


def test_what_waits_for_the_applicant_can_still_be_mended(small: Runtime) -> None:
    one, task, version = at(small, NO_CONSENT)
    draft = DeficiencyDraft("consent_missing", "consent", "同意の欄にチェックを入れてください。")
    request_correction(small, REVIEWER, task, [draft], version)
    correct_field(small, REVIEWER, task, "consent", "true", task_of(small, one).version)
    accept(small, REVIEWER, task, task_of(small, one).version)
    assert submission(small, one).status is SubmissionStatus.SETTLED
    assert audit(small).breaches == ()


@pytest.mark.parametrize(
    ("end", "reason"),
    [(withdraw, EndReason.WITHDRAWN), (refer, EndReason.REFERRED)],
)
def test_an_application_ends_with_a_named_reason(small: Runtime, end: Any, reason: EndReason) -> None:
    one, task, version = at(small, NO_PHONE)
    end(small, REVIEWER, task, "本人から電話", version)
    entries = rows_of(small, Entry, submission_id=one)
    assert {(entry.status, entry.ended_reason) for entry in entries} == {(EntryStatus.ENDED, reason)}
    assert submission(small, one).status is SubmissionStatus.ENDED
    assert rows_of(small, ReviewTask, id=task)[0].status is TaskStatus.DONE
    assert f"submission_{reason.value}" in event_kinds(small, one)
    assert [case for case in rows_of(small, Case) if case.adopted_submission_id == one] == []
    assert audit(small).breaches == ()
    with read(small.engine) as session:
        told = [item for item in history_of(session, task, one) if item.note]
    assert [item.note for item in told] == ["本人から電話"]


def test_an_ended_application_is_no_duplicate(small: Runtime) -> None:
    second = again(small)
    task = task_of(small, second)
    withdraw(small, REVIEWER, task.id, "", task.version)
    third = again(small, sent_as="2026110000902")
    first = by_source_number(small, "2026110000001").id
    assert reasons_of(small, task_of(small, third).id) == {("duplicate", first)}


def test_notes_stay_out_of_the_history_chain(small: Runtime) -> None:
    from pipeline.store.tables import Event

    _, task, version = at(small, NO_PHONE)
    withdraw(small, REVIEWER, task, "白鳥さんから電話", version)
    with read(small.engine) as session:
        payloads = session.exec(select(Event.payload).where(col(Event.payload).contains("白鳥"))).all()
    assert payloads == []
