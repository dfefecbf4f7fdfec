"""Full-page text of pages that no template knows, by PaddleOCR on weights already installed."""

from __future__ import annotations

import logging
import os
from collections import deque
from pathlib import Path
from threading import Lock
from typing import Any

import cv2
import numpy as np
import yaml

from ocr.engine import Image, find_bundled_model
from ocr.imaging import ink_mask, to_grey
from ocr.readings import TextLine

# PaddleOCR's names of the models, and the files of the rapidocr wheel that hold the same weights.
DETECTION, RECOGNITION = "PP-OCRv6_small_det", "PP-OCRv6_small_rec"
_FILES = {DETECTION: "PP-OCRv6_det_small.onnx", RECOGNITION: "PP-OCRv6_rec_small.onnx"}


LOOK_PX = 500  # longest side at which ink is looked for
FAINT = 24  # grey levels below the paper that may be ink
MARGIN = 0.03  # of the longer side: text at the very edge of a picture is found less well


class FullPageReader:
    """Reads all text of a page. Loading takes seconds and about 200 MB, so it waits for the first page.

    cache: a folder of ours in which the model folders that PaddleOCR wants are laid out.

    May be used from several threads: an engine serves one page at a time, and one more is loaded when all are busy.
    """

    def __init__(self, cache: str | Path, threads: int = 1) -> None:
        self._cache = Path(cache)
        self._threads = threads
        self._idle: deque[Any] = deque()
        self._loading = Lock()  # importing paddleocr twice at once fails

    def _load(self) -> Any:
        os.environ.setdefault("PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK", "True")
        detection = model_folder(self._cache, DETECTION, _detection_config())
        recognition = model_folder(self._cache, RECOGNITION, _recognition_config())
        from paddleocr import PaddleOCR

        logging.getLogger("paddlex").setLevel(logging.WARNING)  # it greets on every load
        return PaddleOCR(
            text_detection_model_name=DETECTION,
            text_detection_model_dir=str(detection),
            text_recognition_model_name=RECOGNITION,
            text_recognition_model_dir=str(recognition),
            use_doc_orientation_classify=False,
            use_doc_unwarping=False,
            use_textline_orientation=False,
            engine="onnxruntime",
            device="cpu",
            cpu_threads=self._threads,
        )

    def read_text(self, image: Image) -> tuple[TextLine, ...]:
        """The lines of text, top to bottom and left to right."""
        left, top, right, bottom = inked_part(image)
        part = np.ascontiguousarray(image[top:bottom, left:right])
        bgr = np.repeat(to_grey(part)[:, :, None], 3, axis=2) if part.ndim == 2 else part
        lines = []
        for page in self._predict(bgr):
            found = zip(page["rec_texts"], page["rec_scores"], page["rec_boxes"], strict=True)
            for text, score, box in found:
                if text.strip():
                    x0, y0, x1, y1 = (int(v) for v in box)
                    lines.append(TextLine(text, float(score), (x0 + left, y0 + top, x1 + left, y1 + top)))
        return tuple(sorted(lines, key=_reading_order))

    def _predict(self, bgr: Image) -> list[Any]:
        try:
            engine = self._idle.pop()
        except IndexError:
            with self._loading:
                engine = self._load()
        pages = list(engine.predict(bgr))
        self._idle.append(engine)
        return pages


def inked_part(image: Image) -> tuple[int, int, int, int]:
    """Left, top, right and bottom in pixels of what bears ink, with a margin; the whole picture where none is found.

    A card or a bank book on a sheet fills a fifth of it, and finding text takes as long as its area is large.
    """
    height, width = image.shape[:2]
    grey = to_grey(image)
    scale = min(1.0, LOOK_PX / max(height, width))
    small = np.asarray(cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    ink = ink_mask(small, FAINT).astype(np.uint8)
    # Single specks are dust; a stroke of the faintest pencil leaves more.
    columns, rows = np.flatnonzero(ink.sum(axis=0) > 1), np.flatnonzero(ink.sum(axis=1) > 1)
    if not columns.size or not rows.size:
        return 0, 0, width, height
    margin = MARGIN * max(height, width)
    return (
        max(0, int(columns[0] / scale - margin)),
        max(0, int(rows[0] / scale - margin)),
        min(width, int((columns[-1] + 1) / scale + margin)),
        min(height, int((rows[-1] + 1) / scale + margin)),
    )


def _reading_order(line: TextLine) -> tuple[int, int]:
    x0, y0, _, y1 = line.box_px
    return (round((y0 + y1) / 2 / 12), x0)


def model_folder(cache: Path, name: str, config: dict[str, Any]) -> Path:
    """The folder with `inference.onnx` and `inference.yml` of a model that the rapidocr wheel carries."""
    folder = cache / name
    folder.mkdir(parents=True, exist_ok=True)
    weights = folder / "inference.onnx"
    source = find_bundled_model(_FILES[name])
    if not weights.exists() or weights.stat().st_size != source.stat().st_size:
        _publish(weights, source.read_bytes())
    text = yaml.safe_dump({**config, "Global": {"model_name": name}}, allow_unicode=True, sort_keys=False)
    _publish(folder / "inference.yml", text.encode())
    return folder


def _publish(path: Path, content: bytes) -> None:
    """Write a file whole, so that a second process never sees half of it."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.write_bytes(content)
    draft.replace(path)


def _recognition_config() -> dict[str, Any]:
    import onnxruntime

    path = find_bundled_model(_FILES[RECOGNITION])
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    characters = session.get_modelmeta().custom_metadata_map["character"].split("\n")
    return {
        "PreProcess": {
            "transform_ops": [
                {"DecodeImage": {"channel_first": False, "img_mode": "BGR"}},
                {"RecResizeImg": {"image_shape": [3, 48, 320]}},
            ]
        },
        "PostProcess": {"name": "CTCLabelDecode", "character_dict": characters},
    }


def _detection_config() -> dict[str, Any]:
    return {
        "PreProcess": {
            "transform_ops": [
                {"DetResizeForTest": {"limit_side_len": 1280, "limit_type": "max"}},
                {
                    "NormalizeImage": {
                        "mean": [0.485, 0.456, 0.406],
                        "std": [0.229, 0.224, 0.225],
                        "scale": "1./255.",
                        "order": "hwc",
                    }
                },
                {"ToCHWImage": None},
            ]
        },
        "PostProcess": {
            "name": "DBPostProcess",
            "thresh": 0.3,
            "box_thresh": 0.6,
            "max_candidates": 1000,
            "unclip_ratio": 1.5,
        },
    }
