"""A procedure as data: one folder (or zip) with `procedure.yaml` and `forms/*.yaml`, for every channel.

Everything here is validated once, when a pack is installed; the rest of the house may trust it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class PackModel(BaseModel):
    """Base of all pack parts: unknown keys are refused, as a misspelt key is a rule that is not applied."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Label(PackModel):
    """Words for a screen, in Japanese and English."""

    ja: str
    en: str


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
    MONEY = "money"
    TEXT = "text"


class Choice(PackModel):
    """One allowed value of a choice field."""

    value: str
    label: Label


class FieldSpec(PackModel):
    """One field of the procedure. `role` says whose it is; fields of a repeated role repeat with it.

    digits: exact number of digits, for type digits.
    required: a deficiency when missing (for repeated roles: when any other field of that index is given).
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    label: Label
    type: FieldType
    role: str
    required: bool = False
    choices: tuple[Choice, ...] = ()
    digits: tuple[int, ...] = ()


class Role(PackModel):
    """Somebody the application speaks of. max > 1 repeats; `subject` makes one entry of each."""

    name: str
    label: Label
    max: int = 1
    subject: bool = False


class AttachmentSpec(PackModel):
    """A paper that must accompany the application. `when` names a checkbox field that makes it needed.

    words: what is printed on such a paper, by which a scanned copy is told from others.
    """

    kind: str
    label: Label
    accepted: tuple[Label, ...]
    words: tuple[str, ...] = ()
    required: bool = True
    when: str | None = None
    deficiency: Label


class CheckKind(StrEnum):
    """The checks a pack may declare; each is a pure function in `pipeline.procedures.checks`."""

    REQUIRED = "required"  # generated from `required`, never declared
    DIGIT_COUNT = "digit_count"  # generated from `digits`
    MUST_BE_TRUE = "must_be_true"
    AGE_BETWEEN = "age_between"  # fields: (date,), years low..high on the instance's base date
    POSTAL_MATCHES_ADDRESS = "postal_matches_address"
    KANA_MATCHES = "kana_matches"  # fields: (holder kana, person kana)
    DATE_NOT_AFTER_RECEIPT = "date_not_after_receipt"
    ANY_SUBJECT = "any_subject"  # at least one subject entry
    ATTACHMENT = "attachment"  # generated from `attachments`


class CheckSpec(PackModel):
    """A contradiction to look for.

    message: what staff read.
    deficiency: what the applicant is asked to mend, or None when it is our doubt only.
    """

    code: str
    kind: CheckKind
    fields: tuple[str, ...] = ()
    low: int | None = None
    high: int | None = None
    message: Label
    deficiency: Label | None = None


class BoxMm(PackModel):
    """Millimetres from the top left of the page."""

    x: float
    y: float
    w: float
    h: float


class CellRow(PackModel):
    """`count` equal cells in a row inside `box`; `gap_after`: a hyphen of `gap_mm` follows that cell."""

    box: BoxMm
    count: int
    gap_after: tuple[int, ...] = ()
    gap_mm: float = 0.0

    def cells(self) -> tuple[BoxMm, ...]:
        """The cells from left to right; the gaps (after cell n, 1-based) are inside the row's box."""
        width = (self.box.w - self.gap_mm * len(self.gap_after)) / self.count
        lefts = (
            self.box.x + width * n + self.gap_mm * sum(1 for gap in self.gap_after if gap <= n)
            for n in range(self.count)
        )
        return tuple(BoxMm(x=round(x, 3), y=self.box.y, w=round(width, 3), h=self.box.h) for x in lefts)


class OptionBox(PackModel):
    """Where a value is ticked or circled."""

    value: str
    box: BoxMm


class LineBox(PackModel):
    """A field written freely."""

    kind: Literal["line"] = "line"
    field: str
    index: int = 0
    box: BoxMm
    lines: int = 1


class CellsBox(PackModel):
    """A field of one character per cell."""

    kind: Literal["cells"] = "cells"
    field: str
    index: int = 0
    row: CellRow


class DateBox(PackModel):
    """A date with the era circled or ticked; without eras the year is western."""

    kind: Literal["date"] = "date"
    field: str
    index: int = 0
    eras: tuple[OptionBox, ...] = ()
    era_mark: Literal["circle", "tick"] = "circle"
    year: CellRow
    month: CellRow
    day: CellRow


class ChoiceBox(PackModel):
    """A choice field."""

    kind: Literal["choice"] = "choice"
    field: str
    index: int = 0
    mark: Literal["circle", "tick"] = "tick"
    options: tuple[OptionBox, ...]


class TickBox(PackModel):
    """A checkbox field."""

    kind: Literal["tick"] = "tick"
    field: str
    index: int = 0
    box: BoxMm


FormBox = Annotated[LineBox | CellsBox | DateBox | ChoiceBox | TickBox, Field(discriminator="kind")]


class MarkerBox(PackModel):
    """An ArUco marker (dictionary 4X4_50) with its id; the box is the black square itself."""

    id: int
    box: BoxMm


class PrintedText(PackModel):
    """Words printed on the form: `x`, `y` is the left end of the baseline, size in points."""

    x: float
    y: float
    size: float
    text: str
    bold: bool = False


