"""The evidence of a comparison as the store keeps it, and back: a decision can be explained and made again later."""

from __future__ import annotations

import json
from typing import Any

from matchers.ink import INK_FIELDS
from matchers.records import Comparison, FieldEvidence


def evidence_json(comparison: Comparison) -> str:
    """The evidence as stored: [{"field", "level", "weight"}, ...], and with what went into the weight where it did:
    "confidence" of a reading, "rarity" of the value in bits, "ratio" of the ink. No value of anybody is in it."""
    return json.dumps([_stored(one, comparison) for one in comparison.evidence])


def _stored(one: FieldEvidence, comparison: Comparison) -> dict[str, Any]:
    stored: dict[str, Any] = {"field": one.field, "level": one.level, "weight": round(one.weight, 2)}
    if one.confidence is not None:
        stored["confidence"] = round(one.confidence, 3)
    if one.rarity:
        stored["rarity"] = round(one.rarity, 2)
    ratio = comparison.ink.get(one.field.removeprefix("ink_")) if one.field.startswith("ink_") else None
    if ratio is not None:
        stored["ratio"] = round(ratio, 2)
    return stored


def read_evidence(stored: str, total: float, person_evidence: float = 0.0, contradictions: str = "") -> Comparison:
    """The comparison that was stored; contradictions as the store joins them, by commas."""
    items = json.loads(stored)
    ink = {f"ink_{name}": name for name in INK_FIELDS}
    return Comparison(
        tuple(_read(item) for item in items),
        total,
        person_evidence,
        tuple(part for part in contradictions.split(",") if part),
        {ink[item["field"]]: float(item["ratio"]) for item in items if item["field"] in ink and "ratio" in item},
    )


def _read(item: dict[str, Any]) -> FieldEvidence:
    return FieldEvidence(
        item["field"], item["level"], float(item["weight"]), item.get("confidence"), float(item.get("rarity", 0.0))
    )
