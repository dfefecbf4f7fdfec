"""The world of a seed in the form that is linked: normalised once, for us and for Splink."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from fixtures.matching.records import Record, Source, Tag
from fixtures.matching.split import Part
from fixtures.matching.world import draw_world
from japan.era import read_date
from matchers.normalise import NormalisedPerson, normalise
from matchers.records import PersonRecord

COLUMNS = ("unique_id", "name", "family", "given", "kana", "kana_family", "kana_given", "birth_date", "sex", "postal",
           "place", "house", "phone", "email", "account")  # fmt: skip


@dataclass(frozen=True)
class Side:
    """Records with what they say in comparable form, place by place."""

    records: Sequence[Record]
    people: Sequence[NormalisedPerson]


@dataclass(frozen=True)
class Cases:
    """A register and what is to be linked with it. truth: (application, row) of one person."""

    register: Side
    applications: Side
    truth: frozenset[tuple[str, str]]

    @property
    def tags(self) -> dict[str, frozenset[str]]:
        """What makes each application hard; "online" or "paper", its kind of move and of damage among it."""
        return {
            one.id: one.tags | {one.source.value} | ({f"moved: {one.move}"} if one.move else set())
            | ({f"damage: {one.damage}"} if one.damage else set()) | ({"plain"} if not one.tags else set())
            for one in self.applications.records
        }  # fmt: skip

    @property
    def twins(self) -> dict[str, str]:
        """For each application of a twin the row of the other twin."""
        return {one.id: f"r{one.kin}" for one in self.applications.records if Tag.TWIN in one.tags}


def draw_cases(
    seed: int,
    people: int,
    part: Part,
    *,
    twin_births: float | None = None,
    sample: int | None = None,
    only: Tag | None = None,
) -> Cases:
    """The cases of a seed. sample: so many of its applications, drawn at random; None for all. only: of them those that
    bear this tag."""
    world = draw_world(seed, people, part) if twin_births is None else draw_world(seed, people, part, twin_births)
    register = list(world.register())
    applications = [one for one in world.applications() if only is None or only in one.tags]
    if sample is not None and sample < len(applications):
        applications = Random(f"sample:{seed}").sample(applications, sample)
    known = {one.person for one in register}
    truth = frozenset((one.id, f"r{one.person}") for one in applications if one.person in known)
    return Cases(_side(register), _side(mark_namesakes(register, applications)), truth)


def _side(records: Sequence[Record]) -> Side:
    return Side(records, [normalise(person_record(one)) for one in records])


def person_record(record: Record) -> PersonRecord:
    """The record as our matching takes it."""
    return PersonRecord(
        name=record.name or None,
        kana=record.kana or None,
        birth_date=read_date(record.birth_date) if record.birth_date else None,
        sex=record.sex or None,
        postal_code=record.postal_code or None,
        address=record.address or None,
        phone=record.phone or None,
        email=record.email or None,
        account=record.account or None,
        household_number=record.household_number or None,
        former_names=record.former_names,
        confidence=dict(record.confidence),
    )


def mark_namesakes(register: Iterable[Record], applications: Iterable[Record]) -> list[Record]:
    """The applications, those of people marked who share name and reading with somebody else of the register."""
    bearers: dict[tuple[str, str], set[str]] = {}
    for row in register:
        bearers.setdefault((row.name, row.kana), set()).add(row.person)
    shared = {person for people in bearers.values() if len(people) > 1 for person in people}
    return [replace(one, tags=one.tags | {Tag.NAMESAKE}) if one.person in shared else one for one in applications]


def write_table(side: Side, path: Path) -> None:
    """The side as a CSV for Splink: the values that we compare, "" for what is not given."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for record, person in zip(side.records, side.people, strict=True):
            house = person.place + "-".join(person.numbers) if person.numbers else ""
            writer.writerow((
                record.id, person.name.whole, person.name.family, person.name.given, person.kana.whole,
                person.kana.family, person.kana.given, person.birth_date or "", person.sex, person.postal,
                person.place, house, person.phone, person.email, person.account,
            ))  # fmt: skip


def is_paper(record: Record) -> bool:
    """True for a record that was read by a machine."""
    return record.source is Source.PAPER
