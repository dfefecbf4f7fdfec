"""What a page costs beside recognising what is filled in: processor milliseconds, stage by stage.

    python -m benchmarks.page_cost [--part tune|held_out] [--filled 10 25 50] [--sheets N] [--seed S]

Each sheet is read once untimed, so that what is made once for a process (the tables of an alphabet) or once for a form
(its print) is not counted: it is `once_ms`, of the first sheet. Overhead is all that is neither the line recogniser nor
the network for cells: registration, view, cutting, marks with their network, decoding. One thread, processor time.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import partial
from statistics import median
from typing import Any, TypeVar

import cv2

from benchmarks.report import keep, show
from fixtures.reading.layouts import get_form, layouts_of
from fixtures.reading.sheets import Sheet, draw_sheet
from fixtures.reading.split import Part
from ocr.engine import Image, Logits, PPOCRRecogniser
from ocr.fields.prepare import prepare
from ocr.glyphs import GlyphModel, Measures, Pictures, Scores
from ocr.own import OwnModels, own_models
from ocr.place.registration import register
from ocr.reader import read_page, view_page
from pipeline.steps.layouts import page_layout

SEED = 920_000
GOAL_MS = 450.0
"""Of overhead, at any number of filled fields."""

Answer = TypeVar("Answer")


class Clock:
    """Processor seconds spent on what is sent through it."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self, work: Callable[[], Answer]) -> Answer:
        started = time.process_time()
        try:
            return work()
        finally:
            self.seconds += time.process_time() - started

    def take_ms(self) -> float:
        """The milliseconds so far; it begins again at nought."""
        spent, self.seconds = self.seconds, 0.0
        return 1000 * spent


class ClockedRecogniser:
    """The line recogniser with a clock."""

    def __init__(self) -> None:
        self.clock = Clock()
        self._engine = PPOCRRecogniser(threads=1)
        self.alphabet, self.engine_id = self._engine.alphabet, self._engine.engine_id

    def logits(self, lines: Sequence[Image]) -> list[Logits]:
        """As of the recogniser."""
        return self.clock(lambda: self._engine.logits(lines))


class ClockedModel(GlyphModel):
    """A network of our own with a clock."""

    def __init__(self, model: GlyphModel) -> None:
        self.__dict__.update(model.__dict__)
        self.clock = Clock()

    def log_probabilities(self, pictures: Pictures, measures: Measures) -> Scores:
        """As of the network."""
        return self.clock(partial(super().log_probabilities, pictures, measures))


@dataclass(frozen=True)
class Cost:
    """Milliseconds of processor time of one page.

    recogniser, cells: recognising what is filled in. overhead: the rest; register, view, cutting (marks too, without
    their network), marks (their network) and decoding are its parts.
    """

    total: float
    recogniser: float
    cells: float
    overhead: float
    register: float
    view: float
    cutting: float
    marks: float
    decoding: float


class Measurer:
    """Reads sheets with one set of clocked engines."""

    def __init__(self) -> None:
        cv2.setNumThreads(1)
        plain = own_models()
        if plain.cells is None or plain.ticks is None:
            raise FileNotFoundError("the networks of ocr/models are not here")
        self.cells, self.ticks = ClockedModel(plain.cells), ClockedModel(plain.ticks)
        self.own = OwnModels(self.cells, self.ticks, plain.calibration)
        self.recogniser = ClockedRecogniser()

    def cost(self, sheet: Sheet) -> tuple[Cost, float] | None:
        """What the sheet costs, and the milliseconds that its first reading took more; None where its form is not
        found."""
        layout = page_layout(sheet.procedure, sheet.form, sheet.page)
        page, parts = Clock(), Clock()

        def read() -> float:
            found = register(sheet.picture, layout)
            registering = 1000 * (time.process_time() - started)
            if found is not None:
                read_page(sheet.picture, layout, self.recogniser, found, self.own)
            return registering if found is not None else 0.0

        started = time.process_time()
        if not page(read):
            return None
        first = page.take_ms()
        self._taken()
        started = time.process_time()
        registering = page(read)
        total, (recogniser, cells, marks) = page.take_ms(), self._taken()
        found = register(sheet.picture, layout)
        assert found is not None
        view = parts(lambda: view_page(sheet.picture, found))
        viewing = parts.take_ms()
        parts(lambda: [prepare(view, field, self.own) for field in layout.fields])
        cutting = parts.take_ms() - sum(self._taken())
        overhead = total - recogniser - cells
        decoding = overhead - registering - viewing - cutting - marks
        return Cost(total, recogniser, cells, overhead, registering, viewing, cutting, marks, decoding), first - total

    def _taken(self) -> tuple[float, float, float]:
        return self.recogniser.clock.take_ms(), self.cells.clock.take_ms(), self.ticks.clock.take_ms()


def measure_pages(part: Part, filled: Sequence[int], sheets: int, seed: int = SEED) -> dict[str, Any]:
    """Medians and largest overhead for each number of filled fields, over forms that have as many."""
    measurer, rows, once = Measurer(), {}, 0.0
    for number in filled:
        names = [name for name in layouts_of(part) if len(get_form(name).pages[0].all_boxes()) >= number]
        drawn = (
            draw_sheet(seed + 1000 * number + n, part, layout=names[n % len(names)], filled=number)
            for n in range(sheets)
        )
        found = [cost for sheet in drawn if (cost := measurer.cost(sheet)) is not None]
        once = once or (found[0][1] if found else 0.0)
        rows[str(number)] = _figures([cost for cost, _ in found])
    return {"part": part.value, "seed": seed, "goal_overhead_ms": GOAL_MS, "once_ms": round(once), "filled": rows}


def _figures(costs: Sequence[Cost]) -> dict[str, Any]:
    if not costs:
        return {"pages": 0}
    medians = {one.name: round(median(getattr(cost, one.name) for cost in costs)) for one in fields(Cost)}
    over = sum(cost.overhead > GOAL_MS for cost in costs)
    return {"pages": len(costs), **medians, "overhead_most": round(max(c.overhead for c in costs)), "over_goal": over}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures, prints one column for each number of filled fields, and keeps the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.page_cost", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--part", choices=[part.value for part in Part], default=Part.TUNE.value)
    parser.add_argument("--filled", type=int, nargs="+", default=[10, 25, 50])
    parser.add_argument("--sheets", type=int, default=6)
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args(arguments)
    figures = measure_pages(Part(given.part), given.filled, given.sheets, given.seed)
    keep("page_cost", figures, "python -m benchmarks.page_cost " + " ".join(sys.argv[1:]))
    rows = figures["filled"]
    names = dict.fromkeys(name for row in rows.values() for name in row)
    show(
        f"CPU of a page in ms, medians, by filled fields; over_goal: pages of more than {GOAL_MS:.0f} ms overhead",
        ("", *rows),
        [(name, *(str(row.get(name, "")) for row in rows.values())) for name in names],
        [f"once for a process and a form: {figures['once_ms']} ms"],
    )


if __name__ == "__main__":
    main()
