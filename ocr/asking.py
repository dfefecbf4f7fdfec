"""Asking a page again: how well does the picture of a name say each of several names, whoever wrote it how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from japan.variants import fold_variants
from ocr.cutting.cell_cut import cut_cells
from ocr.cutting.cut import View
from ocr.decoding.ink import fold_kana, mean_scores, score_strings
from ocr.engine import Image, Logits, Recogniser
from ocr.fields.cells import read_row
from ocr.fields.line_fields import line_job
from ocr.fields.prepare import cells_job
from ocr.layout import CellsField, Content, LineField, PageLayout, around
from ocr.own import NO_MODELS, OwnModels
from ocr.place.registration import register
from ocr.reader import view_page

_FOLDS = {Content.NAME: fold_variants, Content.KATAKANA: fold_kana}
_Look = tuple[Logits, Sequence[str]]


@dataclass(frozen=True)
class OpenPage:
    """A registered page with its fields in reach."""

    view: View
    layout: PageLayout


def open_page(image: Image, layout: PageLayout) -> OpenPage | None:
    """The page ready to be asked; None when its form is not found in the picture."""
    found = register(image, layout)
    return OpenPage(replace(view_page(image, found), reference=layout.reference), layout) if found else None


def ask_field(
    page: OpenPage, name: str, candidates: Sequence[str], recogniser: Recogniser, own: OwnModels = NO_MODELS
) -> list[float] | None:
    """ln of each candidate's likelihood in the ink of a field, 0.0 being that of the best free reading.

    Variant characters, and small and large kana, are one; spaces do not count. None where nothing is written, for
    fields that are not on the page, and for those that hold no names. The pictures are those that were read.
    """
    field = next((one for one in page.layout.fields if one.name == name), None)
    if not isinstance(field, LineField | CellsField) or field.content not in _FOLDS or not candidates:
        return None
    looks = (
        _line(page.view, field, recogniser) if isinstance(field, LineField) else _cells(page, field, recogniser, own)
    )
    fold = _FOLDS[field.content]
    scores = [score_strings(logits, alphabet, candidates, fold) for logits, alphabet in looks]
    return mean_scores(scores) if scores else None


def _line(view: View, field: LineField, recogniser: Recogniser) -> list[_Look]:
    lines = line_job(view, field).lines[: field.lines]
    logits = recogniser.logits(lines) if lines else []
    return [(np.concatenate(logits), recogniser.alphabet)] if logits else []


def _cells(page: OpenPage, field: CellsField, recogniser: Recogniser, own: OwnModels) -> list[_Look]:
    """What our own model sees in the cells; and the row as a line, where the model is missing or not sure."""
    patches = cut_cells(page.view, field.cells)
    row = read_row(patches, field.content, own.cells)
    looks: list[_Look] = [(row.logits, row.alphabet)] if row is not None and any(row.held) else []
    for line in cells_job(field.name, around(field.cells), field.content, patches, own).lines:
        looks.append((recogniser.logits([line])[0], recogniser.alphabet))
    return looks