class FormPage(PackModel):
    """One page of a form.

    code: where the QR stands, its quiet zone outside the box.
    frames, shades, texts: printed outlines, grey bars and words; what belongs to a box (cell rules, era
        words, tick squares and their labels) is drawn from the box itself and not repeated here.
    prefilled: where known values are printed; `reference_number` is a field of every page here.
    """

    number: int = 1
    width_mm: float = 210
    height_mm: float = 297
    markers: tuple[MarkerBox, ...] = ()
    code: BoxMm | None = None
    boxes: tuple[FormBox, ...] = ()
    texts: tuple[PrintedText, ...] = ()
    frames: tuple[BoxMm, ...] = ()
    shades: tuple[BoxMm, ...] = ()
    prefilled: tuple[LineBox, ...] = ()


class FormTemplate(PackModel):
    """A paper layout. `preprinted` forms carry a reference number in the QR, known values in `prefilled`."""

    id: str
    revision: int = 1
    label: Label
    preprinted: bool = False
    pages: tuple[FormPage, ...]


class ColumnMap(PackModel):
    """An export column (CSV header, or JSON path with dots) feeding a field; `index` of a repeated role."""

    column: str
    field: str
    index: int = 0
    required: bool = True
    values: dict[str, str] = {}


class OnlineChannel(PackModel):
    """How an e-application export maps to fields.

    records: for JSON, the path of the list of records; "" when the document is the list.
    attachments: column or path -> attachment kind; the cell holds file names relative to the export,
        separated by `;` in CSV, a list in JSON.
    """

    id: str
    label: Label
    format: Literal["csv", "json"]
    encodings: tuple[str, ...] = ("utf-8-sig", "cp932")
    records: str = ""
    receipt_number: str
    received_at: str
    columns: tuple[ColumnMap, ...]
    attachments: dict[str, str] = {}


class RosterColumns(PackModel):
    """Header names of the eligible list (対象者名簿) as CSV; one row a person."""

    resident_number: str
    household_number: str
    name: str
    kana: str
    birth_date: str
    postal_code: str
    address: str
    former_name: str | None = None
    reference_number: str | None = None
    eligible: str | None = None
    protected: str | None = None
    phone: str | None = None


class MatchRole(PackModel):
    """Which fields identify somebody of a role: record attribute -> field name."""

    role: str
    attributes: dict[str, str]


class Matching(PackModel):
    """Who is looked for and what one case is.

    instance: the benefit year or reference date that separates cases of one subject.
    base_date: ages are reckoned on this day (基準日), ISO.
    """

    roles: tuple[MatchRole, ...]
    subject_role: str
    instance: str
    base_date: str


class ReviewRules(PackModel):
    """When a person must look.

    accept_confidence: per field type, readings at or above are accepted without a person; a type that is
        absent is never accepted by confidence alone.
    department: whose queue it is; correction_days: days given to the applicant.
    standard_days: 標準処理期間 in working days.
    approvals: how many superiors approve a draft (起案) before its cases are determined, each another person than
        the drafter; 0 determines a case as soon as its submission is accepted.
    """

    straight_through: bool = True
    accept_confidence: dict[FieldType, float] = {}
    department: str
    correction_days: int = 14
    standard_days: int = 20
    approvals: int = Field(default=0, ge=0, le=2)


class Retention(PackModel):
    """How long what people wrote is kept (文書管理規程); years count from the end of the fiscal year (31 March) in
    which the application came to its end, as the retention of municipal records does.
    """

    years: int = Field(default=5, ge=1, le=30)


class Determination(PackModel):
    """Words and amount of the outcome; amount in yen per case."""

    granted: Label
    refused: Label
    amount_yen: int


class Letter(PackModel):
    """Texts of the letter that asks for correction (補正依頼)."""

    title: str
    opening: str
    closing: str
    sender: str


class Procedure(PackModel):
    """A whole pack. `version` is pinned by every submission that was received under it."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    version: str
    label: Label
    roles: tuple[Role, ...]
    fields: tuple[FieldSpec, ...]
    attachments: tuple[AttachmentSpec, ...] = ()
    checks: tuple[CheckSpec, ...] = ()
    channels: tuple[OnlineChannel, ...] = ()
    roster: RosterColumns
    matching: Matching
    review: ReviewRules
    determination: Determination
    retention: Retention = Retention()
    correction_letter: Letter
    forms: tuple[FormTemplate, ...] = ()

    @model_validator(mode="after")
    def _references_exist(self) -> Procedure:
        roles = {role.name for role in self.roles}
        names = {spec.name for spec in self.fields}
        unknown = {spec.role for spec in self.fields} - roles
        for check in self.checks:
            unknown |= set(check.fields) - names
        for channel in self.channels:
            unknown |= {column.field for column in channel.columns} - names
        for form in self.forms:
            for page in form.pages:
                unknown |= {box.field for box in page.boxes} - names
        for match in self.matching.roles:
            unknown |= ({match.role} - roles) | (set(match.attributes.values()) - names)
        if unknown:
            raise ValueError(f"pack {self.id} names what it does not define: {', '.join(sorted(unknown))}")
        return self

    def field(self, name: str) -> FieldSpec:
        """The field of this name; KeyError when the pack has none."""
        for spec in self.fields:
            if spec.name == name:
                return spec
        raise KeyError(name)

    def role(self, name: str) -> Role:
        """The role of this name; KeyError when the pack has none."""
        for role in self.roles:
            if role.name == name:
                return role
        raise KeyError(name)

    def get_form(self, form_id: str, revision: int) -> FormTemplate:
        """The form template with this id and revision; KeyError when the pack has none."""
        for form in self.forms:
            if (form.id, form.revision) == (form_id, revision):
                return form
        raise KeyError(f"{form_id}/{revision}")


def field_key(name: str, index: int = 0) -> str:
    """How a field is called across the house: its name, and `.n` (1-based) where its role repeats."""
    return f"{name}.{index}" if index else name
