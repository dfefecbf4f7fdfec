"""`make bench-reading`: how well the reader reads the reading lab's sheets, and how well it knows when it does not.

    python -m benchmarks.reading_card [--part tune|held_out] [--sheets N] [--seed S] [--minutes M] [--processes P]
                                      [--peers [rapidocr paddleocr tesseract]] [--crops DIR]
                                      [--layout L] [--writer W] [--damage D] [--hand printed|handwritten] [--filled N]

Figures go to build/bench/reading_card_PART.json (_some, where not all sheets of the part were asked for), a line for
each field to the .jsonl beside it, and the reliability diagram to the .svg. Fields are calibrated, confirmed by each
other and accepted as the READ step does for a pack that wants at most one wrong value in a thousand; nothing is fitted
here (`python -m benchmarks.calibrate`).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.card_crops import Crop, save_crops
from benchmarks.card_page_sums import sum_pages
from benchmarks.card_pages import Wish, memory_of_reading, read_sheets
from benchmarks.card_report import show_card
from benchmarks.card_rows import PageRow
from benchmarks.card_sums import by_target, sum_lab
from benchmarks.machine import RECOGNITION, weights
from benchmarks.peers import PEERS, SYSTEM_PEERS, is_there
from benchmarks.report import OUT, keep
from fixtures.reading.split import Part
from ocr.own import own_models
from pipeline.score.diagram import reliability_svg

SEED = 900_000
"""Sheets of the card begin here: a seed of its own, far from those that models are trained on."""
ALL_PEERS = (*PEERS, *SYSTEM_PEERS)


def main(arguments: Sequence[str] | None = None) -> None:
    """Reads the sheets asked for, prints the card and keeps its figures."""
    given = _parse(arguments)
    wish = Wish(
        Part(given.part), given.layout, given.writer, given.damage, given.hand, given.filled, tuple(given.peers),
        given.crops is not None,
    )  # fmt: skip
    started = time.perf_counter()
    pages, crops = measure(wish, range(given.seed, given.seed + given.sheets), given.processes, given.minutes)
    if not pages:
        sys.exit("no sheet was read: --sheets and --minutes allow none")
    figures = {
        **card(pages, wish.part),
        "asked": {**asdict(wish), "seed": given.seed, "sheets": given.sheets},
        "memory_mb": memory_of_reading(wish, max(pages, key=lambda page: page.dpi).seed),
        "took_s": round(time.perf_counter() - started),
        "peers_absent": given.absent,
    }
    some = any((given.layout, given.writer, given.damage, given.hand, given.filled))
    name = f"reading_card_{wish.part.value}{'_some' if some else ''}"
    command = "python -m benchmarks.reading_card " + " ".join(sys.argv[1:] if arguments is None else arguments)
    keep(name, figures, command)
    keep_rows(pages, OUT / f"{name}.jsonl")
    diagram = reliability_svg(figures["reliability"], f"{wish.part.value}: {figures['pages']} sheets")
    (OUT / f"{name}.svg").write_text(diagram, "utf-8")
    show_card(figures)
    if given.crops is not None:
        print(*save_crops(crops, given.crops), sep="\n")


def measure(
    wish: Wish, seeds: Sequence[int], processes: int = 0, minutes: float = 0.0
) -> tuple[list[PageRow], list[Crop]]:
    """The pages in the order of their seeds, and pictures of what is wrong where they were wished for."""
    answers = sorted(read_sheets(wish, seeds, processes, minutes), key=lambda answer: answer[0].seed)
    return [page for page, _ in answers], [crop for _, crops in answers for crop in crops]


def card(pages: Sequence[PageRow], part: Part) -> dict[str, Any]:
    """The figures of these pages."""
    own = own_models()
    rows = [row for page in pages for row in page.fields]
    return {
        "part": part.value,
        **sum_lab(pages),
        "by_target": by_target(rows, own.calibration) if own.calibration else {},
        **sum_pages(pages),
        "weights": weights(RECOGNITION),
        "own_models": {"cells": own.cells is not None, "ticks": own.ticks is not None},
        "calibrated_on": own.calibration.data if own.calibration else None,
    }


def keep_rows(pages: Sequence[PageRow], path: Path) -> None:
    """A line of JSON for each field, for calibration and for looking at single cases."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        for page in pages:
            for row in page.fields:
                file.write(json.dumps(asdict(row), ensure_ascii=False) + "\n")


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.reading_card", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--part", choices=[part.value for part in Part], default=Part.HELD_OUT.value)
    parser.add_argument("--sheets", type=int, default=60)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--minutes", type=float, default=0.0, help="begin no sheet after so many")
    parser.add_argument("--processes", type=int, default=0, help="default: one a processor")
    parser.add_argument("--peers", nargs="*", choices=ALL_PEERS, help="without names: all")
    parser.add_argument("--crops", type=Path, metavar="DIR", help="pictures of the wrong fields go there")
    parser.add_argument("--layout")
    parser.add_argument("--writer")
    parser.add_argument("--damage")
    parser.add_argument("--hand", choices=("printed", "handwritten"))
    parser.add_argument("--filled", type=int, help="exactly so many fields filled in on each sheet")
    given = parser.parse_args(arguments)
    wanted = () if given.peers is None else given.peers or ALL_PEERS
    given.absent = [name for name in wanted if not is_there(name)]
    given.peers = [name for name in wanted if is_there(name)]
    return given


if __name__ == "__main__":
    main()
