"""The shapes of what is sent and answered, from which the OpenAPI description is made."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from pipeline.domain.applicant_status import ApplicantStatus, Ending
from pipeline.domain.statuses import Outcome


class Figure(str):
    """A number of a JSON body, kept as it was written: leading zeros and long account numbers stay what they are."""


def _no_figure(value: Any) -> Any:
    if isinstance(value, Figure):
        raise ValueError("not a string")
    return value


def _printable(value: str) -> str:
    if not value.isprintable() or value != value.strip():
        raise ValueError("not a plain text")
    return value


Text = Annotated[str, BeforeValidator(_no_figure), AfterValidator(_printable)]


class IdentityCreate(BaseModel):
    """本人確認 that the sending system vouches for: who checked, how, and when."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    issuer: Annotated[
        Text, Field(min_length=1, max_length=200, description="Who checked.", examples=["デジタル認証アプリ"])
    ]
    method: Annotated[Text, Field(min_length=1, max_length=100, description="How.", examples=["jpki"])]
    level: Annotated[Text, Field(max_length=100, description="To which level.", examples=["IAL3"])] = ""
    subject: Annotated[
        Text, Field(max_length=500, description="The issuer's name for the person; only a keyed digest is kept.")
    ] = ""
    asserted_at: Annotated[AwareDatetime, BeforeValidator(_no_figure), Field(description="With its time zone.")]


class SubmissionCreate(BaseModel):
    """One application."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    procedure: Annotated[Text, Field(min_length=1, max_length=100, examples=["child_benefit"])]
    record: Annotated[
        dict[str, Any], Field(description="In the shape that `GET /procedures` describes for the procedure.")
    ]
    identity: IdentityCreate | None = None


class SubmissionReceipt(BaseModel):
    """The acknowledgement. It is the same however often the application is sent."""

    receipt_number: str = Field(description="Ours.", examples=["R8-000231"])
    sender_number: str = Field(description="The one in the record.", examples=["C26-004021"])
    procedure: str = Field(examples=["child_benefit"])
    received_at: datetime
    status_url: str = Field(examples=["/api/v1/submissions/R8-000231"])


class OutcomePublic(BaseModel):
    """決定 on one subject of the application, in the order in which the application names them."""

    outcome: Outcome
    label_ja: str = Field(examples=["支給"])
    label_en: str = Field(examples=["Granted"])


class CorrectionPublic(BaseModel):
    """補正依頼: what the applicant is asked to mend, all of it, in the applicant's words."""

    due_on: date
    deficiencies: list[str]


class SubmissionStatusPublic(BaseModel):
    """Where an application stands for its applicant."""

    receipt_number: str = Field(examples=["R8-000231"])
    sender_number: str = Field(examples=["C26-004021"])
    procedure: str = Field(examples=["child_benefit"])
    received_at: datetime
    status: ApplicantStatus
    correction: CorrectionPublic | None = Field(default=None, description="With `correction_requested`.")
    outcomes: list[OutcomePublic] = Field(default_factory=list, description="With `decided`.")
    ending: Ending | None = Field(default=None, description="With `ended`.")


class ProcedurePublic(BaseModel):
    """A procedure this sending system may send for."""

    procedure: str = Field(examples=["child_benefit"])
    version: str = Field(examples=["2026.1"])
    label_ja: str
    label_en: str
    record_schema: dict[str, Any] = Field(description="JSON Schema of `record`.")
    attachments: dict[str, str] = Field(description="Members of the record that name files, with the kind of paper.")


class ProceduresPublic(BaseModel):
    """All of them."""

    procedures: list[ProcedurePublic]
