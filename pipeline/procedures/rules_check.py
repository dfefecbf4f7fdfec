"""Refuses rules that would not run: every expression of a pack is parsed and tried when the pack is installed.

ZEN takes a cell it cannot parse, and a name it does not know, for "does not hold": a misspelt rule would cost an
applicant points without a word.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import zen

from pipeline.procedures.facts import Fact, FactKind, fact_kinds
from pipeline.procedures.pack import CheckKind, Procedure
from pipeline.procedures.pack.scores import Cell, Ranking, ScoreTable
from pipeline.procedures.scoring import as_zen, choice_values, column_kinds

Problem = tuple[str, str]
"""Where in the pack, and what is wrong there."""

_STRINGS = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`")
_NAMES = re.compile(r"(?<![\w.$#])[A-Za-z_]\w*(?!\w|\s*\()")
_WORDS = {"and", "or", "not", "in", "true", "false", "null"}
_PROBES: Mapping[FactKind, Fact] = {FactKind.NUMBER: 1.0, FactKind.FLAG: True, FactKind.WORD: "2020-04-02"}

_TYPES: Mapping[FactKind, tuple[type, ...]] = {
    FactKind.NUMBER: (int, float),
    FactKind.FLAG: (bool,),
    FactKind.WORD: (str,),
}


def find_problems(procedure: Procedure) -> Iterator[Problem]:
    """What is wrong with the pack's tables, tie-breaks and rule checks."""
    scores = procedure.scores
    for table in scores.tables if scores else ():
        yield from _table_problems(procedure, table)
    if scores and scores.ranking:
        yield from _ranking_problems(procedure, scores.ranking)
        yield from _export_problems(procedure)
    for check in procedure.checks:
        if check.kind is CheckKind.RULE:
            place = f"checks.{check.code}.when"
            kinds = fact_kinds(procedure, check.of)
            yield from _expression_problems(place, check.when or "", kinds, procedure, FactKind.FLAG)


def _table_problems(procedure: Procedure, table: ScoreTable) -> Iterator[Problem]:
    place = f"scores.tables.{table.code}"
    facts = fact_kinds(procedure, table.of)
    kinds = column_kinds(procedure, table)
    for column in table.columns:
        wanted = kinds[column.name]
        yield from _expression_problems(f"{place}.columns.{column.name}", column.value, facts, procedure, wanted)
    fields = {column.name: column.value for column in table.columns}
    for rule in table.rules:
        for name, cell in rule.when.items():
            where = f"{place}.rules.{rule.code}.when.{name}"
            choices = choice_values(procedure, fields[name])
            for problem in _cell_problems(cell, kinds[name], choices, facts):
                yield where, problem


def _cell_problems(cell: Cell, kind: FactKind, choices: set[str] | None, facts: Collection[str]) -> Iterator[str]:
    if kind is FactKind.FLAG:
        if not isinstance(cell, bool):
            yield "a checkbox is true or false"
    elif choices is not None:
        words = cell if isinstance(cell, tuple) else (str(cell),)
        if unknown := sorted(set(words) - choices):
            yield f"the field has no such choice: {', '.join(unknown)}"
    elif isinstance(cell, bool | tuple):
        yield "a test of a number was expected, such as '>= 8'"
    else:
        text = as_zen(kind, cell)
        if unknown := _unknown_names(text, facts):
            yield f"unknown name: {', '.join(unknown)}"
        elif problem := _try(lambda: zen.compile_unary_expression(text).evaluate({"$": _PROBES[kind]}), (bool,)):
            yield problem


def _ranking_problems(procedure: Procedure, ranking: Ranking) -> Iterator[Problem]:
    for name in ranking.wishes:
        choices = choice_values(procedure, name)
        if choices is None or procedure.field(name).role != procedure.matching.subject_role:
            yield f"scores.ranking.wishes.{name}", "a wish is a choice field of the subject"
        elif choices != {place.value for place in ranking.places}:
            yield f"scores.ranking.wishes.{name}", "its choices are not the places, each with a capacity"
    tables = procedure.scores.tables if procedure.scores else ()
    known = fact_kinds(procedure) | {code: FactKind.NUMBER for code in ("total", *(t.code for t in tables))}
    for number, tie in enumerate(ranking.ties, start=1):
        yield from _expression_problems(f"scores.ranking.ties.{number}", tie.value, known, procedure, FactKind.NUMBER)


def _export_problems(procedure: Procedure) -> Iterator[Problem]:
    """A file of admitted children that does not say where they go is of no use to whom it is sent."""
    columns = procedure.outbound.case_export
    if columns and not any((column.source, column.name) == ("ranking", "place") for column in columns):
        yield "outbound.case_export", "where places are given, a column says which: {source: ranking, name: place}"


def _expression_problems(
    place: str, text: str, kinds: Mapping[str, FactKind], procedure: Procedure, wanted: FactKind
) -> Iterator[Problem]:
    if unknown := _unknown_names(text, kinds):
        yield place, f"unknown name: {', '.join(unknown)}"
        return
    facts = {name: _probe(procedure, name, kind) for name, kind in kinds.items()}
    if problem := _try(lambda: zen.compile_expression(text).evaluate(facts), _TYPES[wanted]):
        yield place, problem


def _probe(procedure: Procedure, name: str, kind: FactKind) -> Fact:
    return next(iter(sorted(choice_values(procedure, name) or ())), _PROBES[kind])


def _unknown_names(text: str, known: Collection[str]) -> list[str]:
    names = set(_NAMES.findall(_STRINGS.sub("", text)))
    return sorted(names - _WORDS - set(known))


def _try(run: Any, wanted: tuple[type, ...]) -> str | None:
    """What is wrong with an expression, tried on made-up facts; None when it gives what is wanted."""
    try:
        found = run()
    except RuntimeError as error:
        return _said(str(error))
    return None if isinstance(found, wanted) else "it does not give what is asked here (a number, or true or false)"


def _said(message: str) -> str:
    """ZEN's own words, without the addresses of its stack that follow them."""
    try:
        return str(json.loads(message.partition("\n")[0])["source"])
    except (ValueError, KeyError, TypeError):
        return "not an expression"
