"""Values get one form, whatever channel they came by."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.procedures.values import NormalisedValue, ValueProblem, normalise_value
from tests.unit.procedures.packs import make_pack

PACK = make_pack()


def normal(name: str, raw: str) -> NormalisedValue:
    return normalise_value(PACK.field(name), raw)


@pytest.mark.parametrize(
    ("name", "raw", "value"),
    [
        ("name", "髙橋　美咲 様", "髙橋 美咲"),
        ("kana", "ﾀｶﾊｼ ﾐｻｷ", "タカハシ ミサキ"),
        ("kana", "たかはし　みさき", "タカハシ ミサキ"),
        ("holder", "カ)ミドリ", "カ)ミドリ"),
        ("birth", "平成三年四月五日", "1991-04-05"),
        ("birth", "H3.4.5", "1991-04-05"),
        ("birth", "1991/4/5", "1991-04-05"),
        ("postal", "〒１００－０００１", "1000001"),
        ("phone", "０９０－１２３４－５６７８", "09012345678"),
        ("email", " Misaki@Example.JP ", "Misaki@example.jp"),
        ("account", "１２３ ４５６７", "1234567"),
        ("account", "0012345", "0012345"),
        ("income", "¥1,234,000円", "1234000"),
        ("income", "0", "0"),
        ("child_relation", "子", "child"),
        ("child_relation", "CHILD", "child"),
        ("child_relation", "その他", "other"),
        ("memo", " 一行目 \r\n\r\n二　行目", "一行目\n二 行目"),
        ("memo", "  ", None),
        ("birth", "", None),
    ],
)
def test_normal_forms(name: str, raw: str, value: str | None) -> None:
    assert normal(name, raw) == NormalisedValue(value)


@pytest.mark.parametrize(
    ("raw", "value"),
    [(word, "true") for word in ("はい", "同意する", "同意します。", "1", "TRUE", "○", "〇", "✓")]
    + [(word, "false") for word in ("いいえ", "同意しない", "0", "False", "×")],
)
def test_ticks(raw: str, value: str) -> None:
    assert normal("consent", raw).value == value


@pytest.mark.parametrize(
    ("name", "raw", "problem"),
    [
        ("birth", "令和99年1月1日", ValueProblem.NO_SUCH_DAY),
        ("birth", "2025-02-29", ValueProblem.NO_SUCH_DAY),
        ("birth", "去年の春", ValueProblem.UNREADABLE_DATE),
        ("kana", "高橋", ValueProblem.NOT_KANA),
        ("postal", "100-001", ValueProblem.NOT_POSTAL_CODE),
        ("phone", "1234", ValueProblem.NOT_PHONE),
        ("email", "misaki.example.jp", ValueProblem.NOT_EMAIL),
        ("account", "12A4567", ValueProblem.NOT_DIGITS),
        ("income", "たくさん", ValueProblem.NOT_MONEY),
        ("child_relation", "いとこ", ValueProblem.UNKNOWN_CHOICE),
        ("consent", "たぶん", ValueProblem.UNKNOWN_TICK),
    ],
)
def test_what_has_no_normal_form_says_why(name: str, raw: str, problem: ValueProblem) -> None:
    assert normal(name, raw) == NormalisedValue(None, problem)


@pytest.mark.parametrize("name", [spec.name for spec in PACK.fields])
@given(raw=st.text(max_size=30))
def test_a_normal_form_is_its_own_normal_form(name: str, raw: str) -> None:
    once = normal(name, raw)
    assert once.value is None or once.problem is None
    if once.value is not None:
        assert normal(name, once.value) == once
