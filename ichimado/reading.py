"""`ichimado read`: forms and single fields from pictures, with no store at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ocr.engine import Image, Recogniser
from ocr.layout import Content
from ocr.own import own_models
from ocr.place.registration import register
from ocr.reader import read_field, read_page
from ocr.readings import PageReading, Reading
from pipeline.channels.errors import ArrivalError
from pipeline.channels.paper import iter_pages
from pipeline.channels.pictures import PagePicture
from pipeline.procedures.pack import FieldType, Procedure
from pipeline.procedures.registry import LoadedPack, PackError, load_pack
from pipeline.procedures.values import normalise_value
from pipeline.steps.layouts import CONTENT
from pipeline.steps.locate import find_layout_of, locate_form

BUNDLED_PACKS = Path(__file__).parents[1] / "fixtures" / "procedures"


def find_pack(name: str) -> LoadedPack:
    """The pack with this id among the bundled ones, or in this folder or zip. Raises PackError."""
    bundled = BUNDLED_PACKS / name
    source = bundled if bundled.is_dir() else Path(name)
    if not source.exists():
        raise PackError("pack_not_found", name, "name a bundled pack, a folder or a zip")
    return load_pack(source)


def content_of(name: str) -> Content:
    """The content a field type or content name stands for. ValueError when it is neither."""
    try:
        return CONTENT[FieldType(name)]
    except (ValueError, KeyError):
        return Content(name)


def read_forms(path: Path, pack: Procedure, recogniser: Recogniser) -> Iterator[dict[str, Any]]:
    """One answer per page of the file, in order; a file or page that cannot be read is an answer with `error`."""
    for image, head in _pictures(path):
        if image is None:
            yield {**head, "form": None, "fields": []}
            continue
        code = locate_form(image, pack)
        layout = find_layout_of(pack, code) if code else None
        registration = register(image, layout) if layout else None
        if code is None or layout is None or registration is None:
            yield {**head, "form": None, "fields": []}
            continue
        reading = read_page(image, layout, recogniser, registration, own_models())
        form = f"{code.form_id}/{code.revision}/{code.page}"
        yield {**head, "form": form, "fields": _fields(pack, reading)}


def read_single(path: Path, content: Content, cells: int | None, recogniser: Recogniser) -> Iterator[dict[str, Any]]:
    """One answer per picture of a single field."""
    for image, head in _pictures(path):
        if image is None:
            yield {**head, "value": None, "raw": "", "confidence": None, "reasons": []}
            continue
        reading = read_field(image, content, recogniser, cells, own_models())
        yield {
            **head,
            "value": reading.value,
            "raw": reading.raw,
            "confidence": _rounded(reading.confidence),
            "reasons": [reason.value for reason in reading.reasons],
        }


def _pictures(path: Path) -> Iterator[tuple[Image | None, dict[str, Any]]]:
    head: dict[str, Any] = {"image": str(path)}
    try:
        for page in iter_pages(path.read_bytes()):
            place = head if page.page_index == 0 else {**head, "page": page.page_index + 1}
            if isinstance(page, PagePicture):
                yield page.image, place
            else:
                yield None, {**place, "error": page.code}
    except ArrivalError as error:
        yield None, {**head, "error": error.code}
    except OSError:
        yield None, {**head, "error": "no_such_file"}


def _fields(pack: Procedure, reading: PageReading) -> list[dict[str, Any]]:
    return [_field(pack, one) for one in reading.readings]


def _field(pack: Procedure, reading: Reading) -> dict[str, Any]:
    text = reading.value if reading.value is not None else reading.raw
    value = normalise_value(pack.field(reading.name.split(".")[0]), text).value if text else None
    return {
        "name": reading.name,
        "value": value,
        "raw": reading.raw,
        "confidence": _rounded(reading.confidence),
        "box": list(reading.box_px) if reading.box_px else None,
        "reasons": [reason.value for reason in reading.reasons],
    }


def _rounded(confidence: float | None) -> float | None:
    return None if confidence is None else round(confidence, 4)
