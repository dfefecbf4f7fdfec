"""Online in, on both databases: exports become submissions, cases and tasks; arriving again changes nothing."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from pipeline.domain.next_step import Step
from pipeline.domain.statuses import (
    ArrivalStatus,
    CaseStatus,
    EntryStatus,
    LinkStatus,
    ReasonCode,
    SubmissionStatus,
    TaskKind,
)
from pipeline.runtime import Runtime
from pipeline.steps import advance as path
from pipeline.steps import records
from pipeline.steps.advance import advance, due_submissions
from pipeline.steps.audit import audit
from pipeline.steps.intake_online import store_export, take_records
from pipeline.steps.stalled import find_stalled
from pipeline.steps.totals import store_totals
from pipeline.store.tables import (
    Arrival,
    Attachment,
    Case,
    Entry,
    FieldValue,
    Link,
    Person,
    Submission,
)
from tests.runtime import (
    PROCEDURE,
    advance_all,
    by_source_number,
    event_kinds,
    import_small_online,
    open_tasks,
    reasons_of,
    receive_export,
    rows_of,
    small_export,
    submission,
    task_of,
)


def fingerprint(runtime: Runtime) -> dict[str, Any]:
    """What a store says, without ids and times: two stores with the same print show the same."""
    people = {person.id: person.resident_number for person in rows_of(runtime, Person)}
    numbers = {one.id: one.source_number for one in rows_of(runtime, Submission)}
    return {
        "submissions": sorted(
            (one.source_number, one.status, one.receipt_number) for one in rows_of(runtime, Submission)
        ),
        "links": sorted(
            (
                numbers[link.submission_id],
                link.role,
                link.role_index,
                str(people[link.person_id]),
                link.status,
            )
            for link in rows_of(runtime, Link)
        ),
        "cases": sorted(
            (case.number, str(people[case.subject_id]), numbers[case.adopted_submission_id], case.status)
            for case in rows_of(runtime, Case)
        ),
        "tasks": sorted(
            (numbers.get(task.submission_id, ""), tuple(sorted(reasons_of(runtime, task.id))))
            for task in open_tasks(runtime, TaskKind.INTAKE)
        ),
        "values": len(rows_of(runtime, FieldValue)),
        "attachments": len(rows_of(runtime, Attachment)),
        "arrivals": Counter((row.source, row.status) for row in rows_of(runtime, Arrival)),
    }


def test_the_straight_path(small: Runtime) -> None:
    stands = Counter(one.status for one in rows_of(small, Submission))
    assert stands == {SubmissionStatus.SETTLED: 12, SubmissionStatus.IN_REVIEW: 3}
    assert all(one.straight_through is True for one in rows_of(small, Submission, status="settled"))
    entries = Counter(entry.status for entry in rows_of(small, Entry))
    cases = rows_of(small, Case)
    assert entries[EntryStatus.IN_CASE] == len(cases) == 19
    assert {case.status for case in cases} == {CaseStatus.EXAMINED} and {c.amount_yen for c in cases} == {50_000}
    assert len({case.subject_id for case in cases}) == len(cases)
    assert audit(small).breaches == ()
    assert store_totals(small)["without_a_person"] == 12


def test_what_is_in_doubt_says_why(small: Runtime) -> None:
    def reasons(number: str) -> set[tuple[str, str]]:
        return reasons_of(small, task_of(small, by_source_number(small, number).id).id)

    assert reasons("C26-004056") == {("check_failed", "consent")}
    assert reasons("C26-004063") == {("check_failed", "phone")}
    assert {code for code, _ in reasons("2026110000006")} == {"not_on_roster"}
    assert len(open_tasks(small)) == 3


def test_every_application_keeps_what_was_sent(small: Runtime) -> None:
    one = by_source_number(small, "2026110000001")
    values = {row.key: row for row in rows_of(small, FieldValue, submission_id=one.id)}
    assert values["applicant_birth_date"].raw == "昭和55年10月12日"
    assert values["applicant_birth_date"].value == "1980-10-12"
    assert {row.confidence for row in values.values()} == {None}
    papers = rows_of(small, Attachment, submission_id=one.id)
    assert sorted(paper.kind for paper in papers) == ["account", "identity"]
    assert all(small.blobs.get(paper.blob).startswith(b"\xff\xd8") for paper in papers)
    kinds = ["submission_received", "submission_read", "submission_matched", "submission_settled"]
    assert event_kinds(small, one.id) == kinds


def test_the_same_exports_again_change_nothing(small: Runtime) -> None:
    before = fingerprint(small)
    for received in import_small_online(small):
        assert (received.taken, received.changed) == ([], []) and received.already
    advance_all(small)
    assert fingerprint(small) == before


def test_a_table_saved_anew_brings_no_record_twice(small: Runtime) -> None:
    data, files = small_export("portal_cp932/portal_20261113.csv")
    before = fingerprint(small)
    received = receive_export(small, "portal", data.decode("cp932").encode("utf-8-sig"), files)
    assert (received.taken, received.already, received.changed) == ([], 4, [])
    after = fingerprint(small)
    assert after.pop("arrivals") != before.pop("arrivals")  # that it came is known
    assert after == before


def row_of(data: bytes, number: str) -> list[str]:
    lines = data.decode("utf-8-sig").splitlines()
    return next(line for line in lines if line.startswith(f"{number},")).split(",")


def table(data: bytes, *rows: list[str]) -> bytes:
    header = data.decode("utf-8-sig").splitlines()[0]
    return "\n".join([header, *(",".join(row) for row in rows)]).encode()


def test_a_child_applied_for_twice_is_one_case_and_a_question(small: Runtime) -> None:
    data, files = small_export("portal_utf8/portal_20261106.csv")
    again = ["2026110000777", *row_of(data, "2026110000001")[1:]]
    (second,) = receive_export(small, "portal", table(data, again), files).taken
    cases = len(rows_of(small, Case))
    assert advance(small, second) is SubmissionStatus.IN_REVIEW
    first = by_source_number(small, "2026110000001")
    assert reasons_of(small, task_of(small, second).id) == {("duplicate", first.id)}
    assert len(rows_of(small, Case)) == cases
    assert submission(small, first.id).status is SubmissionStatus.SETTLED
    assert audit(small).breaches == ()


def test_two_in_doubt_for_one_child_know_of_each_other(small: Runtime) -> None:
    data, files = small_export("portal_utf8/portal_20261106.csv")
    row = row_of(data, "2026110000005")
    consent = next(place for place, cell in enumerate(row) if cell == "同意する")
    one, two = ([number, *row[1:]] for number in ("2026110000801", "2026110000802"))
    one[consent] = two[consent] = "同意しない"
    ids = receive_export(small, "portal", table(data, one, two), files).taken
    advance_all(small)
    duplicates = [
        {about for code, about in reasons_of(small, task_of(small, one).id) if code == "duplicate"} for one in ids
    ]
    settled = by_source_number(small, "2026110000005").id
    assert duplicates == [{settled, ids[1]}, {settled, ids[0]}]


def test_both_parents_for_one_child_are_one_case(rostered: Runtime) -> None:
    mother, files = small_export("city_site/applications_20261113.json")
    sent = json.loads(mother)
    first = next(one for one in sent["applications"] if one["receipt"] == "C26-004098")
    (mother_id,) = receive_export(rostered, "city_site", _json(first), files, "a.json").taken
    advance(rostered, mother_id)
    (link,) = rows_of(rostered, Link, submission_id=mother_id, role="applicant")
    (parent,) = rows_of(rostered, Person, id=link.person_id)
    family = rows_of(rostered, Person, household_number=parent.household_number)
    children = {one.person_id for one in rows_of(rostered, Link, submission_id=mother_id, role="child")}
    other = next(p for p in family if p.id != parent.id and p.id not in children)
    second = json.loads(json.dumps(first)) | {"receipt": "C26-999999"}
    second["applicant"] |= {
        "name": other.name,
        "kana": other.kana,
        "birth_date": other.birth_date.isoformat(),
    }
    second["account"] |= {"holder_kana": other.kana}
    (father_id,) = receive_export(rostered, "city_site", _json(second), files, "b.json").taken
    assert advance(rostered, father_id) is SubmissionStatus.IN_REVIEW
    (link,) = rows_of(rostered, Link, submission_id=father_id, role="applicant")
    assert link.person_id == other.id, "another applicant"
    assert reasons_of(rostered, task_of(rostered, father_id).id) == {("other_applicant", mother_id)}
    assert len(rows_of(rostered, Case)) == len(children) == 2


def _json(*records: Any) -> bytes:
    return json.dumps({"applications": records}, ensure_ascii=False).encode()


def test_twins_applied_for_apart_stay_two_children(rostered: Runtime) -> None:
    # The roster's first household: 優花 and 優香, one reading, one birthday.
    twins = sorted(
        (p for p in rows_of(rostered, Person, household_number="0000277830") if p.kana.endswith("ユウカ")),
        key=lambda person: person.name,
    )
    parents = [p for p in rows_of(rostered, Person, household_number="0000277830") if p not in twins]
    assert len(twins) == len(parents) == 2
    base = json.loads(small_export("city_site/applications_20261113.json")[0])["applications"][0]
    ids = []
    for number, (parent, twin) in enumerate(zip(parents, twins, strict=True)):
        sent = json.loads(json.dumps(base)) | {"receipt": f"T{number}"}
        sent["applicant"] |= {
            "name": parent.name, "kana": parent.kana, "birth_date": parent.birth_date.isoformat(),
            "postal_code": parent.postal_code, "address": parent.address, "phone": parent.phone,
        }  # fmt: skip
        sent["children"] = [
            {
                "name": twin.name,
                "kana": twin.kana,
                "birth_date": twin.birth_date.isoformat(),
                "relation": "child",
            }
        ]
        sent["account"] |= {"holder_kana": parent.kana}
        ids += receive_export(rostered, "city_site", _json(sent), (), f"{number}.json").taken
    advance_all(rostered)
    for one, twin in zip(ids, twins, strict=True):
        links = rows_of(rostered, Link, submission_id=one, role="child")
        linked = [link.person_id for link in links if link.status.is_active]
        assert linked in ([twin.id], []), "the other twin is never meant"
        if submission(rostered, one).status is SubmissionStatus.IN_REVIEW:
            assert "duplicate" not in {c for c, _ in reasons_of(rostered, task_of(rostered, one).id)} or not linked
    assert len({case.subject_id for case in rows_of(rostered, Case)}) == len(rows_of(rostered, Case))


def test_twins_on_one_form_under_one_name_are_for_a_clerk(rostered: Runtime) -> None:
    twin = next(p for p in rows_of(rostered, Person, household_number="0000277830") if p.kana.endswith("ユウカ"))
    base = json.loads(small_export("city_site/applications_20261113.json")[0])["applications"][0]
    child = {
        "name": twin.name,
        "kana": twin.kana,
        "birth_date": twin.birth_date.isoformat(),
        "relation": "child",
    }
    base["children"] = [child, child]
    base["applicant"] |= {"address": twin.address, "postal_code": twin.postal_code}
    (one,) = receive_export(rostered, "city_site", _json(base), (), "a.json").taken
    assert advance(rostered, one) is SubmissionStatus.IN_REVIEW
    links = rows_of(rostered, Link, submission_id=one, role="child")
    assert {link.status for link in links if link.person_id == twin.id} <= {LinkStatus.PROPOSED}
    assert rows_of(rostered, Case) == []


def test_a_receipt_number_seen_before_with_other_content(small: Runtime) -> None:
    data, files = small_export("portal_utf8/portal_20261106.csv")
    changed = row_of(data, "2026110000001")
    changed[3] = "アベ チエ"
    first = by_source_number(small, "2026110000001")
    before = rows_of(small, FieldValue, submission_id=first.id)
    received = receive_export(small, "portal", table(data, changed), files)
    assert (received.taken, len(received.changed)) == ([], 1)
    (task,) = open_tasks(small, TaskKind.MAILROOM)
    assert reasons_of(small, task.id) == {(ReasonCode.RECEIPT_CHANGED, first.arrival_id)}
    (arrival,) = rows_of(small, Arrival, id=received.changed[0])
    assert (arrival.status, arrival.repeats_id) == (ArrivalStatus.REFUSED, first.arrival_id)
    assert "アベ チエ" in small.blobs.get(arrival.blob).decode()
    assert submission(small, first.id) == first
    assert rows_of(small, FieldValue, submission_id=first.id) == before
    # And once more: nothing new.
    again = receive_export(small, "portal", table(data, changed) + b"\n", files)
    assert (again.taken, again.already, again.changed) == ([], 1, [])
    assert len(open_tasks(small, TaskKind.MAILROOM)) == 1


def test_a_bad_row_names_its_place_and_the_rest_goes_on(rostered: Runtime) -> None:
    data, _ = small_export("portal_bad/portal_bad_rows.csv")
    received = receive_export(rostered, "portal", data)
    assert len(received.taken) == 2
    assert [(problem.line, problem.code) for problem in received.problems] == [(4, "cell_count")]
    (task,) = open_tasks(rostered, TaskKind.MAILROOM)
    assert {about.split(":")[0] for _, about in reasons_of(rostered, task.id)} == {"4"}
    assert task.arrival_id == received.arrival_id


@pytest.mark.parametrize("place", [0, 2, 4])
def test_a_crash_between_records_is_mended_by_calling_again(
    rostered: Runtime, monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    data, files = small_export("portal_utf8/portal_20261106.csv")
    arrival_id = store_export(rostered, PROCEDURE, "portal", "a.csv", data, files)
    real, seen = records._field_values, []

    def stops(*given: Any) -> Any:
        seen.append(given)
        if len(seen) == place + 1:
            raise KeyboardInterrupt  # what a killed process looks like from inside
        return real(*given)

    with monkeypatch.context() as broken, pytest.raises(KeyboardInterrupt):
        broken.setattr(records, "_field_values", stops)
        take_records(rostered, arrival_id)
    assert len(rows_of(rostered, Submission)) == place
    assert arrival_id in find_stalled(rostered, timedelta(0)).exports
    received = take_records(rostered, arrival_id)
    assert (len(received.taken), received.already) == (5 - place, place)
    assert find_stalled(rostered, timedelta(0)).exports == ()
    numbers = sorted(one.receipt_number for one in rows_of(rostered, Submission))
    assert numbers == [f"R8-{number:06d}" for number in range(1, 6)]
    assert len(rows_of(rostered, Attachment)) == 10
    assert audit(rostered).breaches == ()


@pytest.mark.parametrize("step", list(Step))
def test_a_crash_in_any_step_repeats_nothing(rostered: Runtime, monkeypatch: pytest.MonkeyPatch, step: Step) -> None:
    data, files = small_export("portal_utf8/portal_20261106.csv")
    (one, *_) = receive_export(rostered, "portal", data, files).taken
    real = path.STEPS[step]

    def half(runtime: Runtime, submission_id: str) -> None:
        real(runtime, submission_id)
        raise KeyboardInterrupt

    def at_once(runtime: Runtime, submission_id: str) -> None:
        raise KeyboardInterrupt

    for stop in (at_once, half):
        with monkeypatch.context() as broken, pytest.raises(KeyboardInterrupt):
            broken.setitem(path.STEPS, step, stop)
            advance(rostered, one)
    assert advance(rostered, one) is SubmissionStatus.SETTLED
    assert advance(rostered, one) is SubmissionStatus.SETTLED
    kinds = event_kinds(rostered, one)
    assert len(kinds) == len(set(kinds)) == 4
    assert len(rows_of(rostered, Case)) == len(rows_of(rostered, Entry, submission_id=one)) == 1


@pytest.mark.parametrize("step", list(Step))
def test_a_step_that_keeps_failing_ends_with_a_person(
    rostered: Runtime, monkeypatch: pytest.MonkeyPatch, step: Step
) -> None:
    data, files = small_export("portal_utf8/portal_20261106.csv")
    (one, *_) = receive_export(rostered, "portal", data, files).taken

    def fails(runtime: Runtime, submission_id: str) -> None:
        raise RuntimeError("髙橋")

    monkeypatch.setitem(path.STEPS, step, fails)
    for _ in range(path.MAX_ATTEMPTS - 1):
        with pytest.raises(RuntimeError):
            advance(rostered, one)
        assert one in due_submissions(rostered)
    assert advance(rostered, one) is SubmissionStatus.IN_REVIEW
    assert reasons_of(rostered, task_of(rostered, one).id) == {(ReasonCode.PROCESSING_FAILED, step.value)}
    assert audit(rostered).breaches == ()
