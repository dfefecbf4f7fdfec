"""Engines for tests. Each test has a database of its own, and SQLAlchemy keeps what it compiled for each engine: a test
would spend a third of its time on statements that the test before it compiled."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Dialect, Engine

from pipeline.store.engine import open_engine

_dialects: dict[str, Dialect] = {}
_compiled: dict[Any, Any] = {}


def open_test_engine(url: str) -> Engine:
    """As `open_engine`, on a database that is there; all engines of a process share what was compiled for its kind."""
    engine = open_engine(url)
    if engine.dialect.name not in _dialects:
        engine.connect().close()  # a dialect learns from its first connection
        _dialects[engine.dialect.name] = engine.dialect
    # The dialect is part of the key that a compiled statement is kept under.
    engine.dialect = _dialects[engine.dialect.name]
    engine.update_execution_options(compiled_cache=_compiled)
    return engine
