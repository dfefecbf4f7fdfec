"""Step READ: from page pictures to field values. Online submissions bring their values; files that were streamed in
with one are looked into here."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from ocr.confidence.settle import settle
from ocr.imaging import turn
from ocr.layout import PageLayout
from ocr.own import own_models
from ocr.place.registration import register
from ocr.reader import read_page
from ocr.readings import PageReading, Reading, TextLine
from pipeline.channels.paper import decode_page, encode_page
from pipeline.domain.statuses import DocumentKind, Origin, SubmissionStatus
from pipeline.procedures.attachments import find_kind
from pipeline.procedures.pack import Procedure
from pipeline.procedures.values import normalise_value
from pipeline.progress import tell_progress
from pipeline.runtime import Runtime
from pipeline.steps.acceptance import threshold_of
from pipeline.steps.facts import facts_of
from pipeline.steps.hold import hold_submission, move_submission
from pipeline.steps.layouts import page_layout
from pipeline.steps.packs import get_pack
from pipeline.steps.sent_files import files_waiting, inspect_files, write_facts
from pipeline.steps.traces import trace_account, trace_files
from pipeline.store.engine import read, write
from pipeline.store.events import append_event
from pipeline.store.tables import Attachment, Document, FieldValue, Page, Submission

VIEW_DPI = 150.0
VIEW_PX = 1800
FULL_TEXT_PX = 1000
"""Longest side of a page for full-page reading: half a second cheaper than 1400, and the words stay legible."""
JPEG_QUALITY = 82


@dataclass
class _PageResult:
    """What reading one page gave, to be written later."""

    page_id: str
    view: str
    view_dpi: float | None
    rotation: int = 0
    error_mm: float | None = None
    full_text: str | None = None
    attachment_kind: str | None = None
    values: list[FieldValue] = field(default_factory=list)


def read_submission(runtime: Runtime, submission_id: str) -> None:
    """Reads every page of the submission and writes values and upright views; then it is READ.

    A form page on which neither markers nor print of its form are found gives no values; `assign` makes a reason of
    that.
    """
    with read(runtime.engine) as session:
        submission = session.get_one(Submission, submission_id)
        pack = get_pack(session, submission.pack_version_id)
        pages = _pages_of(session, submission_id)
        waiting = files_waiting(session, submission_id)
    results = [_read_one(runtime, submission, pack, document, page) for document, page in pages]
    facts = inspect_files(runtime, waiting)
    with write(runtime.engine) as session:
        held = hold_submission(session, submission_id, submission.version)
        if submission.channel.is_paper:
            session.execute(delete(FieldValue).where(col(FieldValue.submission_id) == submission_id))
        for result in results:
            _write_page(session, result)
        write_facts(session, facts)
        trace_account(session, runtime.secrets, submission_id, pack, runtime.clock())
        trace_files(session, runtime.secrets, submission_id, runtime.clock())
        move_submission(session, held, SubmissionStatus.READ)
        append_event(
            session,
            "submission",
            submission_id,
            "submission_read",
            actor="system",
            at=runtime.clock(),
            payload={"pages": len(results), "fields": sum(len(result.values) for result in results)},
        )


def _pages_of(session: Session, submission_id: str) -> list[tuple[Document, Page]]:
    rows = session.exec(
        select(Document, Page)
        .join(Page, col(Page.document_id) == Document.id)
        .where(Document.submission_id == submission_id)
        .order_by(col(Page.position))
    ).all()
    return [(document, page) for document, page in rows]


def _read_one(runtime: Runtime, submission: Submission, pack: Procedure, document: Document, page: Page) -> _PageResult:
    assert page.blob is not None
    tell_progress()
    image = decode_page(runtime.blobs.get(page.blob))
    layout = find_layout(pack, document, page)
    registration = register(image, layout) if layout else None
    if layout is None or registration is None:
        return _read_without_layout(runtime, pack, page, image)
    recogniser = runtime.recogniser
    tell_progress()  # its weights are there
    reading = read_page(image, layout, recogniser, registration, own_models())
    return _PageResult(
        page.id,
        view=_put_jpeg(runtime, registration.warp(image, VIEW_DPI)),
        view_dpi=VIEW_DPI,
        rotation=reading.rotation,
        error_mm=reading.registration_error_mm,
        values=values_of(pack, submission.id, page.id, reading),
    )


def _read_without_layout(runtime: Runtime, pack: Procedure, page: Page, image: NDArray[np.uint8]) -> _PageResult:
    """All words of a page that no template knows, upright; they tell which attachment it is, if one."""
    small = _fit(image, FULL_TEXT_PX)
    reader = runtime.full_page_reader
    tell_progress()  # its weights are there
    lines = reader.read_text(small)
    kind, rotation = find_kind(pack, (line.text for line in lines)), 0
    if kind is None:
        # Upside down is how sheets go wrong in a feeder; lying sheets are left to the eye.
        turned = reader.read_text(turn(small, 180))
        if _legible(turned) > _legible(lines):
            lines, rotation = turned, 180
            kind = find_kind(pack, (line.text for line in lines))
    return _PageResult(
        page.id,
        view=_put_jpeg(runtime, turn(_fit(image, VIEW_PX), rotation)),
        view_dpi=None,
        rotation=rotation,
        full_text=json.dumps(
            [[line.text, round(line.confidence, 4), *line.box_px] for line in lines], ensure_ascii=False
        ),
        attachment_kind=kind,
    )


def _legible(lines: Sequence[TextLine]) -> float:
    return sum(line.confidence * len(line.text) for line in lines)


def find_layout(pack: Procedure, document: Document, page: Page) -> PageLayout | None:
    """The layout of a form's page; None for pages that no template of the pack knows."""
    if document.kind is not DocumentKind.FORM or document.form_id is None or page.form_page is None:
        return None
    try:
        form = pack.get_form(document.form_id, document.form_revision or 0)
    except KeyError:
        return None
    for form_page in form.pages:
        if form_page.number == page.form_page:
            return page_layout(pack, form, form_page)
    return None


