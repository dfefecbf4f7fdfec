"""The papers of an application: scanned pages with their boxes, files sent, what is still wanted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, UnidentifiedImageError
from sqlmodel import Session, col, select

from pipeline.domain.statuses import DocumentKind
from pipeline.procedures.pack import Label, Procedure
from pipeline.review.field_views import Box
from pipeline.runtime import Runtime
from pipeline.store.access import Viewer, visible
from pipeline.store.blobs import BlobAltered, BlobMissing
from pipeline.store.tables import Attachment, Document, FieldValue, Page, Submission

A4_MM = (210.0, 297.0)
_UNREADABLE = (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError)
SHOWN = ("image/jpeg", "image/png", "image/webp", "image/tiff", "image/gif", "image/bmp")


@dataclass(frozen=True)
class PageView:
    """One page of paper. width_mm and height_mm measure the picture that screens show.

    attachment: the kind of paper on it, None on a form. boxes: field key and where it stands.
    """

    id: str
    position: int
    kind: DocumentKind
    form: Label | None
    form_page: int | None
    attachment: Label | None
    width_mm: float
    height_mm: float
    shown: bool
    boxes: tuple[tuple[str, Box], ...]


@dataclass(frozen=True)
class AttachmentView:
    """One paper that came along. page_id: where it is a scanned page. picture: may be shown as one.

    width_mm and height_mm keep the picture's shape; nobody knows how large a photographed paper is.
    """

    id: str
    position: int
    kind: str
    label: Label
    media_type: str
    page_id: str | None
    picture: bool
    present: bool
    problem_code: str | None
    width_mm: float = A4_MM[0]
    height_mm: float = A4_MM[1]


@dataclass(frozen=True)
class WantedPaper:
    """A paper that the procedure asks for, and whether it is there.

    perhaps: papers of unknown kind came along, and one of them may be it; only a person can tell.
    asserted: the sending system vouches for what it would show; it counts as there.
    """

    kind: str
    label: Label
    accepted: tuple[Label, ...]
    present: bool
    required: bool
    perhaps: bool = False
    asserted: bool = False

    @property
    def missing(self) -> bool:
        """True when it is needed and certainly not there."""
        return self.required and not self.present and not self.perhaps


def papers_of(
    runtime: Runtime,
    session: Session,
    viewer: Viewer,
    submission: Submission,
    pack: Procedure,
    values: Sequence[FieldValue],
) -> tuple[tuple[PageView, ...], tuple[AttachmentView, ...]]:
    """The pages in the order of the stack, and the attachments in theirs."""
    rows = session.exec(
        select(Page, Document)
        .join(Document, col(Document.id) == Page.document_id)
        .where(Document.submission_id == submission.id, visible(Page, viewer))
        .order_by(col(Page.position))
    ).all()
    attached = session.exec(
        select(Attachment).where(Attachment.submission_id == submission.id).order_by(col(Attachment.position))
    ).all()
    kinds = {row.page_id: row.kind for row in attached if row.page_id}
    pages = tuple(_page(runtime, pack, page, document, kinds, values) for page, document in rows)
    return pages, tuple(_attachment(runtime, pack, row) for row in attached)


def wanted_papers(
    pack: Procedure,
    values: Sequence[FieldValue],
    pages: Sequence[PageView],
    attachments: Sequence[AttachmentView],
    asserted: Collection[str] = (),
) -> tuple[WantedPaper, ...]:
    """What the procedure asks for on this application. A paper of unknown kind answers for none.

    asserted: kinds that an assertion stands for.
    """
    ticked = {value.key for value in values if value.value == "true"}
    there = {row.kind for row in attachments if row.problem_code is None}
    unknown = "" in there or any(page.kind is DocumentKind.UNKNOWN_FORM for page in pages)
    return tuple(
        WantedPaper(
            kind=spec.kind,
            label=spec.label,
            accepted=spec.accepted,
            present=spec.kind in there or spec.kind in asserted,
            required=spec.required and (spec.when is None or spec.when in ticked),
            perhaps=unknown,
            asserted=spec.kind in asserted,
        )
        for spec in pack.attachments
    )


def kind_label(pack: Procedure, kind: str) -> Label:
    """What a kind of attachment is called; its own name when the pack knows none such."""
    for spec in pack.attachments:
        if spec.kind == kind:
            return spec.label
    if kind == "other":
        return Label(ja="その他の書類", en="Other paper")
    return Label(ja="添付", en="Paper") if not kind else Label(ja=kind, en=kind)


def _page(
    runtime: Runtime,
    pack: Procedure,
    page: Page,
    document: Document,
    kinds: dict[str, str],
    values: Sequence[FieldValue],
) -> PageView:
    form, size = None, None
    if document.form_id and document.form_revision is not None:
        try:
            template = pack.get_form(document.form_id, document.form_revision)
            form = template.label
            size = next(((p.width_mm, p.height_mm) for p in template.pages if p.number == page.form_page), None)
        except KeyError:
            form = None
    if page.view is None or size is None:
        size = _measured(runtime, page)
    boxes = tuple(
        (value.key, Box(value.box_x, value.box_y, value.box_w, value.box_h))
        for value in values
        if value.page_id == page.id
        and value.box_x is not None
        and value.box_y is not None
        and value.box_w is not None
        and value.box_h is not None
    )
    return PageView(
        id=page.id,
        position=page.position,
        kind=document.kind,
        form=form,
        form_page=page.form_page,
        attachment=kind_label(pack, kinds[page.id]) if page.id in kinds else None,
        width_mm=size[0],
        height_mm=size[1],
        shown=bool(page.view or page.blob),
        boxes=boxes,
    )


def _measured(runtime: Runtime, page: Page) -> tuple[float, float]:
    """The picture's size in millimetres; A4 where it cannot be told."""
    digest, dpi = (page.view, page.view_dpi) if page.view else (page.blob, page.dpi)
    return _size(runtime, digest, dpi) if digest else A4_MM


def _size(runtime: Runtime, digest: str, dpi: float | None) -> tuple[float, float]:
    try:
        with Image.open(BytesIO(runtime.blobs.get(digest))) as picture:
            width, height = picture.size
    except (*_UNREADABLE, BlobMissing, BlobAltered):
        return A4_MM
    per_mm = (dpi or width / (A4_MM[0] / 25.4)) / 25.4
    return width / per_mm, height / per_mm


def _attachment(runtime: Runtime, pack: Procedure, row: Attachment) -> AttachmentView:
    picture = row.media_type in SHOWN and row.blob is not None and row.problem_code is None
    width, height = _size(runtime, row.blob, None) if picture and row.blob and not row.page_id else A4_MM
    return AttachmentView(
        id=row.id,
        position=row.position,
        kind=row.kind,
        label=kind_label(pack, row.kind),
        media_type=row.media_type,
        page_id=row.page_id,
        picture=picture,
        present=row.blob is not None,
        problem_code=row.problem_code,
        width_mm=width,
        height_mm=height,
    )
