"""People as the store keeps them, and as `matchers` wants them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache

from sqlalchemy import TextClause, bindparam, delete, text
from sqlmodel import Session, col, select

from matchers.blocking import blocking_keys, key_rules_version
from matchers.candidates import CAP, choose_candidates
from matchers.normalise import NormalisedPerson, normalise
from matchers.records import PersonRecord
from pipeline.store.bulk import add_plain_rows
from pipeline.store.tables import FieldValue, MatchKey, Person

MAX_BLOCK = CAP


def record_of(person: Person) -> PersonRecord:
    """A person of the store as a record to compare."""
    return PersonRecord(
        name=person.name or None,
        kana=person.kana or None,
        birth_date=person.birth_date,
        postal_code=person.postal_code,
        address=person.address,
        phone=person.phone,
        resident_number=person.resident_number,
        household_number=person.household_number,
        reference_number=person.reference_number,
        former_names=(person.former_name,) if person.former_name else (),
    )


def person_as_named(record: PersonRecord) -> Person:
    """A row for somebody whom no list knows, as an application names them."""
    return Person(
        name=record.name or "",
        kana=record.kana or "",
        birth_date=record.birth_date,
        postal_code=record.postal_code,
        address=record.address,
        phone=record.phone,
        source="application",
    )


def index_person(session: Session, person: Person, secret: bytes) -> None:
    """Writes the person's blocking keys, in the transaction that writes the person."""
    write_keys(session, {person.id: keys_of(record_of(person), secret)})


def keys_of(record: PersonRecord, secret: bytes) -> frozenset[str]:
    """The blocking keys under which this record is found."""
    return blocking_keys(normalise(record), secret)


def write_keys(session: Session, keys: Mapping[str, frozenset[str]]) -> None:
    """Puts these keys in the place of those the persons had. keys: person id -> blocking keys."""
    session.execute(delete(MatchKey).where(col(MatchKey.person_id).in_(keys)))
    add_keys(session, keys)


def add_keys(session: Session, keys: Mapping[str, frozenset[str]]) -> None:
    """Writes the keys of persons who have none yet."""
    # In the order of the index, so that what lies together in it is written together.
    version = key_rules_version()
    rows = sorted((key, person_id, version) for person_id, own in keys.items() for key in own)
    add_plain_rows(session, MatchKey, ("key", "person_id", "rule"), rows)


def find_near(session: Session, wanted: NormalisedPerson, secret: bytes) -> list[Person]:
    """The persons who share blocking keys with `wanted`, those first who share the most and the rarest.

    Keys that more than MAX_BLOCK persons have are left out.
    """
    near = choose_candidates(_blocks(session, blocking_keys(wanted, secret)), cap=MAX_BLOCK)
    found = {one.id: one for one in session.execute(_BY_ID, {"ids": near.ids}).scalars()}
    return [found[one] for one in near.ids if one in found]


_BY_ID = select(Person).where(col(Person.id).in_(bindparam("ids", expanding=True)))
"""Made once, as are the others that each application asks: making one takes longer than asking it."""


def _blocks(session: Session, keys: frozenset[str]) -> dict[str, list[str]]:
    """Key -> the persons under it, of each no more than tells that there are too many."""
    if not keys:
        return {}
    wanted = {f"key{number}": key for number, key in enumerate(sorted(keys))}
    found: dict[str, list[str]] = {}
    for key, person_id in session.execute(_look_up(len(keys)), {**wanted, "most": MAX_BLOCK + 1}):
        found.setdefault(key, []).append(person_id)
    return found


@cache
def _look_up(keys: int) -> TextClause:
    """The look-up of so many keys. A limit of its own for each, so that one large block neither costs its length nor
    crowds out the others; as text, since building it anew takes longer than asking it."""
    one = (
        "SELECT key, person_id FROM (SELECT key, person_id FROM match_key WHERE key = :key{0} LIMIT :most) AS block{0}"
    )
    return text(" UNION ALL ".join(one.format(number) for number in range(keys)))


def by_reference(session: Session, reference_number: str) -> list[Person]:
    """The persons whom a printed 整理番号 was given to."""
    return list(session.exec(select(Person).where(Person.reference_number == reference_number)).all())


def applicant_record(
    values: Mapping[str, FieldValue], attributes: Mapping[str, str], index: int, reference: str | None
) -> PersonRecord:
    """The record that a role's fields add up to. `attributes`: record attribute -> field name, as in the pack.

    A field of a repeated role is looked for under its index first, then without (a child's address is the
    applicant's). Readings nobody confirmed carry their confidence.
    """
    found = dict(_present(values, attributes, index))
    confidence = {
        attribute: row.confidence for attribute, row in found.items() if row.confidence is not None and not row.accepted
    }
    text = {attribute: row.value for attribute, row in found.items()}
    return PersonRecord(
        name=text.get("name"),
        kana=text.get("kana"),
        birth_date=_day(text.get("birth_date")),
        postal_code=text.get("postal_code"),
        address=text.get("address"),
        phone=text.get("phone"),
        email=text.get("email"),
        resident_number=text.get("resident_number"),
        household_number=text.get("household_number"),
        reference_number=reference,
        confidence=confidence,
    )


def find_field(values: Mapping[str, FieldValue], name: str, index: int) -> FieldValue | None:
    """The value of a role's field: under its index, or else the one that all of the role share."""
    return values.get(f"{name}.{index}" if index else name) or values.get(name)


def _present(
    values: Mapping[str, FieldValue], attributes: Mapping[str, str], index: int
) -> Iterable[tuple[str, FieldValue]]:
    for attribute, name in attributes.items():
        row = find_field(values, name, index)
        if row is not None and row.value is not None:
            yield attribute, row


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
