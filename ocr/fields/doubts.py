"""What was done to a field besides writing in it: struck out, rubbed out, run over its edge. Each is a reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from ocr.cutting.cut import Patch, View
from ocr.engine import Logits
from ocr.fields.jobs import Job
from ocr.layout import Box
from ocr.marks.overflow import overflows, runs_on
from ocr.marks.strikes import is_row_struck_out, is_struck_out
from ocr.marks.traces import is_erased
from ocr.readings import Reading, ReadingReason

MANY, COMMON = 3, 0.2  # so many fields of a page, and so large a share of those read, are not all rubbed out
Reasons = tuple[ReadingReason, ...]


def line_doubts(view: View, patch: Patch, box: Box) -> Reasons:
    """The reasons that the ink of a free line gives. patch: what `cut_box` cut from the box, cleaned."""
    return _named(
        struck=is_struck_out(patch), erased=is_erased(view, [box]), outside=overflows(view, box) or runs_on(view, box)
    )


def row_doubts(view: View, cells: Sequence[Box]) -> Reasons:
    """The reasons that the ink of a row of cells, or of the places of a date, gives."""
    return _named(struck=is_row_struck_out(view, cells), erased=is_erased(view, cells))


def without_common_traces(readings: Sequence[Reading]) -> list[Reading]:
    """The readings, none of them ERASED where many are: then the back shows through, or the pen wrote too pale."""
    marked = sum(ReadingReason.ERASED in reading.reasons for reading in readings)
    read = sum(not reading.blank for reading in readings)
    if marked < MANY or marked <= COMMON * read:
        return list(readings)
    kept = [tuple(why for why in reading.reasons if why is not ReadingReason.ERASED) for reading in readings]
    return [replace(reading, reasons=reasons) for reading, reasons in zip(readings, kept, strict=True)]


def with_doubts(job: Job, ask: Callable[[], Reasons]) -> Job:
    """The job whose readings have these reasons as well, asked for once something was read."""

    def finish(logits: Sequence[Logits], alphabet: tuple[str, ...]) -> Reading:
        return _doubted(job.finish(logits, alphabet), ask)

    def revise(logits: Sequence[Logits], alphabet: tuple[str, ...], others: Mapping[str, Reading]) -> Reading | None:
        made = job.revise(logits, alphabet, others) if job.revise else None
        return _doubted(made, ask) if made else None

    return replace(job, finish=finish, revise=revise if job.revise else None)


def _doubted(reading: Reading, ask: Callable[[], Reasons]) -> Reading:
    if reading.blank:
        return reading
    more = tuple(reason for reason in ask() if reason not in reading.reasons)
    return replace(reading, reasons=(*reading.reasons, *more)) if more else reading


def _named(*, struck: bool = False, erased: bool = False, outside: bool = False) -> Reasons:
    found = {
        ReadingReason.STRUCK_OUT: struck,
        ReadingReason.ERASED: erased,
        ReadingReason.OUTSIDE_BOX: outside,
    }
    return tuple(reason for reason, there in found.items() if there)
