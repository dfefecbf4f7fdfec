"""The eligible list in, on both databases: again, changed, cut short, and with a person named twice."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlmodel import select

from matchers.normalise import normalise
from matchers.records import PersonRecord
from pipeline.runtime import Runtime
from pipeline.steps import roster
from pipeline.steps.people import find_near
from pipeline.steps.reindex import reindex_people
from pipeline.steps.roster import import_roster
from pipeline.store.engine import read
from pipeline.store.tables import MatchKey, Person, Roster, RosterRow
from tests.runtime import PROCEDURE, SMALL, rows_of

HEADER = "宛名番号,世帯番号,整理番号,氏名,フリガナ,旧氏,生年月日,性別,郵便番号,住所,電話番号,対象児童,支援措置"


def _row(number: str, name: str = "森 花", day: str = "2019/04/01", protected: int = 0) -> str:
    return f"{number},100,,{name},モリ ハナ,,{day},女,376-0101,群馬県みどり市大間々町1,,1,{protected}"


def _list(*rows: str) -> bytes:
    return "\r\n".join((HEADER, *rows)).encode()


def _snapshot(runtime: Runtime) -> dict[str, Any]:
    with read(runtime.engine) as session:
        people = {p.resident_number: (p.id, p.name, p.birth_date) for p in session.exec(select(Person)).all()}
        keys = sorted(session.exec(select(MatchKey.key, MatchKey.person_id)).all())
        listed = sorted(session.exec(select(RosterRow.roster_id, RosterRow.person_id, RosterRow.eligible)).all())
    return {"people": people, "keys": keys, "listed": listed}


def test_the_same_list_again_changes_nothing(runtime: Runtime) -> None:
    data = (SMALL / "roster.csv").read_bytes()
    first = import_roster(runtime, PROCEDURE, data)
    before = _snapshot(runtime)
    assert import_roster(runtime, PROCEDURE, data) == first
    assert _snapshot(runtime) == before
    assert len(before["people"]) == len(before["listed"]) == first.rows > 300
    assert {person_id for _, person_id in before["keys"]} == {one[0] for one in before["people"].values()}


def test_a_new_list_changes_the_person_and_how_they_are_found(runtime: Runtime) -> None:
    import_roster(runtime, PROCEDURE, _list(_row("1"), _row("2", "林 空")))
    before = _snapshot(runtime)
    import_roster(runtime, PROCEDURE, _list(_row("1", "高木 花", "2019/04/02"), _row("2", "林 空")))
    after = _snapshot(runtime)
    assert after["people"]["1"][0] == before["people"]["1"][0]
    assert after["people"]["2"] == before["people"]["2"]
    wanted = normalise(PersonRecord(name="高木 花"))
    with read(runtime.engine) as session:
        assert [one.resident_number for one in find_near(session, wanted, runtime.secrets.key)] == ["1"]
        gone = normalise(PersonRecord(name="森 花"))
        assert find_near(session, gone, runtime.secrets.key) == []
    assert len(after["listed"]) == 4


def test_keys_of_older_rules_are_made_anew(runtime: Runtime) -> None:
    import_roster(runtime, PROCEDURE, _list(_row("1")))
    before = _snapshot(runtime)
    with runtime.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE match_key SET rule = '0', key = 'old:' || key")
    import_roster(runtime, PROCEDURE, _list(_row("1"), ""))
    assert _snapshot(runtime)["keys"] == before["keys"]


def test_a_store_of_older_rules_is_made_anew_as_a_whole(runtime: Runtime) -> None:
    import_roster(runtime, PROCEDURE, (SMALL / "roster.csv").read_bytes())
    before = _snapshot(runtime)
    assert reindex_people(runtime) == 0
    with runtime.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE match_key SET rule = '0', key = 'old:' || key")
    seen: list[int] = []
    assert reindex_people(runtime, lambda done, total: seen.append(done)) == len(before["people"]) == seen[-1]
    assert _snapshot(runtime) == before
    assert reindex_people(runtime) == 0


def test_too_large_a_block_crowds_nobody_out(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two thirds of the list live in one house; whoever shares only the house is not looked at."""
    rows = [_row(str(n), f"{name[:2]} {name[2]}子", f"2019/04/{n + 1:02d}") for n, name in enumerate(_NAMES)]
    import_roster(runtime, PROCEDURE, _list(*rows))
    monkeypatch.setattr("pipeline.steps.people.MAX_BLOCK", 5)
    address = "群馬県みどり市大間々町1"
    with read(runtime.engine) as session:
        wanted = normalise(PersonRecord(name="山上 七子", birth_date=date(2019, 4, 8), address=address))
        found = [one.resident_number for one in find_near(session, wanted, runtime.secrets.key)]
    assert found[0] == "7"
    assert len(found) < 6


_NAMES = ("鈴木一", "佐藤二", "高橋三", "田中四", "伊藤五", "渡辺六", "中村九", "山下七", "小林八")


@pytest.mark.parametrize("chunk", [1, 100])
def test_a_number_with_other_facts_is_named_and_the_first_line_stands(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(roster, "CHUNK", chunk)
    rows = [_row("1", "森 花"), _row("2", "林 空"), _row("1", "高木 花"), _row("2", "林 空")]
    done = import_roster(runtime, PROCEDURE, _list(*rows))
    assert (done.rows, done.skipped) == (4, (4,)), "the same line once more says nothing new"
    assert {p.resident_number: p.name for p in rows_of(runtime, Person)} == {"1": "森 花", "2": "林 空"}
    assert len(rows_of(runtime, RosterRow)) == 2


def test_rows_without_number_or_name_are_named_and_the_rest_goes_in(runtime: Runtime) -> None:
    done = import_roster(runtime, PROCEDURE, _list(_row("1"), _row(""), _row("3", ""), _row("4", "林 空")))
    assert (done.rows, done.skipped) == (4, (3, 4))
    assert {p.resident_number for p in rows_of(runtime, Person)} == {"1", "4"}


def test_an_import_cut_short_goes_on(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roster, "CHUNK", 2)
    data = _list(*(_row(str(n), f"森 花{n}") for n in range(5)))

    def stop(done: int, total: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_roster(runtime, PROCEDURE, data, progress=stop)
    assert len(rows_of(runtime, Person)) == 4
    assert not rows_of(runtime, Roster)[0].complete
    told: list[tuple[int, int]] = []
    import_roster(runtime, PROCEDURE, data, progress=lambda done, total: told.append((done, total)))
    assert told == [(5, 5)], "what is done is not done again"
    assert len(rows_of(runtime, Person)) == len(rows_of(runtime, RosterRow)) == 5
    assert rows_of(runtime, Roster)[0].complete
