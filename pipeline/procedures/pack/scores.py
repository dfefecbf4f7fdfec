"""Points by published rules (指数表), as decision tables, and the order they put applicants in."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from pipeline.procedures.pack.base import Label, PackModel

Cell = bool | int | str | tuple[str, ...]
"""One condition. Of a choice field: a value or several; of a checkbox: true or false; of a number: a test in the
ZEN language (`>= 8`, `[6..8)`)."""


class ScoreColumn(PackModel):
    """One question of a table. value: a field's name, or a ZEN expression over fields (`work_end - work_start`)."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    label: Label
    value: str


class ScoreRule(PackModel):
    """One row of a published table. when: column name -> condition; a column that is absent is not asked.

    source: where the rule is published (条, 別表, 項), as an official would cite it.
    """

    code: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    when: dict[str, Cell] = Field(default_factory=dict)
    points: int
    reason: Label
    source: str


class ScoreTable(PackModel):
    """A published table.

    of: a repeated role whose every row is asked (each guardian); None asks once for each subject.
    hits: whether all rules that apply count, or only the one of most points.
    over: of several rows, whether the lowest counts, the highest, or their sum.
    unmatched: what is said of a row to which no rule applies; it has no points.
    """

    code: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    label: Label
    of: str | None = None
    hits: Literal["all", "highest"] = "all"
    over: Literal["lowest", "highest", "sum"] = "sum"
    columns: tuple[ScoreColumn, ...]
    rules: tuple[ScoreRule, ...] = Field(min_length=1)
    unmatched: Label = Label(ja="該当する基準がありません", en="No rule applies")

    @model_validator(mode="after")
    def _consistent(self) -> ScoreTable:
        known = {column.name for column in self.columns}
        codes = [rule.code for rule in self.rules]
        if len(set(codes)) < len(codes):
            raise ValueError(f"table {self.code} has two rules of one code")
        if unknown := {name for rule in self.rules for name in rule.when} - known:
            raise ValueError(f"table {self.code} asks columns it does not have: {', '.join(sorted(unknown))}")
        return self


class TieBreak(PackModel):
    """What decides between equal totals. value: a ZEN expression over the fields of the subject, `total`, and the
    points of each table by its code."""

    value: str
    first: Literal["lowest", "highest"]
    reason: Label
    source: str


class Place(PackModel):
    """How many a facility takes. value: the facility, as the wish fields call it."""

    value: str
    capacity: int = Field(ge=0)


class Ranking(PackModel):
    """How places are given (serial assignment): by total, then by the tie-breaks, each to the first wish with a
    place left. wishes: choice fields of the subject, the dearest first."""

    wishes: tuple[str, ...] = Field(min_length=1)
    places: tuple[Place, ...]
    ties: tuple[TieBreak, ...] = ()
    source: str = ""


class Scores(PackModel):
    """The published rules of points."""

    label: Label
    tables: tuple[ScoreTable, ...] = Field(min_length=1)
    ranking: Ranking | None = None

    @model_validator(mode="after")
    def _codes_differ(self) -> Scores:
        codes = [table.code for table in self.tables]
        if len(set(codes)) < len(codes):
            raise ValueError("two tables of one code")
        return self
