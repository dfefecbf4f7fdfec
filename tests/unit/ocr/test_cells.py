"""Rows of cells by the network: what is dropped and weighed, how lines join in. The network is a table here."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from ocr.cutting.cut import Patch
from ocr.decoding.decode import Decoded, decode_content
from ocr.engine import Image, Logits
from ocr.fields.cells import CellRow, read_row, with_gaps
from ocr.fields.jobs import AGAINST, CONTRADICTED, contradicted
from ocr.fields.prepare import cells_job
from ocr.glyphs import (
    DUST,
    OTHER,
    SIDE,
    GlyphModel,
    Measures,
    Pictures,
    Scores,
    glyph_measures,
    glyph_picture,
    row_inputs,
)
from ocr.layout import Box, Content
from ocr.own import OwnModels
from ocr.reader import run_jobs
from ocr.readings import CharReading, Reading, ReadingReason

CLASSES = (*"0123456789", *"アイツッー", "¥", "元", "゛", "〃", OTHER, DUST)
BOX = Box(0, 0, 40, 8)


class Table(GlyphModel):
    """Says of the cells, in order, what it was told: the probability of one class, the rest spread evenly."""

    def __init__(self, *said: tuple[str, float]) -> None:
        self.classes = CLASSES
        self.engine_id = "table"
        self._said = said

    def log_probabilities(self, pictures: Pictures, measures: Measures) -> Scores:
        assert len(pictures) == len(measures) == len(self._said)
        out = np.empty((len(self._said), len(CLASSES)), np.float32)
        for row, (name, probability) in zip(out, self._said, strict=True):
            row[:] = (1 - probability) / (len(CLASSES) - 1)
            row[CLASSES.index(name)] = probability
        return np.log(out)


def cell(written: bool = True, length: int = 40, grey: int = 20) -> Patch:
    """A cell of 6 mm at 10 px/mm with a stroke in it of this length in pixels, or empty."""
    flat = np.full((80, 60), 250, np.uint8)
    if written:
        cv2.line(flat, (30, 20), (30, 20 + length), grey, 4)
    return Patch(flat, flat < 200, 10.0)


def row_of(content: Content, *said: tuple[str, float], blanks: Sequence[int] = ()) -> CellRow:
    count = len(said) + len(blanks)
    found = read_row([cell(n not in blanks) for n in range(count)], content, Table(*said))
    assert found is not None
    return found


def text_of(row: CellRow, content: Content) -> str:
    return decode_content(row.logits, row.alphabet, content, (sum(row.held),)).text


def test_a_row_is_decoded_as_the_network_says() -> None:
    row = row_of(Content.DIGITS, ("3", 0.9), ("1", 0.9), ("4", 0.9))
    assert text_of(row, Content.DIGITS) == "314"
    assert row.clear > 0.8


def test_what_the_field_cannot_hold_is_not_read() -> None:
    row = row_of(Content.DIGITS, ("ツ", 0.9), ("1", 0.9))
    assert "ツ" not in row.alphabet
    assert text_of(row, Content.DIGITS).isdigit()


def test_nothing_is_read_without_a_network_or_of_free_text() -> None:
    assert read_row([cell()], Content.DIGITS, None) is None
    assert read_row([cell()], Content.NAME, Table(("1", 0.9))) is None


@pytest.mark.parametrize("dropped", [DUST, "ー"])
def test_dust_and_dashes_between_digits_are_no_characters(dropped: str) -> None:
    row = row_of(Content.PHONE, ("3", 0.9), (dropped, 0.95), ("4", 0.9))
    assert row.held == (True, False, True)
    assert row.inked == (True, True, True)
    assert len(row.log_probs) == 2


def test_a_speck_is_dust_whatever_else_it_may_be() -> None:
    table = Table(("3", 0.9), ("1", 0.9), (OTHER, 0.9))
    small = read_row([cell(), cell(), cell(length=8)], Content.DIGITS, table)
    large = read_row([cell(), cell(), cell(length=30)], Content.DIGITS, table)
    assert small is not None and large is not None
    assert (small.held, large.held) == ((True, True, False), (True, True, True))


def test_a_dash_is_a_character_of_names_and_amounts() -> None:
    assert row_of(Content.KATAKANA, ("ア", 0.9), ("ー", 0.9)).held == (True, True)
    money = row_of(Content.MONEY, ("¥", 0.9), ("5", 0.9), ("ー", 0.9))
    assert money.held == (True, True, True)
    assert decode_content(money.logits, money.alphabet, Content.MONEY, (3,)).values[0][0] == "5"


@pytest.mark.parametrize(
    ("said", "held"),
    [
        ("アーイ", "###"),  # lengthens a kana
        ("アイー", "###"),
        ("アイーーー", "##..."),  # a rule of which more is left than was cut
        ("ー", "."),
        ("アイ ー", "## ."),  # a word begins with none
        ("アイ ーー", "## .."),
        ("アイ ツーツ", "## ###"),
    ],
)
def test_dashes_that_lengthen_no_kana_are_rests_of_a_rule(said: str, held: str) -> None:
    blanks = [n for n, char in enumerate(said) if char == " "]
    row = row_of(Content.KATAKANA, *((char, 0.99) for char in said if char != " "), blanks=blanks)
    assert row.held == tuple(mark == "#" for mark in held)
    assert row.clear > 0.8


def test_a_stamp_paler_than_the_pen_is_no_writing() -> None:
    table = Table(("ア", 0.99), ("イ", 0.99), ("ツ", 0.6), ("ッ", 0.99))
    row = read_row([cell(), cell(), cell(grey=150), cell(grey=70)], Content.KATAKANA, table)
    assert row is not None
    assert row.held == (True, True, False, True), "a pen that fades in one cell still writes"
    assert row.clear > 0.9


def test_doubt_about_what_is_left_out_is_doubt_about_the_row() -> None:
    sure, unsure = (row_of(Content.DIGITS, ("3", 0.999), (DUST, p), ("4", 0.999)) for p in (0.99, 0.6))
    assert sure.held == unsure.held == (True, False, True)
    assert unsure.clear < 0.8 < 0.95 < sure.clear


def test_the_first_year_of_an_era_is_read() -> None:
    assert "元" in row_of(Content.DATE, ("元", 0.9)).alphabet
    assert "元" not in row_of(Content.DIGITS, ("1", 0.9)).alphabet


def test_struck_out_cells_make_a_reason_and_doubt() -> None:
    patches = [cell(), cell()]
    own = OwnModels(cells=Table(("3", 0.99), (OTHER, 0.9)))
    reading = run_jobs([cells_job("n", BOX, Content.DIGITS, patches, own)], Fives())[0]
    assert ReadingReason.OVERWRITTEN in reading.reasons
    assert reading.confidence is not None and reading.confidence < 0.2


class Fives:
    """A line recogniser that reads a five in every step it is given, and counts what it was asked."""

    alphabet: tuple[str, ...] = ("", *"0123456789")
    engine_id = "fives"

    def __init__(self) -> None:
        self.asked = 0

    def logits(self, lines: Sequence[Image]) -> list[Logits]:
        self.asked += len(lines)
        matrix = np.full((20, len(self.alphabet)), -9.0, np.float32)
        matrix[:, 0] = -0.01
        matrix[5, :], matrix[15, :] = -9.0, -9.0
        matrix[5, 6], matrix[15, 6] = -0.01, -0.01
        return [matrix for _ in lines]


def test_lines_are_recognised_only_where_the_network_is_unsure() -> None:
    engine = Fives()
    sure = OwnModels(cells=Table(("3", 0.9999), ("1", 0.9999)))
    reading = run_jobs([cells_job("n", BOX, Content.DIGITS, [cell(), cell()], sure)], engine)[0]
    assert (reading.value, engine.asked) == ("31", 0)
    unsure = OwnModels(cells=Table(("3", 0.9999), ("1", 0.3)))
    reading = run_jobs([cells_job("n", BOX, Content.DIGITS, [cell(), cell()], unsure)], engine)[0]
    assert engine.asked == 1
    assert reading.value is not None and reading.value[0] == "3", "one engine's word does not outweigh a sure one"


def test_digits_that_the_line_takes_for_others_are_doubted() -> None:
    own = OwnModels(cells=Table(("3", 0.99), ("5", 0.99)))
    reading = run_jobs([cells_job("n", BOX, Content.DIGITS, [cell(), cell()], own)], Fives())[0]
    assert reading.value == "35" and reading.second is not None and reading.second < AGAINST
    assert reading.confidence is not None and reading.confidence < CONTRADICTED
    alike = OwnModels(cells=Table(("5", 0.99), ("5", 0.99)))
    reading = run_jobs([cells_job("n", BOX, Content.DIGITS, [cell(), cell()], alike)], Fives())[0]
    assert reading.value == "55" and reading.confidence is not None and reading.confidence > 0.9
    both = Reading("n", "1", "1", 0.8, reasons=(ReadingReason.OVERWRITTEN,))
    assert contradicted(both).reasons == (ReadingReason.OVERWRITTEN, ReadingReason.LOW_CONFIDENCE)
    assert contradicted(contradicted(both)).reasons == contradicted(both).reasons


def test_the_line_decides_between_what_the_network_cannot_tell() -> None:
    row = row_of(Content.DIGITS, ("3", 0.06), ("1", 0.99))
    joined = row.joined([CharReading("7", 0.9), CharReading("1", 0.9)])
    assert text_of(joined, Content.DIGITS) == "71"
    assert np.allclose(np.exp(joined.log_probs).sum(axis=1), 1.0)


def test_a_line_of_another_number_of_characters_changes_nothing() -> None:
    row = row_of(Content.DIGITS, ("3", 0.6), ("1", 0.99))
    assert row.joined([CharReading("7", 0.9)]) is row


@pytest.mark.parametrize(
    ("cells", "held"),
    [
        ("アイ ツ  イ", "## #  ."),  # what a stamp left behind the name
        ("アイ ツ  イツ アイ", "## #  .. .."),
        ("アイ ツ イ", "## # #"),  # a third word of a name
        ("アイ    ツ", "##    #"),  # the given name has cells of its own
    ],
)
def test_nothing_far_behind_a_name_is_part_of_it(cells: str, held: str) -> None:
    blanks = [place for place, char in enumerate(cells) if char == " "]
    row = row_of(Content.KATAKANA, *((char, 0.9) for char in cells if char != " "), blanks=blanks)
    assert "".join("#" if here else " " if place in blanks else "." for place, here in enumerate(row.held)) == held


def test_a_row_of_dust_is_blank() -> None:
    own = OwnModels(cells=Table((DUST, 0.97)))
    reading = run_jobs([cells_job("n", BOX, Content.DIGITS, [cell(), cell(written=False)], own)], Fives())[0]
    assert reading.blank


def test_empty_cells_part_words() -> None:
    held = (True, True, False, True)
    read = Decoded(tuple(CharReading(char, 1.0) for char in "アイツ"), 1.0, 1.0)
    assert with_gaps(read, held, Content.KATAKANA).text == "アイ ツ"
    assert with_gaps(read, held, Content.DIGITS).text == "アイツ"


def test_a_glyph_fills_its_picture_whatever_its_size_and_ink() -> None:
    faint = np.full((80, 60), 250, np.uint8)
    cv2.rectangle(faint, (20, 20), (40, 60), 150, 3)
    dark = np.full((160, 120), 250, np.uint8)
    cv2.rectangle(dark, (40, 40), (80, 120), 10, 6)
    small, large = (glyph_picture(Patch(flat, flat < 200, 10.0)) for flat in (faint, dark))
    assert small.shape == large.shape == (SIDE, SIDE)
    assert small.max() > 200
    assert np.abs(small.astype(float) - large).mean() < 25


def test_measures_tell_small_from_large_and_high_from_low() -> None:
    flat = np.full((80, 60), 250, np.uint8)
    cv2.line(flat, (10, 60), (30, 60), 20, 4)
    low = Patch(flat, flat < 128, 10.0)
    width, height, _, middle, relative, _ = glyph_measures(low, usual=40.0)
    assert width > height and middle > 0.7 and relative < 0.7


def test_only_written_cells_are_looked_at() -> None:
    pictures, measures = row_inputs([cell(), cell(written=False), cell()])
    assert pictures.shape == (2, SIDE, SIDE) and measures.shape == (2, 6)
    assert row_inputs([cell(written=False)])[0].shape == (0, SIDE, SIDE)
