"""申請 and what was read from it."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from pipeline.domain.statuses import Channel, EndReason, EntryStatus, Origin, SubmissionStatus
from pipeline.store.columns import UtcDateTime, new_id, now_utc, word


class PackVersion(SQLModel, table=True):
    """A procedure pack as installed; never changed, pinned by its submissions."""

    __tablename__ = "pack_version"
    __table_args__ = (UniqueConstraint("procedure_id", "version"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    procedure_id: str = Field(index=True)
    version: str
    digest: str
    content: str
    installed_at: datetime = Field(default_factory=now_utc, sa_type=UtcDateTime)


class Counter(SQLModel, table=True):
    """Numbers given out without gaps, in the transaction that uses them."""

    __tablename__ = "counter"

    name: str = Field(primary_key=True)
    value: int = 0


class Submission(SQLModel, table=True):
    """申請. `version` grows with every write; a step that computed on an older one writes nothing.

    protected: somebody it touches is 支援措置対象者; only staff with that right see it.
    source_number: the receipt number that the sending system gave, for online applications.
    answers_id: the submission whose 補正依頼 letter came back with this one.
    due: true while `next_step(status)` is software's, so that flows can poll one index.
    ended_at: when it came to its end without a case. erased_at: its values and pictures are gone since then.
    """

    __tablename__ = "submission"
    __table_args__ = (Index("ix_submission_due", "due", "received_at"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    receipt_number: str = Field(unique=True)
    procedure_id: str = Field(index=True)
    pack_version_id: str = Field(foreign_key="pack_version.id")
    channel: Channel = word(Channel)
    source: str
    source_number: str | None = Field(default=None, index=True)
    department: str = Field(index=True)
    received_at: datetime = Field(sa_type=UtcDateTime)
    received_on: date
    arrival_id: str | None = Field(default=None, foreign_key="arrival.id", index=True)
    batch_id: str | None = Field(default=None, foreign_key="batch.id", index=True)
    reference_number: str | None = Field(default=None, index=True)
    answers_id: str | None = Field(default=None, foreign_key="submission.id")
    status: SubmissionStatus = word(SubmissionStatus, default=SubmissionStatus.RECEIVED)
    due: bool = True
    attempts: int = 0
    protected: bool = False
    straight_through: bool | None = None
    created_at: datetime = Field(default_factory=now_utc, sa_type=UtcDateTime)
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    erased_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    version: int = 1


class Attachment(SQLModel, table=True):
    """添付書類 of a submission: a page of paper, or a file the applicant sent. kind "" is not yet known.

    look: what a picture that was sent looks like (`pipeline.channels.looks`), "" for others.
    """

    __tablename__ = "attachment"

    id: str = Field(default_factory=new_id, primary_key=True)
    submission_id: str = Field(foreign_key="submission.id", index=True)
    position: int
    kind: str = ""
    blob: str | None = None
    media_type: str = "application/octet-stream"
    page_id: str | None = Field(default=None, foreign_key="page.id")
    problem_code: str | None = None
    look: str = ""


class FieldValue(SQLModel, table=True):
    """項目値. `key` is the field's name, with `.n` in repeated roles.

    raw: as read or typed. value: normalised, None when it cannot be. confidence: 0-1, None when the applicant
    typed it. accepted: may be used as it is, by rule or by a person. box_*: millimetres on the form page.
    """

    __tablename__ = "field_value"
    __table_args__ = (UniqueConstraint("submission_id", "key"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    submission_id: str = Field(foreign_key="submission.id", index=True)
    key: str
    raw: str = ""
    value: str | None = None
    problem: str | None = None
    origin: Origin = word(Origin)
    confidence: float | None = None
    reasons: str = ""
    alternatives: str = "[]"
    accepted: bool = False
    read_raw: str | None = None
    read_value: str | None = None
    page_id: str | None = Field(default=None, foreign_key="page.id")
    box_x: float | None = None
    box_y: float | None = None
    box_w: float | None = None
    box_h: float | None = None


class Finding(SQLModel, table=True):
    """A check of the pack that failed. deficiency: what the applicant would be asked, "" when nothing."""

    __tablename__ = "finding"

    id: str = Field(default_factory=new_id, primary_key=True)
    submission_id: str = Field(foreign_key="submission.id", index=True)
    code: str
    fields: str = ""
    message_ja: str
    message_en: str
    deficiency_ja: str = ""
    deficiency_en: str = ""


class ScoreLine(SQLModel, table=True):
    """点数: points that one rule of the pack gives one entry, with the words and the source of the rule.

    code: table and rule (`base.1-2`). about: the row of a repeated role the rule was asked of (`guardian.2`), or "".
    counted: false where another row is the one that counts; the total is the sum of what is counted.
    """

    __tablename__ = "score_line"
    __table_args__ = (UniqueConstraint("submission_id", "role", "role_index", "position"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    submission_id: str = Field(foreign_key="submission.id", index=True)
    role: str
    role_index: int
    position: int
    code: str
    about: str = ""
    points: int
    counted: bool = True
    reason_ja: str
    reason_en: str
    source: str


class Entry(SQLModel, table=True):
    """申請明細: one subject of the application. role_index counts from 1; 0 is the household itself."""

    __tablename__ = "entry"
    __table_args__ = (UniqueConstraint("submission_id", "role", "role_index"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    submission_id: str = Field(foreign_key="submission.id", index=True)
    role: str
    role_index: int
    status: EntryStatus = word(EntryStatus, default=EntryStatus.IN_PROGRESS)
    case_id: str | None = Field(default=None, foreign_key="case_file.id", index=True)
    ended_reason: EndReason | None = word(EndReason, default=None)
