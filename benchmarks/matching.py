"""One record against a store of synthetic people, as step MATCH asks it, beside a scan of all of them.

The list is imported as a city would import it, which is timed too. The scan is what one writes without blocking
keys: rapidfuzz over one string a person, all in memory, and the likest wins.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from random import Random
from statistics import median
from typing import Any

from rapidfuzz import fuzz, process
from sqlmodel import Session, col, func, select

from benchmarks.children import in_child
from benchmarks.samples import DATA, MATCHING_SEED
from benchmarks.stores import PACK, PROCEDURE, database, drop, make_runtime
from fixtures.people import Person, Town, draw_town, roster_csv
from matchers.blocking import blocking_keys
from matchers.compare import compare
from matchers.decide import decide
from matchers.normalise import NormalisedPerson, normalise
from matchers.records import MatchDecision, Outcome, PersonRecord, Scored
from matchers.weights import load_weights
from pipeline.procedures.registry import load_pack
from pipeline.runtime import Runtime
from pipeline.score.bounds import quantile, ratio
from pipeline.steps.packs import install_pack
from pipeline.steps.people import MAX_BLOCK, find_near, record_of
from pipeline.steps.roster import import_roster
from pipeline.store.engine import read
from pipeline.store.tables import MatchKey
from pipeline.store.tables import Person as StoredPerson

PEOPLE_A_HOUSEHOLD = 3.45
FOLDER = DATA / "matching"
KINDS = ("as_written", "moved", "misread", "bare", "stranger")
"""What a record says: all as people write it; another address and phone; a kana and a day of birth wrong, as a bad
scan gives; name and birth date alone; somebody on no list."""


@dataclass(frozen=True)
class Wanted:
    """A record to look up. kind: of `KINDS`. person: whom it is of; None when they are on no list."""

    kind: str
    record: PersonRecord
    person: Person | None


@dataclass(frozen=True)
class Asked:
    """One record looked up, and what it came to."""

    kind: str
    spent_ms: float
    cpu_ms: float
    keys: int
    largest_block: int
    compared: int
    outcome: str


def measure_matching(people: int, records: int, kind: str, scanned: int = 50) -> dict[str, Any]:
    """Milliseconds for one record, and whom it was linked to. kind: sqlite or postgresql."""
    name = f"people_{people}"
    drop(kind, name, FOLDER)
    try:
        with database(kind, name, FOLDER) as url:
            done = in_child(_measure, url, people, records, scanned)
    finally:
        drop(kind, name, FOLDER)
    return {"database": kind, "seed": MATCHING_SEED, **done.answer, "peak_mb": done.peak_mb}


def _measure(url: str, people: int, records: int, scanned: int) -> dict[str, Any]:
    town = draw_town(MATCHING_SEED, round(people / PEOPLE_A_HOUSEHOLD))
    everyone = [one for household in town.households for one in (*household.parents, *household.children)]
    runtime = make_runtime(url, FOLDER)
    install_pack(runtime, load_pack(PACK))
    imported = _import(runtime, town)
    wanted = draw_records(town, records)
    with read(runtime.engine) as session:
        _ask(session, runtime.secrets.key, wanted[0])  # the first one loads weights and statements
        asked = [_ask(session, runtime.secrets.key, one) for one in wanted]
        stored = session.exec(select(func.count()).select_from(StoredPerson)).one()
        blocks = _blocks(session)
    runtime.engine.dispose()
    return {
        "people": stored,
        "import": imported,
        "blocks": blocks,
        "one_record": _figures(asked),
        "scan_of_all": _scan(everyone, wanted[:scanned]),
    }


def _import(runtime: Runtime, town: Town) -> dict[str, Any]:
    data = roster_csv(town).encode("utf-8-sig")
    wall, cpu = time.perf_counter(), time.process_time()
    rows = import_roster(runtime, PROCEDURE, data).rows
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {
        "rows": rows,
        "wall_s": round(wall, 1),
        "rows_per_s": round(rows / wall),
        "cpu_rows_per_s": round(rows / cpu),
    }


def draw_records(town: Town, count: int) -> list[Wanted]:
    """So many records, each kind in turn, of people drawn from the town, or of another town for strangers."""
    rng = Random(MATCHING_SEED)
    everyone = [one for household in town.households for one in (*household.parents, *household.children)]
    elsewhere = draw_town(MATCHING_SEED + 1, max(60, count))
    strangers = [one for household in elsewhere.households for one in household.parents]
    return [_record(KINDS[n % len(KINDS)], rng, everyone, strangers) for n in range(count)]


def _record(kind: str, rng: Random, everyone: Sequence[Person], strangers: Sequence[Person]) -> Wanted:
    person = rng.choice(strangers if kind == "stranger" else everyone)
    said = replace(record_of_registered(person), name=person.written_name)
    match kind:
        case "moved":
            there = rng.choice(strangers)
            said = replace(said, postal_code=there.postal_code, address=there.address, phone=there.phone)
        case "misread":
            place = rng.randrange(len(person.kana.split(" ")[0]))
            kana = person.kana[:place] + rng.choice("アクシツナマ") + person.kana[place + 1 :]
            said = replace(said, kana=kana, birth_date=_one_digit_off(rng, person.birth_date))
        case "bare":
            said = PersonRecord(name=said.name, birth_date=said.birth_date)
    return Wanted(kind, said, None if kind == "stranger" else person)


def _one_digit_off(rng: Random, day: date) -> date:
    """Another day of the same month: one digit of the day is wrong."""
    alike = [n for n in range(1, 29) if n != day.day and (n % 10 == day.day % 10 or n // 10 == day.day // 10)]
    return day.replace(day=rng.choice(alike))


def _ask(session: Session, secret: bytes, one: Wanted) -> Asked:
    started, before = time.perf_counter(), time.process_time()
    wanted = normalise(one.record)
    decision, near = match(session, secret, wanted)
    spent, cpu = 1000 * (time.perf_counter() - started), 1000 * (time.process_time() - before)
    keys = blocking_keys(wanted, secret)
    outcome = _outcome(session, decision, one.person)
    return Asked(one.kind, spent, cpu, len(keys), _largest_block(session, keys), near, outcome)


def match(session: Session, secret: bytes, wanted: NormalisedPerson) -> tuple[MatchDecision, int]:
    """The decision, and how many people were compared."""
    weights = load_weights()
    near = find_near(session, wanted, secret)
    scored = [Scored(one.id, compare(wanted, normalise(record_of(one)), weights)) for one in near]
    return decide(scored, weights=weights), len(near)


def _largest_block(session: Session, keys: frozenset[str]) -> int:
    sizes = session.exec(
        select(func.count()).select_from(MatchKey).where(col(MatchKey.key).in_(keys)).group_by(col(MatchKey.key))
    ).all()
    return max(sizes, default=0)


def _blocks(session: Session) -> dict[str, Any]:
    sizes = select(func.count().label("size")).select_from(MatchKey).group_by(col(MatchKey.key)).subquery()
    count, largest = session.exec(select(func.count(), func.max(sizes.c.size)).select_from(sizes)).one()
    above = select(func.count()).select_from(sizes).where(sizes.c.size > MAX_BLOCK)
    return {"keys": count, "largest": largest, f"above_{MAX_BLOCK}": session.exec(above).one()}


def _outcome(session: Session, decision: MatchDecision, person: Person | None) -> str:
    if decision.outcome is not Outcome.LINK:
        return decision.outcome.value
    linked = session.get_one(StoredPerson, decision.best)
    return "link_right" if person and linked.resident_number == person.resident_number else "link_wrong"


def _figures(asked: Sequence[Asked]) -> dict[str, Any]:
    spent = [one.spent_ms for one in asked]
    return {
        "records": len(asked),
        "ms_median": round(median(spent), 1),
        "ms_p95": round(quantile(spent, 0.95), 1),
        "ms_largest": round(max(spent), 1),
        "cpu_ms_median": round(median(one.cpu_ms for one in asked), 1),
        "keys_median": median(one.keys for one in asked),
        "compared_median": median(one.compared for one in asked),
        "compared_p95": quantile([one.compared for one in asked], 0.95),
        f"records_with_a_block_above_{MAX_BLOCK}": sum(one.largest_block > MAX_BLOCK for one in asked),
        "outcomes": dict(sorted(Counter(one.outcome for one in asked).items())),
        "outcomes_by_kind": {
            kind: dict(sorted(Counter(one.outcome for one in asked if one.kind == kind).items())) for kind in KINDS
        },
    }


def _scan(everyone: Sequence[Person], wanted: Sequence[Wanted]) -> dict[str, Any]:
    """The naive peer: the likest of all people by one string each. It never says that it is not sure."""
    texts = [_text(record_of_registered(one)) for one in everyone]
    spent, right = [], 0
    for one in wanted:
        started = time.perf_counter()
        _, _, place = process.extractOne(_text(one.record), texts, scorer=fuzz.ratio)
        spent.append(1000 * (time.perf_counter() - started))
        right += one.person is not None and everyone[place].resident_number == one.person.resident_number
    return {
        "records": len(wanted),
        "ms_median": round(median(spent), 1),
        "ms_p95": round(quantile(spent, 0.95), 1),
        "likest_is_right": right,
        "likest_is_wrong": len(wanted) - right,
        "share_right": ratio(right, len(wanted)),
    }


def record_of_registered(person: Person) -> PersonRecord:
    """A person as the list has them, without numbers."""
    return PersonRecord(
        name=person.name,
        kana=person.kana,
        birth_date=person.birth_date,
        postal_code=person.postal_code,
        address=person.address,
        phone=person.phone,
    )


def _text(record: PersonRecord) -> str:
    day = record.birth_date.isoformat() if record.birth_date else ""
    return " ".join((record.name or "", record.kana or "", day, record.address or "", record.phone or ""))
