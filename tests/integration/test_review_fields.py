"""Fields at the station: corrected, confirmed, cleared, and what follows from it."""

from __future__ import annotations

import pytest
from sqlmodel import select

from pipeline.domain.errors import Impossible
from pipeline.domain.statuses import LinkStatus, Origin, SubmissionStatus
from pipeline.review.decisions import accept
from pipeline.review.fields import NotAValue, accept_field, correct_field
from pipeline.runtime import Runtime
from pipeline.steps.audit import audit
from pipeline.store.engine import write
from pipeline.store.tables import Case, FieldValue, Finding, Link
from tests.desk import NO_CONSENT, NO_PHONE, at, value
from tests.runtime import REVIEWER, event_kinds, reasons_of, rows_of, submission, task_of


def test_a_correction_runs_checks_again_and_the_clerk_then_accepts(small: Runtime) -> None:
    one, task, version = at(small, NO_PHONE)
    assert [row.code for row in rows_of(small, Finding, submission_id=one)] == ["required"]
    correct_field(small, REVIEWER, task, "phone", "0277-72-1234", version)
    row = value(small, one, "phone")
    assert (row.value, row.raw, row.origin, row.accepted) == (
        "0277721234",
        "0277-72-1234",
        Origin.CLERK,
        True,
    )
    assert rows_of(small, Finding, submission_id=one) == []
    assert submission(small, one).status is SubmissionStatus.IN_REVIEW, "software settles nothing in review"
    assert reasons_of(small, task) == set()
    accept(small, REVIEWER, task, task_of(small, one).version)
    found = submission(small, one)
    assert (found.status, found.straight_through) == (SubmissionStatus.SETTLED, False)
    assert len([case for case in rows_of(small, Case) if case.adopted_submission_id == one]) == 2
    assert "decided_correct_field" in event_kinds(small, task) and "decided_accept" in event_kinds(small, task)
    assert event_kinds(small, one)[-1] == "submission_settled"
    assert audit(small).breaches == ()


def test_a_correction_runs_matching_again(small: Runtime) -> None:
    one, task, version = at(small, NO_PHONE)
    (before,) = rows_of(small, Link, submission_id=one, role="child", role_index=1)
    correct_field(small, REVIEWER, task, "child_name.1", "鈴鹿 権兵衛", version)
    version = task_of(small, one).version
    correct_field(small, REVIEWER, task, "child_kana.1", "スズカ ゴンベエ", version)
    version = task_of(small, one).version
    correct_field(small, REVIEWER, task, "child_birth_date.1", "平成30年1月2日", version)
    assert value(small, one, "child_birth_date.1").value == "2018-01-02"
    active = [
        link for link in rows_of(small, Link, submission_id=one, role="child", role_index=1) if link.status.is_active
    ]
    assert active == [], "the old link no longer holds"
    assert rows_of(small, Link, id=before.id)[0].status is LinkStatus.UNDONE, "nor is it erased"
    assert ("member_unclear", "child.1") in reasons_of(small, task), "the household is known, the child is not"


@pytest.mark.parametrize(
    ("key", "typed"),
    [
        ("child_birth_date.1", "令和99年1月1日"),
        ("postal_code", "12"),
        ("account_type", "定期"),
        ("phone", "なし"),
    ],
)
def test_what_is_no_value_changes_nothing(small: Runtime, key: str, typed: str) -> None:
    one, task, version = at(small, NO_CONSENT)
    before = rows_of(small, FieldValue, submission_id=one)
    with pytest.raises(NotAValue) as caught:
        correct_field(small, REVIEWER, task, key, typed, version)
    assert typed not in str(caught.value)
    assert rows_of(small, FieldValue, submission_id=one) == before
    assert task_of(small, one).version == version and "decided_correct_field" not in event_kinds(small, task)


def test_clearing_a_field_that_is_needed_is_found_by_the_checks(small: Runtime) -> None:
    one, task, version = at(small, NO_CONSENT)
    correct_field(small, REVIEWER, task, "applicant_kana", "  ", version)
    assert value(small, one, "applicant_kana").value is None
    assert {"required", "consent_missing"} <= {row.code for row in rows_of(small, Finding, submission_id=one)}


@pytest.mark.parametrize("key", ["nothing", "child_name.9", "child_name", "phone.1"])
def test_there_is_no_such_field(small: Runtime, key: str) -> None:
    _, task, version = at(small, NO_CONSENT)
    with pytest.raises(Impossible):
        correct_field(small, REVIEWER, task, key, "x", version)


def test_a_reading_in_doubt_is_confirmed_as_it_stands(small: Runtime) -> None:
    one, task, version = at(small, NO_CONSENT)
    with write(small.engine) as session:
        row = session.get_one(FieldValue, value(small, one, "address").id)
        row.accepted, row.reasons, row.confidence, row.origin = False, "low_confidence", 0.4, Origin.OCR
        session.add(row)
    accept_field(small, REVIEWER, task, "address", version)
    row = value(small, one, "address")
    assert row.accepted and not row.reasons and row.origin is Origin.OCR
    assert reasons_of(small, task) == {("check_failed", "consent")}
    assert "decided_accept_field" in event_kinds(small, task)


def test_rows_that_repeat_a_corrected_one_follow_it(small: Runtime) -> None:
    one, task, version = at(small, NO_CONSENT)
    first = value(small, one, "child_name.1").value
    with write(small.engine) as session:
        for index, sign, said in ((2, "〃", first), (3, "同上", first), (4, first, first), (5, "〃", first)):
            key = f"child_name.{index}"
            row = session.exec(select(FieldValue).where(FieldValue.submission_id == one, FieldValue.key == key)).first()
            row = row or FieldValue(submission_id=one, key=key, origin=Origin.OCR)
            row.raw, row.read_raw, row.value, row.origin, row.reasons = sign, sign, said, Origin.OCR, "struck_out"
            session.add(row)
    correct_field(small, REVIEWER, task, "child_name.1", "鈴鹿 権兵衛", version)
    names = [value(small, one, f"child_name.{index}").value for index in range(1, 6)]
    assert names == ["鈴鹿 権兵衛"] * 3 + [first] * 2, "what was written out is its own, and what repeats that as well"
    assert value(small, one, "child_name.2").reasons == "struck_out", "a person looks at it yet"
    assert value(small, one, "child_name.2").raw == "〃"


def test_an_invalid_value_cannot_be_confirmed(small: Runtime) -> None:
    one, task, version = at(small, NO_CONSENT)
    with write(small.engine) as session:
        row = session.get_one(FieldValue, value(small, one, "applicant_birth_date").id)
        row.raw, row.value, row.problem = "令和99年", None, "no_such_day"
        session.add(row)
    with pytest.raises(NotAValue):
        accept_field(small, REVIEWER, task, "applicant_birth_date", version)
