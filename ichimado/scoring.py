"""`ichimado score`: how well a city's own scans are read, with no store at all."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from typing import Any

from ocr.confidence.confirm import log_odds_of
from ocr.confidence.settle import settle
from ocr.engine import Image, Recogniser
from ocr.layout import Field, PageLayout, PresenceField, TickField
from ocr.own import OwnModels, own_models
from ocr.place.registration import Registration, register
from ocr.reader import POOR_REGISTRATION_MM, read_page
from ocr.readings import PageReading
from pipeline.channels.errors import ArrivalError
from pipeline.channels.paper import iter_pages
from pipeline.channels.pictures import PagePicture
from pipeline.procedures.pack import Procedure
from pipeline.score.bounds import quantile
from pipeline.score.rows import FieldRow, judge
from pipeline.score.sums import Figures, sum_fields
from pipeline.score.truth import Problem, Said, Truths
from pipeline.steps.acceptance import threshold_of
from pipeline.steps.facts import facts_of
from pipeline.steps.layouts import page_layout
from pipeline.steps.locate import find_layout_of, locate_form

WHOLE = "all"
"""The group of fields for which the truth names none."""


@dataclass(frozen=True, kw_only=True)
class ScanRow(FieldRow):
    """A field of a scan. page: 1-based within its file."""

    file: str
    page: int


@dataclass(frozen=True)
class ScanPage:
    """One page that the truth speaks of. cpu_s, wall_s: locating, registering and reading; None where it was not
    found to be a form."""

    file: str
    page: int
    rows: tuple[ScanRow, ...]
    cpu_s: float | None
    wall_s: float | None
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class Found:
    """A page that is known to be one of the pack's forms."""

    layout: PageLayout
    registration: Registration
    reading: PageReading


def score_scans(folder: Path, pack: Procedure, truths: Truths, recogniser: Recogniser) -> Iterator[ScanPage]:
    """Every page that the truth speaks of, in the order of files and pages."""
    for name in sorted({name for name, _ in truths}):
        wanted = {page: fields for (file, page), fields in truths.items() if file == name}
        try:
            for page in iter_pages((folder / name).read_bytes()):
                fields = wanted.pop(page.page_index + 1, None)
                if fields is not None:
                    image = page.image if isinstance(page, PagePicture) else None
                    yield _page(name, page.page_index + 1, image, pack, fields, recogniser)
        except (ArrivalError, OSError) as error:
            code = error.code if isinstance(error, ArrivalError) else "unreadable_file"
            for number, fields in sorted(wanted.items()):
                yield _lost(name, number, pack, fields, Problem(_line(fields), code, name))
            continue
        for number, fields in sorted(wanted.items()):
            yield _lost(name, number, pack, fields, Problem(_line(fields), "no_such_page", f"{name} {number}"))


def _page(
    name: str, number: int, image: Image | None, pack: Procedure, fields: Mapping[str, Said], recogniser: Recogniser
) -> ScanPage:
    own, cpu, wall = own_models(), time.process_time(), time.perf_counter()
    found = _read(image, pack, recogniser, own) if image is not None else None
    if found is None:
        return _lost(name, number, pack, fields, Problem(_line(fields), "form_not_found", f"{name} {number}"))
    spent = time.process_time() - cpu, time.perf_counter() - wall
    places = {field.name: field for field in found.layout.fields}
    absent = [Problem(said.line, "field_not_on_page", key) for key, said in sorted(fields.items()) if key not in places]
    here = {key: said for key, said in fields.items() if key in places}
    rows = _rows(name, number, pack, places, here, found, own)
    return ScanPage(name, number, rows, *spent, tuple(absent))


def _read(image: Image, pack: Procedure, recogniser: Recogniser, own: OwnModels) -> Found | None:
    code = locate_form(image, pack)
    layout = find_layout_of(pack, code) if code else None
    registration = register(image, layout) if layout else None
    if layout is None or registration is None:
        return None
    return Found(layout, registration, read_page(image, layout, recogniser, registration, own))


def _lost(name: str, number: int, pack: Procedure, fields: Mapping[str, Said], problem: Problem) -> ScanPage:
    """A page that nothing could be read on: its fields count as wrong and as not accepted."""
    places = {
        field.name: field
        for form in pack.forms
        for page in form.pages
        for field in page_layout(pack, form, page).fields
    }
    here = {key: said for key, said in fields.items() if key in places}
    return ScanPage(name, number, _rows(name, number, pack, places, here, None, None), None, None, (problem,))


def _rows(
    name: str,
    number: int,
    pack: Procedure,
    places: Mapping[str, Field],
    fields: Mapping[str, Said],
    found: Found | None,
    own: OwnModels | None,
) -> tuple[ScanRow, ...]:
    """Read, weighed and accepted as the READ step does it."""
    read = found.reading.readings if found else ()
    settled, evidence = settle(read, facts_of(pack, [one.name for one in read]))
    readings = {one.name: one for one in settled}
    rows = []
    for key, said in sorted(fields.items()):
        spec, reading = pack.field(key.split(".")[0]), readings.get(key)
        columns = judge(
            places[key],
            spec,
            reading,
            truth := _truth_of(places[key], said),
            bare=truth in (None, "false"),
            threshold=threshold_of(pack.review, spec.type, reading, own.calibration) if reading and own else None,
            evidence=log_odds_of(key, evidence) or 0.0,
            said_mm=found.registration.error_mm_at(reading.box_mm) if found and reading and reading.box_mm else None,
        )
        rows.append(ScanRow(**columns, hand=said.group or WHOLE, file=name, page=number))
    return tuple(rows)


def _truth_of(field: Field, said: Said) -> str | None:
    """A box that bears no mark says no."""
    return "false" if said.value is None and isinstance(field, TickField | PresenceField) else said.value


def _line(fields: Mapping[str, Said]) -> int:
    return min(said.line for said in fields.values())


def card_of(pages: Sequence[ScanPage]) -> Figures:
    """The figures: fields, places and time. Numbers and the names of files and fields, no values."""
    rows = [row for page in pages for row in page.rows]
    said = [row.said_mm for row in rows if row.said_mm is not None]
    cpu = [page.cpu_s for page in pages if page.cpu_s is not None]
    wall = [page.wall_s for page in pages if page.wall_s is not None]
    return {
        "pages": len(pages),
        "pages_read": len(cpu),
        **sum_fields(rows),
        "registration_said_mm": {
            "fields": len(said),
            "mean": round(fmean(said), 3) if said else None,
            "p95": round(quantile(said, 0.95), 3) if said else None,
            "poor": sum(mm > POOR_REGISTRATION_MM for mm in said),
        },
        "spent": {
            "cpu_s_mean": round(fmean(cpu), 3) if cpu else None,
            "wall_s_median": round(median(wall), 3) if wall else None,
        },
        "problems": [problem_of(one) for page in pages for one in page.problems],
        "wrong": [wrong_of(row) for row in rows if not row.right],
    }


def problem_of(one: Problem) -> dict[str, Any]:
    """A problem for programs."""
    return {"line": one.line, "code": one.code, "about": one.about}


def wrong_of(row: ScanRow) -> dict[str, Any]:
    """Where a wrong reading stands, and whether a person would have seen it."""
    return {
        "file": row.file,
        "page": row.page,
        "field": row.key,
        "accepted": row.accepted,
        "reasons": list(row.reasons),
        "confidence": None if row.confidence is None else round(row.confidence, 4),
    }
