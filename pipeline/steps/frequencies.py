"""How common names are among the people of the store: two who share 勅使河原 are sooner one person than two 佐藤."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from hashlib import blake2b

from sqlalchemy import BigInteger, bindparam, cast, delete, func
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import class_mapper
from sqlmodel import Session, col, select

from matchers.blocking import key_rules_version
from matchers.frequency import Frequencies, ValueShares
from matchers.normalise import NormalisedPerson, Words, names_of
from matchers.records import PersonRecord
from pipeline.runtime import Runtime
from pipeline.store.bulk import parts
from pipeline.store.engine import read, write
from pipeline.store.tables import NameCount, NameCounting, Person

FEWEST = 500
"""People below which a count says nothing: of a few hundred most surnames are there once."""
PAGE = 2000
"""People read at once."""
HELD = 200_000
"""Parts of names counted in memory, some 30 MB, before they are written."""
WRITTEN = 5000
"""Counts a write: a tenth of a second."""
HARDLY = 0.01
"""Names are counted again when there are so many more people or fewer, as a share of those counted."""
FORGOTTEN = timedelta(days=1)
"""A count that was begun so long ago and never ended was interrupted."""

_Counts = Counter[tuple[str, str]]
"""(kind, digest) -> people."""


def find_frequencies(session: Session, secret: bytes, wanted: NormalisedPerson) -> Frequencies | None:
    """How common the parts of this person's name and reading are; None while nobody has counted by the rules in
    force, or too few people. One query.
    """
    counting = _newest(session)
    if counting is None or counting.people < FEWEST:
        return None
    digests = {
        name_digest(secret, kind, part): (kind, part)
        for kind, values in _possible(wanted).items()
        for part in values
        if part
    }
    rows = session.execute(_COUNTS, {"counting": counting.id, "digests": list(digests)})
    counts: dict[str, dict[str, int]] = {}
    for digest, people in rows:
        kind, part = digests[digest]
        counts.setdefault(kind, {})[part] = people
    return {
        kind: ValueShares(counts.get(kind, {}), total, agreement)
        for kind, (total, agreement) in json.loads(counting.shares).items()
    }


def _newest(session: Session) -> NameCounting | None:
    return session.execute(_NEWEST, {"rule": key_rules_version()}).scalars().first()


# Made once, since making a query takes longer than asking it.
_NEWEST = (
    select(NameCounting)
    .where(col(NameCounting.complete).is_(True), NameCounting.rule == bindparam("rule"))
    .order_by(col(NameCounting.made_at).desc())
    .limit(1)
)
_COUNTS = select(NameCount.digest, NameCount.people).where(
    NameCount.counting_id == bindparam("counting"), col(NameCount.digest).in_(bindparam("digests", expanding=True))
)


def _possible(person: NormalisedPerson) -> dict[str, set[str]]:
    """What may stand opposite another person's parts, by kind: a name written in one parts where the other one does."""
    found: dict[str, set[str]] = {}
    for words, family, given in ((person.name, "family", "given"), (person.kana, "kana_family", "kana_given")):
        found[family], found[given] = {words.family}, {words.given}
        if not words.split:
            cuts = range(1, len(words.whole) + 1)
            found[family] |= {words.whole[:cut] for cut in cuts}
            found[given] |= {words.whole[-cut:] for cut in cuts}
    return found


def name_digest(secret: bytes, kind: str, part: str) -> str:
    """The keyed digest under which a part of a name is counted."""
    digest = blake2b(f"{kind}\0{part}".encode("utf-8", "surrogatepass"), digest_size=9, key=secret).digest()
    return urlsafe_b64encode(digest).decode("ascii")


def count_names(runtime: Runtime, progress: Callable[[int, int], None] = lambda done, total: None) -> int:
    """Counts the names of all people anew and puts the count in force; how many people there were.

    People are read in pages and counts written in short writes, so that a million neither fill the memory nor stop
    anybody. Interrupted, it leaves the count before it in force.
    """
    counting = NameCounting(rule=key_rules_version(), made_at=runtime.clock())
    with write(runtime.engine) as session:
        session.add(counting)
        session.flush()
        total = session.exec(select(func.count()).select_from(Person)).one()
    counts: _Counts = Counter()
    people = 0
    for page in _pages(runtime):
        people += len(page)
        counts.update(one for record in page for one in _digests(record, runtime.secrets.key))
        if len(counts) > HELD:
            _write_counts(runtime, counting.id, counts)
            counts.clear()
        progress(people, max(total, people))
    _write_counts(runtime, counting.id, counts)
    _put_in_force(runtime, counting.id, people)
    return people


