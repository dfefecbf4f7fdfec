"""One row of an eligible list as what it says, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from japan.era import DateError, parse_date
from japan.kana import to_full_katakana
from japan.postal import normalise_postal
from matchers.records import PersonRecord
from pipeline.domain.statuses import RosterMarkKind, RosterProblemCode
from pipeline.domain.texts import is_text
from pipeline.procedures.pack import RosterColumns
from pipeline.steps.people import keys_of

_TRUE = {"1", "○", "はい", "true", "対象", "有"}
_NO_ATTRIBUTES = {"former_name", "protected"}

Marks = Mapping[RosterMarkKind, date | None]
"""What the list says of somebody, and since when, where it says."""


@dataclass(frozen=True)
class Problem:
    """What is wrong with a line, and the header of the column where one is to blame."""

    line: int
    code: RosterProblemCode
    header: str = ""


@dataclass(frozen=True)
class RosterEntry:
    """One row. facts: columns of `Person` that the list has; a row without dates of its own holds from its list's
    reference date on."""

    line: int
    facts: Mapping[str, Any]
    eligible: bool
    valid_from: date | None
    valid_to: date | None
    marks: Marks
    secret: bytes

    @property
    def number(self) -> str:
        """宛名番号."""
        return str(self.facts["resident_number"])

    @property
    def said(self) -> tuple[object, ...]:
        """Everything the row says, to tell whether two rows say the same."""
        return (self.facts, self.eligible, self.valid_from, self.valid_to, self.marks)

    @cached_property
    def keys(self) -> frozenset[str]:
        """The blocking keys; made when they are first asked for, since most rows of a later list need none."""
        told = {name: value for name, value in self.facts.items() if name not in _NO_ATTRIBUTES}
        former = self.facts.get("former_name")
        return keys_of(PersonRecord(**told, former_names=(former,) if former else ()), self.secret)


def read_row(
    line: int, row: Mapping[str, str], columns: RosterColumns, secret: bytes
) -> tuple[RosterEntry | None, tuple[Problem, ...]]:
    """What a row says, None when it cannot be taken, and what is wrong with it. Names are kept as they stand."""
    if not is_text("".join(row.values())):
        return None, (Problem(line, RosterProblemCode.NO_TEXT),)
    for code, header in (
        (RosterProblemCode.NO_NUMBER, columns.resident_number),
        (RosterProblemCode.NO_NAME, columns.name),
    ):
        if not row[header]:
            return None, (Problem(line, code, header),)
    cells = _Cells(line, row)
    entry = RosterEntry(
        line=line,
        facts=_facts(cells, columns),
        eligible=cells.is_set(columns.eligible),
        valid_from=cells.day(columns.valid_from),
        valid_to=cells.day(columns.valid_to),
        marks=_marks(cells, columns),
        secret=secret,
    )
    return entry, tuple(cells.problems)


class _Cells:
    """The cells of one row, and what could not be read of them."""

    def __init__(self, line: int, row: Mapping[str, str]) -> None:
        self.line, self.row = line, row
        self.problems: list[Problem] = []

    def text(self, header: str | None) -> str:
        return self.row[header] if header else ""

    def is_set(self, header: str | None) -> bool:
        return self.text(header) in _TRUE

    def day(self, header: str | None) -> date | None:
        text = self.text(header)
        if not text or header is None:
            return None
        try:
            return parse_date(text)
        except DateError:
            self.problems.append(Problem(self.line, RosterProblemCode.UNREADABLE_DATE, header))
            return None


def _facts(cells: _Cells, columns: RosterColumns) -> Mapping[str, Any]:
    facts: dict[str, Any] = {
        "resident_number": cells.text(columns.resident_number),
        "household_number": cells.text(columns.household_number) or None,
        "name": cells.text(columns.name),
        "kana": to_full_katakana(cells.text(columns.kana)),
        "birth_date": cells.day(columns.birth_date),
        "postal_code": normalise_postal(cells.text(columns.postal_code)) or None,
        "address": cells.text(columns.address) or None,
    }
    # What a list has no column for stays as another list said it: above all that somebody is protected.
    for name in ("former_name", "reference_number", "phone"):
        if header := getattr(columns, name):
            facts[name] = cells.text(header) or None
    if columns.protected:
        facts["protected"] = cells.is_set(columns.protected)
    return facts


def _marks(cells: _Cells, columns: RosterColumns) -> Marks:
    # A day that cannot be read is still a mark: who is told to be dead must not be paid for a slip of the pen.
    marks = {kind: cells.day(header) for kind, header in columns.marks.items() if cells.text(header)}
    if columns.state and (word := cells.text(columns.state)):
        if word not in columns.states:
            cells.problems.append(Problem(cells.line, RosterProblemCode.UNKNOWN_STATE, columns.state))
        elif kind := columns.states[word]:
            marks.setdefault(kind, None)
    return marks
