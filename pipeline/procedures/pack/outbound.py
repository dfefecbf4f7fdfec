"""What leaves the house: the file of decided cases that the core system takes."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from pipeline.procedures.pack.base import PackModel

PERSON = ("resident_number", "household_number", "name", "kana", "birth_date", "postal_code", "address")
RANKING = ("points", "rank", "place")
CASE = ("number", "instance", "amount_yen", "outcome")


class ExportColumn(PackModel):
    """One column. source and name: an attribute of the registered person, of the case, a field of the adopted
    application, its points (`total`, or a table's code), or where it stood in the order that was approved.

    write: a value as it stands, the Japanese label of a choice, or katakana as banks take it (全銀).
    """

    header: str
    source: Literal["person", "case", "field", "points", "ranking"]
    name: str
    write: Literal["value", "label", "zengin"] = "value"

    @model_validator(mode="after")
    def _known(self) -> ExportColumn:
        known = {"person": PERSON, "case": CASE, "ranking": RANKING}.get(self.source)
        if known and self.name not in known:
            raise ValueError(f"a {self.source} has no {self.name}; it has {', '.join(known)}")
        return self


class Outbound(PackModel):
    """case_export: the columns of the CSV (CP932) of decided cases, in order."""

    case_export: tuple[ExportColumn, ...] = ()
