"""Form pages read by their boxes, beside full-page readers on the same pages in the same run.

Every reader on one thread and on the same weights. The peers know no template, so a field of theirs is what stands
beside its printed label (`anchors`); and, kinder still, it counts as found when it stands anywhere on the page.
They are given upside-down sheets turned upright. What only a circle or a tick says (choices, eras) is not in their
text and is counted apart.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, TypeVar

import cv2

from benchmarks.anchors import look_up
from benchmarks.machine import RECOGNITION, weights
from benchmarks.peers import PEERS, make_peer
from benchmarks.samples import DATA, READING_SEED, Sample, draw_sample
from benchmarks.truth import ROOT
from fixtures.plan import SMALLEST
from japan.text import drop_spaces
from japan.variants import fold_variants
from ocr.engine import Image, PPOCRRecogniser
from ocr.imaging import turn
from ocr.own import own_models
from ocr.place.registration import register
from ocr.reader import read_page
from ocr.readings import TextLine
from pipeline.channels.paper import iter_pages
from pipeline.channels.pictures import PagePicture
from pipeline.procedures.pack import FieldType, Procedure
from pipeline.procedures.pack import FormPage as Layout
from pipeline.procedures.registry import load_pack
from pipeline.procedures.values import normalise_value
from pipeline.score.bounds import clopper_pearson, ratio
from pipeline.score.rows import same_text
from pipeline.steps.locate import find_layout_of, locate_form

Answer = TypeVar("Answer")
KANJI_AS_KANA = str.maketrans("才力工夕千卜二三八口又一", "オカエタチトニミハロヌー")
FORM_PAGES_PER_ENVELOPE = 1.1


@dataclass(frozen=True)
class FormPage:
    """A form page and the truth of its filled fields: key -> (value, as written)."""

    image: Image
    upside_down: bool
    layout: Layout
    fields: dict[str, tuple[str, str]]
    printed: bool


@dataclass(frozen=True)
class Timed:
    """Seconds of the wall clock and of processor time, all threads together."""

    wall_s: float
    cpu_s: float


@dataclass
class Score:
    """What one reader took, and what it got right. written, marked: fields of text, and those a mark decides."""

    spent: list[Timed] = field(default_factory=list)
    written: int = 0
    marked: int = 0
    anywhere: int = 0


def measure_reading(
    most: int = 20, sample: Sample | None = None, peers: Sequence[str] = tuple(PEERS)
) -> dict[str, Any]:
    """Times and exact fields of every reader, and how many times as long the peers take."""
    sample = sample or draw_sample(READING_SEED, max(SMALLEST, round(most / FORM_PAGES_PER_ENVELOPE)), SMALLEST)
    pack = load_pack(ROOT / "fixtures" / "procedures" / "child_benefit").procedure
    cv2.setNumThreads(1)
    recogniser = PPOCRRecogniser(threads=1)
    readers = {name: make_peer(name, DATA / "models") for name in peers}
    pages = list(form_pages(sample, pack, most))
    _warm_up(pack, recogniser, list(readers.values()), pages[0].image)
    ours, theirs = Score(), {name: Score() for name in peers}
    for page in pages:
        values, spent = timed(lambda page=page: read_by_boxes(pack, recogniser, page.image))  # type: ignore[misc]
        ours.spent.append(spent)
        for key, truth in page.fields.items():
            right = is_right(pack, key, values.get(key), truth)
            ours.written += right and not by_mark(pack, page, key)
            ours.marked += right and by_mark(pack, page, key)
        for name, reader in readers.items():
            _ask_peer(pack, page, reader, theirs[name])
    return _figures(sample, pack, pages, ours, theirs)


def form_pages(sample: Sample, pack: Procedure, most: int) -> Iterator[FormPage]:
    """At most this many form pages, spread evenly over the sample."""
    rows = [row for row in sample.truth().pages if row["kind"] == "form"]
    for row in rows[:: max(1, len(rows) // most)][:most]:
        data = (sample.folder / "scans" / row["file"]).read_bytes()
        page = next(p for p in iter_pages(data) if p.page_index == row["page_index"])
        assert isinstance(page, PagePicture)
        layout = pack.get_form(row["form"], row["revision"]).pages[row["page_number"] - 1]
        known = {key: (f["value"], f["written"] or f["value"]) for key, f in row["fields"].items() if f["value"]}
        yield FormPage(page.image, bool(row["damage"]["upside_down"]), layout, known, bool(row["printed"]))


def read_by_boxes(pack: Procedure, recogniser: PPOCRRecogniser, image: Image) -> dict[str, str]:
    """What `ichimado read` does with a page: which form, where its markers are, its fields."""
    code = locate_form(image, pack)
    layout = find_layout_of(pack, code) if code else None
    found = register(image, layout) if layout else None
    if layout is None or found is None:
        return {}
    reading = read_page(image, layout, recogniser, found, own_models())
    return {one.name: one.value if one.value is not None else one.raw for one in reading.readings}


def _ask_peer(pack: Procedure, page: FormPage, reader: Callable[[Image], tuple[TextLine, ...]], score: Score) -> None:
    image = turn(page.image, 180) if page.upside_down else page.image
    lines, spent = timed(lambda: reader(image))
    score.spent.append(spent)
    values = look_up(page.layout, lines)
    text = _plain("".join(line.text for line in lines))
    for key, truth in page.fields.items():
        if by_mark(pack, page, key):
            continue
        score.written += is_right(pack, key, _as_kana(pack, key, values.get(key)), truth)
        score.anywhere += any(_plain(said) in text for said in truth)


def _as_kana(pack: Procedure, key: str, text: str | None) -> str | None:
    """In a field of kana a kanji that looks like one (力 for カ) is taken as it, as a user of the peer would."""
    kana = pack.field(key.split(".")[0]).type is FieldType.KANA_NAME
    return text.translate(KANJI_AS_KANA) if kana and text else text


def _warm_up(pack: Procedure, recogniser: PPOCRRecogniser, readers: Sequence[Callable[..., Any]], image: Image) -> None:
    """All load their weights before the clock starts."""
    read_by_boxes(pack, recogniser, image)
    for reader in readers:
        reader(image)


def timed(work: Callable[[], Answer]) -> tuple[Answer, Timed]:
    """What the work gives, and what it took."""
    wall, cpu = time.perf_counter(), time.process_time()
    answer = work()
    return answer, Timed(time.perf_counter() - wall, time.process_time() - cpu)


def by_mark(pack: Procedure, page: FormPage, key: str) -> bool:
    """True for fields that a circle or a tick decides, wholly or in part: no full-page text holds them."""
    name = key.split(".")[0]
    return any(box.field == name and box.kind in ("choice", "tick", "date") for box in page.layout.boxes)


def is_right(pack: Procedure, key: str, read: str | None, truth: tuple[str, str]) -> bool:
    """Whether what was read is the field's value, in its normal form or as it was written."""
    if not read:
        return False
    value, written = truth
    own = _normal(pack, key, read)
    return any(same_text(read, said) for said in (value, written)) or (
        own is not None and any(same_text(own, said) for said in (value, _normal(pack, key, value)))
    )


