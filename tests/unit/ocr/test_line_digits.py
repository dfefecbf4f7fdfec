"""Digits of a free line that the network of cells is asked about as well."""

from __future__ import annotations

import numpy as np
import pytest

from ocr.decoding.decode import Decoded
from ocr.fields.jobs import CONTRADICTED
from ocr.fields.line_digits import cut_digits, weigh_digits
from ocr.glyphs import DUST, OTHER, GlyphModel
from ocr.layout import Content
from ocr.readings import CharReading

PITCH = 40


class Network(GlyphModel):
    """Says these digits one after the other, each with this probability; None for no digit at all."""

    def __init__(self, says: str | None, sure: float = 0.95) -> None:
        self.classes = (*"0123456789", OTHER, DUST)
        self.says, self.sure = says, sure

    def log_probabilities(self, pictures: np.ndarray, measures: np.ndarray) -> np.ndarray:
        found = np.full((len(pictures), len(self.classes)), (1 - self.sure) / 11)
        found[range(len(pictures)), [int(d) for d in self.says] if self.says else 10] = self.sure
        return np.log(found).astype(np.float32)


def line(text: str) -> np.ndarray:
    """A bar for each digit; a comma hangs on the digit before it, low and to its right."""
    picture = np.full((60, PITCH * len(text)), 255, np.uint8)
    for n, char in enumerate(text):
        middle = round((n + 0.5) * PITCH)
        if char == ",":
            picture[40:56, middle - PITCH // 2 : middle + 4] = 0
        else:
            picture[10:45, middle - 6 : middle + 7] = 0
    return picture


def decoded(text: str, values: dict[str, float], alternatives: tuple[tuple[str, float], ...] = ()) -> Decoded:
    characters = tuple(CharReading(char, 0.7, alternatives if char in "7" else ()) for char in text)
    places = tuple((n + 0.5) / len(text) for n in range(len(text)))
    return Decoded(characters, next(iter(values.values())), 1.0, places, tuple(values.items()))


def test_the_network_may_overrule_a_digit_that_the_line_is_not_sure_of() -> None:
    found, second = weigh_digits(
        decoded("1,700", {"1700": 0.6, "7700": 0.3}), line("1,700"), Content.MONEY, Network("7700")
    )
    assert second == pytest.approx(0.95**4, abs=0.02)
    assert found.values[0][0] == "7700" and found.text == "7,700"
    assert 0.8 < found.probability < 0.9


def test_what_the_line_named_beside_its_choice_is_weighed_as_well() -> None:
    read = decoded("700", {"700": 0.7}, (("1", 0.25),))
    assert weigh_digits(read, line("700"), Content.MONEY, Network("100"))[0].values[0][0] == "100"


@pytest.mark.parametrize(
    ("content", "text"), [(Content.POSTAL_CODE, "7600001"), (Content.PHONE, "0760000001")], ids=["postal code", "phone"]
)
def test_no_value_is_made_that_the_field_cannot_hold(content: Content, text: str) -> None:
    read = decoded(text, {text: 0.7}, (("0", 0.25),))
    values = weigh_digits(read, line(text), content, Network(text.replace("7", "0")))[0].values
    assert values == ((text, pytest.approx(0.7)),)


def test_a_network_that_sees_no_digits_changes_nothing() -> None:
    values = weigh_digits(decoded("170", {"170": 0.6, "770": 0.3}), line("170"), Content.MONEY, Network(None))[0].values
    assert values == (("170", pytest.approx(0.6)), ("770", pytest.approx(0.3)))


def test_values_of_another_length_are_as_likely_as_before() -> None:
    read = decoded("170", {"170": 0.6, "17": 0.3})
    found = dict(weigh_digits(read, line("170"), Content.MONEY, Network("170"))[0].values)
    assert found == {"170": pytest.approx(0.6), "17": pytest.approx(0.3)}


def test_a_comma_is_cut_off_the_digit_it_touches() -> None:
    read = decoded("1,700", {"1700": 0.6})
    cells = cut_digits(line("1,700"), read.places, [0, 2, 3, 4])
    assert cells is not None
    heights = {int(cell.ink.any(axis=1).sum()) for cell in cells}
    assert heights == {35}


def test_a_date_or_a_name_is_left_as_it_was() -> None:
    read = decoded("8時", {"08:00": 0.9})
    assert weigh_digits(read, line("80"), Content.TIME, Network("8")) == (read, None)


def test_a_number_of_which_the_network_sees_a_digit_as_another_is_doubted() -> None:
    read = decoded("170", {"170": 0.999})
    alike, second = weigh_digits(read, line("170"), Content.MONEY, Network("170"))
    other, against = weigh_digits(read, line("170"), Content.MONEY, Network("140"))
    assert other.values[0][0] == alike.values[0][0] == "170"
    assert other.probability < CONTRADICTED < 0.9 < alike.probability
    assert second is not None and against is not None and against < 0.05 < 0.8 < second