def values_of(pack: Procedure, submission_id: str, page_id: str, reading: PageReading) -> list[FieldValue]:
    """Field values for every reading of a page, blank ones included, after what other fields tell."""
    settled, _ = settle(reading.readings, facts_of(pack, [one.name for one in reading.readings]))
    return [_value_of(pack, submission_id, page_id, one) for one in settled]


def _value_of(pack: Procedure, submission_id: str, page_id: str, reading: Reading) -> FieldValue:
    spec = pack.field(reading.name.split(".")[0])
    read_text = reading.value if reading.value is not None else "" if reading.ditto else reading.raw
    normalised = normalise_value(spec, read_text) if read_text else None
    value = normalised.value if normalised else None
    problem = normalised.problem if normalised else None
    row = FieldValue(
        submission_id=submission_id,
        key=reading.name,
        raw=reading.raw,
        value=value,
        problem=problem,
        origin=Origin.OCR,
        confidence=reading.confidence,
        reasons=",".join(reason.value for reason in reading.reasons),
        alternatives=_alternatives(reading),
        read_raw=reading.raw,
        read_value=value,
        page_id=page_id,
    )
    if reading.box_mm:
        row.box_x, row.box_y = reading.box_mm.x, reading.box_mm.y
        row.box_w, row.box_h = reading.box_mm.w, reading.box_mm.h
    threshold = threshold_of(pack.review, spec.type, reading, own_models().calibration)
    sure = threshold is not None and reading.confidence is not None and reading.confidence >= threshold
    row.accepted = not row.reasons and problem is None and (reading.blank or sure)
    return row


def _alternatives(reading: Reading) -> str:
    """JSON: [[character, probability, [[other, probability], ...]], ...], as the screens show doubtful ones."""
    return json.dumps(
        [
            [char.char, round(char.probability, 4), [[a, round(p, 4)] for a, p in char.alternatives]]
            for char in reading.characters
        ],
        ensure_ascii=False,
    )


def _write_page(session: Session, result: _PageResult) -> None:
    if result.attachment_kind is not None:
        session.execute(
            update(Attachment)
            .where(col(Attachment.page_id) == result.page_id, col(Attachment.kind) == "")
            .values(kind=result.attachment_kind)
        )
    page = session.get_one(Page, result.page_id)
    page.view, page.view_dpi = result.view, result.view_dpi
    page.full_text = result.full_text
    page.rotation, page.registration_error_mm = result.rotation, result.error_mm
    session.add(page)
    session.flush()
    session.add_all(result.values)


def _fit(image: NDArray[np.uint8], longest_px: int) -> NDArray[np.uint8]:
    scale = longest_px / max(image.shape[:2])
    if scale >= 1:
        return image
    return np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def _put_jpeg(runtime: Runtime, image: NDArray[np.uint8]) -> str:
    done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not done:
        data_bytes, _ = encode_page(image)
        return runtime.blobs.put(data_bytes)
    return runtime.blobs.put(data.tobytes())
