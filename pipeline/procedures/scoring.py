"""Points of one subject by the pack's tables, each with its reason and source; pure.

The tables run in ZEN (GoRules), a decision table engine, as JSON Decision Models that are made from the pack
(docs/decisions/0018). ZEN passes over a cell that it cannot parse or reckon, so `rules_check` refuses such cells
when a pack is installed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import zen

from pipeline.procedures.facts import FactKind, Facts, fact_kinds, facts_of, given_rows
from pipeline.procedures.pack import FieldType, Label, Procedure
from pipeline.procedures.pack.scores import Cell, ScoreRule, ScoreTable

NO_RULE = "none"


class ScoringFailed(Exception):
    """A table could not be run. Names the table, never a value."""

    def __init__(self, table: str) -> None:
        super().__init__(f"score table {table} could not be run")


@dataclass(frozen=True)
class Points:
    """One line of a score.

    code: table and rule (`base.1-2`). row: the row of a repeated role it is about, by its index; 0 for none.
    points: what the rule gives. counted: false where another row or rule is the one that counts.
    """

    table: str
    code: str
    role: str | None
    row: int
    points: int
    counted: bool
    reason: Label
    source: str


@dataclass(frozen=True)
class Score:
    """All lines of one subject. index: of the subject role."""

    index: int
    lines: tuple[Points, ...]

    @property
    def total(self) -> int:
        """Points that count."""
        return sum(line.points for line in self.lines if line.counted)

    def of_table(self, code: str) -> int:
        """Points that count, of one table."""
        return sum(line.points for line in self.lines if line.counted and line.table == code)


class Scorer:
    """The pack's tables, made ready once for as many subjects as are asked for; may be used from several threads."""

    def __init__(self, procedure: Procedure) -> None:
        self.procedure = procedure
        self._tables = procedure.scores.tables if procedure.scores else ()
        models = {table.code: as_jdm(procedure, table) for table in self._tables}
        # Models of a static loader are compiled once: ten times as fast as `create_decision`.
        self._engine = zen.ZenEngine({"loader": {"type": "static", "content": models}})

    def subjects(self, values: Mapping[str, str]) -> tuple[Score, ...]:
        """The score of every subject that is given, in order of index; () for a pack without rules of points.

        values: field key -> normal form. Raises ScoringFailed.
        """
        if not self._tables:
            return ()
        given = given_rows(self.procedure, values, self.procedure.matching.subject_role)
        return tuple(self.subject(values, index) for index in given)

    def subject(self, values: Mapping[str, str], index: int) -> Score:
        """The score of the subject with this index. Raises ScoringFailed."""
        lines = [line for table in self._tables for line in self._table(table, values, index)]
        return Score(index, tuple(lines))

    def _table(self, table: ScoreTable, values: Mapping[str, str], index: int) -> Sequence[Points]:
        rows = given_rows(self.procedure, values, table.of) if table.of else (0,)
        scored = [
            _row_lines(table, self._hits(table, facts_of(self.procedure, values, index, table.of, row)), row)
            for row in rows
        ]
        if table.over == "sum" or len(scored) < 2:
            return [line for lines in scored for line in lines]
        return _one_row_counts(scored, min if table.over == "lowest" else max)

    def _hits(self, table: ScoreTable, facts: Facts) -> list[ScoreRule]:
        """The rules of the table that hold of these facts, in the table's order."""
        try:
            answer: object = self._engine.evaluate(table.code, dict(facts))["result"]
        except RuntimeError:  # its message may quote what was reckoned with
            raise ScoringFailed(table.code) from None
        held: set[str] = {hit["code"] for hit in answer} if isinstance(answer, list) else set()
        return [rule for rule in table.rules if rule.code in held]


def _one_row_counts(scored: Sequence[Sequence[Points]], pick: Callable[[Sequence[int]], int]) -> list[Points]:
    """Of several rows the one picked by its points counts (of equals the first); the others are told, not counted."""
    sums = [sum(line.points for line in lines) for lines in scored]
    chosen = sums.index(pick(sums))
    return [replace(line, counted=place == chosen) for place, lines in enumerate(scored) for line in lines]


def _row_lines(table: ScoreTable, hits: Sequence[ScoreRule], row: int) -> list[Points]:
    if table.hits == "highest" and hits:
        hits = [max(hits, key=lambda rule: rule.points)]
    if not hits and table.of:
        return [Points(table.code, f"{table.code}.{NO_RULE}", table.of, row, 0, True, table.unmatched, "")]
    return [
        Points(table.code, f"{table.code}.{rule.code}", table.of, row, rule.points, True, rule.reason, rule.source)
        for rule in hits
    ]


def as_jdm(procedure: Procedure, table: ScoreTable) -> dict[str, Any]:
    """The table as a JSON Decision Model, which GoRules' own editor opens too."""
    kinds = column_kinds(procedure, table)
    rules: list[dict[str, str]] = []
    for rule in table.rules:
        cells = {name: as_zen(kinds[name], cell) for name, cell in rule.when.items()}
        rules.append({"_id": rule.code, **cells, "out": json.dumps(rule.code)})
    node = {
        "hitPolicy": "collect",
        "inputs": [{"id": c.name, "name": c.label.ja, "field": c.value} for c in table.columns],
        "outputs": [{"id": "out", "name": "code", "field": "code"}],
        "rules": rules,
    }
    core = {"id": "table", "type": "decisionTableNode", "name": table.code, "content": node}
    return {"nodes": [*_ENDS, core], "edges": list(_EDGES)}


_ENDS: Sequence[dict[str, Any]] = (
    {"id": "in", "type": "inputNode", "name": "request"},
    {"id": "out", "type": "outputNode", "name": "response"},
)
_EDGES: Sequence[dict[str, Any]] = (
    {"id": "e1", "type": "edge", "sourceId": "in", "targetId": "table"},
    {"id": "e2", "type": "edge", "sourceId": "table", "targetId": "out"},
)


def column_kinds(procedure: Procedure, table: ScoreTable) -> dict[str, FactKind]:
    """What each column of a table compares; an expression gives a number."""
    facts = fact_kinds(procedure, table.of)
    return {column.name: facts.get(column.value, FactKind.NUMBER) for column in table.columns}


def choice_values(procedure: Procedure, field_name: str) -> set[str] | None:
    """What a choice field may be; None when the name is no choice field's."""
    spec = next((spec for spec in procedure.fields if spec.name == field_name), None)
    return {choice.value for choice in spec.choices} if spec and spec.type is FieldType.CHOICE else None


def as_zen(kind: FactKind, cell: Cell) -> str:
    """A cell of the pack in the ZEN language."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if kind is FactKind.WORD:
        words = cell if isinstance(cell, tuple) else (str(cell),)
        return ", ".join(json.dumps(word, ensure_ascii=False) for word in words)
    return str(cell)
