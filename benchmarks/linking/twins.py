"""A town in which nearly every birth is of twins: is a pair ever taken for one person?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from benchmarks.linking.cases import Cases, draw_cases
from benchmarks.linking.ours import link
from benchmarks.linking.scores import Scored, merged_twins
from fixtures.matching.records import Record, Tag
from fixtures.matching.split import Part
from fixtures.matching.tables import COLUMNS
from matchers.fields import FieldType
from matchers.tables.link import link_tables

TWIN_BIRTHS = 0.9


def measure_twins(seed: int, people: int, part: Part) -> dict[str, Any]:
    """Automatic links of the twins' applications, asked one by one as step MATCH does, without ink and with it, and as
    two tables."""
    cases = draw_cases(seed, people, part, twin_births=TWIN_BIRTHS, only=Tag.TWIN)
    return {
        "seed": seed,
        "part": part.value,
        "people": len(cases.register.records),
        "applications": len(cases.applications.records),
        "twin_pairs": count_pairs(cases),
        "ways": {
            "one by one": _told(cases, link(cases, ink=False).linked),
            "one by one, with ink": _told(cases, link(cases, ink=True).linked),
            "as tables": _told(cases, link_as_tables(cases.register.records, cases.applications.records)),
        },
    }


def count_pairs(cases: Cases) -> int:
    """Twin pairs of whom at least one applied."""
    rows = dict(cases.truth)
    return len({frozenset((rows[left], other)) for left, other in cases.twins.items() if left in rows})


def _told(cases: Cases, linked: Sequence[Scored]) -> dict[str, int]:
    return {
        "linked": len(linked),
        "wrong": sum((one.left, one.right) not in cases.truth for one in linked),
        "merged": merged_twins(linked, cases.twins, dict(cases.truth), float("-inf")),
    }


def link_as_tables(register: Sequence[Record], applications: Sequence[Record]) -> list[Scored]:
    """The links that `ichimado link` makes between the two, from the application to the row."""
    types = {heading: FieldType(kind) for heading, (_, kind) in COLUMNS.items()}
    found = link_tables(types, _cells(register), _cells(applications))
    chosen = zip(found.pairs[found.linked].tolist(), found.scores[found.linked].tolist(), strict=True)
    return [Scored(applications[right - len(register)].id, register[left].id, score) for (left, right), score in chosen]


def _cells(records: Iterable[Record]) -> dict[str, list[str]]:
    rows = list(records)
    return {heading: [getattr(one, attribute) for one in rows] for heading, (attribute, _) in COLUMNS.items()}
