"""支援措置: an application moves with the household and with the subject it shares, whoever applied."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlmodel import select

from pipeline.domain.statuses import SubmissionStatus
from pipeline.runtime import Runtime
from pipeline.steps.audit import audit
from pipeline.steps.match import match_submission
from pipeline.steps.protection import protect_all
from pipeline.steps.roster import import_roster
from pipeline.store.access import visible
from pipeline.store.engine import read, write
from pipeline.store.tables import Case, Link, Person, Submission
from tests.factories import make_link, make_person, make_store, make_submission, make_task
from tests.runtime import (
    PROCEDURE,
    REVIEWER,
    SMALL,
    advance_all,
    by_source_number,
    import_small_online,
    rows_of,
    submission,
)

NUMBER = "2026110000001"


def child_of(runtime: Runtime, submission_id: str) -> Person:
    (link, *_) = rows_of(runtime, Link, submission_id=submission_id, role="child")
    return rows_of(runtime, Person, id=link.person_id)[0]


def roster_line(runtime: Runtime, household: str) -> bytes:
    """A list of one row: somebody protected of this household, not known before."""
    lines = (SMALL / "roster.csv").read_text(encoding="utf-8-sig").splitlines()
    names, cells = lines[0].split(","), lines[1].split(",")
    row = dict(zip(names, cells, strict=True))
    person = rows_of(runtime, Person, resident_number=cells[0])[0]
    row = {name: household if cell == person.household_number else cell for name, cell in row.items()}
    row[names[0]] = "9999999999"
    row[names[-1]] = "1"
    return "\n".join([lines[0], ",".join(row.values())]).encode()


def test_an_application_for_a_child_of_a_protected_household_moves(rostered: Runtime) -> None:
    with read(rostered.engine) as session:
        people = session.exec(select(Person)).all()
    households = {person.household_number for person in people}
    with write(rostered.engine) as session:
        session.add_all(
            Person(name="守山 静", household_number=one, protected=True, resident_number=f"9{one}")
            for one in households
        )
    import_small_online(rostered)
    advance_all(rostered)
    # Somebody of each household is protected, and nobody who applies is linked to them.
    moved = submission(rostered, by_source_number(rostered, NUMBER).id)
    assert moved.status is SubmissionStatus.SETTLED and moved.protected
    assert all(case.protected for case in rows_of(rostered, Case))
    with read(rostered.engine) as session:
        seen = session.exec(select(Submission.id).where(visible(Submission, REVIEWER))).all()
        linked = {link.submission_id for link in rows_of(rostered, Link)}
        assert not set(seen) & linked
    assert audit(rostered).breaches == ()


def test_somebody_protected_later_takes_the_household_along(small: Runtime) -> None:
    settled = by_source_number(small, NUMBER)
    child = child_of(small, settled.id)
    assert child.household_number and not settled.protected
    others = {row.id for row in rows_of(small, Submission, protected=False)}
    import_roster(small, PROCEDURE, roster_line(small, child.household_number))
    assert submission(small, settled.id).protected
    assert all(case.protected for case in rows_of(small, Case, adopted_submission_id=settled.id))
    assert others - {row.id for row in rows_of(small, Submission, protected=False)} == {settled.id}
    assert audit(small).breaches == ()


@pytest.mark.parametrize("shared", [True, False])
def test_another_application_for_the_same_child_moves_along(database_url: str, tmp_path: Path, shared: bool) -> None:
    store = make_store(database_url, tmp_path)
    runtime = store.runtime
    mother, father = make_submission(store), make_submission(store)
    child = make_person(store, "守山 光", "モリヤマ ヒカル")
    other = make_person(store, "守山 明", "モリヤマ アキラ")
    make_link(store, mother, child)
    make_link(store, father, child if shared else other)
    task = make_task(store, father)
    with write(runtime.engine) as session:
        protect_all(session, {mother})
    assert submission(runtime, mother).protected
    assert submission(runtime, father).protected is shared
    from pipeline.store.tables import ReviewTask

    assert rows_of(runtime, ReviewTask, id=task)[0].protected is shared


def test_matching_asks_it_too(small: Runtime) -> None:
    """A second application comes after the first one moved: it moves as it is matched."""
    first = by_source_number(small, NUMBER)
    with write(small.engine) as session:
        case = session.exec(select(Case).where(Case.adopted_submission_id == first.id)).first()
        assert case is not None
        case.protected = True
        session.add(case)
        held = session.get_one(Submission, first.id)
        held.status = SubmissionStatus.CHECKED
        session.add(held)
    match_submission(small, first.id)
    assert submission(small, first.id).protected
