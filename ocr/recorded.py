"""Recorded recognition: the slow engine's output kept by picture content, so that tests run without it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ocr.engine import Image, Logits, Recogniser


def line_key(line: Image) -> str:
    """The SHA-256 of the picture's shape and pixels, in hex."""
    return hashlib.sha256(repr(line.shape).encode() + np.ascontiguousarray(line).tobytes()).hexdigest()


class MissingRecordingError(LookupError):
    """No recording of this line picture, and no engine was given: record again."""


class RecordedRecogniser:
    """Answers from a recording, and asks `inner` for pictures that are not in it yet.

    The recording keeps the `top` likeliest classes of each step; the rest of the mass is spread evenly over
    the other classes. That is enough for reading, and loses some of what `ocr.decoding.ink` could tell.
    """

    def __init__(self, path: str | Path, inner: Recogniser | None = None, top: int = 24) -> None:
        self._path = Path(path)
        self._inner = inner
        self._top = top
        self._rows: dict[str, tuple[NDArray[np.uint16], NDArray[np.float16]]] = {}
        self._alphabet: tuple[str, ...] = ()
        self._engine_id = ""
        if self._path.exists():
            self._load()
        if inner is not None and inner.engine_id != self._engine_id:
            self._rows.clear()
            self._alphabet, self._engine_id = inner.alphabet, inner.engine_id

    @property
    def alphabet(self) -> tuple[str, ...]:
        return self._alphabet

    @property
    def engine_id(self) -> str:
        return self._engine_id

    def logits(self, lines: Sequence[Image]) -> list[Logits]:
        keys = [line_key(line) for line in lines]
        missing = [i for i, key in enumerate(keys) if key not in self._rows]
        if missing:
            self._record([lines[i] for i in missing], [keys[i] for i in missing])
        return [self._restore(key) for key in keys]

    def save(self) -> None:
        """Write the recording as one compressed npz file."""
        keys = sorted(self._rows)
        np.savez_compressed(
            self._path,
            engine_id=np.array(self._engine_id),
            alphabet=np.array("\n".join(self._alphabet[1:])),
            keys=np.array(keys),
            steps=np.array([len(self._rows[key][0]) for key in keys], np.int32),
            classes=np.concatenate([self._rows[key][0] for key in keys] or [np.zeros((0, 1), np.uint16)]),
            values=np.concatenate([self._rows[key][1] for key in keys] or [np.zeros((0, 1), np.float16)]),
        )

    def _load(self) -> None:
        with np.load(self._path, allow_pickle=False) as data:
            self._engine_id = str(data["engine_id"])
            self._alphabet = ("", *str(data["alphabet"]).split("\n"))
            ends = np.cumsum(data["steps"])[:-1]
            classes = np.split(data["classes"], ends)
            values = np.split(data["values"], ends)
            self._rows = dict(zip(data["keys"].tolist(), zip(classes, values, strict=True), strict=True))

    def _record(self, lines: Sequence[Image], keys: Sequence[str]) -> None:
        if self._inner is None:
            raise MissingRecordingError(f"{len(lines)} line pictures are not in {self._path.name}")
        for key, matrix in zip(keys, self._inner.logits(lines), strict=True):
            top = min(self._top, matrix.shape[1])
            classes = np.argpartition(-matrix, top - 1, axis=1)[:, :top]
            values = np.take_along_axis(matrix, classes, axis=1)
            self._rows[key] = (classes.astype(np.uint16), values.astype(np.float16))

    def _restore(self, key: str) -> Logits:
        classes, stored = self._rows[key]
        values = stored.astype(np.float32)
        others = max(len(self._alphabet) - classes.shape[1], 1)
        rest = np.maximum(1.0 - np.exp(values).sum(axis=1), 1e-6) / others
        matrix = np.repeat(np.log(rest)[:, None], len(self._alphabet), axis=1).astype(np.float32)
        np.put_along_axis(matrix, classes.astype(np.int64), values, axis=1)
        return matrix
