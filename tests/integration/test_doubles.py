"""Double applications: accounts and papers of strangers, the other parent, another year, another benefit."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import delete
from sqlmodel import col, select

from pipeline.domain.statuses import ReasonCode, SubmissionStatus
from pipeline.procedures.pack import Exclusion
from pipeline.review.decisions import DeficiencyDraft, accept, request_correction
from pipeline.review.doubles import (
    NoSuchDoubt,
    SettledThere,
    earlier_applications,
    settle_doubt,
    shared_traces,
)
from pipeline.review.fields import correct_field
from pipeline.review.queue import QueueFilter, list_tasks
from pipeline.review.views import get_task_view
from pipeline.runtime import Runtime
from pipeline.steps.advance import advance
from pipeline.steps.audit import audit
from pipeline.steps.doubles import find_shared
from pipeline.steps.packs import get_pack, install_pack
from pipeline.steps.retrace import retrace_applications
from pipeline.store.engine import read, write
from pipeline.store.tables import Decision, Link, Person, ReviewTask, Submission, Trace
from tests.desk import NO_CONSENT, at
from tests.runtime import (
    REVIEWER,
    SECOND,
    TRUSTED,
    Clock,
    by_source_number,
    reasons_of,
    receive_export,
    rows_of,
    sample_pack,
    small_export,
    submission,
    task_of,
)

FIRST, STRANGER = "2026110000001", "2026110000002"
"""Two settled applications of different households."""


def export_row(number: str) -> dict[str, str]:
    data, _ = small_export("portal_utf8/portal_20261106.csv")
    header, *lines = data.decode("utf-8-sig").splitlines()
    cells = next(line for line in lines if line.startswith(number)).split(",")
    return dict(zip(header.split(","), cells, strict=True))


def send(runtime: Runtime, number: str, sent_as: str, file: tuple[str, bytes] | None = None, **changed: str) -> str:
    """The sample's application of this number as another one, with some cells changed; advanced; its id."""
    _, files = small_export("portal_utf8/portal_20261106.csv")
    row = export_row(number) | {"受付番号": sent_as} | changed
    data = ",".join(row) + "\n" + ",".join(row.values()) + "\n"
    (one,) = receive_export(runtime, "portal", data.encode(), [*files, file] if file else files).taken
    advance(runtime, one)
    return one


def resend(runtime: Runtime, number: str, sent_as: str) -> str:
    """An application of the city's site once more, as another one; advanced; its id."""
    data, files = small_export("city_site/applications_20261113.json")
    (one,) = receive_export(runtime, "city_site", only(data, number, sent_as), files, "again.json").taken
    advance(runtime, one)
    return one


def only(data: bytes, number: str, sent_as: str) -> bytes:
    """The export with the one record of this number, under another."""
    export = json.loads(data)
    kept = [one | {"receipt": sent_as} for one in export["applications"] if one["receipt"] == number]
    return json.dumps(export | {"applications": kept}).encode()


def account_of(number: str) -> dict[str, str]:
    return {name: export_row(number)[name] for name in ("金融機関コード", "支店コード", "口座番号")}


def codes(runtime: Runtime, submission_id: str) -> set[tuple[str, str]]:
    return reasons_of(runtime, task_of(runtime, submission_id).id)


def forget(runtime: Runtime, *numbers: str) -> None:
    """These applications were withdrawn, so that the same child may be applied for anew."""
    with write(runtime.engine) as session:
        for number in numbers:
            one = session.get_one(Submission, by_source_number(runtime, number).id)
            one.status = SubmissionStatus.ENDED
            session.add(one)


@pytest.fixture
def other(small: Runtime) -> str:
    """Id of an application that gives the account of strangers."""
    forget(small, FIRST)
    return send(small, FIRST, "2026110000911", **account_of(STRANGER))


