"""How common names are, counted in the store: on both databases, in pages, and without a name in the table."""

from __future__ import annotations

from itertools import islice

import pytest
from sqlmodel import Session, func, select

from fixtures.matching.split import Part
from fixtures.matching.world import draw_world
from matchers.frequency import count_values, value_shares
from matchers.normalise import normalise
from matchers.records import PersonRecord
from pipeline.runtime import Runtime
from pipeline.steps import frequencies
from pipeline.steps.frequencies import (
    FEWEST,
    count_names,
    count_names_again,
    count_names_once,
    find_frequencies,
)
from pipeline.store.engine import read, write
from pipeline.store.tables import NameCount, NameCounting, Person

PEOPLE = FEWEST + 20


@pytest.fixture
def peopled(runtime: Runtime) -> Runtime:
    rows = islice(draw_world(11, 700, Part.TUNE).register(), PEOPLE)
    with write(runtime.engine) as session:
        session.add_all(Person(name=row.name, kana=row.kana) for row in rows)
    return runtime


def wanted(session: Session) -> PersonRecord:
    row = session.exec(select(Person).order_by(Person.id)).first()
    assert row is not None
    return PersonRecord(name=row.name, kana=row.kana)


def test_counts_are_those_of_all_people(peopled: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frequencies, "PAGE", 64)
    monkeypatch.setattr(frequencies, "HELD", 100)  # written many times over, as for a million
    monkeypatch.setattr(frequencies, "WRITTEN", 50)
    seen: list[int] = []
    assert count_names(peopled, lambda done, total: seen.append(done)) == PEOPLE == seen[-1]
    with read(peopled.engine) as session:
        people = [normalise(PersonRecord(name=one.name, kana=one.kana)) for one in session.exec(select(Person)).all()]
        asked = normalise(wanted(session))
        found = find_frequencies(session, peopled.secrets.key, asked)
        said = {count.digest for count in session.exec(select(NameCount)).all()}
    assert found is not None
    for kind, get in {"family": lambda one: one.name.family, "kana_given": lambda one: one.kana.given}.items():
        whole = value_shares(count_values(get(one) for one in people))
        assert found[kind].bits(get(asked)) == pytest.approx(whole.bits(get(asked)))
        assert not said & set(whole.counts)


def test_counting_again_leaves_one_count(peopled: Runtime) -> None:
    with read(peopled.engine) as session:
        assert find_frequencies(session, peopled.secrets.key, normalise(wanted(session))) is None, "nobody counted"
    assert count_names_once(peopled) == PEOPLE
    assert count_names_once(peopled) == 0
    with read(peopled.engine) as session:
        before = session.exec(select(func.count()).select_from(NameCount)).one()
    assert count_names_again(peopled) == 0, "nobody came or went"
    count_names(peopled)
    with read(peopled.engine) as session:
        assert session.exec(select(func.count()).select_from(NameCount)).one() == before
        assert session.exec(select(func.count()).select_from(NameCounting)).one() == 1
    with write(peopled.engine) as session:
        session.add_all(Person(name="勅使河原　花子", kana="テシガワラ ハナコ") for _ in range(20))
    assert count_names_again(peopled) == PEOPLE + 20


def test_a_few_people_say_nothing(rostered: Runtime) -> None:
    assert count_names_once(rostered) == 0
    count_names(rostered)
    with read(rostered.engine) as session:
        assert find_frequencies(session, rostered.secrets.key, normalise(wanted(session))) is None
