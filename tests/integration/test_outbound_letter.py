"""The correction letter as it leaves the printer: its pages, its words, its code."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pypdfium2 as pdfium
import pytest
import zxingcpp

from pipeline.outbound.letter import Addressee, LetterFacts, LetterItem, correction_letter
from pipeline.procedures.fonts import FontError, find_japanese_font, register_font
from pipeline.procedures.pack import Letter

LETTER = Letter(title="補正のお願い", opening="次の点を補ってください。", closing="以上です。", sender="見本市 係")
TO = Addressee("髙橋 美咲", "1500001", "東京都見本市神宮前1-2-3")
FACTS = LetterFacts("見本給付金", "case-7", date(2026, 11, 22), date(2026, 12, 7), "R-17", date(2026, 11, 20))


def make(*items: LetterItem, to: Addressee = TO) -> pdfium.PdfDocument:
    return pdfium.PdfDocument(correction_letter(LETTER, to, items, FACTS))


def text_of(page: pdfium.PdfPage) -> str:
    return str(page.get_textpage().get_text_range())


def test_the_letter_says_everything_at_once() -> None:
    document = make(LetterItem("口座番号", "7桁で記入してください。"), LetterItem("同意", "<b>&印を"))
    text = text_of(document[0])
    head = ("〒150-0001", "髙橋 美咲", "様", "令和8年11月22日", "見本市 係", "補正のお願い", "1 / 1")
    facts = ("令和8年12月7日(月)まで", "令和8年11月20日", "R-17", "全2件")
    for words in (*head, *facts, "口座番号", "7桁で記入してください。", "<b>&印を", "以上です。"):
        assert words in text


def test_every_page_carries_the_code_and_its_number() -> None:
    document = make(*(LetterItem(f"項目{number}", "記入してください。") for number in range(40)))
    assert len(document) >= 2
    for index in range(len(document)):
        page = np.ascontiguousarray(document[index].render(scale=2).to_numpy())
        assert [code.text for code in zxingcpp.read_barcodes(page)] == ["IM1:C:case-7"]
        assert f"{index + 1} / {len(document)}" in text_of(document[index])
    assert "項目39" in "".join(text_of(document[index]) for index in range(len(document)))


def test_nothing_but_the_address_stands_in_the_window() -> None:
    page = make(LetterItem("a", "b"), to=Addressee("山" * 30, "1500001", "東京都" + "長" * 60))[0]
    left, bottom, right = (edge_mm / 25.4 * 72 for edge_mm in (20, 297 - 57, 110))
    words = page.get_textpage().get_text_bounded(left, bottom, right, 9999)
    assert "".join(words.split()) == "〒150-0001東京都" + "長" * 60 + "山" * 30 + "様"


def test_a_text_longer_than_a_page_is_not_refused() -> None:
    document = make(LetterItem("備考", "記入してください。" * 400))
    assert len(document) >= 2


def test_a_character_without_a_glyph_is_seen_to_be_missing() -> None:
    assert "b〓" in text_of(make(LetterItem("a", "b\U000f0000"))[0])


def test_the_same_letter_is_the_same_bytes() -> None:
    items = (LetterItem("a", "b"),)
    assert correction_letter(LETTER, TO, items, FACTS) == correction_letter(LETTER, TO, items, FACTS)


def test_a_letter_that_asks_for_nothing_is_not_written() -> None:
    with pytest.raises(ValueError, match="asks for nothing"):
        correction_letter(LETTER, TO, (), FACTS)


def test_without_a_font_the_answer_has_a_name(tmp_path: Path) -> None:
    with pytest.raises(FontError) as caught:
        find_japanese_font(candidates=[tmp_path / "none.ttf"])
    assert caught.value.code == "font_missing"
    with pytest.raises(FontError):
        find_japanese_font(tmp_path / "none.ttf")
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"no font")
    with pytest.raises(FontError) as caught:
        register_font(find_japanese_font(broken))
    assert caught.value.code == "font_unusable"
