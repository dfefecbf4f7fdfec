"""Asking the ink: how well does a picture say each of several strings, instead of what it says freely."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from japan.kana import SMALL_TO_LARGE
from ocr.cutting.cut import Patch, line_picture, make_view, split_lines, trim_picture
from ocr.decoding.content import look_alike
from ocr.decoding.ctc import best_path, log_likelihoods
from ocr.engine import Image, Logits, Recogniser
from ocr.imaging import to_grey

Fold = Callable[[str], str]
UNKNOWN_COST = 2.3  # what a character that the engine cannot read costs its candidate: a factor of ten
SPACES = " \u3000"


def score_strings(
    logits: Logits, alphabet: Sequence[str], candidates: Sequence[str], fold: Fold | None = None
) -> list[float]:
    """ln of each candidate's likelihood on one line, 0.0 being that of the best free reading.

    fold: what it makes one (髙 and 高, ッ and ツ) is one here: a candidate may be written with any of them. Spaces do
    not count. A character that the engine does not know stands for any one character, at a fixed cost.
    """
    if not candidates or not len(logits):
        return [0.0] * len(candidates)
    groups = _groups(tuple(alphabet), fold)
    texts = [_plain(fold(text) if fold else text) for text in candidates]
    used = sorted({char for text in texts for char in text if char in groups})
    matrix = _columns(logits, [groups[char] for char in used], groups[SPACES])
    place = {char: i + 1 for i, char in enumerate(used)}
    wild = len(used) + 1
    strings = [[place.get(char, wild) for char in text] for text in texts]
    unknown = np.array([sum(char not in place for char in text) for text in texts])
    with np.errstate(divide="ignore"):
        scores = log_likelihoods(matrix, strings) - UNKNOWN_COST * unknown
    return [float(score) for score in scores - _free(logits)]


def fold_kana(text: str) -> str:
    """The text as one writes katakana by hand: small kana as large ones, kanji and hiragana that look like kana as
    them. For `score_strings`."""
    folded = (look_alike(char) for char in text)
    return "".join(folded).translate(SMALL_TO_LARGE)


def score_names(
    picture: Image,
    candidates: Sequence[str],
    recogniser: Recogniser,
    fold: Fold | None = None,
    lines: int = 1,
) -> list[float]:
    """Like `score_strings`, on the picture of one field, which is read again; 0.0 for a blank picture.

    The field is looked at twice, as cleaned and as scanned: what cleaning takes for paper may be all that is left of
    a stroke, and what it leaves out may be dirt. Either look may be the right one, so their likelihoods are averaged.
    """
    looks = field_looks(picture, lines)
    if not looks:
        return [0.0] * len(candidates)
    logits = recogniser.logits([line for look in looks for line in look])
    count = len(looks[0])
    matrices = [np.concatenate(logits[start : start + count]) for start in range(0, len(logits), count)]
    return mean_scores([score_strings(matrix, recogniser.alphabet, candidates, fold) for matrix in matrices])


def mean_scores(looks: Sequence[Sequence[float]]) -> list[float]:
    """The scores of candidates on several pictures of the same ink as one: ln of the mean likelihood ratio."""
    return [float(score) for score in np.logaddexp.reduce(np.array(looks, np.float64), axis=0) - np.log(len(looks))]


def field_looks(picture: Image, lines: int = 1) -> list[list[Image]]:
    """The line pictures of a picture of one field, once cleaned and once as scanned; [] where nothing is written."""
    view = make_view(to_grey(picture), scale=picture.shape[0] / (8.0 * lines))
    parts = split_lines(trim_picture(view), lines)
    pairs = [(cleaned, _as_scanned(part)) for part in parts if (cleaned := line_picture(part)) is not None]
    return [list(look) for look in zip(*pairs, strict=True)]


def _as_scanned(patch: Patch) -> Image:
    """The written part of a patch with its own paper around it."""
    ys, xs = np.flatnonzero(patch.ink.any(axis=1)), np.flatnonzero(patch.ink.any(axis=0))
    y0, y1, x0, x1 = int(ys[0]), int(ys[-1]) + 1, int(xs[0]), int(xs[-1]) + 1
    above, beside = max(2, round(0.14 * (y1 - y0))), max(4, round(0.35 * (y1 - y0)))
    return patch.flat[max(0, y0 - above) : y1 + above, max(0, x0 - beside) : x1 + beside]


@lru_cache(maxsize=8)
def _groups(alphabet: tuple[str, ...], fold: Fold | None) -> Mapping[str, tuple[int, ...]]:
    """Each character, as folded, with the classes that are it; under SPACES those that are none."""
    found: dict[str, tuple[int, ...]] = {SPACES: ()}
    for i, char in enumerate(alphabet[1:], start=1):
        key = SPACES if char in SPACES else fold(char) if fold else char
        found[key] = (*found.get(key, ()), i)
    return found


def _plain(text: str) -> str:
    return "".join(char for char in text if char not in SPACES)


def _columns(logits: Logits, used: Sequence[tuple[int, ...]], spaces: tuple[int, ...]) -> NDArray[np.float64]:
    """Blank (spaces included), the used characters, and one column that stands for any character."""
    blank = np.exp(logits[:, [0, *spaces]].astype(np.float64)).sum(axis=1, keepdims=True)
    matrix = np.hstack([blank, np.zeros((len(logits), len(used))), np.maximum(1.0 - blank, 0.0)])
    if used:
        each = np.exp(logits[:, [column for group in used for column in group]].astype(np.float64))
        starts = np.cumsum([0, *(len(group) for group in used[:-1])])
        matrix[:, 1:-1] = np.add.reduceat(each, starts, axis=1)
    return np.asarray(np.log(np.maximum(matrix, 1e-12)), np.float64)


def _free(logits: Logits) -> float:
    string = best_path(logits)
    used = sorted(set(string))
    place = {column: i + 1 for i, column in enumerate(used)}
    matrix = logits[:, [0, *used]].astype(np.float64)
    return float(log_likelihoods(matrix, [[place[column] for column in string]])[0])
