"""What applications have in common, and persons of the store who are one, or are not."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from pipeline.domain.statuses import RegroupingKind, TraceKind
from pipeline.store.columns import UtcDateTime, new_id, now_utc, word


class Trace(SQLModel, table=True):
    """Something an application gives that strangers' applications seldom have too: an account, a file, a picture.

    digest: keyed, so that the table tells neither accounts nor pictures. about: field name, attachment id or page id.
    A trace stays while what it is made from stays: made_at is the moment since when the application has it.
    """

    __tablename__ = "trace"
    __table_args__ = (UniqueConstraint("submission_id", "kind", "about", "digest"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    submission_id: str = Field(foreign_key="submission.id", index=True)
    kind: TraceKind = word(TraceKind)
    digest: str = Field(index=True)
    about: str
    made_at: datetime = Field(default_factory=now_utc, sa_type=UtcDateTime)


class PersonDistinction(SQLModel, table=True):
    """A clerk's "not the same" of two persons of the store. Asked again only when `data_digest` no longer fits.

    low_id, high_id: the two, in the order of their ids, so that a pair is one row.
    """

    __tablename__ = "person_distinction"
    __table_args__ = (UniqueConstraint("low_id", "high_id"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    low_id: str = Field(foreign_key="person.id", index=True)
    high_id: str = Field(foreign_key="person.id", index=True)
    data_digest: str
    made_by: str
    made_at: datetime = Field(default_factory=now_utc, sa_type=UtcDateTime)


class Regrouping(SQLModel, table=True):
    """統合 or 分離: what one person had became another's. After a merge, from_id points to to_id
    (`Person.merged_into`); after a split, to_id is a person who was made for it. Undone ones stay.

    number: 1, 2, 3 in the order in which they were made; what shares rows is undone in the opposite one.
    """

    __tablename__ = "regrouping"

    id: str = Field(default_factory=new_id, primary_key=True)
    number: int = Field(unique=True)
    kind: RegroupingKind = word(RegroupingKind)
    from_id: str = Field(foreign_key="person.id", index=True)
    to_id: str = Field(foreign_key="person.id", index=True)
    made_by: str
    made_at: datetime = Field(default_factory=now_utc, sa_type=UtcDateTime)
    undone_by: str | None = None
    undone_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class RegroupedRow(SQLModel, table=True):
    """One row that a regrouping moved, and that its undoing moves back. kind: its table; for "distinction" the row was
    made by it, and goes again."""

    __tablename__ = "regrouped_row"

    regrouping_id: str = Field(foreign_key="regrouping.id", primary_key=True)
    kind: str = Field(primary_key=True)
    row_id: str = Field(primary_key=True, index=True)
