"""Words of a list, and towns of a postal code, asked of the ink."""

from __future__ import annotations

import pytest

from ocr.decoding.decode import decode_content
from ocr.decoding.lexicon import begin_address, choose_word, mend_beginning, rank_words, towns_of, ways_of_writing
from ocr.decoding.values import settle_numbers
from ocr.layout import Content
from tests.unit.ocr.test_decode import line, text

CHARS = "群馬県みどり市大間々町桐生信用金庫銀行東和前橋支店しののめ0123456789-ビクJA農協"
ALPHABET = ("", *dict.fromkeys(CHARS), " ")
BANKS = ("群馬銀行", "東和銀行", "しののめ信用金庫", "桐生信用金庫")


def test_a_word_that_is_misread_is_found() -> None:
    """桐 is hardly legible, and reads 和 freely."""
    logits = line([{"和": 0.6, "桐": 0.01}, {}, *text("生信用金庫")], ALPHABET)
    assert decode_content(logits, ALPHABET, Content.TEXT).text == "和生信用金庫"
    hits = rank_words(logits, ALPHABET, BANKS)
    assert hits[0].word == "桐生信用金庫"
    assert hits[0].probability > 0.9
    assert hits[0].score < -3


@pytest.mark.parametrize(
    ("written", "word"),
    [("桐生", "桐生信用金庫"), ("桐生信金", "桐生信用金庫"), ("群馬", "群馬銀行"), ("東和銀行", "東和銀行")],
)
def test_the_kind_of_house_may_be_left_out(written: str, word: str) -> None:
    assert rank_words(line(text(written), ALPHABET), ALPHABET, BANKS)[0].word == word
    assert written in ways_of_writing(word)


def test_what_is_in_no_list_is_left_as_it_was_read() -> None:
    logits = line(text("前橋市0123", 0.99), ALPHABET)
    assert rank_words(logits, ALPHABET, BANKS) == ()
    free = decode_content(logits, ALPHABET, Content.TEXT)
    chosen = choose_word(free, logits, ALPHABET, BANKS)
    assert chosen.text == "前橋市0123"
    assert chosen.values == ()
    assert chosen.probability < free.probability


def test_two_words_that_fit_alike_share_the_probability() -> None:
    logits = line([{"群": 0.45, "東": 0.45}, {}, {"馬": 0.45, "和": 0.45}, {}, *text("銀行")], ALPHABET)
    first, second, *_ = rank_words(logits, ALPHABET, BANKS)
    assert {first.word, second.word} == {"群馬銀行", "東和銀行"}
    assert first.probability == pytest.approx(0.5, abs=0.05)


def test_a_postal_code_tells_how_its_addresses_begin() -> None:
    places = towns_of("3760101")
    assert "群馬県みどり市大間々町大間々" in places
    assert "みどり市大間々町大間々" in places
    assert towns_of("3760107") == ()


def test_an_address_begins_as_its_postal_code_says() -> None:
    steps = [*text("群馬県み"), {"ビ": 0.6, "ど": 0.02}, {}, {"ク": 0.6, "り": 0.02}, {}, *text("市大間々町大間々12-3")]
    begun = begin_address(line(steps, ALPHABET), ALPHABET, towns_of("3760101"))
    assert begun is not None
    assert begun.place == "群馬県みどり市大間々町大間々"
    assert begun.rest.text == "12-3"
    assert -8 < begun.margin < -3


def test_an_address_elsewhere_is_left_alone() -> None:
    assert begin_address(line(text("前橋市町12-3"), ALPHABET), ALPHABET, towns_of("3760101")) is None


def test_a_misread_place_is_mended_from_the_directory() -> None:
    """Without a postal code: ど and り are hardly legible."""
    steps = [*text("群馬県み"), {"ビ": 0.6, "ど": 0.02}, {}, {"ク": 0.6, "り": 0.02}, {}, *text("市大間々町大間々12-3")]
    logits = line(steps, ALPHABET)
    begun = mend_beginning(logits, ALPHABET, decode_content(logits, ALPHABET, Content.ADDRESS))
    assert begun is not None
    assert begun.whole.text == "群馬県みどり市大間々町大間々12-3"
    assert 0.5 < begun.probability < 1.0


@pytest.mark.parametrize("written", ["群馬県みどり市大間々町大間々12-3", "ビク"])
def test_what_is_no_misread_place_is_left_alone(written: str) -> None:
    logits = line(text(written), ALPHABET)
    assert mend_beginning(logits, ALPHABET, decode_content(logits, ALPHABET, Content.ADDRESS)) is None


@pytest.mark.parametrize(
    ("read", "settled"),
    [
        ("高日向207/番地", "高日向2071番地"),
        ("宮前町6T日2S番3号", "宮前町6丁目25番3号"),
        ("福原486.25", "福原486-25"),
        ("善久4-25-16.", "善久4-25-16"),
        ("コーポ・A 101 I棟", "コーポ・A 101 I棟"),
    ],
)
def test_house_numbers_are_settled(read: str, settled: str) -> None:
    assert settle_numbers(read) == settled
    assert settle_numbers(settled) == settled


def test_a_streak_that_looks_like_nothing_says_no_word() -> None:
    """Every class is about as likely at the one place where there is ink."""
    faint = line([{char: 0.06 for char in ALPHABET[1:12]}], ALPHABET)
    assert rank_words(faint, ALPHABET, ("子", "群", "馬")) == ()


def test_of_ten_thousand_words_the_right_one_comes_first() -> None:
    words = tuple(f"群馬{first}{second}銀行" for first in CHARS[:60] for second in CHARS[:60])
    steps = [*text("群馬"), {"前": 0.5, "桐": 0.1}, {}, *text("生銀行")]
    hits = rank_words(line(steps, ALPHABET), ALPHABET, (*words, "群馬桐生銀行"))
    assert hits[0].word in ("群馬前生銀行", "群馬桐生銀行") and "群馬桐生銀行" in [hit.word for hit in hits]
