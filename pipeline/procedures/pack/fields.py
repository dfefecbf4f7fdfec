"""Fields, whose they are, and the papers that must accompany them."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from pipeline.procedures.pack.base import Label, PackModel


class FieldType(StrEnum):
    """What a field holds."""

    PERSON_NAME = "person_name"
    KANA_NAME = "kana_name"
    DATE = "date"
    POSTAL_CODE = "postal_code"
    ADDRESS = "address"
    PHONE = "phone"
    EMAIL = "email"
    CHOICE = "choice"
    CHECKBOX = "checkbox"
    DIGITS = "digits"
    TIME = "time"
    MONEY = "money"
    TEXT = "text"
    MY_NUMBER = "my_number"


class Choice(PackModel):
    """One allowed value of a choice field."""

    value: str
    label: Label


class FieldSpec(PackModel):
    """One field of the procedure. `role` says whose it is; fields of a repeated role repeat with it.

    digits: exact number of digits, for type digits.
    lexicon: the only words a text field may hold, where there is such a list (banks, branches, schools).
    required: a deficiency when missing (for repeated roles: when any other field of that index is given).
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    label: Label
    type: FieldType
    role: str
    required: bool = False
    choices: tuple[Choice, ...] = ()
    digits: tuple[int, ...] = ()
    lexicon: tuple[str, ...] = ()


class Role(PackModel):
    """Somebody the application speaks of. max > 1 repeats; `subject` makes one entry of each."""

    name: str
    label: Label
    max: int = 1
    subject: bool = False


class AttachmentSpec(PackModel):
    """A paper that must accompany the application. `when` names a checkbox field that makes it needed.

    words: what is printed on such a paper, by which a scanned copy is told from others.
    assertion: the sending system's word that it checked who applies (本人確認) stands for this paper.
    """

    kind: str
    label: Label
    accepted: tuple[Label, ...]
    words: tuple[str, ...] = ()
    required: bool = True
    when: str | None = None
    assertion: bool = False
    deficiency: Label


def field_key(name: str, index: int = 0) -> str:
    """How a field is called across the house: its name, and `.n` (1-based) where its role repeats."""
    return f"{name}.{index}" if index else name
