"""The text inside our QR codes: form pages, separator sheets and case letters.

`IM1:F:<procedure>:<form>:<revision>:<page>[:<reference>]` on every page of a form,
`IM1:S[:<attachment kind>]` on a separator sheet, `IM1:C:<case id>` on a letter about a case.
The text carries no name and no resident number: whoever finds a sheet learns nothing from its code.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

PREFIX = "IM1"

_IDENTIFIER = r"[a-z][a-z0-9_]*"
_TOKEN = r"[A-Za-z0-9_-]{1,64}"
_FORM = re.compile(
    rf"{PREFIX}:F:(?P<procedure>{_IDENTIFIER}):(?P<form>{_IDENTIFIER})"
    rf":(?P<revision>[0-9]{{1,4}}):(?P<page>[0-9]{{1,3}})(?::(?P<reference>{_TOKEN}))?"
)
_SEPARATOR = re.compile(rf"{PREFIX}:S(?::(?P<attachment>{_IDENTIFIER}))?")
_CASE = re.compile(rf"{PREFIX}:C:(?P<case>{_TOKEN})")


@dataclass(frozen=True)
class FormCode:
    """One page of a form: `page` is 1-based; `reference_number` stands on preprinted forms only."""

    procedure_id: str
    form_id: str
    revision: int
    page: int
    reference_number: str | None = None


@dataclass(frozen=True)
class SeparatorCode:
    """A separator sheet. Plain, it ends an envelope; with a kind, the next pages are that attachment."""

    attachment_kind: str | None = None


@dataclass(frozen=True)
class CaseCode:
    """A letter about a case, so that what comes back with it finds its case."""

    case_id: str


def form_code(procedure_id: str, form_id: str, revision: int, page: int, reference_number: str | None = None) -> str:
    """The QR text of one page (1-based) of a form.

    Raises ValueError when a part would not survive `parse_code`, such as an identifier with a colon.
    """
    parts = [PREFIX, "F", procedure_id, form_id, str(revision), str(page)]
    if reference_number is not None:
        parts.append(reference_number)
    return _checked(":".join(parts))


def separator_code(attachment_kind: str | None = None) -> str:
    """The QR text of a separator sheet; ValueError when the kind is no identifier."""
    return _checked(f"{PREFIX}:S" if attachment_kind is None else f"{PREFIX}:S:{attachment_kind}")


def case_code(case_id: str) -> str:
    """The QR text of a letter about a case; ValueError when the id has characters a code cannot carry."""
    return _checked(f"{PREFIX}:C:{case_id}")


def parse_code(text: str) -> FormCode | SeparatorCode | CaseCode | None:
    """What a QR text says, or None when it is none of ours; the whole text must match."""
    if match := _FORM.fullmatch(text):
        return FormCode(
            match["procedure"], match["form"], int(match["revision"]), int(match["page"]), match["reference"]
        )
    if match := _SEPARATOR.fullmatch(text):
        return SeparatorCode(match["attachment"])
    if match := _CASE.fullmatch(text):
        return CaseCode(match["case"])
    return None


def _checked(text: str) -> str:
    if parse_code(text) is None:
        raise ValueError("a part of the code has characters a code cannot carry")
    return text
