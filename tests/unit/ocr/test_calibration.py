"""A score becomes a chance of being right: it rises with the score, is fitted honestly, and stays out of the way where
nothing was measured."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr import glyphs
from ocr.confidence.calibration import (
    Calibration,
    Group,
    Threshold,
    calibrated,
    engine_of,
    load,
    save,
    signs_of,
    sort_of,
    with_confidence,
)
from ocr.confidence.calibration_fit import FEWEST, Case, fit, foretell
from ocr.layout import Box, CellsField, ChoiceField, Content, DateField, LineField, Mark, Presence, PresenceField
from ocr.marks import ticks
from ocr.readings import CharReading, Reading, ReadingReason
from ocr.signs import SIGNS, Signs, evidence_of, with_pages

BOX = Box(0, 0, 10, 5)
CELLS = CellsField("digits", (BOX, BOX), Content.DIGITS)
LINE = LineField("name", BOX, Content.NAME)
MADE = Calibration(
    {"log_score": 1.0, "surplus": 0.5, "page": 0.3, "second": 0.2},
    {"digits cells by cells": Group(-1.0, -0.2, 400, 3), "name line by line": Group(0.4, -3.0, 90, 8)},
    4.0,
    {
        "0.001": {"digits cells": Threshold(0.991, 300, 0, 0.01)},
        "0.01": {"digits cells": Threshold(0.93, 380, 1, 0.02)},
    },
    {"seeds": [1, 9]},
)
DIGITS = Signs("digits cells", "cells", 0.97, 7, 3.5)
scores = st.floats(0.0, 1.0)
groups = st.sampled_from([("digits cells", "cells"), ("name line", "line")])


@given(scores, scores, groups, st.none() | st.floats(0, 9))
def test_a_higher_score_never_makes_a_reading_less_sure(
    one: float, other: float, group: tuple[str, str], page: float | None
) -> None:
    low, high = (MADE.probability(Signs(*group, score, 3, page)) for score in sorted((one, other)))
    assert 0.0 < low <= high + 1e-12 < 1.0 + 1e-12


@given(scores, st.floats(0, 5), st.floats(0, 5))
def test_a_page_that_is_read_with_ease_makes_its_fields_surer(score: float, one: float, other: float) -> None:
    hard, easy = (MADE.probability(replace(DIGITS, score=score, page=page)) for page in sorted((one, other)))
    assert hard <= easy + 1e-12


def test_what_was_not_measured_keeps_its_score_and_has_no_threshold() -> None:
    other = replace(DIGITS, engine="line")
    assert MADE.probability(other) == other.score
    assert MADE.fits(DIGITS) and not MADE.fits(other)
    reading = Reading("digits", "12", "12", 0.97)
    assert calibrated(reading, None, MADE) == reading
    assert calibrated(reading, DIGITS, None) == replace(reading, signs=DIGITS)


def test_thresholds_are_those_of_the_strictest_target_that_is_no_looser_than_asked() -> None:
    assert MADE.threshold("digits cells", 0.001) == 0.991
    assert MADE.threshold("digits cells", 0.005) == 0.991
    assert MADE.threshold("digits cells", 0.05) == 0.93
    assert MADE.threshold("digits cells", 0.0005) is None
    assert MADE.threshold("name line", 0.01) is None


def test_low_confidence_is_a_reason_exactly_where_the_calibrated_one_is_low() -> None:
    struck = Reading("name", "王", "王", 0.5, reasons=(ReadingReason.LOW_CONFIDENCE, ReadingReason.STRUCK_OUT))
    assert with_confidence(struck, 0.9).reasons == (ReadingReason.STRUCK_OUT,)
    assert with_confidence(with_confidence(struck, 0.9), 0.59).reasons[-1] is ReadingReason.LOW_CONFIDENCE
    hopeless = Signs("name line", "line", 0.001, 3, 0.0)
    assert calibrated(replace(struck, reasons=()), hopeless, MADE).reasons == (ReadingReason.LOW_CONFIDENCE,)


def test_signs_of_a_page_are_those_of_the_other_fields() -> None:
    characters = (CharReading("1", 0.9), CharReading(" ", 1.0), CharReading("2", 0.99))
    first = signs_of(CELLS, "cells", Reading("digits", "12", "1 2", 0.9, characters=characters))
    assert first == Signs("digits cells", "cells", 0.9, 2)
    second = signs_of(LINE, "line", Reading("name", "王", "王", 0.99, characters=characters[:1]))
    mark = Signs("tick", "mark", 1.0)
    found = with_pages([first, None, second, mark])
    assert [one.page for one in found if one] == pytest.approx(
        [evidence_of(0.99), evidence_of(0.9), (evidence_of(0.9) + evidence_of(0.99)) / 2], abs=1e-4
    )
    assert found[1] is None and with_pages([first])[0] == first
    assert signs_of(CELLS, "cells", Reading("digits", None, "", 0.99)) is None


def test_a_second_reader_that_agrees_makes_surer_and_one_that_was_not_asked_nothing() -> None:
    alone = signs_of(CELLS, "cells", Reading("digits", "12", "12", 0.97))
    assert alone is not None and alone.second is None
    chances = [MADE.probability(replace(alone, second=second)) for second in (0.0, 0.5, 0.99)]
    assert MADE.probability(alone) == chances[0] < chances[1] < chances[2]
    asked = signs_of(CELLS, "both", Reading("digits", "12", "12", 0.97, second=0.4))
    assert asked is not None and asked.second == 0.4


def test_every_kind_of_field_has_a_sort_and_an_engine() -> None:
    date = DateField("born", (), Mark.CIRCLE, (BOX,), (BOX,), (BOX,), blanks=True)
    assert sort_of(date) == "date blanks" and sort_of(replace(LINE, lexicon=("銀行",))) == "name list"
    assert sort_of(ChoiceField("c", (), Mark.CIRCLE)) == "choice circle"
    assert sort_of(PresenceField("s", BOX, Presence.SEAL)) == "seal"
    read = Reading("x", "1", "1", 0.9)
    assert engine_of(CELLS, False, read, True) == "cells"
    assert engine_of(CELLS, True, read, True) == "both"
    assert engine_of(CELLS, True, read, False) == "line"
    assert engine_of(LINE, True, replace(read, ditto=True), True) == "ditto"
    assert engine_of(ChoiceField("c", (), Mark.TICK), False, read, True) == "mark"


def drawn(count: int, seed: int) -> list[Case]:
    """Readings of a boastful engine: the odds that it is wrong are higher than it says, of names more so."""
    rng = Random(seed)
    cases = []
    for n in range(count):
        sort, engine = rng.choice([("digits cells", "cells"), ("name line", "line")])
        doubt = rng.choice([0.3, 0.1, 0.03, 0.01, 0.003])
        odds = doubt / (1 - doubt) * (4 if sort == "name line" else 2)
        wrong = rng.random() < odds / (1 + odds)
        cases.append(Case(Signs(sort, engine, 1 - doubt, 4, 4.0), not wrong, f"writer {n % 12}"))
    return cases


def test_a_fit_finds_how_often_a_boastful_engine_is_wrong() -> None:
    made = fit(drawn(6000, 1))
    for sort, engine, doubt, wrong in (("digits cells", "cells", 0.1, 0.18), ("name line", "line", 0.03, 0.11)):
        assert 1 - made.probability(Signs(sort, engine, 1 - doubt, 4, 4.0)) == pytest.approx(wrong, rel=0.25)
    assert made.groups["digits cells by cells"].fields > 2500
    assert all(made.weights[name] >= 0 for name in SIGNS)


def test_what_is_foretold_comes_from_other_writers() -> None:
    cases = drawn(600, 2)
    odd = [Case(replace(DIGITS, score=0.99), False, "liar") for _ in range(60)]
    told = foretell([*cases, *odd])
    alone = fit([*cases, *odd]).probability(odd[0].signs)
    assert len(told) == 660 and told[-1] > alone + 0.1


def test_small_groups_are_not_fitted_and_no_data_fit_nothing() -> None:
    few = [Case(replace(DIGITS, sort="rare"), True, "w")] * (FEWEST - 1)
    assert fit(few).groups == {} and fit([]).groups == {}
    made = fit([*drawn(200, 3), *few])
    assert set(made.groups) == {"digits cells by cells", "name line by line"}


def test_it_is_kept_as_it_was(tmp_path: Path) -> None:
    save(MADE, tmp_path / "made.json")
    assert load(tmp_path / "made.json") == MADE
    assert load(tmp_path / "none.json") is None
    (tmp_path / "made.json").write_text('{"version": 99}')
    assert load(tmp_path / "made.json") is None


def test_what_ships_was_fitted_with_the_networks_that_ship() -> None:
    shipped = load()
    assert shipped is not None
    hashes = {path.name: sha256(path.read_bytes()).hexdigest() for path in (glyphs.MODEL, ticks.MODEL)}
    assert shipped.data["networks"] == hashes, "fit it again: python -m benchmarks.calibrate"
    assert shipped.data["part"] == "tune" and sum(one.fields for one in shipped.groups.values()) > 3000
    assert {one.wrong <= one.fields for one in shipped.groups.values()} == {True}
    for target, sorts in shipped.thresholds.items():
        accepted = [one for one in sorts.values() if one.confidence is not None]
        assert sum(one.wrong for one in accepted) <= float(target) * sum(one.accepted for one in accepted)
