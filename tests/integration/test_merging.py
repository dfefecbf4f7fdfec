"""統合・分離: people of the store are merged, split and parted again, and nothing else changes."""

from __future__ import annotations

import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from sqlmodel import col, select

from pipeline.domain.errors import DomainError, NotAllowed, NotVisible
from pipeline.domain.statuses import LinkStatus, RegroupingKind, SubmissionStatus
from pipeline.review.claim import release
from pipeline.review.decisions import adopt
from pipeline.review.merging import (
    merge_persons,
    say_different,
    split_person,
    take_back_different,
    undo_regrouping,
)
from pipeline.review.merging_views import find_doubles, regroupings_of
from pipeline.review.persons import new_person, not_same_person, same_person, undo_link
from pipeline.review.reopening import reopen_case
from pipeline.runtime import Runtime
from pipeline.steps.audit import audit
from pipeline.steps.people import index_person
from pipeline.steps.protection import protect_all
from pipeline.steps.regroup_errors import (
    AlreadyMerged,
    BothHaveCases,
    KeepTheListed,
    NamedTogether,
    NothingToSplit,
    UndoLaterFirst,
    UsedSince,
)
from pipeline.steps.reindex import reindex_people
from pipeline.store.engine import read, write
from pipeline.store.tables import Case, Link, MatchKey, Person, Regrouping, ReviewTask, Roster, RosterRow, Submission
from tests.desk import UNKNOWN, again, at
from tests.runtime import (
    MAILROOM,
    REVIEWER,
    TRUSTED,
    by_source_number,
    event_kinds,
    reasons_of,
    rows_of,
    submission,
    task_of,
)

FIRST = "2026110000001"


def keys(runtime: Runtime) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for row in rows_of(runtime, MatchKey):
        found.setdefault(row.person_id, set()).add(row.key)
    return found


def belongings(runtime: Runtime) -> dict[str, Any]:
    """Whose everything is, and what finds them: what a merge moves, and nothing of what only grows."""
    return {
        "links": {row.id: (row.person_id, row.status) for row in rows_of(runtime, Link)},
        "cases": {row.id: (row.subject_id, row.status) for row in rows_of(runtime, Case)},
        "rows": {row.id: row.person_id for row in rows_of(runtime, RosterRow)},
        "people": {row.id: row.merged_into for row in rows_of(runtime, Person)},
        "keys": keys(runtime),
    }


def twin_of(runtime: Runtime, person: Person, **changed: Any) -> str:
    """Another row of a register for the same human being; gives its id."""
    facts = {"name": person.name, "kana": person.kana, "birth_date": person.birth_date, "address": person.address}
    with write(runtime.engine) as session:
        row = Person(**(facts | changed))
        session.add(row)
        session.flush()
        index_person(session, row, runtime.secrets.key)
        return row.id


def applicant_of(runtime: Runtime, number: str) -> Person:
    one = by_source_number(runtime, number)
    (link,) = [row for row in rows_of(runtime, Link, submission_id=one.id, role="applicant") if row.status.is_active]
    return rows_of(runtime, Person, id=link.person_id)[0]


def registered(runtime: Runtime) -> tuple[str, str, list[str]]:
    """The application of somebody unknown, its task, and the persons that were registered of it."""
    one, task, version = at(runtime, UNKNOWN)
    for role, index in (("applicant", 0), ("child", 1), ("child", 2)):
        new_person(runtime, REVIEWER, task, role, index, version)
        version = task_of(runtime, one).version
    links = [row for row in rows_of(runtime, Link, submission_id=one) if row.status is not LinkStatus.UNDONE]
    return one, task, [row.person_id for row in sorted(links, key=lambda row: (row.role, row.role_index))]


def test_a_merge_moves_everything_and_its_undoing_moves_it_back(small: Runtime) -> None:
    one, _, (applicant, *_) = registered(small)
    kept = applicant_of(small, FIRST)
    with write(small.engine) as session:
        gone = session.get_one(Person, applicant)
        gone.source = "roster"  # as if another procedure's list had come in that knows them too
        day = date(2026, 10, 1)
        session.add(Roster(id="other", procedure_id="other", digest="other", base_date=day, complete=True))
        session.flush()
        session.add_all([gone, RosterRow(roster_id="other", person_id=applicant, valid_from=day)])
    before = belongings(small)
    merge = merge_persons(small, REVIEWER, kept.id, applicant)
    after = belongings(small)
    assert after["people"][applicant] == kept.id
    assert not [row for row, (person, status) in after["links"].items() if person == applicant and status != "undone"]
    assert applicant not in after["rows"].values() and applicant not in after["keys"]
    assert before["keys"][kept.id] | before["keys"][applicant] == after["keys"][kept.id], "found under both"
    assert reindex_people(small) == 0
    for person in (kept.id, applicant):
        assert event_kinds(small, person)[-1] == "person_merged"
    assert "submission_merged" in event_kinds(small, one)
    with read(small.engine) as session:
        (view,) = regroupings_of(session, REVIEWER, kept.id)
        assert view.stands and view.moved == {"link": 1, "roster_row": 1} and view.from_id == applicant
    assert audit(small).breaches == ()
    undo_regrouping(small, REVIEWER, merge)
    assert belongings(small) == before
    with pytest.raises(AlreadyMerged):
        undo_regrouping(small, REVIEWER, merge)
    assert audit(small).breaches == ()


