"""Households on both databases: written by lists, found by what they share, hidden where somebody protected lives."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from sqlmodel import select

from pipeline.domain.errors import NotVisible
from pipeline.domain.statuses import LinkStatus
from pipeline.review.fields import correct_field
from pipeline.review.household_views import HouseholdView, household_panel
from pipeline.review.households import confirm_household, undo_household
from pipeline.runtime import Runtime
from pipeline.steps.audit import audit
from pipeline.steps.household_rows import write_households
from pipeline.steps.households import household_of, members_of
from pipeline.steps.packs import get_pack
from pipeline.steps.roster import import_roster
from pipeline.steps.roster_cells import RosterEntry
from pipeline.store.access import Viewer, visible
from pipeline.store.engine import read, write
from pipeline.store.tables import (
    Household,
    HouseholdLink,
    HouseholdMember,
    Link,
    Person,
    Roster,
)
from tests.desk import NO_CONSENT, at, value
from tests.runtime import (
    ELSEWHERE,
    PROCEDURE,
    REVIEWER,
    TRUSTED,
    advance_all,
    import_small_online,
    reasons_of,
    rows_of,
    submission,
    task_of,
)

BASE = date(2026, 10, 1)


def _entry(number: str, household: str | None, **facts: object) -> RosterEntry:
    told = {"resident_number": number, "household_number": household, "name": "森 花", "kana": "", **facts}
    return RosterEntry(1, told, True, None, None, {}, b"")


def _tell(runtime: Runtime, day: date, *entries: RosterEntry) -> None:
    """A list of that day says where these persons live."""
    with write(runtime.engine) as session:
        roster = Roster(procedure_id=PROCEDURE, digest=f"{day}{len(rows_of(runtime, Roster))}", base_date=day)
        session.add(roster)
        for entry in entries:
            if session.get(Person, entry.number) is None:
                session.add(Person(id=entry.number, name="森 花", resident_number=entry.number))
        session.flush()
        write_households(session, roster, {entry.number: entry for entry in entries})


def _stays(runtime: Runtime, person_id: str) -> list[tuple[str | None, date, date | None]]:
    numbers = {row.id: row.number for row in rows_of(runtime, Household)}
    rows = sorted(rows_of(runtime, HouseholdMember, person_id=person_id), key=lambda row: row.valid_from)
    return [(numbers[row.household_id], row.valid_from, row.valid_to) for row in rows]


def test_who_moves_ends_one_stay_and_begins_another(runtime: Runtime) -> None:
    later = BASE + timedelta(days=365)
    _tell(runtime, BASE, _entry("1", "A", address="大間々町1"), _entry("2", "A"))
    _tell(runtime, later, _entry("1", "B", address="東町2"), _entry("2", "A"))
    assert _stays(runtime, "1") == [("A", BASE, later - timedelta(days=1)), ("B", later, None)]
    assert _stays(runtime, "2") == [("A", BASE, None)]
    assert {row.number: row.address for row in rows_of(runtime, Household)} == {"A": "大間々町1", "B": "東町2"}
    with read(runtime.engine) as session:
        home = household_of(session, ["1"], BASE)["1"]
        assert {one.id for one in members_of(session, home, BASE)} == {"1", "2"}
        assert {one.id for one in members_of(session, home)} == {"2"}


def test_a_list_of_the_same_day_corrects_and_an_older_one_only_adds(runtime: Runtime) -> None:
    _tell(runtime, BASE, _entry("1", "A"))
    _tell(runtime, BASE, _entry("1", "B"))
    assert _stays(runtime, "1") == [("B", BASE, None)]
    before = BASE - timedelta(days=100)
    _tell(runtime, before, _entry("1", "C"))
    assert _stays(runtime, "1") == [("C", before, BASE - timedelta(days=1)), ("B", BASE, None)]
    _tell(runtime, BASE, _entry("1", None))
    assert _stays(runtime, "1") == [("C", before, BASE - timedelta(days=1))]


@pytest.mark.parametrize("seed", range(6))
def test_lists_in_any_order_leave_nobody_in_two_households(runtime: Runtime, seed: int) -> None:
    import random

    rng = random.Random(seed)
    for _ in range(8):
        day, home = BASE + timedelta(days=rng.randrange(4) * 10), rng.choice(["A", "B", None])
        _tell(runtime, day, _entry("1", home))
        with read(runtime.engine) as session:
            there = household_of(session, ["1"], day).get("1")
            wanted = session.exec(select(Household.id).where(Household.number == home)).first() if home else None
        assert there == wanted, "what a list says holds on its day"
        stays = _stays(runtime, "1")
        assert all(until is None or since <= until for _, since, until in stays)
        assert all(one[2] is not None and one[2] < two[1] for one, two in pairwise(stays))


def _panel(runtime: Runtime, submission_id: str, viewer: Viewer = REVIEWER) -> HouseholdView | None:
    with read(runtime.engine) as session:
        row = submission(runtime, submission_id)
        return household_panel(session, viewer, row, get_pack(session, row.pack_version_id))


def _number_of(runtime: Runtime, submission_id: str) -> tuple[str, str]:
    """The household number of the applicant of the sample, and their id."""
    (link,) = [one for one in rows_of(runtime, Link, submission_id=submission_id, role="applicant")]
    (person,) = rows_of(runtime, Person, id=link.person_id)
    return person.household_number, person.id


def _blur(runtime: Runtime) -> tuple[str, str, str]:
    """An application of which neither the applicant's given name nor their birth date can be told; its submission,
    its task and the number of the household."""
    one, task, _ = at(runtime, NO_CONSENT)
    number, _ = _number_of(runtime, one)
    surname = (value(runtime, one, "applicant_name").value or "").split()[0]
    kana = (value(runtime, one, "applicant_kana").value or "").split()[0]
    changes = {
        "applicant_name": f"{surname} 麻亜沙",
        "applicant_kana": f"{kana} マアサ",
        "applicant_birth_date": "1931-02-03",
        "child_name.1": f"{surname} 麻亜人",
        "child_kana.1": f"{kana} マアト",
        "child_birth_date.1": "2025-05-06",
    }
    for key, text in changes.items():
        correct_field(runtime, REVIEWER, task, key, text, task_of(runtime, one).version)
    return one, task, number


def test_with_a_member_the_household_is_known(small: Runtime) -> None:
    one, _, _ = at(small, NO_CONSENT)
    number, applicant = _number_of(small, one)
    panel = _panel(small, one)
    assert panel is not None and (panel.number, panel.status, panel.shared) == (number, LinkStatus.AUTO, ())
    assert {m.person.id for m in panel.members} == {p.id for p in rows_of(small, Person, household_number=number)}
    assert next(m for m in panel.members if m.person.id == applicant).roles == ("applicant",)
    assert not panel.member_unclear
    assert _panel(small, one, ELSEWHERE) is None


def test_the_household_is_told_by_what_it_shares_and_the_person_is_not(small: Runtime) -> None:
    one, task, number = _blur(small)
    active = [row for row in rows_of(small, Link, submission_id=one) if row.status.is_active]
    assert active == []
    panel = _panel(small, one)
    assert panel is not None and (panel.number, panel.status) == (number, LinkStatus.AUTO)
    assert {"family", "address"} <= {item.field for item in panel.shared if item.level == "exact"}
    assert {item.field for item in panel.shared}.isdisjoint({"given", "birth_date", "kana_given"})
    assert panel.member_unclear and len(panel.members) > 1
    assert ("member_unclear", "applicant") in reasons_of(small, task)
    assert audit(small).breaches == ()


def test_a_clerks_word_on_the_household_stays(small: Runtime) -> None:
    one, task, _ = _blur(small)
    panel = _panel(small, one)
    assert panel is not None
    undo_household(small, REVIEWER, task, task_of(small, one).version)
    assert _panel(small, one) is None
    assert ("not_on_roster", "applicant") in reasons_of(small, task)
    correct_field(small, REVIEWER, task, "phone", "0277-72-1234", task_of(small, one).version)
    assert _panel(small, one) is None, "not proposed again"
    confirm_household(small, REVIEWER, task, panel.id, task_of(small, one).version)
    correct_field(small, REVIEWER, task, "address", "東京都千代田区千代田1-1", task_of(small, one).version)
    again = _panel(small, one)
    assert again is not None and (again.id, again.status, again.made_by) == (panel.id, "confirmed", "reviewer")
    with pytest.raises(NotVisible):
        confirm_household(small, REVIEWER, task, "nobody", task_of(small, one).version)
    assert audit(small).breaches == ()


def _protect(runtime: Runtime, number: str) -> str:
    with write(runtime.engine) as session:
        person = session.exec(select(Person).where(Person.household_number == number)).first()
        assert person is not None
        person.protected = True
        return person.id


def test_a_household_with_somebody_protected_is_nowhere(small: Runtime) -> None:
    one, _, _ = at(small, NO_CONSENT)
    number, _ = _number_of(small, one)
    before = _panel(small, one)
    hidden = _protect(small, number)
    assert before is not None and _panel(small, one) is None
    with read(small.engine) as session:
        for model in (Household, HouseholdLink, HouseholdMember):
            column = {Household: Household.id, HouseholdLink: HouseholdLink.household_id}.get(
                model, HouseholdMember.household_id
            )
            seen = session.exec(select(column).where(visible(model, REVIEWER))).all()
            assert before.id not in seen and seen
            assert before.id in session.exec(select(column).where(visible(model, TRUSTED))).all()
        members = session.exec(select(HouseholdMember.person_id).where(visible(HouseholdMember, REVIEWER))).all()
        assert hidden not in members
    trusted = _panel(small, one, TRUSTED)
    assert trusted is not None and hidden in {m.person.id for m in trusted.members}


def test_who_left_and_is_protected_does_not_show_in_the_house_they_left(small: Runtime) -> None:
    one, _, _ = at(small, NO_CONSENT)
    number, applicant = _number_of(small, one)
    gone = next(p for p in rows_of(small, Person, household_number=number) if p.id != applicant)
    row = f"{gone.resident_number},7777777,,{gone.name},,,2019/04/01,女,376-0101,群馬県みどり市東町3,,1,1"
    header = "宛名番号,世帯番号,整理番号,氏名,フリガナ,旧氏,生年月日,性別,郵便番号,住所,電話番号,対象児童,支援措置"
    with write(small.engine) as session:
        for stay in session.exec(select(HouseholdMember)).all():
            stay.valid_from = stay.valid_from - timedelta(days=100)
    import_roster(small, PROCEDURE, f"{header}\n{row}\n".encode())
    panel = _panel(small, one)
    if panel is not None:  # the application moved along where it speaks of the protected person
        assert gone.id not in {m.person.id for m in panel.members}
    trusted = _panel(small, one, TRUSTED)
    assert trusted is not None
    left = next(m for m in trusted.members if m.person.id == gone.id)
    assert left.until is not None


def test_an_application_from_a_protected_household_moves_though_nobody_is_named(rostered: Runtime) -> None:
    numbers = {row.number for row in rows_of(rostered, Household)}
    for number in numbers:
        _protect(rostered, number)
    import_small_online(rostered)
    advance_all(rostered)
    linked = {row.submission_id for row in rows_of(rostered, HouseholdLink)}
    assert linked and all(submission(rostered, one).protected for one in linked)
    assert audit(rostered).breaches == ()
