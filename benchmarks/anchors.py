"""Fields out of a page's full text by their printed labels, as one does without a template: pure.

The rule is the same for every engine and uses nothing but the words printed on the form. A field's label is the
print nearest to its left; on the page it is looked for among the lines read, in the order in which the form prints
it (the second フリガナ is the second). The value is what stands to its right, half-way up to the label above and
half-way down to the one below, without print, up to a further label on the row.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from statistics import median

from rapidfuzz import fuzz

from japan.text import drop_spaces, fold_width
from ocr.readings import TextLine
from pipeline.procedures.pack import FormBox, FormPage, field_key

ALIKE = 75.0
"""Percent of a label's characters that must be read for it to be found."""
SLACK = 10.0
LABEL_PT = 8.0  # smaller print explains, it labels nothing; dense forms label in smaller print
SAME_ROW = 0.6  # of a line's height


@dataclass(frozen=True)
class Anchor:
    """A field and the printed words to find it by. row: how many labels of the same words stand above it."""

    key: str
    label: str
    row: int


def anchors_of(page: FormPage, label_pt: float = LABEL_PT) -> list[Anchor]:
    """An anchor for each box that is written into; boxes without words to their left have none."""
    labels = [text for text in page.texts if text.size >= label_pt]
    found = []
    for box in page.boxes:
        place = _written_place(box)
        if place is None:
            continue
        left, top, bottom = place
        near = [t for t in labels if t.x < left and top - 1 <= t.y <= bottom + 1]
        if near:
            label = max(near, key=lambda text: text.x)
            above = sum(1 for t in labels if t.text == label.text and t.y < label.y)
            found.append(Anchor(field_key(box.field, box.index), label.text, above))
    return found


def _written_place(box: FormBox) -> tuple[float, float, float] | None:
    """Left, top and bottom in millimetres of a box that is written into; None for marks, and dates with an era."""
    if box.kind == "cells":
        return box.row.box.x, box.row.box.y, box.row.box.y + box.row.box.h
    if box.kind == "line":
        return box.box.x, box.box.y, box.box.y + box.box.h
    return None


def look_up(page: FormPage, lines: Sequence[TextLine], label_pt: float = LABEL_PT) -> dict[str, str]:
    """Field key -> the text beside its label; fields whose label is not found are missing."""
    anchors = anchors_of(page, label_pt)
    print_ = [_plain(text.text) for text in page.texts]
    labels = [_plain(text.text) for text in page.texts if text.size >= label_pt]
    lines = cut_at_words(lines, {_plain(anchor.label) for anchor in anchors}, print_)
    marks = [line for line in lines if _is_one_of(line, labels)]
    rest = [line for line in lines if not _is_one_of(line, print_)]
    values = {}
    for anchor in anchors:
        label = _find(anchor, lines)
        if label is not None:
            beside = [line for line in rest if line is not label and _is_beside(line, label, marks)]
            values[anchor.key] = "".join([_tail(label, anchor.label), *in_reading_order(beside)]).strip()
    return values


def cut_at_words(lines: Sequence[TextLine], words: Collection[str], printed: Sequence[str]) -> list[TextLine]:
    """The lines, those in which one of the words stands further on cut before it: engines join what is apart.
    Lines that are themselves one print stay whole."""
    cut: list[TextLine] = []
    for line in lines:
        text = _plain(line.text)
        starts = sorted({place for word in words if (place := text.find(word, 1)) > 0})
        if not starts or _is_one_of(line, printed):
            cut.append(line)
            continue
        x0, y0, x1, y1 = line.box_px
        step = (x1 - x0) / len(text)
        for start, end in zip([0, *starts], [*starts, len(text)], strict=True):
            box = (round(x0 + step * start), y0, round(x0 + step * end), y1)
            cut.append(TextLine(text[start:end], line.confidence, box))
    return cut


def in_reading_order(lines: Sequence[TextLine]) -> list[str]:
    """The texts row by row, each row from left to right."""
    rows: list[list[TextLine]] = []
    for line in sorted(lines, key=_middle):
        if rows and _middle(line) - median(map(_middle, rows[-1])) < SAME_ROW * _height(line):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [line.text for row in rows for line in sorted(row, key=lambda one: one.box_px[0])]


def _find(anchor: Anchor, lines: Sequence[TextLine]) -> TextLine | None:
    wanted = _plain(anchor.label)
    scored = [(fuzz.ratio(wanted, _plain(line.text)[: len(wanted)]), line) for line in lines]
    # 児童2 is like 児童1: what is read clearly better stands for the label.
    least = max(ALIKE, max((score for score, _ in scored), default=0.0) - SLACK)
    good = sorted((line for score, line in scored if score >= least), key=_middle)
    return good[anchor.row] if anchor.row < len(good) else None


def _tail(line: TextLine, label: str) -> str:
    """What an engine read in one line with the label, after it."""
    return _plain(line.text)[len(_plain(label)) :]


def _is_beside(line: TextLine, label: TextLine, marks: Sequence[TextLine]) -> bool:
    middle = _middle(label)
    above = max((_middle(m) for m in marks if _middle(m) < middle - _height(label)), default=0.0)
    below = min((_middle(m) for m in marks if _middle(m) > middle + _height(label)), default=middle * 2)
    stop = min(
        (m.box_px[0] for m in marks if m.box_px[0] > label.box_px[2] and abs(_middle(m) - middle) < _height(label)),
        default=1 << 30,
    )
    in_row = (above + middle) / 2 < _middle(line) < (below + middle) / 2
    return in_row and label.box_px[2] - _height(label) <= line.box_px[0] < stop


def _is_one_of(line: TextLine, words: Sequence[str]) -> bool:
    text = _plain(line.text)
    return any(fuzz.ratio(text, one) >= ALIKE for one in words)


def _middle(line: TextLine) -> float:
    return (line.box_px[1] + line.box_px[3]) / 2


def _height(line: TextLine) -> float:
    return float(line.box_px[3] - line.box_px[1])


def _plain(text: str) -> str:
    return drop_spaces(fold_width(text))
