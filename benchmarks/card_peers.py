"""Full-page readers on the lab's sheets: what stands beside a printed label, or anywhere in the page's text."""

from __future__ import annotations

import os
from collections.abc import Mapping

import cv2

from benchmarks.anchors import anchors_of, look_up
from benchmarks.card_rows import PeerPage
from benchmarks.peers import ReadPage
from benchmarks.reading import KANJI_AS_KANA, timed
from fixtures.reading.sheets import Sheet
from fixtures.reading.truth import Kind
from ocr.engine import Image
from ocr.imaging import turn
from pipeline.procedures.pack import FieldType
from pipeline.score.rows import in_normal_form, is_right, plain

_TEXTUAL = frozenset(FieldType) - {FieldType.CHOICE, FieldType.CHECKBOX, FieldType.DATE}
_LABEL_PT = 6.0  # the lab's dense forms have labels of 6.5
_UNREADABLE = (Kind.DITTO,)  # the value stands in the row above: only a template knows


def askable_keys(sheet: Sheet) -> tuple[str, ...]:
    """The fields that a full-page reader can be asked for: written out in characters, beside a label of their own."""
    labelled = {anchor.key for anchor in anchors_of(sheet.page, _LABEL_PT)}
    return tuple(key for key in written_keys(sheet) if key in labelled)


def written_keys(sheet: Sheet) -> tuple[str, ...]:
    """The fields written out in characters, those in tables too."""
    return tuple(
        key
        for key, truth in sheet.truths.items()
        if truth.value is not None
        and truth.written
        and truth.kind not in _UNREADABLE
        and sheet.procedure.field(key.split(".")[0]).type in _TEXTUAL
    )


def ask_peers(sheet: Sheet, peers: Mapping[str, ReadPage]) -> dict[str, PeerPage]:
    """What each made of the sheet, which is given to it upright."""
    upright = _upright(sheet)
    return {name: _ask(sheet, upright, reader) for name, reader in peers.items()}


def _upright(sheet: Sheet) -> Image:
    picture = turn(sheet.picture, (360 - 90 * sheet.placing.quarter) % 360)
    return picture if picture.ndim == 3 else cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)  # type: ignore[return-value]


def _ask(sheet: Sheet, picture: Image, reader: ReadPage) -> PeerPage:
    before = _children_cpu_s()
    lines, spent = timed(lambda: reader(picture))
    cpu_s = spent.cpu_s + _children_cpu_s() - before
    values = look_up(sheet.page, lines, _LABEL_PT)
    text = plain("".join(line.text for line in lines))
    beside = tuple(key for key in askable_keys(sheet) if _is_right(sheet, key, values.get(key)))
    anywhere = tuple(key for key in written_keys(sheet) if _stands(sheet, key, text))
    return PeerPage(cpu_s, spent.wall_s, beside, anywhere)


def _children_cpu_s() -> float:
    """Of child processes that have ended: Tesseract is one a page."""
    times = os.times()
    return times.children_user + times.children_system


def _is_right(sheet: Sheet, key: str, text: str | None) -> bool:
    spec = sheet.procedure.field(key.split(".")[0])
    if not text:
        return False
    said = text.translate(KANJI_AS_KANA) if spec.type is FieldType.KANA_NAME else text
    return is_right(spec, sheet.truths[key].value, said, in_normal_form(spec, said)[0])


def _stands(sheet: Sheet, key: str, text: str) -> bool:
    truth = sheet.truths[key]
    return any(plain(said) in text for said in (truth.value, truth.written) if said)
