"""Verified identities over the API: who vouches is kept, and what is no assertion is refused."""

from __future__ import annotations

import pytest

from pipeline.review.views import TaskView, get_task_view
from pipeline.runtime import Runtime
from pipeline.steps.advance import advance
from pipeline.store.tables import Arrival, Finding, IdentityAssertion, Submission
from tests.runtime import REVIEWER, rows_of, task_of
from tests.sender import ASSERTED, Sender, fault_codes, record


def test_who_vouches_is_kept_and_the_subject_is_not(runtime: Runtime, sender: Sender) -> None:
    assert sender.send(record(), identity=ASSERTED).status_code == 201
    (kept,) = rows_of(runtime, IdentityAssertion)
    assert (kept.issuer, kept.method, kept.level, kept.client_id) == ("デジタル認証アプリ", "jpki", "IAL3", sender.id)
    assert kept.asserted_at.isoformat() == "2026-11-01T10:54:12+00:00"
    assert kept.subject_digest and "subject-77" not in repr(kept)


def test_a_verified_identity_stands_for_its_paper(rostered: Runtime) -> None:
    sender = Sender(rostered)
    findings = {}
    for number, more in (("C26-900001", {}), ("C26-900002", {"identity": ASSERTED})):
        assert sender.send(record(number), **more).status_code == 201
        (made,) = rows_of(rostered, Submission, source_number=number)
        advance(rostered, made.id)
        findings[number] = {row.code for row in rows_of(rostered, Finding, submission_id=made.id)}
    assert findings["C26-900001"] - findings["C26-900002"] == {"attachment_identity"}
    (made,) = rows_of(rostered, Submission, source_number="C26-900002")
    view = get_task_view(rostered, REVIEWER, task_of(rostered, made.id).id)
    assert isinstance(view, TaskView) and view.submission.assertion is not None
    assert (view.submission.assertion.issuer, view.submission.assertion.client) == ("デジタル認証アプリ", "city")
    wanted = {paper.kind: (paper.present, paper.asserted) for paper in view.submission.wanted}
    assert wanted == {"identity": (True, True), "account": (False, False)}
    assert "attachment_identity" not in {one.code for one in view.submission.deficiencies}


BAD_ASSERTIONS = {
    "in the future": ({"asserted_at": "2026-11-22T10:30:00+09:00"}, ("#/identity/asserted_at", "asserted_in_future")),
    "no zone": ({"asserted_at": "2026-11-01T19:54:12"}, ("#/identity/asserted_at", "bad_value")),
    "a number for a moment": ({"asserted_at": 1}, ("#/identity/asserted_at", "bad_value")),
    "no issuer": ({"issuer": ""}, ("#/identity/issuer", "bad_value")),
    "an endless method": ({"method": "x" * 101}, ("#/identity/method", "bad_value")),
    "control characters": ({"issuer": "a\u0007b"}, ("#/identity/issuer", "bad_value")),
    "more than is asked": ({"name": "山田"}, ("#/identity", "unknown_member")),
}


@pytest.mark.parametrize("case", BAD_ASSERTIONS)
def test_assertions_that_are_none(sqlite_sender: Sender, case: str) -> None:
    changed, wanted = BAD_ASSERTIONS[case]
    answer = sqlite_sender.send(record(), identity={**ASSERTED, **changed})
    assert answer.status_code == 422
    assert fault_codes(answer) == {wanted}
    assert rows_of(sqlite_sender.runtime, Arrival) == []
