"""Pages out of a PDF: a scan's own picture as it is where a page is just that, a rendering otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as raw

from pipeline.channels.errors import ArrivalError, DamagedFile, EncryptedPdf, TruncatedPdf
from pipeline.channels.pictures import PagePicture, Pixels, UnreadablePage, check_page, check_size

RENDER_DPI = 300
POINTS_PER_INCH = 72
FULL_PAGE = 0.95
"""Share of the page's width and height that a scan must cover to stand for the page."""

# Stencil masks, indexed and separation colours mean something only when painted, so those pages are rendered.
_PLAIN_COLOURS = {
    raw.FPDF_COLORSPACE_DEVICEGRAY,
    raw.FPDF_COLORSPACE_DEVICERGB,
    raw.FPDF_COLORSPACE_CALGRAY,
    raw.FPDF_COLORSPACE_CALRGB,
    raw.FPDF_COLORSPACE_ICCBASED,
}


def check_whole(data: bytes) -> None:
    """Nothing, or TruncatedPdf. The end mark must stand in the last 1024 bytes (ISO 32000-1, annex H.3).

    pdfium would rebuild what is there, and the sheets of the lost part would be missed by nobody.
    """
    if b"%%EOF" not in data.rstrip(b"\x00\r\n\t ")[-1024:]:
        raise TruncatedPdf


def count_pdf_pages(data: bytes) -> int:
    """How many pages the PDF has. Raises TruncatedPdf, EncryptedPdf or DamagedFile."""
    check_whole(data)
    document = _open(data)
    pages = len(document)
    document.close()
    if not pages:
        raise DamagedFile
    return pages


def iter_pdf_pages(data: bytes, indexes: Iterable[int]) -> Iterator[PagePicture | UnreadablePage]:
    """Each of these pages in turn; a page that fails is an UnreadablePage. One page is in memory at a time.

    For one thread of a process: pdfium is not safe across threads.
    """
    document = _open(data)
    try:
        for index in indexes:
            yield _read_page(document, index)
    finally:
        document.close()


def _open(data: bytes) -> pdfium.PdfDocument:
    try:
        return pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        if getattr(error, "err_code", None) == raw.FPDF_ERR_PASSWORD or "assword" in str(error):
            raise EncryptedPdf from None
        raise DamagedFile from None


def _read_page(document: pdfium.PdfDocument, index: int) -> PagePicture | UnreadablePage:
    try:
        page = document[index]
    except pdfium.PdfiumError:
        return UnreadablePage(index, "unreadable_page")
    try:
        return _scan_of(page, index) or _rendered(page, index)
    except ArrivalError as error:
        return UnreadablePage(index, error.code)
    except (pdfium.PdfiumError, ValueError, MemoryError):
        return UnreadablePage(index, "unreadable_page")
    finally:
        page.close()


def _scan_of(page: pdfium.PdfPage, index: int) -> PagePicture | None:
    """The page's one picture with its own pixels, or None when the page is more than a plain scan."""
    image = _only_image(page)
    if image is None:
        return None
    width_px, height_px = image.get_px_size()
    check_page(width_px, height_px)
    if image.get_metadata().colorspace not in _PLAIN_COLOURS:
        return None
    pixels = _pixels_of(_decoded(image))
    if pixels.shape[:2] != (height_px, width_px):
        return None
    left, _, right, _ = image.get_bounds()
    turned = np.ascontiguousarray(np.rot90(pixels, -page.get_rotation() // 90))
    return PagePicture(index, turned, width_px / (right - left) * POINTS_PER_INCH)


def _decoded(image: pdfium.PdfImage) -> pdfium.PdfBitmap:
    """The image decoded. Raises DamagedFile: pdfium paints white where it cannot decode, and a sheet that was
    lost in the file would pass for the blank back of another."""
    is_jpeg = image.get_filters() == ["DCTDecode"]
    if is_jpeg and not _is_whole_jpeg(bytes(image.get_data(decode_simple=False))):
        raise DamagedFile
    try:
        return image.get_bitmap(render=False)
    except pdfium.PdfiumError:
        raise DamagedFile from None


def _is_whole_jpeg(data: bytes) -> bool:
    return data.startswith(b"\xff\xd8") and data.rstrip(b"\x00\r\n ").endswith(b"\xff\xd9")


def _only_image(page: pdfium.PdfPage) -> pdfium.PdfImage | None:
    """The upright picture that covers the page when nothing else is to be seen on it."""
    images: list[pdfium.PdfImage] = []
    for thing in page.get_objects(max_depth=2):
        if isinstance(thing, pdfium.PdfImage):
            images.append(thing)
        elif not _is_hidden_text(thing):
            return None
    if len(images) != 1 or raw.FPDFPage_GetAnnotCount(page.raw):
        return None
    return images[0] if _covers(page, images[0]) else None


def _is_hidden_text(thing: pdfium.PdfObject) -> bool:
    """Whether it is the unseen text layer that scanners with OCR add."""
    if thing.type != raw.FPDF_PAGEOBJ_TEXT:
        return False
    return bool(raw.FPDFTextObj_GetTextRenderMode(thing.raw) == raw.FPDF_TEXTRENDERMODE_INVISIBLE)


def _covers(page: pdfium.PdfPage, image: pdfium.PdfImage) -> bool:
    if image.level:  # inside a form XObject its matrix is not the page's
        return False
    matrix = image.get_matrix()
    if matrix.a <= 0 or matrix.d <= 0 or abs(matrix.b) > 0.01 or abs(matrix.c) > 0.01:
        return False
    left, bottom, right, top = image.get_bounds()
    box = page.get_cropbox()
    inside = left >= box[0] - 2 and bottom >= box[1] - 2 and right <= box[2] + 2 and top <= box[3] + 2
    wide = right - left >= FULL_PAGE * (box[2] - box[0])
    return bool(inside and wide and top - bottom >= FULL_PAGE * (box[3] - box[1]))


def _rendered(page: pdfium.PdfPage, index: int) -> PagePicture:
    width_pt, height_pt = page.get_size()
    scale = RENDER_DPI / POINTS_PER_INCH
    check_page(int(width_pt * scale), int(height_pt * scale))
    for image in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE]):
        check_size(*image.get_px_size())
        _decoded(image)
    return PagePicture(index, _pixels_of(page.render(scale=scale, may_draw_forms=True)), RENDER_DPI)


def _pixels_of(bitmap: pdfium.PdfBitmap) -> Pixels:
    """A copy of the bitmap as grey or BGR; colour that is grey everywhere is kept as grey."""
    array = np.asarray(bitmap.to_numpy())
    if array.ndim == 2 or array.shape[2] == 1:
        return np.array(array.reshape(array.shape[:2]), dtype=np.uint8)
    bgr = array[:, :, :3] if bitmap.mode[:3] == "BGR" else array[:, :, 2::-1]
    if np.array_equal(bgr[:, :, 0], bgr[:, :, 1]) and np.array_equal(bgr[:, :, 1], bgr[:, :, 2]):
        return np.array(bgr[:, :, 0], dtype=np.uint8)
    return np.array(bgr, dtype=np.uint8)
