"""What one field and one page of the reading lab gave: read, and held against the truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from benchmarks.truth import same_text
from fixtures.reading.sheets import Sheet
from fixtures.reading.truth import Kind, Truth
from japan.text import drop_spaces
from japan.variants import fold_variants
from ocr.layout import CellsField, ChoiceField, Content, DateField, Field, LineField, PageLayout, PresenceField
from ocr.readings import Reading
from pipeline.procedures.pack import FieldSpec
from pipeline.procedures.values import normalise_value

DIGIT_CONTENTS = (Content.DIGITS, Content.PHONE, Content.POSTAL_CODE, Content.MONEY, Content.MY_NUMBER)
DIGIT_CELLS = tuple(f"{content.value} cells" for content in DIGIT_CONTENTS)
DATES = ("date cells", "date blanks")
MARKS = ("tick", "choice tick", "choice circle")
PRESENCE = ("signature", "seal")
UNREGISTERED = "unregistered"


@dataclass(frozen=True)
class FieldRow:
    """One field of one sheet.

    sort: content and kind of place, as `digits cells`. spec: the type in the pack. kind, mark: how it was truly
    written. truth, read: values; read is in the normal form where it has one. bare: nothing was truly written.
    nothing: nothing was read (accepted whatever the confidence, as the READ step does). empty: the same, or a mark
    read as not made. clear: no reason and no problem. edits, length: of the value's characters, 0 for marks.
    off_mm, said_mm: how far the box truly lies from where it was cut, at the worst corner, and what was estimated.
    """

    seed: int
    layout: str
    writer: str
    hand: str
    damages: tuple[str, ...]
    key: str
    sort: str
    spec: str
    kind: str
    mark: str
    truth: str | None
    written: str
    read: str | None
    raw: str
    confidence: float | None
    reasons: tuple[str, ...]
    right: bool
    bare: bool
    nothing: bool
    empty: bool
    clear: bool
    edits: int
    length: int
    off_mm: float | None
    said_mm: float | None

    @property
    def counted(self) -> bool:
        """Somebody wrote here, or something was read: what acceptance and its error are counted over."""
        return not (self.bare and self.empty)

    @property
    def has_value(self) -> bool:
        """The paper says a value here: what exact and CER are counted over. An empty tick box says no."""
        return self.truth is not None and (not self.bare or self.sort in (*MARKS, *PRESENCE))

    @property
    def registered(self) -> bool:
        """Its page was found."""
        return UNREGISTERED not in self.reasons

    def accepted(self, threshold: float | None) -> bool:
        """Whether no person would look at it at this threshold; None accepts what is blank only."""
        sure = threshold is not None and self.confidence is not None and self.confidence >= threshold
        return self.clear and (self.nothing or sure)


@dataclass(frozen=True)
class PeerPage:
    """What a full-page reader took for a page, and the keys of the fields it had right: beside the label, anywhere."""

    cpu_s: float
    wall_s: float
    beside: tuple[str, ...]
    anywhere: tuple[str, ...]


@dataclass(frozen=True)
class PageRow:
    """One sheet: times of registering and reading, the largest memory of the process so far, and the fields.

    textual: keys of the fields written out in characters; askable: those of them with a label beside them.
    filled: how many fields have ink.
    """

    seed: int
    layout: str
    writer: str
    hand: str
    damages: tuple[str, ...]
    dpi: int
    registered: bool
    markers: int
    register_cpu_s: float
    read_cpu_s: float
    wall_s: float
    peak_mb: int
    filled: int
    fields: tuple[FieldRow, ...]
    textual: tuple[str, ...]
    askable: tuple[str, ...]
    peers: Mapping[str, PeerPage]

    @property
    def cpu_s(self) -> float:
        """Registering and reading."""
        return self.register_cpu_s + self.read_cpu_s


def sort_of(field: Field) -> str:
    """Content and kind of place, as `katakana cells`, `address lines`, `text list`, `choice circle`."""
    if isinstance(field, LineField):
        return f"{field.content.value} {'list' if field.lexicon else 'lines' if field.lines > 1 else 'line'}"
    if isinstance(field, CellsField):
        return f"{field.content.value} cells"
    if isinstance(field, DateField):
        return "date blanks" if field.blanks else "date cells"
    if isinstance(field, ChoiceField):
        return f"choice {field.mark.value}"
    return field.what.value if isinstance(field, PresenceField) else "tick"


Places = Mapping[str, tuple[float, float]]


def field_rows(sheet: Sheet, layout: PageLayout, readings: Mapping[str, Reading], places: Places) -> list[FieldRow]:
    """A row for each field of the sheet. readings: none where the page was not found.

    places: key -> millimetres by which the box was truly off, and was said to be.
    """
    unread = {
        field.name: Reading(field.name, None, "", None, reasons=())
        for field in layout.fields
        if field.name not in readings
    }
    return [
        _row(
            sheet,
            field,
            sheet.truths[field.name],
            readings.get(field.name) or unread[field.name],
            None if field.name in unread else places[field.name],
        )
        for field in layout.fields
    ]


def _row(sheet: Sheet, field: Field, truth: Truth, reading: Reading, place: tuple[float, float] | None) -> FieldRow:
    spec = sheet.procedure.field(field.name.split(".")[0])
    sort = sort_of(field)
    read, problem = in_normal_form(spec, reading.value if reading.value is not None else reading.raw)
    reasons = tuple(reason.value for reason in reading.reasons) if place else (UNREGISTERED,)
    is_text = sort not in (*MARKS, *PRESENCE)
    wanted = plain(in_normal_form(spec, truth.value)[0]) if is_text and truth.value else ""
    return FieldRow(
        sheet.seed,
        sheet.layout,
        sheet.writer,
        sheet.hand,
        sheet.damages,
        field.name,
        sort,
        spec.type.value,
        truth.kind.value,
        str(truth.mark),
        truth.value,
        truth.written,
        read,
        reading.raw,
        reading.confidence,
        reasons,
        right=place is not None and is_right(spec, truth, reading.value, read),
        bare=truth.kind is Kind.BLANK,
        nothing=reading.blank,
        empty=reading.blank or reading.value == "false",
        clear=not reasons and not problem,
        edits=Levenshtein.distance(plain(read), wanted) if wanted else 0,
        length=len(wanted),
        off_mm=place[0] if place else None,
        said_mm=place[1] if place else None,
    )


def in_normal_form(spec: FieldSpec, text: str) -> tuple[str | None, bool]:
    """The value as the READ step takes it, else the characters; and whether it has no normal form."""
    normal = normalise_value(spec, text) if text else None
    if normal is None or normal.value is None:
        return text or None, normal is not None and normal.problem is not None
    return normal.value, normal.problem is not None


def is_right(spec: FieldSpec, truth: Truth, value: str | None, read: str | None) -> bool:
    """Whether what was read is what the paper says. Where that is no value (struck out, an impossible day, blank),
    there must be no value either. read: the value, or characters without one, in normal form."""
    if truth.value is None:
        return value is None
    if read is None:
        return False
    return any(same_text(read, said) for said in (truth.value, normalise_value(spec, truth.value).value) if said)


def plain(text: str | None) -> str:
    """Without spaces, variants folded: no engine can tell those apart."""
    return fold_variants(drop_spaces(text or ""))
