"""Which blobs the rows name: one list for audit, backup and erasure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import text, union
from sqlmodel import Session, col, select

from pipeline.store.tables import Arrival, Attachment, Erasure, Outbound, Page

BLOB_COLUMNS: tuple[tuple[type[Any], str], ...] = (
    (Arrival, "blob"),
    (Page, "blob"),
    (Page, "view"),
    (Attachment, "blob"),
    (Outbound, "blob"),
    (Erasure, "certificate"),
)
"""Every column that holds the name of a blob; a table that gains one is entered here."""


def named_blobs(session: Session) -> Iterator[str]:
    """Every blob that a row names, each once, in the order of their names; read as they are asked for."""
    columns = [col(getattr(model, name)) for model, name in BLOB_COLUMNS]
    parts = [select(column).where(column.is_not(None), column != "") for column in columns]
    every = union(*parts).order_by(text("1"))
    for (digest,) in session.connection().execute(every, execution_options={"yield_per": 1000}):
        yield digest


def named_among(session: Session, digests: Collection[str]) -> set[str]:
    """Those of these blobs that some row names."""
    found: set[str] = set()
    for model, name in BLOB_COLUMNS:
        column = col(getattr(model, name))
        found.update(session.exec(select(column).where(column.in_(digests)).distinct()).all())
    return found


def is_named(session: Session, digest: str) -> bool:
    """True while some row names this blob."""
    return any(
        session.exec(select(model.id).where(getattr(model, name) == digest).limit(1)).first() is not None
        for model, name in BLOB_COLUMNS
    )
