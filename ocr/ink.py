"""Asking the ink: how well does a picture say each of several strings, instead of what it says freely."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ocr.ctc import best_path, log_likelihoods
from ocr.cut import line_picture, make_view, split_lines, trim_picture
from ocr.engine import Image, Logits, Recogniser
from ocr.imaging import to_grey

Fold = Callable[[str], str]
UNKNOWN_COST = 2.3  # what a character that the engine cannot read costs its candidate: a factor of ten
SPACES = " \u3000"


def score_strings(
    logits: Logits, alphabet: Sequence[str], candidates: Sequence[str], fold: Fold | None = None
) -> list[float]:
    """ln of each candidate's likelihood on one line, 0.0 being that of the best free reading.

    fold: brings a candidate's variant characters to those the engine reads (髙 to 高). Spaces do not count.
    A character that the engine does not know stands for any one character, at a fixed cost.
    """
    if not candidates or not len(logits):
        return [0.0] * len(candidates)
    index = _index(tuple(alphabet))
    texts = [_plain(fold(text) if fold else text) for text in candidates]
    used = sorted({index[char] for text in texts for char in text if char in index})
    matrix = _columns(logits, used, [i for i, char in enumerate(alphabet) if char and char in SPACES])
    place = {column: i + 1 for i, column in enumerate(used)}
    wild = len(used) + 1
    strings = [[place[index[char]] if char in index else wild for char in text] for text in texts]
    unknown = np.array([sum(char not in index for char in text) for text in texts])
    with np.errstate(divide="ignore"):
        scores = log_likelihoods(matrix, strings) - UNKNOWN_COST * unknown
    return [float(score) for score in scores - _free(logits)]


def score_names(
    picture: Image,
    candidates: Sequence[str],
    recogniser: Recogniser,
    fold: Fold | None = None,
    lines: int = 1,
) -> list[float]:
    """Like `score_strings`, on the picture of one field, which is read again; 0.0 for a blank picture."""
    logits = recogniser.logits(field_lines(picture, lines))
    if not logits:
        return [0.0] * len(candidates)
    return score_strings(np.concatenate(logits), recogniser.alphabet, candidates, fold)


def field_lines(picture: Image, lines: int = 1) -> list[Image]:
    """The line pictures of a picture of one field."""
    view = make_view(to_grey(picture), scale=picture.shape[0] / (8.0 * lines))
    found = [line_picture(part) for part in split_lines(trim_picture(view), lines)]
    return [line for line in found if line is not None]


_INDEXES: dict[tuple[str, ...], dict[str, int]] = {}


def _index(alphabet: tuple[str, ...]) -> dict[str, int]:
    if alphabet not in _INDEXES:
        _INDEXES[alphabet] = {char: i for i, char in enumerate(alphabet) if i and char not in SPACES}
    return _INDEXES[alphabet]


def _plain(text: str) -> str:
    return "".join(char for char in text if char not in SPACES)


def _columns(logits: Logits, used: Sequence[int], spaces: Sequence[int]) -> NDArray[np.float64]:
    """Blank (spaces included), the used characters, and one column that stands for any character."""
    blank = np.exp(logits[:, [0, *spaces]].astype(np.float64)).sum(axis=1, keepdims=True)
    chars = np.exp(logits[:, list(used)].astype(np.float64))
    matrix = np.hstack([blank, chars, np.maximum(1.0 - blank, 0.0)])
    return np.asarray(np.log(np.maximum(matrix, 1e-12)), np.float64)


def _free(logits: Logits) -> float:
    string = best_path(logits)
    used = sorted(set(string))
    place = {column: i + 1 for i, column in enumerate(used)}
    matrix = logits[:, [0, *used]].astype(np.float64)
    return float(log_likelihoods(matrix, [[place[column] for column in string]])[0])
