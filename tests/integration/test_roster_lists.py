"""Eligible lists as cities write them: encodings, columns, what they say of people, lines that are wrong, a kill."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from pipeline.channels.errors import MissingColumn, WrongEncoding
from pipeline.domain.statuses import Channel, LinkStatus, Origin, RosterMarkKind, RosterProblemCode, SubmissionStatus
from pipeline.procedures.pack import MatchRole, RosterColumns
from pipeline.review.decisions import NoteNeeded, accept
from pipeline.review.fields import correct_field
from pipeline.runtime import Runtime
from pipeline.steps.advance import advance
from pipeline.steps.audit import audit
from pipeline.steps.households import members_of
from pipeline.steps.listed import listed
from pipeline.steps.numbers import receipt_number
from pipeline.steps.packs import install_pack
from pipeline.steps.people import applicant_record
from pipeline.steps.roster import import_roster
from pipeline.steps.roster_report import problems_of, roster_reports
from pipeline.store.engine import read, write
from pipeline.store.tables import (
    Candidate,
    Decision,
    FieldValue,
    HouseholdMember,
    Link,
    MatchKey,
    Person,
    ReviewReason,
    Roster,
    RosterMark,
    RosterRow,
    Submission,
)
from tests.desk import NO_CONSENT, at
from tests.recorded_runtime import ROOT
from tests.runtime import (
    NOW,
    PROCEDURE,
    REVIEWER,
    SMALL,
    by_source_number,
    reasons_of,
    rows_of,
    sample_pack,
    submission,
    task_of,
)

HEADER = "宛名番号,世帯番号,整理番号,氏名,フリガナ,旧氏,生年月日,性別,郵便番号,住所,電話番号,対象児童,支援措置"
MORE = ",状態,転出日,死亡日,支給日,申請日,有効開始,有効終了"
STATES: dict[str, str | None] = {"転出": "moved_out", "死亡": "deceased", "支給済": "paid", "在住": None}


def _with_states(runtime: Runtime) -> None:
    """A newer version of the sample procedure, whose list says more of people."""
    pack = sample_pack()
    columns = RosterColumns.model_validate(
        {
            **pack.procedure.roster.model_dump(),
            "state": "状態",
            "states": STATES,
            "moved_out_on": "転出日",
            "deceased_on": "死亡日",
            "paid_on": "支給日",
            "applied_on": "申請日",
            "valid_from": "有効開始",
            "valid_to": "有効終了",
        }
    )
    procedure = pack.procedure.model_copy(update={"version": "99", "roster": columns})
    clock: Any = runtime.clock
    clock.pass_(minutes=1)
    install_pack(runtime, replace(pack, procedure=procedure, digest="states"))


def _row(number: str, more: str = "", name: str = "森 花", day: str = "2019/04/01") -> str:
    return f"{number},100,,{name},モリ ハナ,,{day},女,376-0101,群馬県みどり市大間々町1,,1,0{more}"


def _list(*rows: str, header: str = HEADER) -> bytes:
    return "\r\n".join((header, *rows)).encode()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_every_encoding_keeps_the_registered_characters(runtime: Runtime, encoding: str) -> None:
    data = _list(_row("1", name="髙﨑 花")).decode().encode(encoding)
    import_roster(runtime, PROCEDURE, data)
    (person,) = rows_of(runtime, Person)
    assert (person.name, person.resident_number) == ("髙﨑 花", "1")


def test_a_file_is_refused_whole_before_anything_is_written(runtime: Runtime) -> None:
    for data, error in (
        (_list(_row("1")).decode().encode("utf-16"), WrongEncoding),
        (_list(_row("1"), header=HEADER.replace("支援措置", "備考")), MissingColumn),
    ):
        with pytest.raises(error):
            import_roster(runtime, PROCEDURE, data)
    assert rows_of(runtime, Roster) == rows_of(runtime, Person) == []


def test_every_wrong_line_is_named_and_no_value_kept(runtime: Runtime) -> None:
    _with_states(runtime)
    rows = [
        _row("1", ",在住,,,,,,"),
        _row("", ",,,,,,,"),
        _row("3", ",,,,,,,", name=""),
        _row("4", ",,,,,,,", day="令和のころ"),
        _row("5", ",行方不明,,,,,,"),
        _row("1", ",転出,,,,,,"),
        _row("6", ",,,先ごろ,,,,"),
        _row("7\x00", ",,,,,,,"),
    ]
    done = import_roster(runtime, PROCEDURE, _list(*rows, header=HEADER + MORE))
    with read(runtime.engine) as session:
        found = {(one.code, one.header): one.lines for one in problems_of(session, done.roster_id)}
        (report,) = roster_reports(session, PROCEDURE)
    assert found == {
        (RosterProblemCode.NO_NUMBER, "宛名番号"): (3,),
        (RosterProblemCode.NO_NAME, "氏名"): (4,),
        (RosterProblemCode.UNREADABLE_DATE, "生年月日"): (5,),
        (RosterProblemCode.UNKNOWN_STATE, "状態"): (6,),
        (RosterProblemCode.NUMBER_TWICE, ""): (7,),
        (RosterProblemCode.UNREADABLE_DATE, "死亡日"): (8,),
        (RosterProblemCode.NO_TEXT, ""): (9,),
    }
    assert done.skipped == (3, 4, 7, 9)
    assert (report.rows, report.done, report.listed, report.complete, report.in_force) == (8, 8, 4, True, True)
    assert report.marks == {RosterMarkKind.DECEASED: 1}, "told to be dead on a day nobody can read is dead"
    assert audit(runtime).breaches == ()


def test_what_the_list_says_and_since_when(runtime: Runtime) -> None:
    _with_states(runtime)
    rows = [
        _row("1", ",転出,令和8年9月30日,,,,,"),
        _row("2", ",支給済,,,2026/05/20,2026/05/01,,"),
        _row("3", ",,,,,,2026/10/02,"),
        _row("4", ",,,,,,,2026/09/30"),
        _row("5", ",,2026/10/02,,,,2020/01/01,2030/01/01"),
        _row("6", ",死亡,,,,,,"),
    ]
    import_roster(runtime, PROCEDURE, _list(*rows, header=HEADER + MORE))
    people = {row.id: row.resident_number for row in rows_of(runtime, Person)}
    with read(runtime.engine) as session:
        said = {people[one]: row for one, row in listed(session, PROCEDURE, people).items()}
    assert {number for number, row in said.items() if not row.holds} == {"3", "4"}
    assert said["1"].marks == {RosterMarkKind.MOVED_OUT: date(2026, 9, 30)}
    assert said["2"].marks == {RosterMarkKind.PAID: date(2026, 5, 20), RosterMarkKind.APPLIED: date(2026, 5, 1)}
    assert said["6"].marks == {RosterMarkKind.DECEASED: None}
    assert said["1"].said(RosterMarkKind.MOVED_OUT) and not said["5"].said(RosterMarkKind.MOVED_OUT)


def _say(runtime: Runtime, number: str, more: str) -> None:
    """A list of this person's line of the small sample alone, which says this of them."""
    lines = (SMALL / "roster.csv").read_text(encoding="utf-8-sig").splitlines()
    (row,) = [line + more for line in lines if line.startswith(f"{number},")]
    import_roster(runtime, PROCEDURE, _list(row, header=lines[0] + MORE))


