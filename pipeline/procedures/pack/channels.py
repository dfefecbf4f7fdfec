"""What comes in beside paper: exports of e-application systems, and the eligible list."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from pipeline.domain.statuses import RosterMarkKind
from pipeline.procedures.pack.base import Label, PackModel


class ColumnMap(PackModel):
    """An export column (CSV header, or JSON path with dots) feeding a field; `index` of a repeated role."""

    column: str
    field: str
    index: int = 0
    required: bool = True
    values: dict[str, str] = Field(default_factory=dict)


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
    attachments: dict[str, str] = Field(default_factory=dict)


class RosterColumns(PackModel):
    """Header names of the eligible list (対象者名簿) as CSV; one row a person. A header that is named has to be there.

    valid_from, valid_to: the first and the last day on which the row holds; without them it holds from the reference
        date on. Who is not on the list on the reference date is named so.
    moved_out_on, deceased_on, paid_on, applied_on: the day of it (転出, 死亡, 支給済, 申請済), empty for most.
    state: a column of the city's own words for the same, and `states` what they mean; None for words that mean
        nothing here, such as 在住.
    """

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
    valid_from: str | None = None
    valid_to: str | None = None
    moved_out_on: str | None = None
    deceased_on: str | None = None
    paid_on: str | None = None
    applied_on: str | None = None
    state: str | None = None
    states: dict[str, RosterMarkKind | None] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _states_belong_to_a_column(self) -> RosterColumns:
        if bool(self.states) != bool(self.state):
            raise ValueError("a roster has either both of `state` and `states`, or none")
        return self

    @property
    def headers(self) -> tuple[str, ...]:
        """Every header that is named."""
        named = self.model_dump(exclude={"states"}).values()
        return tuple(dict.fromkeys(name for name in named if name))

    @property
    def marks(self) -> dict[RosterMarkKind, str]:
        """The columns that give the day of a mark."""
        days = {
            RosterMarkKind.MOVED_OUT: self.moved_out_on,
            RosterMarkKind.DECEASED: self.deceased_on,
            RosterMarkKind.PAID: self.paid_on,
            RosterMarkKind.APPLIED: self.applied_on,
        }
        return {kind: header for kind, header in days.items() if header}
