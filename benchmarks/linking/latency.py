"""One record against a stored register, as step MATCH asks it, normalisation included, on both databases."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

from sqlmodel import Session, col, func, select

from benchmarks.children import in_child
from benchmarks.linking.cases import person_record
from benchmarks.linking.filled import fill
from benchmarks.stores import database, make_runtime
from fixtures.matching.records import Record
from fixtures.matching.split import Part
from fixtures.matching.world import World, draw_world
from matchers.blocking import key_rules_version
from matchers.records import MatchDecision, Outcome
from matchers.weights import load_weights
from pipeline.score.bounds import quantile
from pipeline.steps.questions import ask_who
from pipeline.store.engine import read
from pipeline.store.tables import MatchKey, Person

WARM = 20
"""Records asked before the clock counts: weights, lists of names and statements are loaded by the first of them."""
_HOUSEHOLDS = 3
"""At least so many people for each household, on the average, that are asked about."""


@dataclass(frozen=True)
class Asked:
    """One record looked up, in milliseconds: normalised and its candidates found; compared and decided."""

    source: str
    find_ms: float
    decide_ms: float
    cpu_ms: float
    compared: int
    outcome: str

    @property
    def spent_ms(self) -> float:
        """From the record as it came to the decision."""
        return self.find_ms + self.decide_ms


def measure_latency(seed: int, people: int, records: int, kind: str, folder: Path) -> dict[str, Any]:
    """Milliseconds for one record. kind: sqlite or postgresql. The store is kept in `folder` and used again; that of
    PostgreSQL is filled from SQLite's where this is there."""
    name = store_name(seed, people, folder)
    first = folder / f"{name}.db"
    other = f"sqlite:///{first}" if kind == "postgresql" and first.exists() else None
    with database(kind, name, folder) as url:
        filled = in_child(_fill, url, other, folder, seed, people).answer
        done = in_child(_ask_all, url, folder, seed, people, records)
    return {"database": kind, "seed": seed, "filled": filled, **done.answer, "peak_mb": done.peak_mb}


def store_name(seed: int, people: int, folder: Path) -> str:
    """A store of other keys (another secret, other rules) is another store."""
    digest = hashlib.sha256(make_runtime("sqlite://", folder).secrets.key + key_rules_version().encode()).hexdigest()
    return f"world_{seed}_{people}_{digest[:8]}"


def _fill(url: str, other: str | None, folder: Path, seed: int, people: int) -> dict[str, Any]:
    runtime = make_runtime(url, folder)
    with read(runtime.engine) as session:
        stored = session.exec(select(func.count()).select_from(Person)).one()
    done = {"rows": stored, "kept": True} if stored else fill(runtime, draw_world(seed, people, Part.TUNE), other)
    runtime.engine.dispose()
    return done


def _ask_all(url: str, folder: Path, seed: int, people: int, records: int) -> dict[str, Any]:
    runtime = make_runtime(url, folder)
    wanted = draw_records(draw_world(seed, people, Part.TUNE), records + WARM)
    with read(runtime.engine) as session:
        asked = [_ask(session, runtime.secrets.key, one) for one in wanted][WARM:]
        stored, keys = (session.exec(select(func.count()).select_from(one)).one() for one in (Person, MatchKey))
    runtime.engine.dispose()
    return {"people": stored, "keys": keys, "one_record": figures(asked)}


def draw_records(world: World, count: int) -> list[Record]:
    """So many applications of households here and there in the world, the same ones every time."""
    rng = Random(f"latency:{world.seed}")
    return list(islice(_applications(world, rng), count))


def _applications(world: World, rng: Random) -> Iterator[Record]:
    while True:
        yield from world.applied(world.registry.household(rng.randrange(max(1, world.people // _HOUSEHOLDS))))


def _ask(session: Session, secret: bytes, record: Record) -> Asked:
    given = person_record(record)
    cpu, began = time.process_time(), time.perf_counter()
    question = ask_who(session, given, load_weights(), secret)
    asked = time.perf_counter()
    decision = question.answer()
    done, spent = time.perf_counter(), time.process_time() - cpu
    parts = (1000 * (asked - began), 1000 * (done - asked), 1000 * spent)
    return Asked(record.source.value, *parts, len(question.people), _outcome(session, decision, record.person))


def _outcome(session: Session, decision: MatchDecision, person: str) -> str:
    if decision.outcome is not Outcome.LINK:
        return decision.outcome.value
    number = session.exec(select(Person.resident_number).where(col(Person.id) == decision.best)).one()
    return "link_right" if number == person else "link_wrong"


def figures(asked: Sequence[Asked]) -> dict[str, Any]:
    """What it took, in milliseconds, and what came out."""
    spent = [one.spent_ms for one in asked]
    parts = ("find_ms", "decide_ms", "cpu_ms")
    return {
        "records": len(asked),
        "ms_median": round(median(spent), 1),
        "ms_p95": round(quantile(spent, 0.95), 1),
        "ms_largest": round(max(spent), 1),
        **{f"{part}_median": round(median(getattr(one, part) for one in asked), 1) for part in parts},
        "cpu_ms_p95": round(quantile([one.cpu_ms for one in asked], 0.95), 1),
        "compared_median": median(one.compared for one in asked),
        "outcomes": {
            source: dict(sorted(Counter(one.outcome for one in asked if one.source == source).items()))
            for source in sorted({one.source for one in asked})
        },
    }
