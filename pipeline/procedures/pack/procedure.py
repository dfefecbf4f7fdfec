"""The pack as a whole, and the rules of its work: who is meant, who looks, what is decided, how long it is kept."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from pipeline.procedures.pack.base import Label, PackModel
from pipeline.procedures.pack.channels import OnlineChannel, RosterColumns
from pipeline.procedures.pack.checks import CheckSpec
from pipeline.procedures.pack.fields import AttachmentSpec, FieldSpec, FieldType, Role
from pipeline.procedures.pack.forms import FormTemplate
from pipeline.procedures.pack.outbound import RANKING, Outbound
from pipeline.procedures.pack.scores import Scores

ATTRIBUTES = frozenset(
    ["name", "kana", "birth_date", "postal_code", "address", "phone", "email", "resident_number", "household_number"]
)
"""What of a person fields may tell matching. A printed 整理番号 comes with the form and needs no field."""


class MatchRole(PackModel):
    """Which fields identify somebody of a role: record attribute -> field name."""

    role: str
    attributes: dict[str, str]

    @model_validator(mode="after")
    def _attributes_are_known(self) -> MatchRole:
        if unknown := set(self.attributes) - ATTRIBUTES:
            raise ValueError(
                f"matching asks for {', '.join(sorted(unknown))}; it knows {', '.join(sorted(ATTRIBUTES))}"
            )
        return self


class Exclusion(PackModel):
    """A benefit that is not given beside this one (併給調整): a case of it for the same subject raises a doubt."""

    procedure: str
    instance: str


class Matching(PackModel):
    """Who is looked for and what one case is.

    instance: the benefit year or reference date that separates cases of one subject.
    base_date: ages are reckoned on this day (基準日), ISO.
    account: the fields that together are the bank account: bank, branch and number, or one field with all of it.
    excludes: what the same subject may not be given besides.
    """

    roles: tuple[MatchRole, ...]
    subject_role: str
    instance: str
    base_date: str
    account: tuple[str, ...] = ()
    excludes: tuple[Exclusion, ...] = ()


class ReviewRules(PackModel):
    """When a person must look.

    accept_error: per field type, the share of wrong values among those accepted without a person that is aimed at,
        such as 0.001. The confidence that keeps it was measured for each sort of field (`ocr.confidence.calibration`);
        sorts that were not measured go to a person.
    accept_confidence: per field type without accept_error, readings at or above are accepted without a person; of all
        types where there is no calibration. A type that is absent from both is never accepted by confidence alone.
    department: whose queue it is; correction_days: days given to the applicant.
    standard_days: 標準処理期間 in working days.
    approvals: how many superiors approve a draft (起案) before its cases are determined, each another person than
        the drafter; 0 determines a case as soon as its submission is accepted.
    """

    straight_through: bool = True
    accept_error: dict[FieldType, Annotated[float, Field(gt=0, lt=1)]] = Field(default_factory=dict)
    accept_confidence: dict[FieldType, float] = Field(default_factory=dict)
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
    """Words and amount of the outcome; amount in yen per case.

    disposition: the outcome is an administrative disposition (処分), whose letter gives reasons (理由提示) and says
        how to appeal (教示); many benefits are gifts by contract instead.
    """

    granted: Label
    refused: Label
    amount_yen: int = 0
    disposition: bool = False


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
    scores: Scores | None = None
    channels: tuple[OnlineChannel, ...] = ()
    roster: RosterColumns
    matching: Matching
    review: ReviewRules
    determination: Determination
    retention: Retention = Retention()
    outbound: Outbound = Outbound()
    correction_letter: Letter
    forms: tuple[FormTemplate, ...] = ()

    @model_validator(mode="after")
    def _references_exist(self) -> Procedure:
        roles = {role.name for role in self.roles}
        names = {spec.name for spec in self.fields}
        unknown = {spec.role for spec in self.fields} - roles
        for check in self.checks:
            unknown |= set(check.fields) - names
            unknown |= ({check.of} if check.of else set()) - roles
        for table in self.scores.tables if self.scores else ():
            unknown |= ({table.of} if table.of else set()) - roles
        if self.scores and self.scores.ranking:
            unknown |= set(self.scores.ranking.wishes) - names
        tables = {table.code for table in self.scores.tables} | {"total"} if self.scores else set()
        ranked = set(RANKING) if self.scores and self.scores.ranking else set()
        for column in self.outbound.case_export:
            known = {"field": names, "points": tables, "ranking": ranked}.get(column.source, {column.name})
            unknown |= {column.name} - known
        for channel in self.channels:
            unknown |= {column.field for column in channel.columns} - names
        for form in self.forms:
            for page in form.pages:
                unknown |= {box.field for box in page.all_boxes()} - names
        unknown |= set(self.matching.account) - names
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
