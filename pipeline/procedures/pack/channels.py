"""What comes in beside paper: exports of e-application systems, and the eligible list."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

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