@pytest.mark.parametrize(
    ("more", "code", "detail", "with_note"),
    [
        (",転出,2026/09/30,,,,,", "moved_out", "2026-09-30", False),
        (",転出,2026/10/02,,,,,", None, "", False),
        (",死亡,,2026/11/01,,,,", "deceased", "2026-11-01", True),
        (",支給済,,,,,,", "already_paid", "", True),
        (",,,,,2026/10/20,,", "already_applied", "2026-10-20", False),
        (",,,,,,2026/10/15,", "not_listed_then", "2026-10-15", False),
        (",,,,,,2020/01/01,2026/09/30", "not_listed_then", "2026-09-30", False),
    ],
)
def test_each_is_a_reason_of_its_own_with_its_day(
    small: Runtime, more: str, code: str | None, detail: str, with_note: bool
) -> None:
    one, task, _ = at(small, NO_CONSENT)
    (link,) = rows_of(small, Link, submission_id=one, role="child")
    (child,) = rows_of(small, Person, id=link.person_id)
    _with_states(small)
    _say(small, child.resident_number, more)
    correct_field(small, REVIEWER, task, "phone", "0277-72-1234", task_of(small, one).version)
    told = {(row.code.value, row.detail) for row in rows_of(small, ReviewReason, task_id=task, about="child.1")}
    assert told == ({(code, detail)} if code else set())
    version = task_of(small, one).version
    if with_note:
        with pytest.raises(NoteNeeded):
            accept(small, REVIEWER, task, version, "  ")
    accept(small, REVIEWER, task, version, "住民記録で確認済み" if with_note else "")
    assert submission(small, one).status is SubmissionStatus.SETTLED
    notes = {row.note for row in rows_of(small, Decision, task_id=task) if row.kind == "accept"}
    assert notes == {"住民記録で確認済み" if with_note else ""}


