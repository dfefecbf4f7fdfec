"""Signs for the row above: told from short values, and what they repeat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr.cutting.cut import Patch, make_view
from ocr.engine import Image, Logits
from ocr.fields.ditto import SIGN, mark_probability, repeat_above, runs_down
from ocr.fields.prepare import prepare
from ocr.glyphs import DUST, OTHER, GlyphModel, Measures, Pictures, Scores
from ocr.layout import Box, Content, Field, LineField
from ocr.own import OwnModels
from ocr.reader import run_jobs
from ocr.readings import Reading, ReadingReason
from tests.unit.ocr.pages import Sheet

CLASSES = (SIGN, "1", OTHER, DUST)
ROWS = [Box(40, 60 + 10 * n, 60, 10) for n in range(4)]
FIELDS = [
    LineField(f"item.{n}", box, Content.TEXT, above=f"item.{n - 1}" if n > 1 else None) for n, box in enumerate(ROWS, 1)
]


class Marks(GlyphModel):
    """A network that takes whatever it is shown for 〃, as surely as it was told."""

    def __init__(self, sure: float = 0.99) -> None:
        self.classes, self.engine_id, self.sure = CLASSES, "marks", sure

    def log_probabilities(self, pictures: Pictures, measures: Measures) -> Scores:
        row = [self.sure, *[(1 - self.sure) / 3] * 3]
        return np.log(np.array([row] * len(measures), np.float32))


class Says:
    """A line recogniser that says these texts of the lines it is shown, in order."""

    engine_id = "says"
    alphabet: tuple[str, ...] = ("", *"0123456789同上居川会費円(")

    def __init__(self, *texts: str) -> None:
        self._texts = texts

    def logits(self, lines: Sequence[Image]) -> list[Logits]:
        assert len(lines) == len(self._texts)
        return [self._matrix(text) for text in self._texts]

    def _matrix(self, text: str) -> Logits:
        matrix = np.full((2 * len(text) + 1, len(self.alphabet)), -12.0, np.float32)
        matrix[::2, 0] = -0.001
        for n, char in enumerate(text):
            matrix[2 * n + 1, self.alphabet.index(char)] = -0.02
        return matrix


def table(*strokes: int) -> Sheet:
    """Rows of a table; in each as many short upright strokes side by side, many of them for a long text."""
    made = Sheet()
    for box, count in zip(ROWS, strokes, strict=True):
        made.frame(box)
        for n in range(count):
            x, y = box.x + 5 + 1.3 * n, box.y + 4
            made.stroke((x + 0.4, y), (x, y + 2.2))
    return made


def read(made: Sheet, engine: Says, sure: float = 0.99, fields: Sequence[LineField] = FIELDS) -> list[Reading]:
    view, own = make_view(made.image, made.scale), OwnModels(cells=Marks(sure))
    return repeat_above(fields, run_jobs([prepare(view, field, own) for field in fields], engine))


def test_a_chain_of_signs_says_what_its_first_row_says() -> None:
    first, second, third, fourth = read(table(14, 2, 8, 2), Says("会費", "11", "同上", "11"))
    assert [one.value for one in (first, second, third, fourth)] == ["会費"] * 4
    assert [one.raw for one in (second, third, fourth)] == [SIGN, "同上", SIGN]
    assert [one.ditto for one in (first, second, third, fourth)] == [False, True, True, True]
    assert first.confidence and second.confidence and third.confidence and fourth.confidence
    assert first.confidence >= second.confidence >= third.confidence >= fourth.confidence > 0.3
    assert fourth.leans_on == ("item.3", "item.2", "item.1")


def test_a_sign_below_an_empty_row_has_a_reason_and_no_value() -> None:
    _, second, third, _ = read(table(0, 2, 2, 0), Says("11", "11"))
    for one in (second, third):
        assert (one.value, one.raw, one.confidence) == (None, SIGN, 0.0)
        assert ReadingReason.NOTHING_ABOVE in one.reasons


def test_the_first_row_of_a_table_repeats_nothing() -> None:
    first = read(table(2, 0, 0, 0), Says("11"))[0]
    assert (first.value, first.ditto) == ("11", False)


@pytest.mark.parametrize(("said", "value"), [("同居", "同居"), ("会費", "会費"), ("川", "川")])
def test_short_values_are_no_signs(said: str, value: str) -> None:
    second = read(table(14, 3, 0, 0), Says("会費", said))[1]
    assert (second.value, second.ditto) == (value, False)


def test_a_word_with_a_scratch_beside_it_is_still_one() -> None:
    second = read(table(14, 6, 0, 0), Says("会費", "同上("), sure=0.01)[1]
    assert (second.value, second.raw) == ("会費", "同上")


def test_what_may_be_a_sign_or_a_value_is_doubtful() -> None:
    plain = read(table(14, 2, 0, 0), Says("会費", "11"), sure=0.01)[1]
    doubted = read(table(14, 2, 0, 0), Says("会費", "11"), sure=0.4)[1]
    assert (plain.value, plain.reasons) == ("11", ())
    assert (doubted.value, doubted.ditto) == ("11", False)
    assert ReadingReason.LOW_CONFIDENCE in doubted.reasons


def test_two_strokes_among_numbers_are_looked_at_by_a_person() -> None:
    fields = [replace(field, content=Content.MONEY) for field in FIELDS]
    second = read(table(14, 2, 0, 0), Says("300", "11"), fields=fields)[1]
    assert (second.value, second.ditto) == ("300", True)
    assert second.confidence is not None and second.confidence <= 0.5
    assert ReadingReason.LOW_CONFIDENCE in second.reasons


@pytest.mark.parametrize(("strokes", "specks", "sign"), [(1, 0, True), (2, 0, True), (2, 3, True), (3, 0, False)])
def test_strokes_are_counted_and_specks_are_not(strokes: int, specks: int, sign: bool) -> None:
    ink = np.zeros((60, 120), np.bool_)
    for n in range(strokes):
        ink[20:40, 40 + 10 * n : 43 + 10 * n] = True
    for n in range(specks):
        ink[5:9, 10 + 20 * n : 14 + 20 * n] = True
    patch = Patch(np.where(ink, 20, 255).astype(np.uint8), ink, 8.0)
    assert (mark_probability(patch, Marks()) > 0.9) is sign


def test_without_ink_there_is_no_sign() -> None:
    assert mark_probability(Patch(np.full((9, 9), 255, np.uint8), np.zeros((9, 9), np.bool_), 8.0), Marks()) == 0.0


def test_a_mark_too_small_for_writing_is_no_silent_blank() -> None:
    made = table(14, 0, 0, 0)
    for x in (62.0, 62.7):
        made.stroke((x, 75), (x - 0.1, 75.4), width=0.3)
    second = read(made, Says("会費"))[1]
    assert (second.value, second.ditto) == ("会費", True)
    assert ReadingReason.LOW_CONFIDENCE in second.reasons
    for sure, doubted in ((0.04, True), (0.005, False)):
        second = read(made, Says("会費"), sure)[1]
        assert second.blank and (ReadingReason.LOW_CONFIDENCE in second.reasons) is doubted


def test_a_line_down_the_column_is_a_sign_that_a_person_looks_at() -> None:
    made = table(14, 0, 0, 0)
    made.stroke((62, ROWS[1].y + 1), (62.5, ROWS[3].y + 8), width=0.5)
    view = make_view(made.image, made.scale)
    assert [runs_down(view, field) for field in FIELDS] == [False, True, True, True]
    _, second, third, fourth = read(made, Says("会費", *["1"] * sum(len(prepare(view, f).lines) for f in FIELDS[1:])))
    for one in (second, third, fourth):
        assert (one.value, one.ditto) == ("会費", True)
        assert ReadingReason.LOW_CONFIDENCE in one.reasons


def test_neither_a_tall_stroke_nor_a_scanners_streak_is_a_line_down_the_column() -> None:
    made = table(0, 0, 0, 0)
    made.stroke((62, ROWS[1].y + 1), (62, ROWS[1].y + 9))
    made.stroke((80, 0), (80, 296))
    view = make_view(made.image, made.scale)
    assert not any(runs_down(view, field) for field in FIELDS)


def test_doubts_of_the_row_above_are_doubts_of_the_sign() -> None:
    struck = Reading("item.1", "会費", "会費", 0.3, reasons=(ReadingReason.STRUCK_OUT,))
    sign = Reading("item.2", None, SIGN, 0.9, ditto=True)
    second = repeat_above(FIELDS, [struck, sign])[1]
    assert second.value == "会費" and second.reasons == (ReadingReason.STRUCK_OUT,)


@given(st.lists(st.tuples(st.booleans(), st.floats(0.0, 1.0)), min_size=1, max_size=12))
def test_a_sign_is_no_surer_than_anything_it_leans_on(rows: list[tuple[bool, float]]) -> None:
    fields: list[Field] = [
        LineField(str(n), ROWS[0], Content.TEXT, above=str(n - 1) if n else None) for n in range(len(rows))
    ]
    readings = [
        Reading(
            str(n), None if ditto and n else f"value {n}", SIGN if ditto and n else "v", sure, ditto=ditto and n > 0
        )
        for n, (ditto, sure) in enumerate(rows)
    ]
    found = repeat_above(fields, readings)
    for n, one in enumerate(found):
        first = max(place for place in range(n + 1) if not readings[place].ditto)
        assert one.value == f"value {first}"
        assert one.confidence == pytest.approx(prod(sure for _, sure in rows[first : n + 1]))
    assert repeat_above(list(reversed(fields)), readings) == found, "in whatever order the fields are declared"
