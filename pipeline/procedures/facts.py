"""What rules may ask of a submission: its values as numbers, flags and words, under the names of its fields."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum

from pipeline.procedures.ages import age_on
from pipeline.procedures.pack import FieldSpec, FieldType, Procedure, field_key
from pipeline.procedures.values import FALSE, TRUE

Fact = float | bool | str | None
Facts = dict[str, Fact]


class FactKind(StrEnum):
    """What a rule may do with a fact: reckon, ask for truth, or compare."""

    NUMBER = "number"
    FLAG = "flag"
    WORD = "word"


_KINDS = {
    FieldType.DIGITS: FactKind.NUMBER,
    FieldType.MONEY: FactKind.NUMBER,
    FieldType.TIME: FactKind.NUMBER,
    FieldType.CHECKBOX: FactKind.FLAG,
}


def fact_kinds(procedure: Procedure, of: str | None = None) -> dict[str, FactKind]:
    """The facts that rules about each subject, or about each row of the role `of`, may ask, by name.

    A date adds `<field>_age` (years on the base date), a repeated role `<role>_count` (how many are given).
    """
    kinds: dict[str, FactKind] = {}
    for spec in _asked(procedure, of):
        kinds[spec.name] = _KINDS.get(spec.type, FactKind.WORD)
        if spec.type is FieldType.DATE:
            kinds[f"{spec.name}_age"] = FactKind.NUMBER
    return kinds | {f"{role.name}_count": FactKind.NUMBER for role in procedure.roles if role.max > 1}


def facts_of(
    procedure: Procedure, values: Mapping[str, str], subject: int, of: str | None = None, row: int = 0
) -> Facts:
    """The facts of one subject (its index, 0 where subjects do not repeat), and of one row of the role `of`.

    values: field key -> normal form. A time is its hours (8:30 is 8.5); an empty tick box is false; what else is
    not given is None, and no condition holds of it.
    """
    facts: Facts = {}
    day = date.fromisoformat(procedure.matching.base_date)
    for spec in _asked(procedure, of):
        index = row if spec.role == of else subject if spec.role == procedure.matching.subject_role else 0
        text = values.get(field_key(spec.name, index), "")
        facts[spec.name] = _fact(spec, text)
        if spec.type is FieldType.DATE:
            facts[f"{spec.name}_age"] = age_on(date.fromisoformat(text), day) if text else None
    for role in procedure.roles:
        if role.max > 1:
            facts[f"{role.name}_count"] = len(given_rows(procedure, values, role.name))
    return facts


def given_rows(procedure: Procedure, values: Mapping[str, str], role_name: str) -> tuple[int, ...]:
    """The indices of a repeated role of which anything is given; an empty tick box says nothing. (0,) for others."""
    role = procedure.role(role_name)
    if role.max <= 1:
        return (0,)
    names = [spec.name for spec in procedure.fields if spec.role == role_name]
    return tuple(
        index
        for index in range(1, role.max + 1)
        if any(values.get(field_key(name, index), FALSE) not in ("", FALSE) for name in names)
    )


def _asked(procedure: Procedure, of: str | None) -> list[FieldSpec]:
    """Fields with one value for this subject and row: those of the two, and of roles that do not repeat."""
    once = {role.name for role in procedure.roles if role.max <= 1}
    return [spec for spec in procedure.fields if spec.role in once | {procedure.matching.subject_role, of}]


def _fact(spec: FieldSpec, text: str) -> Fact:
    if spec.type is FieldType.CHECKBOX:
        return text == TRUE
    if not text:
        return None
    if spec.type is FieldType.TIME:
        hours, minutes = text.split(":")
        return int(hours) + int(minutes) / 60
    return float(text) if _KINDS.get(spec.type) is FactKind.NUMBER else text
