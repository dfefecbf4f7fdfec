"""Names and kana of one person, read together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr.confidence.confirm import Fact, Why
from ocr.confidence.one_person import reread_names
from ocr.confidence.settle import settle
from ocr.readings import LOW, Reading, ReadingReason
from ocr.signs import Signs

FACT = Fact(Why.NAME_KANA, ("name", "kana"))
SIGNS = Signs("katakana line", "line", 0.5, 6)


def read(key: str, *candidates: tuple[str, float]) -> Reading:
    value, sure = candidates[0]
    return Reading(key, value, value, sure, candidates=candidates, signs=SIGNS)


def together(name: Reading, kana: Reading) -> tuple[Reading, Reading]:
    first, second = reread_names([name, kana], [FACT])
    return first, second


@pytest.mark.parametrize(
    ("names", "spoken", "wanted"),
    [
        ([("久保 翔太", 0.98)], [("アボショウタ", 0.7), ("クボショウタ", 0.2)], ("久保 翔太", "クボショウタ")),
        ([("松浦和世", 0.7), ("松浦和也", 0.2)], [("マツウラカズヤ", 0.95)], ("松浦和也", "マツウラカズヤ")),
        ([("林完", 0.6), ("林亮", 0.3)], [("ハヤシリコウ", 0.6), ("ハヤシリョウ", 0.3)], ("林亮", "ハヤシリョウ")),
        ([("林 純一", 0.9)], [("ハヤシシュンイチ", 0.6), ("ハヤシジュンイチ", 0.3)], ("林 純一", "ハヤシジュンイチ")),
    ],
)  # fmt: skip
def test_one_tells_what_the_other_says(
    names: list[tuple[str, float]], spoken: list[tuple[str, float]], wanted: tuple[str, str]
) -> None:
    name, kana = together(read("name", *names), read("kana", *spoken))
    assert (name.value, kana.value) == wanted


@pytest.mark.parametrize(
    ("name", "spoken"),
    [
        ("沢田 美穂", [("サワダ ミホ", 0.87), ("サワタ ミホ", 0.05)]),  # both are readings; the ink tells
        ("沢田美穂", [("サワダミホ", 0.87), ("サワタミホ", 0.05)]),
        ("上田 翔太", [("ウエダ ショウタ", 0.99), ("ウエタ ショウタ", 0.005)]),
        ("高橋 陽翔", [("タカハシ ハルト", 0.9), ("タカハシ ヒショウ", 0.01)]),  # no table knows ハルト for it
        ("SILVA MARIA", [("シルバ マリア", 0.5), ("シルパ マリア", 0.4)]),
    ],
)
def test_a_name_may_be_read_as_its_bearer_likes(name: str, spoken: list[tuple[str, float]]) -> None:
    assert together(read("name", (name, 0.95)), read("kana", *spoken))[1].value == spoken[0][0]


def test_a_changed_value_leans_on_the_other_and_is_not_confirmed_by_it() -> None:
    name = read("name", ("久保 翔太", 0.98))
    kana = read("kana", ("アボ ショウタ", 0.7), ("クボ ショウタ", 0.2))
    (settled_name, settled_kana), evidence = settle([name, kana], [FACT])
    assert settled_kana.value == "クボ ショウタ"
    assert settled_kana.leans_on == ("name",)
    assert settled_kana.signs is None
    assert evidence == []
    assert settled_name.confidence == name.confidence


def test_what_agrees_already_is_confirmed_and_stays() -> None:
    name, kana = read("name", ("久保 翔太", 0.9)), read("kana", ("クボ ショウタ", 0.9), ("アボ ショウタ", 0.05))
    settled, evidence = settle([name, kana], [FACT])
    assert [one.value for one in settled] == ["久保 翔太", "クボ ショウタ"]
    assert len(evidence) == 1
    assert all((one.confidence or 0.0) > 0.9 for one in settled)


def test_a_doubtful_change_is_not_made() -> None:
    """The true value may be one that was not weighed."""
    kana = read("kana", ("アボ ショウタ", 0.3), ("クボ ショウタ", 0.0005))
    _, unchanged = together(read("name", ("久保 翔太", 0.3)), kana)
    assert unchanged is kana


shares = st.floats(0.001, 0.999)


@given(shares, shares, shares)
def test_confidence_stays_a_probability(sure: float, first: float, second: float) -> None:
    spoken = (("アボショウタ", first * (1 - second)), ("クボショウタ", (1 - first) * (1 - second)))
    _, kana = together(read("name", ("久保 翔太", sure)), read("kana", *spoken))
    assert 0.0 <= (kana.confidence or 0.0) <= 1.0
    assert (ReadingReason.LOW_CONFIDENCE in kana.reasons) <= ((kana.confidence or 0.0) < LOW)
    assert kana.value == spoken[0][0] or (kana.confidence or 0.0) >= 0.5
