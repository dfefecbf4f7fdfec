"""The full-page readers we are compared with, each on one thread; on the weights of the rapidocr wheel, but for
Tesseract, which has its own."""

from __future__ import annotations

import csv
import io
import os
import shutil
import subprocess
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Any

import cv2

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


def make_tesseract() -> ReadPage:
    """Tesseract of the system (Debian: tesseract-ocr, tesseract-ocr-jpn), as it comes, a process a page."""

    def read(image: Image) -> tuple[TextLine, ...]:
        _, data = cv2.imencode(".png", image)
        done = subprocess.run(
            ("tesseract", "stdin", "stdout", "-l", "jpn", "tsv"),
            input=data.tobytes(),
            capture_output=True,
            check=True,
            env={**os.environ, "OMP_THREAD_LIMIT": "1"},
        )
        return tesseract_lines(done.stdout.decode())

    return read


def tesseract_lines(table: str) -> tuple[TextLine, ...]:
    """The lines of Tesseract's table of words (its format `tsv`), words joined without spaces."""
    rows = csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE)
    words = [row for row in rows if row["level"] == "5" and row["text"].strip()]
    lines = []
    for _, group in groupby(words, key=lambda row: (row["block_num"], row["par_num"], row["line_num"])):
        line = list(group)
        boxes = [tuple(int(word[name]) for name in ("left", "top", "width", "height")) for word in line]
        box = (
            min(x for x, _, _, _ in boxes),
            min(y for _, y, _, _ in boxes),
            max(x + w for x, _, w, _ in boxes),
            max(y + h for _, y, _, h in boxes),
        )
        sure = sum(float(word["conf"]) for word in line) / len(line) / 100
        lines.append(TextLine("".join(word["text"].strip() for word in line), sure, box))
    return tuple(lines)


PEERS: dict[str, tuple[str, ...]] = {
    "rapidocr": (DETECTION, TURNED_LINES, RECOGNITION),
    "paddleocr": (DETECTION, RECOGNITION),
}
"""Peer -> the weights it runs on."""
SYSTEM_PEERS = ("tesseract",)
"""Peers with weights of their own, where the system has them."""


def is_there(name: str) -> bool:
    """Whether this peer can be asked on this machine: those of the system need its Japanese data too."""
    if name not in SYSTEM_PEERS:
        return True
    if shutil.which(name) is None:
        return False
    done = subprocess.run((name, "--list-langs"), capture_output=True, text=True, check=False)
    return "jpn" in (done.stdout + done.stderr).split()


def make_peer(name: str, cache: Path) -> ReadPage:
    """The peer of this name; KeyError for another."""
    makers: dict[str, Callable[[], ReadPage]] = {
        "rapidocr": make_rapidocr,
        "paddleocr": lambda: make_paddleocr(cache),
        "tesseract": make_tesseract,
    }
    return makers[name]()


def _upright_box(corners: Any) -> tuple[int, int, int, int]:
    xs, ys = [int(x) for x, _ in corners], [int(y) for _, y in corners]
    return min(xs), min(ys), max(xs), max(ys)
