"""The small models of our own: what may not be trained on, and what their files say of themselves."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from fixtures.reading.split import Part
from fixtures.reading.writers import known_writers
from ocr import glyphs
from ocr.decoding.content import KATAKANA
from ocr.glyphs import DUST, OTHER, GlyphModel
from ocr.marks import ticks
from ocr.own import own_models
from training.fonts import is_held_out
from training.paper import MARGIN_MM, Row, scan

HELD_OUT = [writer for writer in known_writers() if writer.part is Part.HELD_OUT]
TUNE = [writer for writer in known_writers() if writer.part is Part.TUNE]


def files(writers: list) -> set[str]:  # type: ignore[type-arg]
    return {path.stem for w in writers for path in (w.font, w.digits, w.kanji) if isinstance(path, Path)}


@pytest.mark.parametrize("name", sorted(files(HELD_OUT)))
def test_no_hand_that_is_held_out_is_trained_on(name: str) -> None:
    assert is_held_out(name)
    assert is_held_out(f"{name}-bold")


@pytest.mark.parametrize("name", sorted(files(TUNE)))
def test_the_others_may_be(name: str) -> None:
    assert not is_held_out(name)


def test_the_models_ship_and_say_what_they_are() -> None:
    own = own_models()
    assert own.cells is not None and own.ticks is not None
    assert {*"0123456789", *KATAKANA, "元", OTHER, DUST} <= set(own.cells.classes)
    assert own.ticks.classes == ticks.CLASSES
    assert own.cells.engine_id.startswith("cells@") and own.ticks.engine_id.startswith("ticks@")


@pytest.mark.parametrize("path", [glyphs.MODEL, ticks.MODEL], ids=lambda path: path.stem)
def test_a_model_is_small_and_names_its_recipe(path: Path) -> None:
    import onnxruntime

    meta = onnxruntime.InferenceSession(str(path)).get_modelmeta().custom_metadata_map
    assert path.stat().st_size < 6_000_000  # a wheel and a clone stay small; three networks of cells in one are 4.4 MB
    assert {"seed", "samples", "epochs", "torch"} <= set(json.loads(meta["recipe"]))


def test_probabilities_sum_to_one_in_any_number() -> None:
    model = GlyphModel()
    for count in (0, 1, 7):
        pictures = np.zeros((count, glyphs.SIDE, glyphs.SIDE), np.uint8)
        scores = model.log_probabilities(pictures, np.zeros((count, 6), np.float32))
        assert scores.shape == (count, len(model.classes))
        assert np.allclose(np.exp(scores).sum(axis=1), 1.0, atol=1e-4)


def test_a_drawn_row_is_the_same_for_the_same_seed() -> None:
    row = Row(8.0, 6.0, 8.0, 3)
    first, again, other = (scan(np.random.default_rng(seed), row.paper(), row.scale) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert first.shape == (round((8 + 2 * MARGIN_MM) * 8), round((18 + 2 * MARGIN_MM) * 8))
    assert not np.array_equal(first, other)
