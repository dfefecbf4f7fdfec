"""Asking the ink: candidates scored on one line's log-probabilities."""

from __future__ import annotations

import time

import numpy as np
import pytest

from ocr.decoding.content import mask_for
from ocr.decoding.decode import Decoded, decode_line
from ocr.decoding.ink import fold_kana, mean_scores, score_names, score_strings
from ocr.decoding.kana import spell_names, weigh_sizes
from ocr.engine import Logits, NullRecogniser
from ocr.fields.cells import with_gaps
from ocr.layout import Content
from tests.unit.ocr.test_decode import ALPHABET, line, text


def smudged() -> Logits:
    """千口 read as 干口: the right character is only the runner-up."""
    return line([{"干": 0.6, "千": 0.35}, {}, {"口": 0.9, "ロ": 0.05}, {}])


def test_the_free_reading_scores_about_nothing_and_others_less() -> None:
    free, second, other = score_strings(smudged(), ALPHABET, ["干口", "千 口", "日口"])
    assert free == pytest.approx(0.0, abs=0.01)
    assert -1.0 < second < -0.3
    assert other < second - 5


def test_a_candidate_may_be_written_with_any_form_of_its_characters() -> None:
    """The engine reads 髙 as 高 or as 髙, and both are the name."""

    def fold(name: str) -> str:
        return name.replace("髙", "高")

    for written in ([{"髙": 0.9}, {}], [{"高": 0.45, "髙": 0.45}, {}]):
        assert score_strings(line(written), ALPHABET, ["髙", "高"], fold) == pytest.approx([0.0, 0.0], abs=0.7)
        assert score_strings(line(written), ALPHABET, ["高", "日"], fold)[1] < -5


def test_kana_are_asked_for_as_hands_write_them() -> None:
    logits = line([*text("カ"), {"ツ": 0.6, "ッ": 0.3}, {}, *text("力")])
    small, large, other = score_strings(logits, ALPHABET, ["カッカ", "カツカ", "カタカ"], fold_kana)
    assert small == large == pytest.approx(0.4, abs=0.4)
    assert other < -5


def test_two_looks_count_half_each() -> None:
    assert mean_scores([[0.0, -9.0], [-20.0, -9.0]]) == pytest.approx([-0.69, -9.0], abs=0.01)


def test_variants_are_folded_before_scoring() -> None:
    logits = line(text("高"))
    plain = score_strings(logits, ALPHABET, ["髙"])[0]
    folded = score_strings(logits, ALPHABET, ["髙"], lambda name: name.replace("髙", "高"))[0]
    assert folded == pytest.approx(0.0, abs=0.05)
    assert plain < -5


def test_a_character_the_engine_lacks_stands_for_any_at_a_cost() -> None:
    logits = line(text("高口"))
    known, unknown, wrong = score_strings(logits, ALPHABET, ["高口", "﨑口", "日口"])
    assert known > unknown > wrong
    assert unknown == pytest.approx(known - 2.3, abs=0.2)


def test_fifty_candidates_take_milliseconds() -> None:
    rng = np.random.default_rng(0)
    logits = np.log(rng.dirichlet(np.full(len(ALPHABET), 0.1), 100) + 1e-9).astype(np.float32)
    names = ["".join(rng.choice(list(ALPHABET[1:-1]), 6)) for _ in range(50)]
    score_strings(logits, ALPHABET, names)
    started = time.perf_counter()
    scores = score_strings(logits, ALPHABET, names)
    assert time.perf_counter() - started < 0.1
    assert len(scores) == 50


def test_nothing_to_ask() -> None:
    assert score_strings(smudged(), ALPHABET, []) == []
    blank = np.full((40, 200), 255, np.uint8)
    assert score_names(blank, ["千口", "日口"], NullRecogniser()) == [0.0, 0.0]


@pytest.mark.parametrize(("size", "expected"), [(0.75, "ッ"), (0.97, "ツ")])
def test_glyph_size_tells_small_kana_from_large(size: float, expected: str) -> None:
    steps = [*text("カタ"), {"ツ": 0.5, "ッ": 0.45}, {}, *text("リ")]
    decoded = decode_line(line(steps), mask_for(Content.KATAKANA, ALPHABET), (4,))
    weighed = weigh_sizes(decoded, [40, 41, 40 * size, 39])
    assert weighed.text == f"カタ{expected}リ"
    assert 0.5 < weighed.characters[2].probability < 1.0


KANA = ("", *"アイウオカコサシタツテトナマヤヨリッャョォエェーゥ ")


def spelt(*steps: dict[str, float]) -> Decoded:
    return decode_line(line([one for step in steps for one in (step, {})], KANA), mask_for(Content.KATAKANA, KANA))


def test_names_are_spelt_as_names_are() -> None:
    """The engine takes ツ and オ for small ones; no surname is spelt so."""
    steps = [{"マ": 0.95}, {"ッ": 0.9, "ツ": 0.08}, {"ォ": 0.7, "オ": 0.2}, {"カ": 0.95}]
    decoded = spell_names(spelt(*steps))
    assert decoded.text == "マツオカ"
    assert 0.7 < decoded.probability <= 1.0
    assert dict(decoded.characters[1].alternatives)["ッ"] < 0.1


def test_a_small_kana_stays_where_names_have_it() -> None:
    steps = [{"サ": 0.9}, {" ": 0.9}, {"シ": 0.95}, {"ョ": 0.6, "ヨ": 0.01}, {"ウ": 0.95}, {"タ": 0.9}]
    assert spell_names(spelt(*steps)).text == "サ ショウタ"
    pair = [{"テ": 0.9}, {"ツ": 0.5, "ッ": 0.4}, {"タ": 0.9}]
    assert spell_names(spelt(*pair)).text in ("テッタ", "テツタ")


def test_the_ink_wins_where_it_is_clear() -> None:
    """Nobody is called so, and yet it says so."""
    clear = 1 - 1e-7
    decoded = spell_names(spelt({"マ": clear}, {"ー": clear}, {"ー": clear}, {"ナ": clear}))
    assert decoded.text == "マーーナ"


def test_the_last_character_of_a_word_tells_where_words_end() -> None:
    """トマッ is no word; said in one go, ト マッタ could be."""
    steps = [{"ト": 0.95}, {"マ": 0.95}, {"ッ": 0.6, "ツ": 0.3}, {"タ": 0.95}]
    parted = with_gaps(spelt(*steps), (True, True, True, False, True), Content.KATAKANA)
    assert spell_names(parted).text == "トマツ タ"


def test_a_name_in_one_go_may_part_anywhere() -> None:
    """マッオカショウタ: neither is the first ッ at home in a surname, nor the second word without its ョ."""
    first = [{"マ": 0.95}, {"ッ": 0.7, "ツ": 0.2}, {"オ": 0.95}, {"カ": 0.95}]
    second = [{"シ": 0.95}, {"ョ": 0.4, "ヨ": 0.5}, {"ウ": 0.95}, {"タ": 0.95}]
    assert spell_names(spelt(*first, *second)).text == "マツオカショウタ"


def test_where_words_part_is_no_doubt_about_their_characters() -> None:
    steps = [{"カ": 0.97}, {" ": 0.5}, {"タ": 0.97}]
    decoded = spelt(*steps)
    assert decoded.text.replace(" ", "") == "カタ"
    assert decoded.probability > 0.9
