"""案件, 確認作業, 連携 and the history of all."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from pipeline.domain.statuses import (
    CaseStatus,
    DecisionKind,
    OutboundKind,
    OutboundStatus,
    ReasonCode,
    TaskKind,
    TaskStatus,
)
from pipeline.store.columns import UtcDateTime, new_id, now_utc, word


class Case(SQLModel, table=True):
    """案件: one subject, one procedure, one instance. The unique key is what makes a second payment impossible."""

    __tablename__ = "case_file"
    __table_args__ = (UniqueConstraint("procedure_id", "instance", "subject_id"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    number: str = Field(unique=True)
    procedure_id: str = Field(index=True)
    instance: str
    subject_id: str = Field(foreign_key="person.id", index=True)
    department: str = Field(index=True)
    status: CaseStatus = word(CaseStatus, default=CaseStatus.OPEN)
    adopted_submission_id: str | None = Field(default=None, foreign_key="submission.id")
    amount_yen: int = 0
    protected: bool = False
    opened_at: datetime = Field(default_factory=now_utc, sa_type=UtcDateTime)
    version: int = 1


class ReviewTask(SQLModel, table=True):
    """確認作業. department, procedure and protected stand here too, so that the one read filter is one index look-up.

    procedure_id: "" for what belongs to no procedure yet, such as a scan file.
    """

    __tablename__ = "review_task"
    __table_args__ = (Index("ix_review_task_queue", "status", "department", "due_on"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    kind: TaskKind = word(TaskKind)
    status: TaskStatus = word(TaskStatus, default=TaskStatus.OPEN)
    submission_id: str | None = Field(default=None, foreign_key="submission.id", index=True)
    batch_id: str | None = Field(default=None, foreign_key="batch.id", index=True)
    arrival_id: str | None = Field(default=None, foreign_key="arrival.id", index=True)
    open_key: str | None = Field(default=None, unique=True)
    department: str
    procedure_id: str = ""
    protected: bool = False
    due_on: date | None = None
    opened_at: datetime = Field(default_factory=now_utc, sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    lease_owner: str | None = None
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    version: int = 1


class ReviewReason(SQLModel, table=True):
    """要確認理由 of a task. about: field key, check code, or id of another submission or case; never a value."""

    __tablename__ = "review_reason"

    id: str = Field(default_factory=new_id, primary_key=True)
    task_id: str = Field(foreign_key="review_task.id", index=True)
    code: ReasonCode = word(ReasonCode, index=True)
    about: str = ""
    detail: str = ""


class Decision(SQLModel, table=True):
    """確認結果: what a clerk did, on which task; `about` names a field, person or case by id."""

    __tablename__ = "decision"

    id: str = Field(default_factory=new_id, primary_key=True)
    task_id: str = Field(foreign_key="review_task.id", index=True)
    submission_id: str | None = Field(default=None, foreign_key="submission.id", index=True)
    kind: DecisionKind = word(DecisionKind)
    about: str = ""
    note: str = ""
    made_by: str
    made_at: datetime = Field(default_factory=now_utc, sa_type=UtcDateTime)


class CorrectionRequest(SQLModel, table=True):
    """補正依頼: all deficiencies at once, with a due date; the letter is the blob of its Outbound."""

    __tablename__ = "correction_request"

    id: str = Field(default_factory=new_id, primary_key=True)
    submission_id: str = Field(foreign_key="submission.id", index=True)
    due_on: date
    made_by: str
    made_at: datetime = Field(default_factory=now_utc, sa_type=UtcDateTime)


class Deficiency(SQLModel, table=True):
    """不備: what the applicant must mend. about: field keys or attachment kind."""

    __tablename__ = "deficiency"

    id: str = Field(default_factory=new_id, primary_key=True)
    request_id: str = Field(foreign_key="correction_request.id", index=True)
    position: int
    code: str
    about: str = ""
    text: str


class Outbound(SQLModel, table=True):
    """連携: something that leaves the house, known by its idempotency key.

    payload: what a status event says, as JSON of codes and moments; never a value from a form.
    next_attempt_at: not before then; None means at once.
    """

    __tablename__ = "outbound"

    id: str = Field(default_factory=new_id, primary_key=True)
    kind: OutboundKind = word(OutboundKind)
    idempotency_key: str = Field(unique=True)
    status: OutboundStatus = word(OutboundStatus, default=OutboundStatus.DUE)
    submission_id: str | None = Field(default=None, foreign_key="submission.id", index=True)
    client_id: str | None = Field(default=None, foreign_key="api_client.id", index=True)
    department: str = Field(index=True)
    procedure_id: str = ""
    protected: bool = False
    blob: str | None = None
    media_type: str = ""
    payload: str = ""
    attempts: int = 0
    next_attempt_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    problem_code: str | None = None
    created_at: datetime = Field(default_factory=now_utc, sa_type=UtcDateTime)
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Event(SQLModel, table=True):
    """History of one aggregate, each event chained to the one before; never updated, never deleted."""

    __tablename__ = "event"
    __table_args__ = (UniqueConstraint("aggregate", "aggregate_id", "seq"),)

    id: int | None = Field(default=None, primary_key=True)
    aggregate: str
    aggregate_id: str = Field(index=True)
    seq: int
    kind: str
    actor: str
    at: datetime = Field(sa_type=UtcDateTime)
    payload: str
    previous_hash: str
    hash: str


class Seal(SQLModel, table=True):
    """The heads of all chains at one moment, so that a chain cut short is found out."""

    __tablename__ = "seal"

    id: int | None = Field(default=None, primary_key=True)
    sealed_at: datetime = Field(sa_type=UtcDateTime)
    events: int
    heads_digest: str
    last_event_id: int
    signature: str