def test_what_was_merged_is_found_under_the_one_who_stays(small: Runtime) -> None:
    """The same people once more, online: their application is the survivor's, and its own duplicate."""
    kept = applicant_of(small, FIRST)
    double = twin_of(small, kept, name=kept.name + "(旧)")
    merge_persons(small, REVIEWER, kept.id, double)
    one = again(small)
    (link,) = [row for row in rows_of(small, Link, submission_id=one, role="applicant") if row.status.is_active]
    assert link.person_id == kept.id
    with pytest.raises(AlreadyMerged):
        same_person(small, REVIEWER, task_of(small, one).id, "applicant", 0, double, task_of(small, one).version)
    with pytest.raises(AlreadyMerged):
        merge_persons(small, REVIEWER, kept.id, double)


def test_two_cases_of_one_benefit_are_never_merged(small: Runtime) -> None:
    """The error says what to do, and that works: reopen one, link it to the other, settle the duplicate, merge."""
    first, second = (by_source_number(small, number).id for number in (FIRST, "2026110000002"))
    kept, gone = (rows_of(small, Case, adopted_submission_id=one)[0].subject_id for one in (first, second))
    with pytest.raises(BothHaveCases):
        merge_persons(small, REVIEWER, kept, gone)
    place = next(row for row in rows_of(small, Link, submission_id=second) if row.person_id == gone)
    case = rows_of(small, Case, adopted_submission_id=second, subject_id=gone)[0]
    reopen_case(small, REVIEWER, case.id, "別人に紐付いていた", case.version)
    task = task_of(small, second)
    same_person(small, REVIEWER, task.id, place.role, place.role_index, kept, task.version)
    assert ("other_applicant", first) in reasons_of(small, task.id)
    adopt(small, REVIEWER, task.id, task_of(small, second).version)
    merge_persons(small, REVIEWER, kept, gone)
    assert audit(small).breaches == ()


def test_merges_that_would_go_wrong_are_refused_by_name(small: Runtime) -> None:
    _, _, (applicant, one, two) = registered(small)
    listed = applicant_of(small, FIRST)
    with pytest.raises(KeepTheListed):
        merge_persons(small, REVIEWER, applicant, listed.id)
    with pytest.raises(NamedTogether):
        merge_persons(small, REVIEWER, one, two)
    with pytest.raises(AlreadyMerged):
        merge_persons(small, REVIEWER, one, one)
    with pytest.raises(NotVisible):
        merge_persons(small, REVIEWER, one, "nobody")
    with pytest.raises(NotAllowed):
        merge_persons(small, MAILROOM, listed.id, applicant)
    assert rows_of(small, Regrouping) == []


def test_nobody_learns_of_a_protected_person_by_merging(small: Runtime) -> None:
    """An application of theirs is hidden: the person is then as good as unknown, also where a list names them."""
    kept = applicant_of(small, FIRST)
    double = twin_of(small, kept)
    with write(small.engine) as session:
        protect_all(session, {by_source_number(small, FIRST).id})
    assert find_doubles(small, REVIEWER, double) == ()
    with pytest.raises(NotVisible):
        merge_persons(small, REVIEWER, kept.id, double)
    with pytest.raises(NotVisible):
        say_different(small, REVIEWER, kept.id, double)
    assert [one.person_id for one in find_doubles(small, TRUSTED, double)] == [kept.id]
    with write(small.engine) as session:
        row = session.get_one(Person, double)
        row.protected = True
        session.add(row)
    merge_persons(small, TRUSTED, kept.id, double)
    assert rows_of(small, Person, id=kept.id)[0].protected, "who goes into them is protected with them"
    with read(small.engine) as session:
        assert regroupings_of(session, REVIEWER, kept.id) == ()


