"""`ichimado doctor`: what is wrong with an installation, a line each, with what to do."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator, Mapping

from ichimado.doctor import flows, machine, store
from ichimado.doctor.findings import Check, Finding, Installation, Level, bad
from ichimado.settings import Settings

ALONE: tuple[Check, ...] = (
    machine.python,
    machine.data_folder,
    machine.disk,
    machine.key_file,
    machine.models,
    machine.fonts,
    machine.listening,
    machine.settings_file,
    machine.hot_folder,
)
"""Checks that need no store."""

IN_STORE: tuple[Check, ...] = (
    machine.key_fits,
    store.files,
    store.clock,
    store.clock_of_database,
    store.one_writer,
    store.pack,
    store.administrator,
    store.demo_accounts,
    store.workers,
    store.work_moves,
    store.parked,
    store.outbox,
    store.sealed,
    store.backup,
)
"""Checks of a store that answers and is current."""

OF_FLOWS: tuple[Check, ...] = (flows.prefect_scheduler, flows.prefect_worker)
"""Checks of a Prefect server that answers."""

Named = tuple[str, Finding]


def names() -> frozenset[str]:
    """What the checks are called."""
    every = (*ALONE, *IN_STORE, *OF_FLOWS, store.database, store.schema, flows.quiet, flows.prefect_server)
    return frozenset(check.__name__ for check in every)


def examine(settings: Settings, environment: Mapping[str, str], only: Collection[str] = frozenset()) -> Iterator[Named]:
    """Every check that applies here, by its name, and what it found; a check that fails itself is a finding too.

    only: the names of the checks to be made, and of those that they build on what is amiss; none means all.
    """
    place = Installation(settings, environment)
    try:
        for name, found in _examine(place, only):
            if not only or name in only or found.level is Level.BAD:
                yield name, found
    finally:
        if "engine" in vars(place):
            place.engine.dispose()


def _examine(place: Installation, only: Collection[str]) -> Iterator[Named]:
    def wanted(checks: tuple[Check, ...]) -> tuple[Check, ...]:
        return tuple(check for check in checks if not only or check.__name__ in only)

    yield from _ask(wanted(ALONE), place)
    below = wanted((store.database, store.schema, *IN_STORE))
    if below and (yield from _stands(store.database, place)) and (yield from _stands(store.schema, place)):
        yield from _ask(wanted(IN_STORE), place)
    yield from _ask(wanted((flows.quiet,)), place)
    if wanted((flows.prefect_server, *OF_FLOWS)) and (yield from _stands(flows.prefect_server, place)):
        yield from _ask(wanted(OF_FLOWS), place)


def _stands(check: Check, place: Installation) -> Generator[Named, None, bool]:
    """Yields what the check found; its value is whether checks that build on it make sense."""
    found = _found_by(check, place)
    if found is not None:
        yield check.__name__, found
    return found is not None and found.level is not Level.BAD


def _ask(checks: tuple[Check, ...], place: Installation) -> Iterator[Named]:
    for check in checks:
        found = _found_by(check, place)
        if found is not None:
            yield check.__name__, found


def _found_by(check: Check, place: Installation) -> Finding | None:
    try:
        return check(place)
    except Exception as error:
        # The message of an error may hold what must not be printed.
        what = type(error).__name__
        return bad(f"調べられませんでした({what})。", f"This could not be looked at ({what}).")