def test_an_account_of_strangers_is_a_doubt_until_it_is_settled(small: Runtime, other: str) -> None:
    first = by_source_number(small, STRANGER).id
    assert ("same_account", first) in codes(small, other)
    with read(small.engine) as session:
        (shared,) = [one for one in shared_traces(session, REVIEWER, other) if one.code is ReasonCode.SAME_ACCOUNT]
        assert (shared.submission_id, shared.mine, shared.theirs) == (first, "account_number", "account_number")
    task = task_of(small, other)
    with pytest.raises(NoSuchDoubt):
        settle_doubt(small, REVIEWER, task.id, ReasonCode.SAME_ACCOUNT, other, task.version)
    settle_doubt(small, REVIEWER, task.id, ReasonCode.SAME_ACCOUNT, first, task.version, "施設の口座")
    assert ("same_account", first) not in codes(small, other)
    # Asked again when the account changed, and when it is that one once more: somebody wrote it anew.
    for number, asked in (("7654321", False), (account_of(STRANGER)["口座番号"], True)):
        small.clock = Clock(small.clock() + timedelta(seconds=1))
        correct_field(small, REVIEWER, task.id, "account_number", number, task_of(small, other).version)
        assert (("same_account", first) in codes(small, other)) is asked
    accept(small, REVIEWER, task.id, task_of(small, other).version)
    assert submission(small, other).status is SubmissionStatus.SETTLED
    assert audit(small).breaches == ()


def test_what_was_settled_holds_for_the_answer_and_for_the_other_side(small: Runtime, other: str) -> None:
    first = by_source_number(small, STRANGER).id
    task = task_of(small, other)
    settle_doubt(small, REVIEWER, task.id, ReasonCode.SAME_ACCOUNT, first, task.version)
    answer = send(small, FIRST, "2026110000912", **account_of(STRANGER))
    assert ("same_account", first) in codes(small, answer)
    with write(small.engine) as session:
        one = session.get_one(Submission, answer)
        one.answers_id, one.status, one.due = other, SubmissionStatus.CHECKED, True
        session.add(one)
    advance(small, answer)
    assert ("same_account", first) not in codes(small, answer)
    assert ("resubmitted", other) in codes(small, answer)
    with write(small.engine) as session:
        back = session.get_one(Submission, first)
        back.status, back.due = SubmissionStatus.CHECKED, True
        session.add(back)
    advance(small, first)
    assert not {about for code, about in _reasons_if_any(small, first) if code == "same_account"} & {other, answer}


def _reasons_if_any(runtime: Runtime, submission_id: str) -> set[tuple[str, str]]:
    tasks = [task for task in rows_of(runtime, ReviewTask, submission_id=submission_id) if task.open_key]
    return reasons_of(runtime, tasks[0].id) if tasks else set()


def test_an_answer_is_no_double_of_what_waits_for_it(small: Runtime) -> None:
    first, task, version = at(small, NO_CONSENT)
    wanted = [DeficiencyDraft("consent_missing", "consent", "同意の欄に印を付けてください。")]
    request_correction(small, REVIEWER, task, wanted, version)
    answer = resend(small, NO_CONSENT, "C26-009056")
    assert ("duplicate", first) in codes(small, answer)

    def answers(status: SubmissionStatus) -> set[tuple[str, str]]:
        with write(small.engine) as session:
            one, earlier = session.get_one(Submission, answer), session.get_one(Submission, first)
            one.answers_id, one.status, one.due = first, SubmissionStatus.CHECKED, True
            earlier.status, earlier.due = status, False
            session.add_all([one, earlier])
        advance(small, answer)
        return {(code, about) for code, about in codes(small, answer) if about == first}

    assert answers(SubmissionStatus.AWAITING_CORRECTION) == {("resubmitted", first)}
    assert answers(SubmissionStatus.SETTLED) == {("resubmitted", first), ("duplicate", first)}, "which one counts?"