def test_doubles_are_proposed_until_somebody_says_no_and_their_data_stay(small: Runtime) -> None:
    kept = applicant_of(small, FIRST)
    double = twin_of(small, kept)
    (found,) = find_doubles(small, REVIEWER, double)
    assert found.person_id == kept.id and found.likely and not found.said_different
    say_different(small, REVIEWER, double, kept.id)
    assert find_doubles(small, REVIEWER, double)[0].said_different
    assert find_doubles(small, REVIEWER, kept.id)[0].said_different
    with write(small.engine) as session:
        row = session.get_one(Person, double)
        row.phone = "0277000000"
        session.add(row)
    assert not find_doubles(small, REVIEWER, double)[0].said_different, "asked again, since the data changed"
    say_different(small, REVIEWER, kept.id, double)
    take_back_different(small, REVIEWER, kept.id, double)
    assert not find_doubles(small, REVIEWER, double)[0].said_different
    undo_regrouping(small, REVIEWER, merge_persons(small, REVIEWER, kept.id, double))
    assert find_doubles(small, REVIEWER, double)[0].said_different, "undoing a merge says so too"
    assert event_kinds(small, double).count("person_different") == 2


def test_a_person_who_is_two_is_split_with_the_case(small: Runtime) -> None:
    one = by_source_number(small, FIRST).id
    (case, *_) = rows_of(small, Case, adopted_submission_id=one)
    (link,) = [row for row in rows_of(small, Link, submission_id=one) if row.person_id == case.subject_id]
    before = belongings(small)
    fresh = split_person(small, REVIEWER, case.subject_id, [link.id])
    assert rows_of(small, Case, id=case.id)[0].subject_id == fresh
    assert rows_of(small, Link, id=link.id)[0].person_id == fresh
    assert rows_of(small, Person, id=fresh)[0].source == "application" and fresh in keys(small)
    assert audit(small).breaches == ()
    with pytest.raises(NothingToSplit):
        split_person(small, REVIEWER, case.subject_id, [link.id])
    # What a later merge moved on is undone first.
    (split,) = rows_of(small, Regrouping)
    merge = merge_persons(small, REVIEWER, case.subject_id, fresh)
    with pytest.raises(UndoLaterFirst):
        undo_regrouping(small, REVIEWER, split.id)
    undo_regrouping(small, REVIEWER, merge)
    undo_regrouping(small, REVIEWER, split.id)
    after = belongings(small)
    assert after["people"].pop(fresh) == case.subject_id
    assert after == before
    assert audit(small).breaches == ()


def test_a_link_taken_back_leaves_no_trace_in_the_keys(small: Runtime) -> None:
    before = keys(small)
    one, task, people = registered(small)
    assert set(people) <= set(keys(small))
    for role, index in (("applicant", 0), ("child", 1), ("child", 2)):
        undo_link(small, REVIEWER, task, role, index, task_of(small, one).version)
    assert keys(small) == before
    same_person(small, REVIEWER, task, "applicant", 0, people[0], task_of(small, one).version)
    assert set(keys(small)) - set(before) == {people[0]}, "named again, they are found again"
    assert audit(small).breaches == ()


def test_two_registrations_of_one_person_at_once_make_one_person(small: Runtime) -> None:
    """Two clerks with the same unknown person before them, each on a page that shows nobody."""
    first = by_source_number(small, UNKNOWN).id
    second = again(small, UNKNOWN, "2026110000931")
    tasks = [task_of(small, one) for one in (first, second)]
    people = len(rows_of(small, Person))
    gate = threading.Barrier(2)

    def register(task: ReviewTask) -> None:
        gate.wait()
        new_person(small, REVIEWER, task.id, "applicant", 0, task.version)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(register, tasks))
    assert len(rows_of(small, Person)) == people + 1
    links = [row for row in rows_of(small, Link, role="applicant") if row.submission_id in (first, second)]
    active = [row for row in links if row.status.is_active]
    assert len(active) == 2 and len({row.person_id for row in active}) == 1
    assert {row.status for row in active} == {LinkStatus.CONFIRMED, LinkStatus.AUTO}
    assert audit(small).breaches == ()


def test_what_was_said_holds_for_the_next_application_of_the_same_data(small: Runtime) -> None:
    first, task, version = at(small, UNKNOWN)
    somebody = rows_of(small, Person, source="roster")[0]
    same_person(small, REVIEWER, task, "applicant", 0, somebody.id, version)
    second = again(small, UNKNOWN, "2026110000932")

    def meant(one: str) -> list[str]:
        rows = rows_of(small, Link, submission_id=one, role="applicant")
        return [row.person_id for row in rows if row.status.is_active]

    assert meant(second) == [somebody.id], "nobody is asked twice"
    not_same_person(small, REVIEWER, task, "applicant", 0, somebody.id, task_of(small, first).version)
    third = again(small, UNKNOWN, "2026110000933")
    assert meant(third) == []
    release(small, REVIEWER, task_of(small, second).id)