def test_a_dead_applicant_is_told_though_the_benefit_is_the_childs(small: Runtime) -> None:
    one, task, _ = at(small, NO_CONSENT)
    (link,) = rows_of(small, Link, submission_id=one, role="applicant")
    (parent,) = rows_of(small, Person, id=link.person_id)
    _with_states(small)
    _say(small, parent.resident_number, ",死亡,2026/08/01,2026/11/01,2026/05/05,,,")
    correct_field(small, REVIEWER, task, "phone", "0277-72-1234", task_of(small, one).version)
    told = {pair for pair in reasons_of(small, task) if pair[1] == "applicant"}
    assert told == {("deceased", "applicant")}


def test_a_list_without_a_column_leaves_what_another_said(runtime: Runtime) -> None:
    """Above all that somebody is protected."""
    import_roster(runtime, PROCEDURE, _list(_row("1").removesuffix("0") + "1"))
    pack = sample_pack()
    columns = pack.procedure.roster.model_copy(update={"protected": None, "phone": None, "former_name": None})
    clock: Any = runtime.clock
    clock.pass_(minutes=1)
    procedure = pack.procedure.model_copy(update={"version": "99", "roster": columns})
    install_pack(runtime, replace(pack, procedure=procedure, digest="fewer"))
    import_roster(runtime, PROCEDURE, _list(_row("1", name="森 華")))
    (person,) = rows_of(runtime, Person)
    assert person.protected and person.name == "森 華"


def _whole(runtime: Runtime) -> dict[str, Any]:
    """What a list leaves in the store, without the ids that every import draws anew."""
    with read(runtime.engine) as session:
        people = {row.id: row for row in session.exec(select(Person)).all()}
        keys = session.exec(select(MatchKey.key, MatchKey.person_id)).all()
    numbers = {one: row.resident_number for one, row in people.items()}
    return {
        "people": sorted((row.resident_number, row.name, row.birth_date) for row in people.values()),
        "keys": sorted((key, numbers[one]) for key, one in keys),
        "rows": sorted(numbers[row.person_id] for row in rows_of(runtime, RosterRow)),
        "marks": len(rows_of(runtime, RosterMark)),
        "homes": sorted(numbers[row.person_id] for row in rows_of(runtime, HouseholdMember)),
        "rosters": [(row.rows, row.done, row.complete) for row in rows_of(runtime, Roster)],
    }


