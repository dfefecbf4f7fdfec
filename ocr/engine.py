"""Line recognisers: pictures of single lines in, CTC log-probabilities out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Logits = NDArray[np.float32]

LINE_HEIGHT = 48
MIN_WIDTH = 48
MAX_WIDTH = 2400
BATCH = 4  # batches above 4 never paid on one thread


class Alphabet(tuple[str, ...]):
    """The characters of an engine's classes. Tables are looked up by it for every line, so that its hash, which takes
    all of them, is worked out once."""

    @cached_property
    def _hash(self) -> int:
        return super().__hash__()

    def __hash__(self) -> int:
        return self._hash


@runtime_checkable
class Recogniser(Protocol):
    """Reads pictures of one line each.

    alphabet: the characters of the classes; index 0 stands for the CTC blank.
    """

    @property
    def alphabet(self) -> tuple[str, ...]: ...

    @property
    def engine_id(self) -> str:
        """Names the engine and its weights, so that recorded outputs and calibrations can be tied to it."""
        ...

    def logits(self, lines: Sequence[Image]) -> list[Logits]:
        """Natural-log probabilities [T, C], float32, one array per line in the order given."""
        ...


def find_bundled_model(name: str) -> Path:
    """The path of a model file that the rapidocr wheel carries, found without importing that package.

    Raises FileNotFoundError when the wheel is not installed or does not carry the file.
    """
    spec = find_spec("rapidocr")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / "models" / name
        if path.is_file():
            return path
    raise FileNotFoundError(f"model {name} is not installed: install rapidocr or name a model file")


class PPOCRRecogniser:
    """PP-OCRv6 line recognition on onnxruntime."""

    def __init__(self, model_path: str | Path | None = None, threads: int = 1) -> None:
        self._path = Path(model_path) if model_path else find_bundled_model("PP-OCRv6_rec_small.onnx")
        self._threads = threads

    @cached_property
    def _session(self) -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        return onnxruntime.InferenceSession(str(self._path), options, providers=["CPUExecutionProvider"])

    @cached_property
    def alphabet(self) -> tuple[str, ...]:
        characters = self._session.get_modelmeta().custom_metadata_map["character"].split("\n")
        return Alphabet(("", *characters, " "))

    @cached_property
    def engine_id(self) -> str:
        digest = hashlib.sha256(self._path.read_bytes()).hexdigest()[:12]
        return f"{self._path.stem}@{digest}"

    def logits(self, lines: Sequence[Image]) -> list[Logits]:
        pictures = [_fit_height(line) for line in lines]
        out: list[Logits] = [np.empty((0, 0), np.float32)] * len(pictures)
        name = self._session.get_inputs()[0].name
        for group in _batches(pictures):
            width = max(pictures[i].shape[1] for i in group)
            probabilities = self._session.run(None, {name: _tensor([pictures[i] for i in group], width)})[0]
            for i, matrix in zip(group, probabilities, strict=True):
                steps = -(-pictures[i].shape[1] * matrix.shape[0] // width)
                out[i] = np.log(np.maximum(matrix[:steps], 1e-12)).astype(np.float32)
        return out


class NullRecogniser:
    """Reads nothing: every step of every line is blank. It proves that the interface is enough."""

    alphabet: tuple[str, ...] = ("", *"0123456789", " ")
    engine_id = "null"

    def logits(self, lines: Sequence[Image]) -> list[Logits]:
        matrix = np.full((8, len(self.alphabet)), -30.0, np.float32)
        matrix[:, 0] = 0.0
        return [matrix.copy() for _ in lines]


def _fit_height(line: Image) -> Image:
    grey = line if line.ndim == 2 else cv2.cvtColor(line, cv2.COLOR_BGR2GRAY)
    height, width = grey.shape
    new_width = int(np.clip(round(width * LINE_HEIGHT / max(height, 1)), MIN_WIDTH, MAX_WIDTH))
    method = cv2.INTER_AREA if height > LINE_HEIGHT else cv2.INTER_CUBIC
    natural = max(1, min(new_width, round(width * LINE_HEIGHT / max(height, 1))))
    scaled = cv2.resize(grey, (natural, LINE_HEIGHT), interpolation=method)
    padded = np.full((LINE_HEIGHT, -(-new_width // 8) * 8), 255, np.uint8)
    padded[:, :natural] = scaled
    return padded


def _batches(pictures: Sequence[Image]) -> Iterator[list[int]]:
    order = sorted(range(len(pictures)), key=lambda i: pictures[i].shape[1])
    for start in range(0, len(order), BATCH):
        yield order[start : start + BATCH]


def _tensor(pictures: Sequence[Image], width: int) -> NDArray[np.float32]:
    batch = np.full((len(pictures), LINE_HEIGHT, width), 255, np.uint8)
    for row, picture in zip(batch, pictures, strict=True):
        row[:, : picture.shape[1]] = picture
    plane = (batch.astype(np.float32) / 255.0 - 0.5) / 0.5
    return np.repeat(plane[:, None], 3, axis=1)
