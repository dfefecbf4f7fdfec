"""A case store filled with the people of a world, once; the other database is filled from the first."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from sqlalchemy.orm import class_mapper
from sqlmodel import col, select

from benchmarks.linking.cases import person_record
from fixtures.matching.world import World
from matchers.records import PersonRecord
from pipeline.runtime import Runtime
from pipeline.steps.frequencies import count_names_once
from pipeline.steps.people import add_keys, keys_of
from pipeline.store.bulk import add_plain_rows, learn_sizes
from pipeline.store.columns import new_id
from pipeline.store.engine import open_engine, read, write
from pipeline.store.tables import MatchKey, NameCount, NameCounting, Person

CHUNK = 20_000
"""People a write: their keys go into the index in its order, so that each of its pages is touched once a chunk."""
COLUMNS = ("id", "resident_number", "household_number", "name", "kana", "former_name", "birth_date", "postal_code",
           "address", "phone", "protected", "source")  # fmt: skip
Row = tuple[tuple[str | int | None, ...], frozenset[str]]
"""A person's columns, and the person's blocking keys."""


def fill(runtime: Runtime, world: World, other: str | None = None) -> dict[str, Any]:
    """Writes the people of the world with their keys. other: the URL of a store that holds them already and was written
    with the same secret, from which they are copied."""
    began, count = time.perf_counter(), 0
    rows = copied(other) if other else drawn(world, runtime.secrets.key)
    while chunk := list(islice(rows, CHUNK)):
        with write(runtime.engine) as session:
            add_plain_rows(session, Person, COLUMNS, [columns for columns, _ in chunk])
            add_keys(session, {str(columns[0]): keys for columns, keys in chunk})
        count += len(chunk)
    if other:
        _copy_counts(runtime, other)
    count_names_once(runtime)
    learn_sizes(runtime.engine, Person, MatchKey)
    spent = time.perf_counter() - began
    return {"rows": count, "wall_s": round(spent, 1), "rows_per_s": round(count / spent)}


def _copy_counts(runtime: Runtime, url: str) -> None:
    """How common names are, as the other store has counted it; nothing where it has not."""
    engine = open_engine(url)
    with read(engine) as session:
        counting = session.exec(select(NameCounting).where(col(NameCounting.complete).is_(True))).first()
        counts = session.exec(select(NameCount)).all() if counting else []
    engine.dispose()
    if counting is None:
        return
    rows = [(one.counting_id, one.digest, one.kind, one.people) for one in counts if one.counting_id == counting.id]
    with write(runtime.engine) as session:
        session.add(NameCounting(**counting.model_dump()))
        session.flush()
        add_plain_rows(session, NameCount, ("counting_id", "digest", "kind", "people"), rows)


def drawn(world: World, secret: bytes) -> Iterator[Row]:
    """The register of a world. Who a row is of stands as its 宛名番号, which no application of a world names."""
    for row in world.register():
        record = person_record(row)
        yield _columns(row.person, record), keys_of(record, secret)


def _columns(number: str, one: PersonRecord) -> tuple[str | int | None, ...]:
    born = one.birth_date.isoformat() if one.birth_date else None
    former = one.former_names[0] if one.former_names else None
    return (new_id(), number, one.household_number, one.name, one.kana or "", former, born, one.postal_code,
            one.address, one.phone, 0, "roster")  # fmt: skip


def copied(url: str) -> Iterator[Row]:
    """The people of another store, with their keys."""
    people, keys = (class_mapper(table).tables[0] for table in (Person, MatchKey))
    engine = open_engine(url)
    with engine.connect() as connection:
        told = connection.execution_options(yield_per=CHUNK).execute(
            select(*(people.c[name] for name in COLUMNS)).order_by(people.c.id)
        )
        owned = iter(connection.execute(select(keys.c.person_id, keys.c.key).order_by(keys.c.person_id)))
        pending = next(owned, None)
        for row in told:
            own = set()
            while pending is not None and pending[0] == row[0]:
                own.add(pending[1])
                pending = next(owned, None)
            yield tuple(_plain(row)), frozenset(own)
    engine.dispose()


def _plain(row: Iterable[Any]) -> Iterator[str | int | None]:
    for value in row:
        yield int(value) if isinstance(value, bool) else value if value is None else str(value)