def test_a_killed_import_goes_on_where_it_stopped(
    runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real process, SIGKILL between and within its writes; the next run does none of the finished rows again."""
    path, chunk = SMALL / "roster.csv", 20
    url = runtime.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.roster_worker", url, str(tmp_path), str(path), str(chunk)]
    victim = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert victim.stdout is not None
    told = [victim.stdout.readline() for _ in range(4)]
    victim.kill()
    victim.wait()
    assert told[-1].split() == ["80", "348"]
    (roster,) = rows_of(runtime, Roster)
    assert not roster.complete and 80 <= roster.done < 348
    assert len(rows_of(runtime, RosterRow)) == roster.done, "rows and how many there are were written together"
    steps: list[int] = []
    monkeypatch.setattr("pipeline.steps.roster.CHUNK", chunk)
    import_roster(runtime, PROCEDURE, path, progress=lambda done, total: steps.append(done))
    assert steps == [*range(roster.done + chunk, 348, chunk), 348]
    assert audit(runtime).breaches == ()
    resumed = _whole(runtime)
    assert resumed["rosters"] == [(348, 348, True)]
    with runtime.engine.begin() as connection:
        for table in ("name_count", "match_key", "household_member", "household", "roster_row", "roster", "person"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
    import_roster(runtime, PROCEDURE, path)
    assert _whole(runtime) == resumed, "as in a store where nothing was killed"


def _preprinted(runtime: Runtime, reference: str, name: str, birth_date: date | None) -> str:
    """A preprinted form that bears this number and this person's name; gives the submission."""
    with write(runtime.engine) as session:
        row = Submission(
            receipt_number=receipt_number(session, NOW.date()),
            procedure_id=PROCEDURE,
            pack_version_id=by_source_number(runtime, NO_CONSENT).pack_version_id,
            channel=Channel.MAIL,
            source="scanner",
            department="kodomo",
            received_at=NOW,
            received_on=NOW.date(),
            reference_number=reference,
            status=SubmissionStatus.CHECKED,
        )
        session.add(row)
        session.flush()
        said = {"applicant_name": name, "applicant_birth_date": str(birth_date), "phone": "0277721234"}
        session.add_all(
            FieldValue(submission_id=row.id, key=key, raw=text, value=text, origin=Origin.CLERK, accepted=True)
            for key, text in said.items()
        )
    advance(runtime, row.id)
    return row.id


def test_a_printed_number_comes_first_and_never_against_the_name(small: Runtime) -> None:
    numbered = [p for p in rows_of(small, Person) if p.reference_number and p.household_number]
    owner, other = numbered[0], numbered[-1]
    assert owner.household_number != other.household_number
    one = _preprinted(small, owner.reference_number, owner.name, owner.birth_date)
    (link,) = rows_of(small, Link, submission_id=one, role="applicant")
    assert (link.person_id, link.status) == (owner.id, LinkStatus.AUTO)
    swapped = _preprinted(small, owner.reference_number, other.name, other.birth_date)
    assert not [x for x in rows_of(small, Link, submission_id=swapped) if x.status.is_active]
    assert ("reference_contradicted", "applicant") in reasons_of(small, task_of(small, swapped).id)
    asked = {row.person_id for row in rows_of(small, Candidate, submission_id=swapped, role="applicant")}
    assert {owner.id, other.id} <= asked, "a clerk sees both: whose letter it is, and who signed it"


def test_a_preprinted_form_is_about_those_who_lived_together_then(small: Runtime) -> None:
    """A child that moved out after the reference date is still on the letter; one that was not yet there is not."""
    parent = next(p for p in rows_of(small, Person) if p.reference_number == "2600010011")
    (home,) = rows_of(small, HouseholdMember, person_id=parent.id)
    with read(small.engine) as session:
        there = [m for m in members_of(session, home.household_id) if m.id != parent.id]
        eligible = {one for one, said in listed(session, PROCEDURE, [m.id for m in there]).items() if said.eligible}
    gone, *others = sorted(eligible)
    assert others
    with write(small.engine) as session:
        stays = {row.person_id: row for row in session.exec(select(HouseholdMember)).all()}
        stays[gone].valid_to = date(2026, 10, 20)
        stays[others[0]].valid_from = date(2026, 10, 20)
        session.add_all([stays[gone], stays[others[0]]])
    one = _preprinted(small, parent.reference_number, parent.name, parent.birth_date)
    assert {row.person_id for row in rows_of(small, Link, submission_id=one, role="child")} == {gone, *others[1:]}


def test_a_printed_resident_number_is_looked_for() -> None:
    values = {"number": FieldValue(submission_id="", key="number", raw="0012", value="0012", origin=Origin.OCR)}
    record = applicant_record(values, {"resident_number": "number"}, 0, None)
    assert record.resident_number == "0012"
    with pytest.raises(ValueError, match="resident_no"):
        MatchRole(role="applicant", attributes={"resident_no": "number"})
