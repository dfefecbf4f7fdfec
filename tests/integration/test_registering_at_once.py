"""One person whom nobody knows applies several times at once, and several clerks register them at the same moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from pipeline.review.persons import new_person
from pipeline.runtime import Runtime
from pipeline.steps.audit import audit
from pipeline.store.access import Viewer, grants
from pipeline.store.tables import Link, MatchKey, Person
from tests.desk import UNKNOWN, again, at
from tests.runtime import DEPARTMENT, REVIEWER, rows_of, task_of

CLERKS = 3


def test_they_become_one_person(small: Runtime) -> None:
    first, task, version = at(small, UNKNOWN)
    others = [again(small, UNKNOWN, f"20261100009{number}1") for number in range(1, CLERKS)]
    desks = [(task, version), *((row.id, row.version) for row in (task_of(small, one) for one in others))]
    before = {row.id for row in rows_of(small, Person)}
    together = Barrier(CLERKS)

    def register(number: int) -> None:
        role = next(iter(REVIEWER.grants)).role
        clerk = Viewer(f"clerk{number}", "職員", DEPARTMENT, grants(DEPARTMENT, role))
        together.wait()
        new_person(small, clerk, desks[number][0], "applicant", 0, desks[number][1])

    with ThreadPoolExecutor(CLERKS) as clerks:
        list(clerks.map(register, range(CLERKS)))
    (person,) = [row for row in rows_of(small, Person) if row.id not in before]
    for one in (first, *others):
        (link,) = [row for row in rows_of(small, Link, submission_id=one, role="applicant") if row.status.is_active]
        assert link.person_id == person.id
    assert rows_of(small, MatchKey, person_id=person.id)
    assert audit(small).breaches == ()
