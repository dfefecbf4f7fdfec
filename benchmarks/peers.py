"""The full-page readers we are compared with, each on one thread and on the weights of the rapidocr wheel."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.machine import DETECTION, RECOGNITION, TURNED_LINES
from ocr.engine import Image
from ocr.fullpage import FullPageReader
from ocr.readings import TextLine

ReadPage = Callable[[Image], tuple[TextLine, ...]]


def make_rapidocr() -> ReadPage:
    """RapidOCR as its wheel comes, but for the number of threads."""
    from rapidocr import RapidOCR

    engine = RapidOCR(
        params={
            "Global.log_level": "critical",
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )

    def read(image: Image) -> tuple[TextLine, ...]:
        found: Any = engine(image)
        if found.txts is None:
            return ()
        return tuple(
            TextLine(text, float(score), _upright_box(corners))
            for text, score, corners in zip(found.txts, found.scores, found.boxes, strict=True)
        )

    return read


def make_paddleocr(cache: Path) -> ReadPage:
    """PaddleOCR's own pipeline as `ocr.fullpage` sets it up. cache: a folder for its model folders."""
    return FullPageReader(cache, threads=1).read_text


PEERS: dict[str, tuple[str, ...]] = {
    "rapidocr": (DETECTION, TURNED_LINES, RECOGNITION),
    "paddleocr": (DETECTION, RECOGNITION),
}
"""Peer -> the weights it runs on."""


def make_peer(name: str, cache: Path) -> ReadPage:
    """The peer of this name; KeyError for another."""
    makers: dict[str, Callable[[], ReadPage]] = {
        "rapidocr": make_rapidocr,
        "paddleocr": lambda: make_paddleocr(cache),
    }
    return makers[name]()


def _upright_box(corners: Any) -> tuple[int, int, int, int]:
    xs, ys = [int(x) for x, _ in corners], [int(y) for _, y in corners]
    return min(xs), min(ys), max(xs), max(ys)
