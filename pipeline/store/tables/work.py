"""Who works on what right now, and what was erased."""

from __future__ import annotations

from datetime import date, datetime

from sqlmodel import Field, SQLModel

from pipeline.domain.statuses import HoldReason
from pipeline.store.columns import UtcDateTime, new_id, now_utc, word


class Worker(SQLModel, table=True):
    """A process that takes work. beat_at: when it last said that it lives."""

    __tablename__ = "worker"

    id: str = Field(default_factory=new_id, primary_key=True)
    name: str
    started_at: datetime = Field(default_factory=now_utc, sa_type=UtcDateTime)
    beat_at: datetime = Field(default_factory=now_utc, sa_type=UtcDateTime, index=True)


class WorkLease(SQLModel, table=True):
    """One piece of work in one worker's hands until `until`; after that anybody may take it over.

    subject: what it is about, such as "submission:<id>". takes: how often it was begun without being finished,
    so that what kills its workers is parked and not taken for ever.
    """

    __tablename__ = "work_lease"

    subject: str = Field(primary_key=True)
    owner: str
    until: datetime = Field(sa_type=UtcDateTime, index=True)
    takes: int = 0


class Erasure(SQLModel, table=True):
    """消去: one run of erasing what was kept long enough. certificate: the blob of its signed record."""

    __tablename__ = "erasure"

    id: str = Field(default_factory=new_id, primary_key=True)
    number: str = Field(unique=True)
    procedure_id: str = Field(index=True)
    ended_before: date
    submissions: int = 0
    made_by: str
    made_at: datetime = Field(default_factory=now_utc, sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    certificate: str | None = None


class DoomedBlob(SQLModel, table=True):
    """A blob that nothing refers to any more and whose bytes are to be removed; the row stays until they are."""

    __tablename__ = "doomed_blob"

    digest: str = Field(primary_key=True)
    erasure_id: str = Field(foreign_key="erasure.id", index=True)


class RetentionHold(SQLModel, table=True):
    """保存延長: a submission that is kept although its time is over, until the hold is lifted. The reason is a code,
    so that nothing of the matter is written down here."""

    __tablename__ = "retention_hold"

    id: str = Field(default_factory=new_id, primary_key=True)
    submission_id: str = Field(foreign_key="submission.id", index=True)
    reason: HoldReason = word(HoldReason)
    set_by: str
    set_at: datetime = Field(default_factory=now_utc, sa_type=UtcDateTime)
    lifted_by: str | None = None
    lifted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
