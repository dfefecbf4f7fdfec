"""Masks: the classes of an engine that a kind of field may hold, and what a line says within them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

NEGLIGIBLE = 5e-7
"""Outputs that no step of a line says with more than this probability are no part of it; none so faint is ever tried
(`ocr.decoding.rivals`)."""


@dataclass(frozen=True, eq=False)
class Seen:
    """What a line says within a mask.

    log_probs: [T, len(outputs)], each step summing to one; output 0 is the CTC blank. held: how much of the ink the
    mask explains, 0.0-1.0: low when the ink is something else.
    """

    outputs: tuple[str, ...]
    log_probs: NDArray[np.float64]
    held: float


@dataclass(frozen=True)
class CharMask:
    """The classes a field may hold.

    outputs: what may be read; index 0 is the CTC blank.
    columns: indices into the engine's classes; groups: for each of them the index into `outputs`;
    weights: natural logarithms of how far a look-alike counts.
    """

    outputs: tuple[str, ...]
    columns: NDArray[np.int64]
    groups: NDArray[np.int64]
    weights: NDArray[np.float64]

    def apply(self, logits: NDArray[np.float32]) -> NDArray[np.float64]:
        """Log-probabilities [T, len(outputs)] over the mask, each step summing to one."""
        return np.asarray(np.log(self._probabilities(logits)[0]), np.float64)

    def see(self, logits: NDArray[np.float32], also: Iterable[str] | None = ()) -> Seen:
        """What a line says within the mask, without the many outputs that it says next to nothing of, but for those
        of `also`; None for all outputs."""
        probabilities, held = self._probabilities(logits)
        if also is None:
            return Seen(self.outputs, np.asarray(np.log(probabilities), np.float64), held)
        kept = probabilities.max(axis=0) > NEGLIGIBLE
        kept[[0, *(self.index[char] for char in also)]] = True
        log_probs = np.asarray(np.log(probabilities[:, kept]), np.float64)
        return Seen(tuple(self._names[kept].tolist()), log_probs, held)

    def _probabilities(self, logits: NDArray[np.float32]) -> tuple[NDArray[np.float32], float]:
        """Probabilities [T, len(outputs)], each step summing to one; and how much of the ink they are of."""
        columns, factors, layers = self._layers
        chosen = np.take(logits, columns, axis=1)
        np.exp(chosen, out=chosen)
        inked = float((1.0 - np.exp(logits[:, 0].astype(np.float64))).sum())  # each step sums to one
        kept = float(chosen[:, 1:].sum(dtype=np.float64))
        chosen *= factors
        sums, start = chosen[:, : len(self.outputs)], len(self.outputs)
        for groups in layers:
            sums[:, groups] += chosen[:, start : start + len(groups)]
            start += len(groups)
        sums = np.maximum(sums, 1e-9)
        sums /= sums.sum(axis=1, keepdims=True)
        return sums, min(1.0, kept / inked) if inked > 1e-6 else 1.0

    @cached_property
    def _names(self) -> NDArray[np.object_]:
        return np.array(self.outputs, np.object_)

    @cached_property
    def index(self) -> Mapping[str, int]:
        """The place of each output but the blank."""
        return {char: place for place, char in enumerate(self.outputs) if place}

    @cached_property
    def _layers(self) -> tuple[NDArray[np.int64], NDArray[np.float32], list[NDArray[np.int64]]]:
        """The columns with their factors, first one for each output, then second ones, third ones...; and the outputs
        of each layer after the first. Few outputs have more than one column, so adding layers is adding little."""
        order = np.argsort(self.groups, kind="stable")
        groups = self.groups[order]
        rank = np.arange(len(groups)) - np.searchsorted(groups, groups)
        layered = np.lexsort((groups, rank))
        layers = [groups[layered][rank[layered] == level] for level in range(1, int(rank.max()) + 1)]
        chosen = order[layered]
        return self.columns[chosen], np.exp(self.weights[chosen]).astype(np.float32), layers
