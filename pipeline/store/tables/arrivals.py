"""What came in: scan batches, files, online records, pages, documents."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from pipeline.domain.statuses import ArrivalStatus, BatchStatus, Channel, DocumentKind, PageFate
from pipeline.store.columns import UtcDateTime, new_id, now_utc, word


class Batch(SQLModel, table=True):
    """スキャン束: one hand-over of paper. `received_on` is 収受日, never the scan time.

    key: the caller's idempotency key; handing over again under the same key is the same batch.
    """

    __tablename__ = "batch"

    id: str = Field(default_factory=new_id, primary_key=True)
    key: str = Field(default_factory=new_id, unique=True)
    number: str = Field(unique=True)
    channel: Channel = word(Channel)
    department: str = Field(index=True)
    received_on: date
    counted_sheets: int | None = None
    status: BatchStatus = word(BatchStatus, default=BatchStatus.RECEIVED)
    created_at: datetime = Field(default_factory=now_utc, sa_type=UtcDateTime)
    created_by: str = "system"
    version: int = 1


class Arrival(SQLModel, table=True):
    """One scan file or one online record, from the moment its bytes were stored.

    `source` + `receipt_number` (online) or `source` + `content_hash` (scan files) identify it. The original
    file name is encrypted (`name_token`), since people write names into file names. part_of_id: for an online
    record, the export file it stood in. problem_place: line and column of a bad row, never its content.
    An erased arrival has "" for its blob and name, and keyed digests for its identity and hash.
    """

    __tablename__ = "arrival"

    id: str = Field(default_factory=new_id, primary_key=True)
    source: str
    identity: str = Field(index=True)
    content_hash: str = Field(index=True)
    blob: str
    name_token: str = ""
    batch_id: str | None = Field(default=None, foreign_key="batch.id", index=True)
    position: int = 0
    status: ArrivalStatus = word(ArrivalStatus, default=ArrivalStatus.STORED)
    problem_code: str | None = None
    problem_place: str | None = None
    part_of_id: str | None = Field(default=None, foreign_key="arrival.id", index=True)
    repeats_id: str | None = Field(default=None, foreign_key="arrival.id", index=True)
    department: str = Field(default="", index=True)
    page_count: int | None = None
    arrived_at: datetime = Field(default_factory=now_utc, sa_type=UtcDateTime)


class ArrivalIdentity(SQLModel, table=True):
    """The first arrival under each identity; its primary key is what makes arriving again harmless."""

    __tablename__ = "arrival_identity"

    source: str = Field(primary_key=True)
    identity: str = Field(primary_key=True)
    arrival_id: str = Field(foreign_key="arrival.id")


class Document(SQLModel, table=True):
    """書類: pages that belong together."""

    __tablename__ = "document"

    id: str = Field(default_factory=new_id, primary_key=True)
    batch_id: str | None = Field(default=None, foreign_key="batch.id", index=True)
    submission_id: str | None = Field(default=None, foreign_key="submission.id", index=True)
    position: int = 0
    kind: DocumentKind = word(DocumentKind)
    form_id: str | None = None
    form_revision: int | None = None
    reference_number: str | None = None


class Page(SQLModel, table=True):
    """頁: one side of a sheet as scanned. `position` counts from 1 through the whole stack.

    blob is the page picture as scanned; view is the upright, straightened one that screens show, `view_dpi`
    pixels an inch. code: our QR's text, "" without. full_text: for pages no template knows, their lines as JSON
    [[text, confidence, x0, y0, x1, y1 in pixels of the scan], ...]. rotation: degrees clockwise from the scan
    to the view.
    """

    __tablename__ = "page"
    __table_args__ = (UniqueConstraint("batch_id", "position"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    batch_id: str = Field(foreign_key="batch.id", index=True)
    arrival_id: str = Field(foreign_key="arrival.id", index=True)
    page_index: int
    position: int
    blob: str | None = None
    media_type: str = "image/png"
    dpi: float | None = None
    code: str = ""
    fate: PageFate = word(PageFate, default=PageFate.PENDING)
    problem_code: str | None = None
    document_id: str | None = Field(default=None, foreign_key="document.id", index=True)
    form_page: int | None = None
    rotation: int = 0
    view: str | None = None
    view_dpi: float | None = None
    registration_error_mm: float | None = None
    full_text: str | None = None
