"""Names are read word by word: listed words, and words as names are spelt."""

from __future__ import annotations

from math import exp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from japan.name_words import LISTED, Script, listed_words, log_word
from japan.readings import NamePart
from ocr.decoding.content import KATAKANA, mask_for
from ocr.decoding.decode import Decoded, decode_line
from ocr.decoding.kana import spell, spell_names
from ocr.layout import Content
from ocr.readings import CharReading
from tests.unit.ocr.test_decode import line

ALIKE = {a: b for pair in ("タダ", "サザ", "ソン", "シツ", "アマ", "ウワ", "ナメ", "ルレ", "チテ", "スヌ", "ビピ") for a, b in (pair, pair[::-1])}  # fmt: skip  # noqa: E501
KANA = ("", *KATAKANA, " ")
WRITTEN = ("", *"松浦和也世小沢渡邊邉辺遷典子久保 ")


def kana(text: str, sure: float) -> Decoded:
    """What a row of cells says in which each kana is this sure, and may be the one that looks like it."""
    steps = [{char: sure, ALIKE.get(char, "ー" if char != " " else "ア"): 1 - sure - 1e-5} for char in text]
    return decode_line(line([one for step in steps for one in (step, {})], KANA), mask_for(Content.KATAKANA, KANA))


def written(*steps: dict[str, float]) -> Decoded:
    logits = line([one for step in steps for one in (step, {})], WRITTEN)
    return spell(decode_line(logits, mask_for(Content.NAME, WRITTEN)), Content.NAME)


@pytest.mark.parametrize(
    ("truth", "place", "other"),
    [("タナカ アヤ", 0, "ダ"), ("ヨシダ タカシ", 0, "ユ"), ("ヒグチ エミ", 2, "ナ"), ("サカイ カズヤ", 1, "ァ")],
)
def test_a_listed_name_wins_over_its_look_alike(truth: str, place: int, other: str) -> None:
    steps: list[dict[str, float]] = [{char: 0.98} for char in truth]
    steps[place] = {other: 0.8, truth[place]: 0.08}
    logits = line([one for step in steps for one in (step, {})], KANA)
    decoded = spell_names(decode_line(logits, mask_for(Content.KATAKANA, KANA)))
    assert decoded.text == truth
    assert decoded.values[0][0] == truth
    assert truth.replace(truth[place], other, 1) in dict(decoded.values)


@pytest.mark.parametrize(
    "name", ["シルバ マリア", "グエン ティ", "クツワダ ルナ", "ヌデシマ ルキア", "イワノワ オリガ", "タパ ラム"]
)
def test_names_that_no_list_has_are_read_where_the_ink_is_clear(name: str) -> None:
    assert spell_names(kana(name, 0.999)).text == name


def test_a_name_written_in_one_go_is_listed_all_the_same() -> None:
    steps: list[dict[str, float]] = [{char: 0.98} for char in "マツウラユウコ"]
    steps[1] = {"ッ": 0.7, "ツ": 0.2}
    logits = line([one for step in steps for one in (step, {})], KANA)
    assert spell_names(decode_line(logits, mask_for(Content.KATAKANA, KANA))).text == "マツウラユウコ"


def test_written_names_are_listed_too_and_keep_their_variants() -> None:
    assert written({"渡": 0.9}, {"遷": 0.5, "邊": 0.4}, {"典": 0.9}, {"子": 0.9}).text == "渡邊典子"
    assert written({"小": 0.95}, {"遷": 0.6, "沢": 0.3}, {"和": 0.9}, {"也": 0.9}).text == "小沢和也"


def test_a_mark_in_a_cell_of_its_own_belongs_to_the_kana_before() -> None:
    marked = Decoded(
        tuple(CharReading(char, 0.99) for char in "スス゛キ"),
        0.96,
        1.0,
        options=tuple({char: 0.0} for char in "スス゛キ"),
    )
    assert spell(marked, Content.KATAKANA).values[0][0] == "スズキ"


@given(st.lists(st.tuples(st.sampled_from("アイタダサザナメルレ"), st.floats(0.3, 0.999)), min_size=1, max_size=7))
def test_probabilities_are_shares(places: list[tuple[str, float]]) -> None:
    steps: list[dict[str, float]] = [{char: sure, ALIKE.get(char, "ー"): (1 - sure) * 0.9} for char, sure in places]
    logits = line([one for step in steps for one in (step, {})], KANA)
    decoded = spell_names(decode_line(logits, mask_for(Content.KATAKANA, KANA)))
    shares = [share for _, share in decoded.values]
    assert shares == sorted(shares, reverse=True)
    assert 0.0 < decoded.probability <= 1.0
    assert sum(shares) <= 1.0 + 1e-6
    assert len(decoded.text) == len(decoded.options)


@pytest.mark.parametrize("script", Script)
@pytest.mark.parametrize("part", NamePart)
def test_the_shares_of_the_list_add_up(script: Script, part: NamePart) -> None:
    words = listed_words(script, part)
    assert sum(words.values()) == pytest.approx(1.0)
    assert sum(exp(log_word(script, part, word)) for word in words) >= LISTED[script, part] * 0.999
