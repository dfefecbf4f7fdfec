"""The one read filter: what touches a protected person is absent, whole, for everybody without that right."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlmodel import select

from pipeline.domain.errors import NotVisible
from pipeline.domain.statuses import (
    ArrivalStatus,
    Channel,
    DocumentKind,
    LinkStatus,
    OutboundKind,
    PageFate,
    StaffRole,
    SubmissionStatus,
    TaskKind,
)
from pipeline.review.batch_views import get_batch_view
from pipeline.review.claim import claim, claim_next
from pipeline.review.households import confirm_household
from pipeline.review.persons import same_person
from pipeline.review.queue import QueueFilter, list_tasks, waiting_ids
from pipeline.review.search import search
from pipeline.review.views import get_submission_view, get_task_view
from pipeline.runtime import Runtime
from pipeline.steps.export import export_decided
from pipeline.steps.roster import import_roster
from pipeline.store.access import _RULES, Viewer, grants, visible
from pipeline.store.engine import read, write
from pipeline.store.tables import (
    Arrival,
    Batch,
    Candidate,
    Case,
    Document,
    Draft,
    FieldValue,
    Household,
    HouseholdLink,
    HouseholdMember,
    Link,
    Outbound,
    Page,
    Person,
    ReviewTask,
    Submission,
)
from tests.runtime import (
    DEPARTMENT,
    ELSEWHERE,
    MAILROOM,
    NOW,
    PROCEDURE,
    REVIEWER,
    SMALL,
    TRUSTED,
    by_source_number,
    install,
    rows_of,
    submission,
)

STRANGER = Viewer("stranger", "原 誠", "zeimu", grants("zeimu", StaffRole.REVIEWER))
PROTECTED, PLAIN = "p-", "q-"


@pytest.fixture
def two_people(runtime: Runtime) -> Runtime:
    """One batch with two applications: one of a protected person (ids p-...), one of somebody else (q-...)."""
    pack_id = install(runtime)
    with write(runtime.engine) as session:
        session.add(
            Batch(
                id="batch",
                number="1",
                channel=Channel.MAIL,
                department=DEPARTMENT,
                received_on=date(2026, 11, 1),
            )
        )
        session.flush()
        arrival = Arrival(
            id="arrival", source="scanner", identity="x", content_hash="x", blob="x", batch_id="batch",
            department=DEPARTMENT, status=ArrivalStatus.TAKEN,
        )  # fmt: skip
        session.add(arrival)
        session.flush()
        for place, prefix in enumerate((PROTECTED, PLAIN), start=1):
            _fill(session, prefix, pack_id, place)
    return runtime


def _fill(session: Any, prefix: str, pack_id: str, place: int) -> None:
    hidden = prefix == PROTECTED
    session.add(Person(id=f"{prefix}person", name="白鳥 沙羅" if hidden else "森 花", protected=hidden))
    session.add(Household(id=f"{prefix}household", number=prefix))
    session.add(
        Submission(
            id=f"{prefix}submission", receipt_number=f"R8-00000{place}", procedure_id=PROCEDURE,
            pack_version_id=pack_id, channel=Channel.MAIL, source="scanner", department=DEPARTMENT,
            received_at=NOW, received_on=NOW.date(), batch_id="batch", status=SubmissionStatus.IN_REVIEW,
            due=False, protected=hidden,
        )
    )  # fmt: skip
    session.flush()
    about = {"submission_id": f"{prefix}submission", "role": "applicant", "role_index": 0}
    document = Document(
        id=f"{prefix}document", batch_id="batch", submission_id=about["submission_id"], kind=DocumentKind.FORM
    )
    session.add(document)
    session.flush()
    session.add_all([
        Page(
            id=f"{prefix}page", batch_id="batch", arrival_id="arrival", page_index=place, position=place,
            document_id=document.id, fate=PageFate.IN_DOCUMENT,
        ),
        FieldValue(
            submission_id=about["submission_id"], key="applicant_name", raw="白鳥 沙羅" if hidden else "森 花",
            value="白鳥 沙羅" if hidden else "森 花", origin="ocr", accepted=True,
        ),
        Candidate(
            id=f"{prefix}candidate", person_id=f"{prefix}person", rank=1, total=9.0, person_evidence=5.0,
            evidence="[]", **about,
        ),
        Link(id=f"{prefix}link", person_id=f"{prefix}person", status=LinkStatus.AUTO, **about),
        HouseholdMember(
            id=f"{prefix}member", household_id=f"{prefix}household", person_id=f"{prefix}person", valid_from=NOW.date()
        ),
        HouseholdLink(
            id=f"{prefix}home", submission_id=about["submission_id"], household_id=f"{prefix}household",
            status=LinkStatus.AUTO,
        ),
        Case(
            id=f"{prefix}case", number=f"C{place}", procedure_id=PROCEDURE, instance="2026",
            subject_id=f"{prefix}person", department=DEPARTMENT, protected=hidden, status="granted",
            adopted_submission_id=about["submission_id"],
        ),
        ReviewTask(
            id=f"{prefix}task", kind=TaskKind.INTAKE, submission_id=about["submission_id"],
            open_key=f"intake:{prefix}", department=DEPARTMENT, protected=hidden,
        ),
        Draft(
            id=f"{prefix}draft", number=f"R8-D00000{place}", procedure_id=PROCEDURE, department=DEPARTMENT,
            protected=hidden, title="決定", approvals_needed=1, cases=0, grants=0, refusals=0, total_yen=0,
            digest="", made_by="drafter",
        ),
        Outbound(
            id=f"{prefix}outbound", kind=OutboundKind.CORRECTION_LETTER, idempotency_key=prefix,
            submission_id=about["submission_id"], department=DEPARTMENT, protected=hidden,
        ),
    ])  # fmt: skip


# What each viewer sees of the rows above: (reviewer, with the right, other department, other department without).
BOTH, PLAIN_ONLY, NONE = {PROTECTED, PLAIN}, {PLAIN}, set[str]()
SEEN: dict[type[Any], tuple[set[str], set[str], set[str], set[str]]] = {
    Submission: (PLAIN_ONLY, BOTH, NONE, NONE),
    Case: (PLAIN_ONLY, BOTH, NONE, NONE),
    ReviewTask: (PLAIN_ONLY, BOTH, NONE, NONE),
    Draft: (PLAIN_ONLY, BOTH, NONE, NONE),
    Outbound: (PLAIN_ONLY, BOTH, NONE, NONE),
    Candidate: (PLAIN_ONLY, BOTH, NONE, NONE),
    Link: (PLAIN_ONLY, BOTH, NONE, NONE),
    Document: (PLAIN_ONLY, BOTH, NONE, NONE),
    Page: (PLAIN_ONLY, BOTH, NONE, NONE),
    # People belong to the city, not to a department.
    Person: (PLAIN_ONLY, BOTH, BOTH, PLAIN_ONLY),
    Household: (PLAIN_ONLY, BOTH, BOTH, PLAIN_ONLY),
    HouseholdMember: (PLAIN_ONLY, BOTH, BOTH, PLAIN_ONLY),
    HouseholdLink: (PLAIN_ONLY, BOTH, NONE, NONE),
    # A batch is sheets and counts; what is on a sheet is behind its page.
    Batch: ({"batch"}, {"batch"}, NONE, NONE),
    Arrival: ({"arrival"}, {"arrival"}, NONE, NONE),
}


def test_every_rule_has_its_line_in_the_table() -> None:
    assert set(SEEN) == set(_RULES)


@pytest.mark.parametrize("model", SEEN, ids=lambda model: model.__name__)
def test_who_sees_what(two_people: Runtime, model: type[Any]) -> None:
    with read(two_people.engine) as session:
        for viewer, expected in zip((REVIEWER, TRUSTED, ELSEWHERE, STRANGER), SEEN[model], strict=True):
            ids = session.exec(select(model.id).where(visible(model, viewer))).all()
            assert {one[:2] if one[:2] in BOTH else one for one in ids} == expected, viewer.user_id


def test_a_table_without_a_rule_cannot_be_asked(runtime: Runtime) -> None:
    with pytest.raises(KeyError):
        visible(FieldValue, REVIEWER)


def test_a_protected_namesake_is_no_candidate_on_an_open_application(two_people: Runtime) -> None:
    with write(two_people.engine) as session:
        session.add(
            Candidate(
                id="namesake", submission_id="q-submission", role="applicant", role_index=0,
                person_id="p-person", rank=2, total=1.0, person_evidence=0.0, evidence="[]",
            )
        )  # fmt: skip
    with read(two_people.engine) as session:
        seen = session.exec(select(Candidate.id).where(visible(Candidate, REVIEWER))).all()
        assert seen == ["q-candidate"]
    panels = get_submission_view(two_people, REVIEWER, "q-submission")[0].people
    assert [c.person.name for panel in panels for c in panel.candidates] == ["森 花"]
    panels = get_submission_view(two_people, TRUSTED, "q-submission")[0].people
    assert [c.person.name for panel in panels for c in panel.candidates] == ["森 花", "白鳥 沙羅"]


GONE: dict[str, Callable[[Runtime], Any]] = {
    "task": lambda runtime: get_task_view(runtime, REVIEWER, "p-task"),
    "submission": lambda runtime: get_submission_view(runtime, REVIEWER, "p-submission"),
    "claim": lambda runtime: claim(runtime, REVIEWER, "p-task"),
    "household": lambda runtime: confirm_household(runtime, REVIEWER, "q-task", "p-household", 1),
    "link": lambda runtime: same_person(runtime, REVIEWER, "q-task", "applicant", 0, "p-person", 1),
    "other department": lambda runtime: get_task_view(runtime, ELSEWHERE, "q-task"),
    "batch of a mailroom": lambda runtime: get_batch_view(runtime, REVIEWER, "batch"),
    "batch of another department": lambda runtime: get_batch_view(runtime, ELSEWHERE, "batch"),
}


@pytest.mark.parametrize("asked", GONE)
def test_it_does_not_even_exist(two_people: Runtime, asked: str) -> None:
    with pytest.raises(NotVisible):
        GONE[asked](two_people)


def test_lists_counts_search_and_export_leave_it_out(two_people: Runtime) -> None:
    queue = list_tasks(two_people, REVIEWER, QueueFilter())
    assert [row.task_id for row in queue.rows] == ["q-task"] and queue.counts.total == 1
    assert waiting_ids(two_people, REVIEWER, QueueFilter()) == ["q-task"]
    assert search(two_people, REVIEWER, "白鳥") == () and search(two_people, REVIEWER, "R8-000001") == ()
    assert [found.submission_id for found in search(two_people, TRUSTED, "白鳥")] == ["p-submission"]
    assert len(export_decided(two_people, REVIEWER, PROCEDURE).data.decode("cp932").splitlines()) == 2
    assert len(export_decided(two_people, TRUSTED, PROCEDURE).data.decode("cp932").splitlines()) == 3
    view = get_batch_view(two_people, MAILROOM, "batch")
    assert ([sheet.id for sheet in view.sheets], view.hidden) == (["q-page"], 1)


def test_the_next_task_is_never_one_that_may_not_be_seen(two_people: Runtime) -> None:
    assert claim_next(two_people, STRANGER) is None
    assert claim_next(two_people, REVIEWER) == "q-task"
    assert claim_next(two_people, REVIEWER, ["p-task", "q-task"]) is None
    assert claim_next(two_people, TRUSTED) == "p-task"


def test_somebody_newly_protected_takes_their_applications_along(small: Runtime) -> None:
    settled = by_source_number(small, "2026110000001")
    (link,) = rows_of(small, Link, submission_id=settled.id, role="applicant")
    (person,) = rows_of(small, Person, id=link.person_id)
    assert not settled.protected
    lines = (SMALL / "roster.csv").read_text(encoding="utf-8-sig").splitlines()
    kept = [lines[0], *(line for line in lines if line.startswith(f"{person.resident_number},"))]
    changed = "\n".join(kept)[:-1] + "1\n"
    import_roster(small, PROCEDURE, changed.encode())
    assert submission(small, settled.id).protected
    cases = [case for case in rows_of(small, Case) if case.adopted_submission_id == settled.id]
    assert cases and all(case.protected for case in cases)
    with read(small.engine) as session:
        ids = session.exec(select(Submission.id).where(visible(Submission, REVIEWER))).all()
        assert settled.id not in ids and len(ids) == 14
