"""Which rows refer to a blob: the one question to ask before its bytes are removed."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Column
from sqlmodel import Session, SQLModel, select

import pipeline.store.tables  # noqa: F401  (fills the metadata)

NAMES = frozenset({"blob", "view", "certificate"})
"""A column that names a blob has one of these names, or one that ends in `_blob`."""


def blob_columns() -> list[Column[str]]:
    """Every column of the store that names a blob."""
    return [
        column
        for table in SQLModel.metadata.sorted_tables
        for column in table.columns
        if column.name in NAMES or column.name.endswith("_blob")
    ]


def referred_to(session: Session, digests: Collection[str]) -> set[str]:
    """Those of these digests that some row names."""
    found: set[str] = set()
    for column in blob_columns():
        found.update(session.execute(select(column).where(column.in_(digests)).distinct()).scalars().all())
    return found