def count_names_again(runtime: Runtime, progress: Callable[[int, int], None] = lambda done, total: None) -> int:
    """As `count_names`, unless there are about as many people as at the last count: then shares hardly moved, and a
    list of a day's changes need not wait for a million people to be read. 0 where nothing was counted."""
    with read(runtime.engine) as session:
        last = _newest(session)
        people = session.exec(select(func.count()).select_from(Person).where(col(Person.merged_into).is_(None))).one()
    if last is not None and abs(people - last.people) <= HARDLY * last.people:
        return 0
    return count_names(runtime, progress)


def count_names_once(runtime: Runtime) -> int:
    """As `count_names`, where enough people were never counted by the rules in force; else 0."""
    with read(runtime.engine) as session:
        enough = session.exec(select(Person.id).offset(FEWEST - 1).limit(1)).first()
        if enough is None or _newest(session) is not None:
            return 0
    return count_names(runtime)


def _pages(runtime: Runtime) -> Iterator[list[PersonRecord]]:
    last = ""
    while True:
        with read(runtime.engine) as session:
            rows = session.exec(
                select(Person.id, Person.name, Person.kana)
                .where(col(Person.id) > last, col(Person.merged_into).is_(None))
                .order_by(col(Person.id))
                .limit(PAGE)
            ).all()
        if not rows:
            return
        last = rows[-1][0]
        yield [PersonRecord(name=name or None, kana=kana or None) for _, name, kana in rows]


def _digests(record: PersonRecord, secret: bytes) -> Iterator[tuple[str, str]]:
    name, kana = names_of(record)
    for kind, part in _parts(name, kana):
        if part:
            yield kind, name_digest(secret, kind, part)


def _parts(name: Words, kana: Words) -> Sequence[tuple[str, str]]:
    return (
        ("family", name.family),
        ("given", name.given),
        ("kana_family", kana.family),
        ("kana_given", kana.given),
    )


def _write_counts(runtime: Runtime, counting_id: str, counts: _Counts) -> None:
    dialect = postgresql if runtime.engine.dialect.name == "postgresql" else sqlite
    insert = dialect.insert(class_mapper(NameCount).tables[0])
    adding = insert.on_conflict_do_update(
        index_elements=["counting_id", "digest"], set_={"people": col(NameCount.people) + insert.excluded.people}
    )
    # In the order of the index, so that what lies together in it is written together.
    kinds = {digest: kind for kind, digest in counts}
    for chunk in parts(kinds, WRITTEN):
        rows = [
            {
                "counting_id": counting_id,
                "kind": kinds[digest],
                "digest": digest,
                "people": counts[kinds[digest], digest],
            }
            for digest in chunk
        ]
        with write(runtime.engine) as session:
            session.execute(adding, rows)


def _put_in_force(runtime: Runtime, counting_id: str, people: int) -> None:
    """Sums the count up, and takes away those that it replaces."""
    with write(runtime.engine) as session:
        own = session.get_one(NameCounting, counting_id)
        own.shares, own.people, own.complete = json.dumps(_shares(session, counting_id)), people, True
        session.add(own)
    with read(runtime.engine) as session:
        old = session.exec(
            select(NameCounting.id).where(
                NameCounting.id != counting_id,
                col(NameCounting.complete).is_(True) | (col(NameCounting.made_at) < runtime.clock() - FORGOTTEN),
            )
        ).all()
    for one in old:
        _take_away(runtime, one)


def _take_away(runtime: Runtime, counting_id: str) -> None:
    own = col(NameCount.counting_id) == counting_id
    left = True
    while left:
        with write(runtime.engine) as session:
            some = session.exec(select(NameCount.digest).where(own).limit(WRITTEN)).all()
            session.execute(delete(NameCount).where(own, col(NameCount.digest).in_(some)))
            left = len(some) == WRITTEN
            if not left:
                session.execute(delete(NameCounting).where(col(NameCounting.id) == counting_id))


def _shares(session: Session, counting_id: str) -> dict[str, tuple[int, float]]:
    """Per kind how many were counted, and the chance that two of them share the value."""
    count = cast(NameCount.people, BigInteger)
    rows = session.exec(
        select(NameCount.kind, func.sum(count), func.sum(count * count))
        .where(NameCount.counting_id == counting_id)
        .group_by(col(NameCount.kind))
    ).all()
    return {kind: (int(total), float(squares) / float(total) ** 2) for kind, total, squares in rows}