def test_a_family_shares_an_account_and_papers(small: Runtime) -> None:
    """Somebody else of the household, and the same people once more, are no strangers."""
    with read(small.engine) as session:
        assert not any(find_shared(session, one.id) for one in session.exec(select(Submission)).all())
    again = send(small, FIRST, "2026110000913")
    assert codes(small, again) == {("duplicate", by_source_number(small, FIRST).id)}
    with write(small.engine) as session:
        people = session.exec(select(Person)).all()
        for person in people:
            person.household_number = "one"
        session.add_all(people)
    forget(small, STRANGER)
    related = send(small, STRANGER, "2026110000914", **account_of(FIRST))
    assert submission(small, related).status is SubmissionStatus.SETTLED


def test_a_paper_of_strangers_is_a_doubt(small: Runtime) -> None:
    forget(small, FIRST)
    stolen = export_row(STRANGER)["本人確認書類"]
    one = send(small, FIRST, "2026110000915", 本人確認書類=stolen)
    first = by_source_number(small, STRANGER).id
    assert codes(small, one) == {("same_picture", first)}
    with read(small.engine) as session:
        assert {trace.kind.value for trace in shared_traces(session, REVIEWER, one)} >= {"file"}


def test_a_paper_of_strangers_is_known_in_another_size_too(small: Runtime) -> None:
    forget(small, FIRST)
    _, files = small_export("portal_utf8/portal_20261106.csv")
    stolen = dict(files)[export_row(STRANGER)["本人確認書類"]]
    with Image.open(BytesIO(stolen)) as picture:
        changed = BytesIO()
        picture.resize((picture.width * 3 // 2, picture.height * 3 // 2)).save(changed, "JPEG", quality=70)
    one = send(
        small,
        FIRST,
        "2026110000921",
        file=("attachments/mine.jpg", changed.getvalue()),
        本人確認書類="attachments/mine.jpg",
    )
    assert codes(small, one) == {("same_picture", by_source_number(small, STRANGER).id)}
    with read(small.engine) as session:
        assert {trace.kind.value for trace in shared_traces(session, REVIEWER, one)} == {"look"}


def test_accounts_leave_keyed_digests_and_go_with_the_application(small: Runtime) -> None:
    number = account_of(FIRST)["口座番号"]
    traces = rows_of(small, Trace, submission_id=by_source_number(small, FIRST).id)
    assert {trace.kind.value for trace in traces} >= {"account", "file"}
    assert all(number not in repr(trace) and len(trace.digest) == 64 for trace in traces)


def test_applications_of_before_get_their_traces_once(small: Runtime) -> None:
    def told() -> set[tuple[str, str, str]]:
        return {(row.submission_id, row.kind.value, row.digest) for row in rows_of(small, Trace)}

    before = told()
    with write(small.engine) as session:
        session.execute(delete(Trace))
    assert retrace_applications(small) == len(rows_of(small, Submission)) and told() == before
    assert retrace_applications(small) == 0


def protect(runtime: Runtime, submission_id: str) -> None:
    """The people of an application are protected from now on, and it moves whole."""
    from pipeline.steps.protection import protect_all

    with write(runtime.engine) as session:
        protect_all(session, {submission_id})


def seen_of(runtime: Runtime, viewer: Any, task_id: str) -> set[str]:
    shown = get_task_view(runtime, viewer, task_id)
    return {reason.code.value for reason in shown.task.reasons}


def test_a_protected_persons_application_is_never_betrayed(small: Runtime) -> None:
    """The stranger's side: nobody without the right learns of it by a reason, a count, an id or a refusal."""
    hidden = by_source_number(small, STRANGER).id
    protect(small, hidden)
    forget(small, FIRST)
    one = send(small, FIRST, "2026110000916", **account_of(STRANGER))
    task = task_of(small, one)
    assert not submission(small, one).protected
    assert reasons_of(small, task.id) == {("same_account", hidden), ("not_straight_through", "")}
    assert seen_of(small, REVIEWER, task.id) == {"not_straight_through"}
    assert seen_of(small, TRUSTED, task.id) == {"same_account", "not_straight_through"}
    for viewer, count in ((REVIEWER, 0), (TRUSTED, 1)):
        page = list_tasks(small, viewer, QueueFilter(reason=ReasonCode.SAME_ACCOUNT))
        assert page.matching == count and (page.counts.by_reason.get(ReasonCode.SAME_ACCOUNT, 0) == count)
        with read(small.engine) as session:
            assert len(shared_traces(session, viewer, one)) == count
    with pytest.raises(NoSuchDoubt):
        settle_doubt(small, REVIEWER, task.id, ReasonCode.SAME_ACCOUNT, hidden, task.version)
    with pytest.raises(SettledThere):
        settle_doubt(small, TRUSTED, task.id, ReasonCode.SAME_ACCOUNT, hidden, task.version)
    accept(small, SECOND, task.id, task.version)
    assert submission(small, one).status is SubmissionStatus.SETTLED
    assert audit(small).breaches == ()


def test_a_protected_persons_own_side_shows_it_to_those_who_may(small: Runtime) -> None:
    """The other direction: the doubt stands on the protected application, and the open one's task learns nothing."""
    forget(small, FIRST, STRANGER)
    ordinary = send(small, FIRST, "2026110000917", 同意="同意しない")
    before = codes(small, ordinary)
    version = task_of(small, ordinary).version
    with write(small.engine) as session:
        linked = select(Link.person_id).where(Link.submission_id == by_source_number(small, STRANGER).id)
        for person in session.exec(select(Person).where(col(Person.id).in_(linked))):
            person.protected = True
            session.add(person)
    guarded = send(small, STRANGER, "2026110000918", **account_of(FIRST))
    assert submission(small, guarded).protected
    assert ("same_account", ordinary) in codes(small, guarded)
    assert codes(small, ordinary) == before and task_of(small, ordinary).version == version
    # Were it protected later, what pointed at it shows no more.
    assert seen_of(small, REVIEWER, task_of(small, ordinary).id) == {code for code, _ in before}


def test_what_pointed_at_somebody_protected_since_leaves_a_neutral_reason(small: Runtime, other: str) -> None:
    first = by_source_number(small, STRANGER).id
    task = task_of(small, other)
    assert seen_of(small, REVIEWER, task.id) == {"same_account"}
    protect(small, first)
    assert seen_of(small, REVIEWER, task.id) == {"not_straight_through"}


def next_year(runtime: Runtime, **matching: Any) -> None:
    pack = sample_pack()
    procedure = pack.procedure
    changed = procedure.model_copy(
        update={"version": "next", "matching": procedure.matching.model_copy(update=matching)}
    )
    install_pack(runtime, replace(pack, procedure=changed, digest="next"))


def test_another_year_is_history_and_no_doubt(small: Runtime) -> None:
    next_year(small, instance="2027")
    one = send(small, FIRST, "2026110000919")
    assert submission(small, one).status is SubmissionStatus.SETTLED, "no duplicate of last year's"
    with read(small.engine) as session:
        row = session.get_one(Submission, one)
        (earlier,) = earlier_applications(session, REVIEWER, row, get_pack(session, row.pack_version_id))
        assert (earlier.submission_id, earlier.instance) == (by_source_number(small, FIRST).id, "2026")


def test_a_benefit_that_excludes_this_one_is_a_doubt_where_the_pack_says_so(small: Runtime) -> None:
    next_year(small, instance="2027", excludes=(Exclusion(procedure="child_benefit", instance="2026"),))
    one = send(small, FIRST, "2026110000920")
    ((code, case_id),) = codes(small, one)
    assert code == "paid_elsewhere"
    task = task_of(small, one)
    settle_doubt(small, REVIEWER, task.id, ReasonCode.PAID_ELSEWHERE, case_id, task.version)
    assert rows_of(small, Decision, submission_id=one)[0].about == f"paid_elsewhere:{case_id}"
    assert codes(small, one) == set()
