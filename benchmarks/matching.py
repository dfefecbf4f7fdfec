"""One record against a store of ten thousand synthetic people, as step MATCH asks it."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random
from secrets import token_bytes
from statistics import median
from typing import Any

from sqlalchemy import Engine, insert
from sqlmodel import Session, func, select

from fixtures.people import Person, Town, draw_town
from matchers.blocking import KEY_RULES_VERSION, blocking_keys
from matchers.compare import compare
from matchers.decide import decide
from matchers.normalise import normalise
from matchers.records import MatchDecision, Outcome, PersonRecord, Scored
from matchers.weights import load_weights
from pipeline.steps.people import find_near, record_of
from pipeline.store.engine import open_engine, read, write
from pipeline.store.migrate import upgrade
from pipeline.store.tables import MatchKey
from pipeline.store.tables import Person as StoredPerson

SEED = 4711


def measure_matching(households: int = 2900, records: int = 300) -> dict[str, Any]:
    """Milliseconds for one record, and whom it was linked to; SQLite in a folder of its own."""
    town = draw_town(SEED, households)
    with tempfile.TemporaryDirectory() as folder:
        engine, secret = open_engine(f"sqlite:///{Path(folder) / 'people.db'}"), token_bytes(32)
        upgrade(engine)
        fill(engine, secret, _people(town))
        with read(engine) as session:
            figures = _ask(session, secret, Random(SEED).sample(_people(town), records))
        engine.dispose()
    return {
        "measured": "normalise, look up keys, compare, decide, for one record without reading or writing it; SQLite; "
        "names as people write them themselves, everything else as registered, no numbers",
        **figures,
    }


def _people(town: Town) -> list[Person]:
    return [person for household in town.households for person in (*household.parents, *household.children)]


def fill(engine: Engine, secret: bytes, people: Sequence[Person]) -> None:
    """The people and their blocking keys as a roster's import would write them, in one go."""
    stored = [_stored(person) for person in people]
    keys = [
        {"key": key, "person_id": one.id, "rule": str(KEY_RULES_VERSION)}
        for one in stored
        for key in blocking_keys(normalise(record_of(one)), secret)
    ]
    with write(engine) as session:
        session.execute(insert(StoredPerson), [one.model_dump() for one in stored])
        session.execute(insert(MatchKey), keys)


def _stored(person: Person) -> StoredPerson:
    return StoredPerson(
        resident_number=person.resident_number,
        household_number=person.household_number,
        reference_number=person.reference_number,
        name=person.name,
        kana=person.kana,
        former_name=person.former_name,
        birth_date=person.birth_date,
        postal_code=person.postal_code,
        address=person.address,
        phone=person.phone,
        protected=person.protected,
    )


def _ask(session: Session, secret: bytes, people: list[Person]) -> dict[str, Any]:
    spent_ms: list[float] = []
    sizes: list[int] = []
    outcomes: Counter[str] = Counter()
    for person in people:
        started = time.perf_counter()
        decision, near = match(session, secret, said_by(person))
        spent_ms.append(1000 * (time.perf_counter() - started))
        sizes.append(near)
        outcomes[_outcome(session, decision, person)] += 1
    return {
        "store": session.exec(select(func.count()).select_from(StoredPerson)).one(),
        "records": len(people),
        "ms_median": round(median(spent_ms), 2),
        "ms_p95": round(sorted(spent_ms)[int(0.95 * len(spent_ms))], 2),
        "compared_median": median(sizes),
        "outcomes": dict(sorted(outcomes.items())),
    }


def said_by(person: Person) -> PersonRecord:
    """What somebody says of themselves: no numbers, the name as they usually write it."""
    return PersonRecord(
        name=person.written_name,
        kana=person.kana,
        birth_date=person.birth_date,
        postal_code=person.postal_code,
        address=person.address,
        phone=person.phone,
    )


def match(session: Session, secret: bytes, record: PersonRecord) -> tuple[MatchDecision, int]:
    """The decision, and how many people were compared."""
    wanted, weights = normalise(record), load_weights()
    near = find_near(session, wanted, secret)
    scored = [Scored(one.id, compare(wanted, normalise(record_of(one)), weights)) for one in near]
    return decide(scored, weights_version=weights.version), len(near)


def _outcome(session: Session, decision: MatchDecision, person: Person) -> str:
    if decision.outcome is not Outcome.LINK:
        return decision.outcome.value
    linked = session.get_one(StoredPerson, decision.best)
    return "link_right" if linked.resident_number == person.resident_number else "link_wrong"
