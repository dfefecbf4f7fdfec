"""Letting leases come to their end without waiting for it."""

from __future__ import annotations

from datetime import timedelta

from pipeline.runtime import Runtime
from pipeline.store.engine import write
from pipeline.store.tables import WorkLease
from tests.runtime import rows_of


def expire_leases(runtime: Runtime) -> None:
    """Every lease ends now, as when nobody renewed it."""
    shift_leases(runtime, -10 * runtime.lease)


def shift_leases(runtime: Runtime, by: timedelta) -> None:
    """Every lease ends this much later; the same as a clock that was set back by so much."""
    with write(runtime.engine) as session:
        for lease in rows_of(runtime, WorkLease):
            lease.until += by
            session.merge(lease)
