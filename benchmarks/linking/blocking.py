"""What blocking finds and costs, rule by rule."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from benchmarks.linking.cases import draw_cases
from fixtures.matching.split import Part
from matchers.blocking import blocking_keys
from matchers.candidates import measure_blocking


def measure_rules(seed: int, people: int, part: Part, sample: int | None) -> dict[str, Any]:
    """The report of `matchers.candidates.measure_blocking` on one world. sample: so many of its applications."""
    cases = draw_cases(seed, people, part, sample=sample)
    truth = dict(cases.truth)
    stored = {
        row.id: blocking_keys(person) for row, person in zip(cases.register.records, cases.register.people, strict=True)
    }
    asked = [
        (truth[one.id], blocking_keys(person))
        for one, person in zip(cases.applications.records, cases.applications.people, strict=True)
        if one.id in truth
    ]
    return {"seed": seed, "part": part.value, "people": len(stored), **asdict(measure_blocking(stored, asked))}
