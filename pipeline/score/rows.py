"""One field as it was read, held against the truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rapidfuzz.distance import Levenshtein

from japan.text import drop_spaces
from japan.variants import fold_variants
from ocr.confidence.calibration import sort_of
from ocr.layout import Content, Field
from ocr.readings import Reading, ReadingReason
from ocr.signs import Signs
from pipeline.procedures.pack import FieldSpec
from pipeline.procedures.values import normalise_value

DIGIT_CONTENTS = (Content.DIGITS, Content.PHONE, Content.POSTAL_CODE, Content.MONEY, Content.MY_NUMBER)
DIGIT_CELLS = tuple(f"{content.value} cells" for content in DIGIT_CONTENTS)
DATES = ("date cells", "date blanks")
MARKS = ("tick", "choice tick", "choice circle")
PRESENCE = ("signature", "seal")
UNREGISTERED = "unregistered"


@dataclass(frozen=True, kw_only=True)
class FieldRow:
    """One field of one page.

    hand: a group to count by, such as "printed" and "handwritten". sort: content and kind of place, as `digits cells`.
    spec: the type in the pack. truth, read: values; read is in the normal form where it has one. confidence: after
    calibration and confirmation; threshold: from which it is accepted without a person, None for never. bare: nothing
    was truly written. nothing: nothing was read (accepted whatever the confidence, as the READ step does). empty: the
    same, or a mark read as not made. problem: the value breaks a rule of its form. edits, length: of the value's
    characters, 0 for marks. said_mm: how far the box may be off, as estimated. signs, evidence: what the confidence
    was calibrated from, and the log-odds that other fields added.
    """

    hand: str
    key: str
    sort: str
    spec: str
    truth: str | None
    read: str | None
    raw: str
    confidence: float | None
    threshold: float | None
    reasons: tuple[str, ...]
    right: bool
    bare: bool
    nothing: bool
    empty: bool
    problem: bool
    edits: int
    length: int
    said_mm: float | None
    signs: Signs | None = None
    evidence: float = 0.0

    @property
    def clear(self) -> bool:
        """No reason and no problem."""
        return not self.reasons and not self.problem

    @property
    def counted(self) -> bool:
        """Somebody wrote here, or something was read: what acceptance and its error are counted over."""
        return not (self.bare and self.empty)

    @property
    def has_value(self) -> bool:
        """The paper says a value here: what exact and CER are counted over. An empty tick box says no."""
        return self.truth is not None and (not self.bare or self.sort in (*MARKS, *PRESENCE))

    @property
    def as_written(self) -> bool:
        """Nothing is known to have gone wrong while it was written."""
        return True

    @property
    def registered(self) -> bool:
        """Its page was found."""
        return UNREGISTERED not in self.reasons

    @property
    def measured(self) -> bool:
        """Something was read, and how sure it is: what acceptance is decided on. A low confidence is no reason here,
        since it is the confidence that is judged."""
        doubts = set(self.reasons) - {ReadingReason.LOW_CONFIDENCE.value}
        return not (doubts or self.problem or self.nothing) and self.counted and self.confidence is not None

    @property
    def accepted(self) -> bool:
        """Whether no person would look at it."""
        sure = self.threshold is not None and self.confidence is not None and self.confidence >= self.threshold
        return self.clear and (self.nothing or sure)


def judge(
    field: Field,
    spec: FieldSpec,
    reading: Reading | None,
    truth: str | None,
    *,
    bare: bool,
    threshold: float | None,
    evidence: float,
    said_mm: float | None,
) -> dict[str, Any]:
    """The columns of a row but for its hand: a reading beside the truth. reading: after calibration and confirmation;
    None for a page that was not found."""
    one = reading or Reading(field.name, None, "", None)
    read, problem = in_normal_form(spec, one.value if one.value is not None else one.raw)
    sort = sort_of(field)
    is_text = sort not in (*MARKS, *PRESENCE)
    wanted = plain(in_normal_form(spec, truth)[0]) if is_text and truth else ""
    return {
        "key": field.name,
        "sort": sort,
        "spec": spec.type.value,
        "truth": truth,
        "read": read,
        "raw": one.raw,
        "confidence": one.confidence,
        "threshold": threshold,
        "reasons": tuple(reason.value for reason in one.reasons) if reading else (UNREGISTERED,),
        "right": reading is not None and is_right(spec, truth, one.value, read),
        "bare": bare,
        "nothing": one.blank,
        "empty": one.blank or one.value == "false",
        "problem": problem,
        "edits": Levenshtein.distance(plain(read), wanted) if wanted else 0,
        "length": len(wanted),
        "said_mm": said_mm,
        "signs": one.signs,
        "evidence": evidence,
    }


def in_normal_form(spec: FieldSpec, text: str) -> tuple[str | None, bool]:
    """The value as the READ step takes it, else the characters; and whether it has no normal form."""
    normal = normalise_value(spec, text) if text else None
    if normal is None or normal.value is None:
        return text or None, normal is not None and normal.problem is not None
    return normal.value, normal.problem is not None


def is_right(spec: FieldSpec, truth: str | None, value: str | None, read: str | None) -> bool:
    """Whether what was read is what the paper says. Where that is no value (struck out, an impossible day, blank),
    there must be no value either. read: the value, or characters without one, in normal form."""
    if truth is None:
        return value is None
    if read is None:
        return False
    return any(same_text(read, said) for said in (truth, normalise_value(spec, truth).value) if said)


def same_text(read: str | None, truth: str | None) -> bool:
    """Whether a reading is the truth. Spaces do not count, nor do registered variants (高/髙), since no engine
    can tell those apart and only the roster decides them."""
    return plain(read) == plain(truth)


def plain(text: str | None) -> str:
    """Without spaces, variants folded: no engine can tell those apart."""
    return fold_variants(drop_spaces(text or ""))
