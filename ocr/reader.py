"""The reader of registered pages and of single field pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ocr.confidence.calibration import calibrated, engine_of, signs_of
from ocr.cutting.cell_cut import cut_cells
from ocr.cutting.cut import View, find_cells, line_picture, make_view, trim_picture
from ocr.decoding.decode import decode_content
from ocr.decoding.kana import spell
from ocr.decoding.values import exact_lengths
from ocr.engine import Image, Logits, Recogniser
from ocr.fields.blanks import doubt_pale, doubt_unread
from ocr.fields.ditto import repeat_above
from ocr.fields.doubts import without_common_traces
from ocr.fields.jobs import Job
from ocr.fields.line_fields import written_reading
from ocr.fields.prepare import cells_job, prepare
from ocr.fields.presence import DPI, presence_job
from ocr.imaging import drop_red, is_bilevel, keep_red, to_grey
from ocr.layout import Box, Content, Field, PageLayout, PresenceField, boxes_of
from ocr.marks.strikes import is_struck_out
from ocr.own import NO_MODELS, OwnModels
from ocr.place.geometry import MM_PER_INCH
from ocr.place.registration import Registration, register
from ocr.readings import PageReading, Reading, ReadingReason
from ocr.signs import with_pages

POOR_REGISTRATION_MM = 0.8
_NOWHERE = Box(0.0, 0.0, 0.0, 0.0)
FIELD_HEIGHT_MM = 8.0  # what the height of a single field's picture is taken for


class UnregisteredPageError(ValueError):
    """Neither the form's markers nor its print were seen: the page is another form, or is cut off."""


def read_page(
    image: Image,
    layout: PageLayout,
    recogniser: Recogniser,
    registration: Registration | None = None,
    own: OwnModels = NO_MODELS,
) -> PageReading:
    """Every field of a registered page; only what is filled in is recognised, all in one pass.

    own: the models of our own for cells and marks (`ocr.own.own_models`); without them lines and rules must do.

    Raises UnregisteredPageError when no registration is given and none is found.
    """
    found = registration or register(image, layout)
    if found is None:
        raise UnregisteredPageError(f"form {layout.form_id} page {layout.page_number} was not found in the picture")
    view = replace(view_page(image, found), reference=layout.reference)
    black_white = is_bilevel(to_grey(image))
    jobs = _jobs(image, view, found, layout, own, black_white)
    readings = without_common_traces(repeat_above(layout.fields, run_jobs(jobs, recogniser)))
    readings = doubt_pale(view, layout, readings, black_white)
    boxes = [reading.box_mm or _NOWHERE for reading in readings]
    errors_mm = found.errors_mm(boxes)
    readings = doubt_unread(_calibrated(layout, jobs, readings, own))
    placed = tuple(map(_placed, readings, found.boxes_px(boxes), errors_mm))
    return PageReading(layout.form_id, layout.page_number, found.rotation, found.error_mm, placed)


def view_page(image: Image, found: Registration) -> View:
    """The page upright and flat, as its fields are cut from it."""
    dpi = reading_dpi(found.dpi)
    return make_view(found.warp(drop_red(image), dpi), dpi / MM_PER_INCH)


def _jobs(
    image: Image, view: View, found: Registration, layout: PageLayout, own: OwnModels, black_white: bool
) -> list[Job]:
    """A job for each field; places to sign or to seal are looked at with their red ink, all others without."""
    if not any(isinstance(field, PresenceField) for field in layout.fields):
        return [prepare(view, field, own) for field in layout.fields]
    with_red = make_view(found.warp(keep_red(image), DPI), DPI / MM_PER_INCH, layout.reference)

    def job(field: Field) -> Job:
        if not isinstance(field, PresenceField):
            return prepare(view, field, own)
        others = [box for other in layout.fields if other is not field for box in boxes_of(other)]
        return presence_job(with_red, field, black_white, view, others)

    return [job(field) for field in layout.fields]


def reading_dpi(dpi: float) -> float:
    """The resolution at which a scan of `dpi` is read: never finer than 300, never coarser than 150."""
    return min(300.0, max(150.0, round(dpi / 50.0) * 50.0))


def run_jobs(jobs: Sequence[Job], recogniser: Recogniser) -> list[Reading]:
    """The readings of the jobs, in their order; the lines of all are recognised together."""
    lines = [line for job in jobs for line in job.lines]
    found = iter(recogniser.logits(lines) if lines else [])
    logits: list[list[Logits]] = [[next(found) for _ in job.lines] for job in jobs]
    alphabet = recogniser.alphabet
    readings = [job.finish(of_job, alphabet) for job, of_job in zip(jobs, logits, strict=True)]
    known = {reading.name: reading for reading in readings}
    for place, job in enumerate(jobs):
        revised = job.revise(logits[place], alphabet, known) if job.revise else None
        readings[place] = revised or readings[place]
    return readings


def read_field(
    image: Image,
    content: Content,
    recogniser: Recogniser,
    cells: int | None = None,
    own: OwnModels = NO_MODELS,
) -> Reading:
    """The reading of a picture of one field; `cells` when it shows a row of that many printed cells."""
    height = image.shape[0]
    view = make_view(drop_red(image), height / FIELD_HEIGHT_MM)
    if cells:
        patches = cut_cells(view, find_cells(view, cells))
        return _alone(run_jobs([cells_job("", _NOWHERE, content, patches, own)], recogniser)[0])
    patch = trim_picture(view)
    line = line_picture(patch)
    if line is None:
        return Reading("", None, "", 0.99)
    decoded = decode_content(recogniser.logits([line])[0], recogniser.alphabet, content, exact_lengths(content))
    decoded = spell(decoded, content)
    reasons = (ReadingReason.STRUCK_OUT,) if is_struck_out(patch) else ()
    return written_reading("", None, content, [decoded], reasons)


def _alone(reading: Reading) -> Reading:
    return replace(reading, box_mm=None)


def _calibrated(layout: PageLayout, jobs: Sequence[Job], readings: Sequence[Reading], own: OwnModels) -> list[Reading]:
    """The readings as sure as they truly are, as far as that was measured."""
    networks = own.cells is not None
    alone = [
        signs_of(field, engine_of(field, bool(job.lines), reading, networks), reading)
        for field, job, reading in zip(layout.fields, jobs, readings, strict=True)
    ]
    return [calibrated(one, signs, own.calibration) for one, signs in zip(readings, with_pages(alone), strict=True)]


def _placed(reading: Reading, box_px: tuple[int, int, int, int], error_mm: float) -> Reading:
    poor = (ReadingReason.POOR_REGISTRATION,) if error_mm > POOR_REGISTRATION_MM else ()
    return replace(reading, box_px=box_px, reasons=(*reading.reasons, *poor))
