"""Fields found beside their labels, as a reader without a template finds them."""

from __future__ import annotations

from benchmarks.anchors import anchors_of, in_reading_order, look_up
from fixtures.packs import load_sample_pack
from ocr.readings import TextLine

PAGE = load_sample_pack().get_form("application", 1).pages[0]
PER_MM = 4.0


def _line(text: str, x_mm: float, y_mm: float, w_mm: float = 20.0, h_mm: float = 4.0) -> TextLine:
    x, y, w, h = (round(value * PER_MM) for value in (x_mm, y_mm, w_mm, h_mm))
    return TextLine(text, 0.9, (x, y - h, x + w, y))


def _printed() -> list[TextLine]:
    return [_line(t.text, t.x, t.y, 3.0 * len(t.text), t.size / 2.8) for t in PAGE.texts]


def test_a_field_goes_by_the_print_to_its_left() -> None:
    labels = {anchor.key: (anchor.label, anchor.row) for anchor in anchors_of(PAGE)}
    assert labels["applicant_kana"] == ("フリガナ", 0)
    assert labels["child_kana.2"] == ("児童2 フリガナ", 0)
    assert labels["branch_code"] == ("支店コード", 0)
    assert "child_birth_date.1" not in labels  # its era is a circle


def test_values_stand_right_of_their_labels() -> None:
    lines = [
        *_printed(),
        _line("森 花", 55, 66),
        _line("子", 55, 180, 4),
        *(_line(digit, 51 + 6.5 * n, 205.5, 4) for n, digit in enumerate("0128")),
        *(_line(digit, 115 + 6.5 * n, 205.0, 4) for n, digit in enumerate("077")),
        _line("群馬県みどり市", 53, 95),
        _line("1番地", 53, 103),
    ]
    values = look_up(PAGE, lines[::-1])
    assert values["applicant_name"] == "森 花"
    assert (values["bank_code"], values["branch_code"]) == ("0128", "077")
    assert values["address"] == "群馬県みどり市1番地"
    assert (values["child_name.1"], values["child_name.2"]) == ("", "子")
    assert values["phone"] == ""


def test_a_label_read_in_one_line_with_its_value_gives_the_value() -> None:
    lines = [line for line in _printed() if line.text not in ("氏名", "金融機関・支店", "支店コード")]
    joined = [*lines, _line("氏名森 花", 17, 66, 60), _line("金融機関・支店0128支店コード077", 17, 206, 120)]
    values = look_up(PAGE, joined)
    assert values["applicant_name"] == "森花"
    assert (values["bank_code"], values["branch_code"]) == ("0128", "077")


def test_a_label_that_was_not_read_gives_no_value() -> None:
    lines = [line for line in _printed() if line.text != "電話番号"]
    assert "phone" not in look_up(PAGE, [*lines, _line("090-1234-5678", 55, 112)])


def test_rows_are_read_before_columns() -> None:
    lines = [_line("い", 30, 10.4), _line("う", 10, 20), _line("あ", 10, 10)]
    assert in_reading_order(lines) == ["あ", "い", "う"]
