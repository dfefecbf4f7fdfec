"""起案 and 決裁: what is put before superiors, frozen as it was."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from pipeline.domain.statuses import ApprovalKind, DraftStatus, Outcome
from pipeline.store.columns import UtcDateTime, new_id, now_utc, word


class Draft(SQLModel, table=True):
    """起案: a frozen list of cases with its totals. digest: SHA-256 (hex) over the list as frozen.

    key: known by it, so that a double click makes one draft. total_yen: of what is to be granted.
    protected: all its cases touch protected persons; the two are never in one draft.
    """

    __tablename__ = "draft"

    id: str = Field(default_factory=new_id, primary_key=True)
    number: str = Field(unique=True)
    key: str | None = Field(default=None, unique=True)
    procedure_id: str = Field(index=True)
    department: str = Field(index=True)
    protected: bool = False
    title: str
    status: DraftStatus = word(DraftStatus, default=DraftStatus.CIRCULATING)
    approvals_needed: int
    cases: int
    grants: int
    refusals: int
    total_yen: int
    digest: str
    made_by: str
    made_at: datetime = Field(default_factory=now_utc, sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    version: int = 1


class DraftCase(SQLModel, table=True):
    """One case of a draft as it stood when the draft was made. case_version, submission_version: a case that moved on
    since is not what was approved. ground: why it is refused (理由提示), "" for a grant. points, rank, place: where it
    stood in the order, None where nobody is ranked; place is the facility given, "" for none."""

    __tablename__ = "draft_case"
    __table_args__ = (UniqueConstraint("draft_id", "case_id"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    draft_id: str = Field(foreign_key="draft.id", index=True)
    case_id: str = Field(foreign_key="case_file.id", index=True)
    position: int
    case_version: int
    adopted_submission_id: str = Field(foreign_key="submission.id")
    submission_version: int
    outcome: Outcome = word(Outcome)
    ground: str = ""
    amount_yen: int
    points: int | None = None
    rank: int | None = None
    place: str | None = None


class Approval(SQLModel, table=True):
    """決裁: what one superior did, at which step (from 1). on_behalf_of: whom the deputy stood in for (代決)."""

    __tablename__ = "approval"
    __table_args__ = (UniqueConstraint("draft_id", "step"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    draft_id: str = Field(foreign_key="draft.id", index=True)
    step: int
    kind: ApprovalKind = word(ApprovalKind)
    made_by: str
    on_behalf_of: str | None = None
    note: str = ""
    made_at: datetime = Field(default_factory=now_utc, sa_type=UtcDateTime)
