"""Pictures that leave the house: each through the read filter, each as a plain JPEG or PNG.

Decoded here are pictures of our own making alone: pages as `take_pages` wrote them, and their views. What applicants
sent is handed on as it came, as a picture only when the sandbox could decode it on arrival.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

from PIL import Image, UnidentifiedImageError
from sqlmodel import select

from pipeline.channels.attachments import UNKNOWN_TYPE
from pipeline.domain.errors import Impossible, NotVisible
from pipeline.domain.statuses import StaffRole
from pipeline.runtime import Runtime
from pipeline.store.access import Viewer, visible
from pipeline.store.blobs import BlobAltered, BlobMissing
from pipeline.store.engine import read
from pipeline.store.tables import Attachment, Outbound, Page, Submission

_OF_APPLICATIONS = (StaffRole.REVIEWER, StaffRole.APPROVER)
THUMB_PX = (240, 340)
MAX_PIXELS = 120_000_000


class NoPicture(Impossible):
    """The stored bytes are no picture that can be shown."""

    code = "no_picture"
    ja = "この書類は画像として表示できません。原本を確認してください。"
    en = "This paper cannot be shown as a picture. Please look at the original."


@dataclass(frozen=True)
class Picture:
    """Bytes with their media type."""

    data: bytes
    media_type: str


def page_view(runtime: Runtime, viewer: Viewer, page_id: str) -> Picture:
    """The upright page, or the scan as it came where no view was made. Raises NotVisible or NoPicture."""
    page = _page(runtime, viewer, page_id)
    return _picture(runtime, page.view or page.blob)


def page_scan(runtime: Runtime, viewer: Viewer, page_id: str) -> Picture:
    """The page as scanned. Raises NotVisible or NoPicture."""
    return _picture(runtime, _page(runtime, viewer, page_id).blob)


def page_thumb(runtime: Runtime, viewer: Viewer, page_id: str) -> Picture:
    """A small picture of the page. Raises NotVisible or NoPicture."""
    page = _page(runtime, viewer, page_id)
    digest = page.view or page.blob
    if digest is None:
        raise NoPicture
    known = _THUMBS.get(digest)
    if known is None:
        known = _shrunk(_bytes(runtime, digest))
        if len(_THUMBS) >= 2000:
            _THUMBS.clear()
        _THUMBS[digest] = known
    return Picture(known, "image/jpeg")


def attachment_file(runtime: Runtime, viewer: Viewer, attachment_id: str) -> Picture:
    """An attachment as it came: a picture, or bytes to be saved. Raises NotVisible or NoPicture."""
    viewer = viewer.only(*_OF_APPLICATIONS)
    with read(runtime.engine) as session:
        row = session.exec(
            select(Attachment)
            .join(Submission, Submission.id == Attachment.submission_id)  # type: ignore[arg-type]
            .where(Attachment.id == attachment_id, visible(Submission, viewer))
        ).first()
    if row is None or row.blob is None:
        raise NotVisible
    media_type = row.media_type if row.problem_code is None else UNKNOWN_TYPE
    return Picture(_bytes(runtime, row.blob), media_type)


def outbound_file(runtime: Runtime, viewer: Viewer, outbound_id: str) -> Picture:
    """What leaves, as it leaves. Raises NotVisible."""
    viewer = viewer.only(*_OF_APPLICATIONS)
    with read(runtime.engine) as session:
        row = session.exec(select(Outbound).where(Outbound.id == outbound_id, visible(Outbound, viewer))).first()
    if row is None or row.blob is None:
        raise NotVisible
    return Picture(_bytes(runtime, row.blob), row.media_type)


# Small pictures by the digest of their source: content addressed, so never stale. Read only after the filter.
_THUMBS: dict[str, bytes] = {}


def _page(runtime: Runtime, viewer: Viewer, page_id: str) -> Page:
    with read(runtime.engine) as session:
        page = session.exec(select(Page).where(Page.id == page_id, visible(Page, viewer))).first()
    if page is None:
        raise NotVisible
    return page


def _bytes(runtime: Runtime, digest: str) -> bytes:
    try:
        return runtime.blobs.get(digest)
    except (BlobMissing, BlobAltered) as error:
        raise NoPicture from error


def _picture(runtime: Runtime, digest: str | None) -> Picture:
    if digest is None:
        raise NoPicture
    data = _bytes(runtime, digest)
    if data.startswith(b"\xff\xd8\xff"):
        return Picture(data, "image/jpeg")
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return Picture(data, "image/png")
    raise NoPicture


def _shrunk(data: bytes) -> bytes:
    picture = _opened(data)
    picture.draft("RGB", THUMB_PX)
    small = picture.convert("RGB")
    small.thumbnail(THUMB_PX)
    out = BytesIO()
    small.save(out, "JPEG", quality=75)
    return out.getvalue()


def _opened(data: bytes) -> Image.Image:
    try:
        picture = Image.open(BytesIO(data), formats=("PNG", "JPEG"))
        if picture.width * picture.height > MAX_PIXELS:
            raise NoPicture
        return picture
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as error:
        raise NoPicture from error
