"""`ichimado doctor`: what is wrong with an installation, a line each, with what to do."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping

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


def examine(settings: Settings, environment: Mapping[str, str]) -> Iterator[Named]:
    """Every check that applies here, by its name, and what it found; a check that fails itself is a finding too."""
    place = Installation(settings, environment)
    try:
        yield from _ask(ALONE, place)
        if (yield from _stands(store.database, place)) and (yield from _stands(store.schema, place)):
            yield from _ask(IN_STORE, place)
        yield from _ask((flows.quiet,), place)
        if (yield from _stands(flows.prefect_server, place)):
            yield from _ask(OF_FLOWS, place)
    finally:
        if "engine" in vars(place):
            place.engine.dispose()


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
