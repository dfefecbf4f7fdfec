"""Kana: one way of writing, keys that fold what sounds the same and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from japan.kana import is_katakana, kana_key, kana_shape_key, to_full_katakana, zengin_kana
from japan.text import digits_only, fold_width, squeeze_spaces, strip_selectors

kana_text = st.text("アイウエオカガコゴパヴャュョッーノヲヅヂンｱｶﾞﾟｰ‐－ぁがっ゛゜ 　・髙A1-", max_size=12)

FULL = [
    ("ﾀｶﾊｼ ﾊﾟｰ", "タカハシ パー", "half width"),
    ("たかはし　みさき", "タカハシ ミサキ", "hiragana, ideographic space"),
    ("か゛く", "ガク", "sound mark apart"),
    ("ロ‐ラ", "ローラ", "hyphen for the long mark"),
    ("タロ－ ", "タロー", "full-width hyphen at the end"),
    ("ゔぁ", "ヴァ", "ヴ"),
    ("1-2-3", "1-2-3", "hyphens between digits stay"),
    ("コ-ポ12-3", "コーポ12-3", "both"),
]


@pytest.mark.parametrize(("text", "full", "reason"), FULL)
def test_full_katakana(text: str, full: str, reason: str) -> None:
    assert to_full_katakana(text) == full, reason


SAME = [
    ("コータロー", "こうたろう", "long mark and its vowel"),
    ("コオタロオ", "コウタロウ", "オ and ウ after an o-sound"),
    ("イトウ ジュン", "ｲﾄｳｼﾞﾕﾝ", "large kana for small, width, space"),
    ("カヲリ", "カオリ", "ヲ"),
    ("シヅカ", "シズカ", "ヅ"),
    ("ケー", "ケイ", "long e"),
    ("ヴィトン", "ビトン", "ヴ"),
]
APART = [
    ("ユキ", "ユウキ", "twins may be called so"),
    ("オノ", "オオノ", "two surnames"),
    ("カツ", "ガツ", "sound marks"),
    ("ハナ", "ハンナ", "ン"),
]


@pytest.mark.parametrize(("left", "right", "reason"), SAME)
def test_same_key(left: str, right: str, reason: str) -> None:
    assert kana_key(left) == kana_key(right), reason


@pytest.mark.parametrize(("left", "right", "reason"), APART)
def test_other_key(left: str, right: str, reason: str) -> None:
    assert kana_key(left) != kana_key(right), reason


SHAPES = [("シマダ", "ツマタ"), ("ノナカ", "ナカ"), ("カトウ", "力卜ウ"), ("ソネ", "ンネ")]


@pytest.mark.parametrize(("left", "right"), SHAPES)
def test_shapes_meet(left: str, right: str) -> None:
    assert kana_shape_key(left) == kana_shape_key(right)


@given(st.one_of(kana_text, st.text(max_size=12)))
def test_idempotent(text: str) -> None:
    for normalise in (to_full_katakana, kana_key, fold_width, squeeze_spaces, strip_selectors, digits_only):
        once = normalise(text)
        assert normalise(once) == once


@given(st.text("ァアガパャッーヴヲン", min_size=1, max_size=10))
def test_katakana_is_katakana(text: str) -> None:
    assert is_katakana(text)


def test_zengin() -> None:
    assert zengin_kana("タカハシ ジュン") == "ﾀｶﾊｼ ｼﾞﾕﾝ", "small kana become large"
    assert zengin_kana("カ)サーカス") == "ｶ)ｻ-ｶｽ", "long mark becomes a hyphen"
    assert zengin_kana("ミヲ") == "ﾐｵ"
    assert zengin_kana("高橋") is None, "kanji have no place"


def test_compatibility_characters_are_kept() -> None:
    assert fold_width("\ufa10本 １") == "\ufa10本 1", "NFKC would change the registered character"
