"""Blocking keys anew for a store whose keys were made by other rules: they would meet nobody."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlmodel import Session, col, select

from matchers.blocking import key_rules_version
from pipeline.runtime import Runtime
from pipeline.steps.merged import keys_of_people
from pipeline.steps.people import write_keys
from pipeline.store.bulk import learn_sizes, parts
from pipeline.store.engine import again_on_clash, read, write
from pipeline.store.tables import MatchKey, Person

_LOOKED_AT = 20


def reindex_people(runtime: Runtime, progress: Callable[[int, int], None] = lambda done, total: None) -> int:
    """Writes the keys of every person whose keys are of other rules than those in force; how many there were.

    Costs next to nothing where there are none. In short writes, from the last person to the first, so that the first
    ones, which tell whether there is anything to do, are done last and an interrupted run goes on.
    """
    with read(runtime.engine) as session:
        first = session.exec(select(Person.id).order_by(col(Person.id)).limit(_LOOKED_AT)).all()
        if not _stale(session, first):
            return 0
        everyone = session.exec(select(Person.id)).all()
    done = written = 0
    for chunk in reversed(list(parts(everyone))):
        written += _write_chunk(runtime, chunk)
        done += len(chunk)
        progress(done, len(everyone))
    learn_sizes(runtime.engine, MatchKey)
    return written


def _write_chunk(runtime: Runtime, ids: Sequence[str]) -> int:
    written = 0

    def work() -> None:
        nonlocal written
        with write(runtime.engine) as session:
            stale = _stale(session, ids)
            people = session.exec(select(Person).where(col(Person.id).in_(stale))).all()
            write_keys(session, keys_of_people(session, people, runtime.secrets.key))
            written = len(people)

    again_on_clash(work)
    return written


def _stale(session: Session, ids: Sequence[str]) -> set[str]:
    """Those of these persons who have keys of other rules."""
    found = session.exec(
        select(MatchKey.person_id)
        .where(col(MatchKey.person_id).in_(ids), MatchKey.rule != key_rules_version())
        .distinct()
    )
    return set(found.all())