def _normal(pack: Procedure, key: str, text: str) -> str | None:
    return normalise_value(pack.field(key.split(".")[0]), text).value if text else None


def _plain(text: str) -> str:
    return fold_variants(drop_spaces(text))


def _figures(
    sample: Sample, pack: Procedure, pages: Sequence[FormPage], ours: Score, theirs: dict[str, Score]
) -> dict[str, Any]:
    marked = sum(by_mark(pack, page, key) for page in pages for key in page.fields)
    written = sum(len(page.fields) for page in pages) - marked
    peers = {
        name: {
            **_times(score),
            "written_exact_beside_label": _share(score.written, written),
            "written_found_anywhere": _share(score.anywhere, written),
            "times_as_long_cpu": ratio(_sum(score, "cpu_s"), _sum(ours, "cpu_s")),
            "times_as_long_wall": ratio(_sum(score, "wall_s"), _sum(ours, "wall_s")),
            "weights": weights(*PEERS[name]),
        }
        for name, score in theirs.items()
    }
    return {
        "seed": sample.seed,
        "pages": len(pages),
        "pages_printed": sum(page.printed for page in pages),
        "fields_written": written,
        "fields_marked": marked,
        "threads": 1,
        "ichimado": {
            **_times(ours),
            "written_exact": _share(ours.written, written),
            "marked_exact": _share(ours.marked, marked),
            "weights": weights(RECOGNITION),
        },
        **peers,
    }


def _share(hits: int, of: int) -> dict[str, Any]:
    low, high = clopper_pearson(hits, of)
    return {"hits": hits, "of": of, "share": ratio(hits, of), "bounds_95": [round(low, 4), round(high, 4)]}


def _times(score: Score) -> dict[str, float]:
    return {
        "cpu_s_per_page": round(_sum(score, "cpu_s") / len(score.spent), 3),
        "wall_s_per_page": round(_sum(score, "wall_s") / len(score.spent), 3),
        "cpu_s_median": round(median(t.cpu_s for t in score.spent), 3),
        "wall_s_median": round(median(t.wall_s for t in score.spent), 3),
    }


def _sum(score: Score, name: str) -> float:
    return float(sum(getattr(one, name) for one in score.spent))
