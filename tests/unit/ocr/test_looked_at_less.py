"""What is looked at only where it counts comes out as if everything had been looked at."""

import cv2
import numpy as np
import pytest
from numpy.random import default_rng

from ocr.decoding.content import mask_for
from ocr.decoding.masks import NEGLIGIBLE
from ocr.imaging import find_pieces
from ocr.layout import Content
from ocr.place.bend import Bend, Fold, Grid

LEFT, AREA = 0, 4


@pytest.mark.parametrize(("seed", "share"), [(1, 0.0), (2, 0.01), (3, 0.2), (4, 0.6)])
def test_pieces_are_those_of_the_whole_picture(seed: int, share: float) -> None:
    ink = np.zeros((61, 97), np.bool_)
    ink[13:50, 21:80] = default_rng(seed).random((37, 59)) < share
    _, labels, stats, middles = cv2.connectedComponentsWithStats(ink.view(np.uint8), connectivity=8)
    found = find_pieces(ink)
    assert (found.stats[1:] == stats[1:]).all()
    assert found.stats[0, AREA] == stats[0, AREA]
    assert np.allclose(found.middles[1:], middles[1:])
    flags = np.arange(len(stats)) % 2 == 1
    assert (found.only(flags) == flags[labels]).all()


def test_a_bend_by_rows_and_columns_is_that_of_its_points() -> None:
    bend = Bend(Grid(default_rng(5).normal(size=(5, 4, 2))), (Fold(0.6, 0.8, 50.0, (0.4, -0.3)),))
    x, y = np.linspace(-6.0, 70.0, 23), np.linspace(-3.0, 95.0, 31)
    points = np.stack(np.meshgrid(x, y), axis=2).reshape(-1, 2)
    assert np.allclose(bend.between(x, y).reshape(-1, 2), bend.at(points), atol=1e-12)


def test_a_line_is_seen_without_what_it_hardly_says() -> None:
    alphabet = ("", *"0123456789-")
    probabilities = np.full((6, len(alphabet)), 1e-9)
    probabilities[:, 0], probabilities[2, 4], probabilities[4, 8] = 0.5, 0.5, 0.4
    logits = np.log(probabilities / probabilities.sum(axis=1, keepdims=True)).astype(np.float32)
    mask = mask_for(Content.DIGITS, alphabet)
    seen, whole = mask.see(logits, also="9"), mask.see(logits, also=None)
    assert seen.outputs == ("", "3", "7", "9")
    assert whole.outputs == mask.outputs
    assert np.array_equal(seen.log_probs, whole.log_probs[:, [mask.outputs.index(char) for char in seen.outputs]])
    assert np.exp(whole.log_probs[:, mask.index["5"]]).max() < NEGLIGIBLE
    assert seen.held == pytest.approx(1.0, abs=1e-6)
