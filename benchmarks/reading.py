"""Reading form pages by their boxes, beside RapidOCR's full-page reading of the same pages in the same run.

Both on one thread, both with the weights of the rapidocr wheel. RapidOCR knows no fields: it gets a field when
the written text stands anywhere on its page, which is kinder than having to say where.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, TypeVar

from benchmarks.truth import ROOT, load_truth, same_text
from japan.text import drop_spaces
from japan.variants import fold_variants
from ocr.engine import Image, PPOCRRecogniser
from ocr.reader import read_page
from ocr.readings import PageReading
from ocr.registration import register
from pipeline.channels.paper import iter_pages
from pipeline.channels.pictures import PagePicture
from pipeline.procedures.codes import FormCode
from pipeline.procedures.pack import Procedure
from pipeline.procedures.registry import load_pack
from pipeline.procedures.values import normalise_value
from pipeline.steps.locate import find_layout_of, locate_form

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class FormPage:
    """A form page of the sample and the truth of its fields: key -> (value, as written)."""

    image: Image
    fields: dict[str, tuple[str, str]]
    printed: bool


@dataclass(frozen=True)
class Timed:
    """Seconds of the wall clock and of processor time, all threads together."""

    wall_s: float
    cpu_s: float


def form_pages(sample: str, most: int) -> list[FormPage]:
    """At most this many form pages, spread evenly over the sample."""
    rows = [row for row in load_truth(sample).pages if row["kind"] == "form"]
    chosen = rows[:: max(1, len(rows) // most)][:most]
    return [page for row in chosen if (page := _page(sample, row)) is not None]


def _page(sample: str, row: dict[str, Any]) -> FormPage | None:
    data = (ROOT / "fixtures" / sample / "scans" / row["file"]).read_bytes()
    for page in iter_pages(data):
        if page.page_index == row["page_index"] and isinstance(page, PagePicture):
            known = {key: (f["value"], f["written"] or f["value"]) for key, f in row["fields"].items() if f["value"]}
            return FormPage(page.image, known, bool(row["printed"]))
    return None


def read_by_boxes(pack: Procedure, recogniser: PPOCRRecogniser, image: Image) -> PageReading | None:
    """What `ichimado read` does with a page: which form, where its markers are, its fields."""
    code: FormCode | None = locate_form(image, pack)
    layout = find_layout_of(pack, code) if code else None
    found = register(image, layout) if layout else None
    return read_page(image, layout, recogniser, found) if layout and found else None


def measure_reading(sample: str = "sample", most: int = 6) -> dict[str, Any]:
    """Times and exact fields of both readers, and how many times as long the other one takes."""
    pages = form_pages(sample, most)
    pack = load_pack(ROOT / "fixtures" / "procedures" / "child_benefit").procedure
    recogniser = PPOCRRecogniser(threads=1)
    rapid = make_rapidocr()
    read_by_boxes(pack, recogniser, pages[0].image)  # both load their weights before the clock starts
    rapid(pages[0].image)
    ours: list[Timed] = []
    theirs: list[Timed] = []
    exact = found = 0
    for page in pages:
        reading, spent = timed(lambda page=page: read_by_boxes(pack, recogniser, page.image))  # type: ignore[misc]
        ours.append(spent)
        exact += count_exact(pack, page, reading)
        text, spent = timed(lambda page=page: rapid(page.image))  # type: ignore[misc]
        theirs.append(spent)
        found += count_found(page, text)
    fields = sum(len(page.fields) for page in pages)
    return {
        "measured": "filled fields of form pages, one thread; rapidocr gets a field found anywhere in its page's text",
        "pages": len(pages),
        "pages_printed": sum(page.printed for page in pages),
        "fields": fields,
        "ichimado": {**_summary(ours), "fields_exact": exact, "share_exact": round(exact / fields, 4)},
        "rapidocr_full_page": {**_summary(theirs), "fields_found": found, "share_found": round(found / fields, 4)},
        "times_as_long": {
            "cpu": round(sum(t.cpu_s for t in theirs) / sum(t.cpu_s for t in ours), 2),
            "wall": round(sum(t.wall_s for t in theirs) / sum(t.wall_s for t in ours), 2),
        },
    }


def make_rapidocr() -> Callable[[Image], str]:
    """RapidOCR with the weights of its wheel, on one thread; gives all text of a page, lines one after the other."""
    from rapidocr import RapidOCR

    engine = RapidOCR(
        params={
            "Global.log_level": "critical",
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )

    def read(image: Image) -> str:
        found: Any = engine(image)
        return "\n".join(found.txts or ())

    return read


def timed(work: Callable[[], Answer]) -> tuple[Answer, Timed]:
    """What the work gives, and what it took."""
    wall, cpu = time.perf_counter(), time.process_time()
    answer = work()
    return answer, Timed(time.perf_counter() - wall, time.process_time() - cpu)


def count_exact(pack: Procedure, page: FormPage, reading: PageReading | None) -> int:
    """Fields whose normal form is the truth's."""
    if reading is None:
        return 0
    read = {
        one.name: _normal(pack, one.name, one.value if one.value is not None else one.raw) for one in reading.readings
    }
    return sum(
        same_text(read.get(key), value) or same_text(read.get(key), _normal(pack, key, value))
        for key, (value, _) in page.fields.items()
    )


def _normal(pack: Procedure, key: str, text: str) -> str | None:
    return normalise_value(pack.field(key.split(".")[0]), text).value if text else None


def count_found(page: FormPage, text: str) -> int:
    """Fields whose value, or what was written, stands in the text."""
    plain = fold_variants(drop_spaces(text))
    return sum(
        any(fold_variants(drop_spaces(said)) in plain for said in (value, written))
        for value, written in page.fields.values()
    )


def _summary(spent: Sequence[Timed]) -> dict[str, float]:
    return {
        "cpu_s_per_page_median": round(median(t.cpu_s for t in spent), 3),
        "wall_s_per_page_median": round(median(t.wall_s for t in spent), 3),
    }