OPERATIONS = ("same", "not_same", "merge", "split", "undo", "unlink", "differ")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_any_sequence_of_decisions_leaves_a_store_that_audits_clean(small: Runtime, seed: int) -> None:
    """Random words of clerks on a few people who are alike; what is refused is refused by name and changes nothing."""
    chosen = random.Random(seed)
    one, task, people = registered(small)
    again(small, UNKNOWN, "2026110000941")
    pool = [*people, applicant_of(small, FIRST).id, *(twin_of(small, applicant_of(small, FIRST)) for _ in range(2))]
    done: Counter[str] = Counter()
    for _ in range(14):
        what = chosen.choice(OPERATIONS)
        try:
            act(small, chosen, what, one, task, pool)
            done[what] += 1
        except DomainError as refused:
            assert refused.ja and refused.en and refused.code != "domain_error"
        keys_belong_to_the_living(small)
    assert len(done) >= 3
    for row in sorted(rows_of(small, Regrouping), key=lambda row: -row.number):
        if row.undone_at is None:
            undo_or_say_why(small, row)
    keys_belong_to_the_living(small)
    assert audit(small).breaches == ()


def undo_or_say_why(runtime: Runtime, row: Regrouping) -> None:
    """Merges come apart from the last to the first; a person whom a split made may have become somebody since."""
    try:
        undo_regrouping(runtime, REVIEWER, row.id)
    except (UsedSince, UndoLaterFirst):
        standing = [one for one in rows_of(runtime, Regrouping) if one.undone_at is None and one.number >= row.number]
        assert any(one.kind is RegroupingKind.SPLIT for one in standing)


def act(runtime: Runtime, chosen: random.Random, what: str, one: str, task: str, pool: list[str]) -> None:
    person, other = chosen.sample(pool, 2)
    version = task_of(runtime, one).version
    if what == "same":
        same_person(runtime, REVIEWER, task, "applicant", 0, person, version)
    elif what == "not_same":
        not_same_person(runtime, REVIEWER, task, "applicant", 0, person, version)
    elif what == "unlink":
        undo_link(runtime, REVIEWER, task, "applicant", 0, version)
    elif what == "merge":
        merge_persons(runtime, REVIEWER, person, other)
    elif what == "differ":
        say_different(runtime, REVIEWER, person, other)
    elif what == "split":
        links = [row.id for row in rows_of(runtime, Link, person_id=person) if row.status is not LinkStatus.UNDONE]
        pool.append(split_person(runtime, REVIEWER, person, links[:1]))
    else:
        standing = [row for row in rows_of(runtime, Regrouping) if row.undone_at is None]
        if standing:
            undo_regrouping(runtime, REVIEWER, chosen.choice(standing).id)


def keys_belong_to_the_living(runtime: Runtime) -> None:
    with read(runtime.engine) as session:
        dead = select(Person.id).where(col(Person.merged_into).is_not(None))
        assert session.exec(select(MatchKey.person_id).where(col(MatchKey.person_id).in_(dead))).first() is None
        query = select(Link.submission_id).where(col(Link.person_id).in_(dead), Link.status != LinkStatus.UNDONE)
        assert session.exec(query).first() is None
        assert session.exec(select(Case.id).where(col(Case.subject_id).in_(dead))).first() is None


def test_applications_of_merged_people_are_told_their_duplicate(small: Runtime) -> None:
    first = by_source_number(small, FIRST).id
    (case, *_) = rows_of(small, Case, adopted_submission_id=first)
    subject = rows_of(small, Person, id=case.subject_id)[0]
    one, task, people = registered(small)
    assert not {code for code, _ in reasons_of(small, task)} & {"duplicate", "other_applicant"}
    merge = merge_persons(small, REVIEWER, subject.id, people[1])
    assert ("other_applicant", first) in reasons_of(small, task)
    assert submission(small, one).status is SubmissionStatus.IN_REVIEW
    undo_regrouping(small, REVIEWER, merge)
    assert not {code for code, _ in reasons_of(small, task)} & {"duplicate", "other_applicant"}
    assert rows_of(small, Submission, id=one)[0].status is SubmissionStatus.IN_REVIEW
