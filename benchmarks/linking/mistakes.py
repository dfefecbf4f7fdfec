"""Wrong links one by one: what was said, whom it was taken for, who it is, and why."""

from __future__ import annotations

from typing import Any

from benchmarks.linking.cases import Cases
from benchmarks.linking.ours import Links
from fixtures.matching.records import Record
from matchers.explain import explain
from matchers.records import Comparison

_SAID = ("name", "kana", "birth_date", "sex", "postal_code", "address", "phone", "email", "account", "former_names")


def list_wrong(cases: Cases, links: Links, most: int = 10) -> list[dict[str, Any]]:
    """The wrong best candidates of the highest scores, linked or not. All of them are made-up people."""
    rows = {row.id: row for row in cases.register.records}
    said = {one.id: one for one in cases.applications.records}
    truth = dict(cases.truth)
    worst = sorted(links.wrong.items(), key=lambda one: -one[1].scores[0])[:most]
    return [
        {
            "score": round(made.scores[0], 2),
            "outcome": made.outcome.value,
            "reasons": list(made.reasons),
            "said": _told(said[id]),
            "tags": sorted(cases.tags[id]),
            "taken_for": _told(rows[made.candidates[0].candidate_id]),
            "is": _told(rows[truth[id]]) if id in truth else "on no register",
            "why": why(made.candidates[0].comparison),
        }
        for id, made in worst
    ]


def _told(record: Record) -> dict[str, Any]:
    return {name: value for name in _SAID if (value := getattr(record, name))}


def why(comparison: Comparison) -> list[str]:
    """The explanation, a line for each field that says something."""
    return [f"{weight:+.1f} {sentence}" for _, sentence, weight in explain(comparison) if weight]
