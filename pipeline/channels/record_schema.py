"""The shape of a record in a pack's JSON channel, as JSON Schema for those who send it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from pipeline.channels.export_rows import steps_of
from pipeline.channels.online import MAX_FILES, MAX_RECEIPT, MAX_VALUE
from pipeline.procedures.pack import ColumnMap, OnlineChannel, Procedure


def record_schema(procedure: Procedure, channel: OnlineChannel) -> dict[str, Any]:
    """JSON Schema (2020-12) of one record; members it does not name may be sent and are kept, not read.

    Values are described as texts with the field's words. A required member may be null or empty: what an applicant
    left out is asked of the applicant, not of the sending system.
    """
    root: dict[str, Any] = {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object"}
    _place(root, channel.receipt_number, {"type": "string", "minLength": 1, "maxLength": MAX_RECEIPT}, required=True)
    moment = {"type": "string", "maxLength": MAX_RECEIPT, "description": "到達日時 (ISO 8601)"}
    _place(root, channel.received_at, moment, required=True)
    for column in channel.columns:
        _place(root, column.column, _value(procedure, column), required=column.required)
    names = {"type": "array", "items": {"type": "string"}, "maxItems": MAX_FILES, "description": "file names"}
    for path in channel.attachments:
        _place(root, path, names, required=False)
    return root


def _value(procedure: Procedure, column: ColumnMap) -> dict[str, Any]:
    spec = procedure.field(column.field)
    said: dict[str, Any] = {
        "type": ["string", "number", "boolean", "null"],
        "maxLength": MAX_VALUE,
        "title": spec.label.ja,
        "description": f"{spec.label.en} ({spec.type.value})",
    }
    words = list(column.values) or [choice.value for choice in spec.choices]
    if words:
        said["examples"] = words
    return said


def _place(root: dict[str, Any], path: str, leaf: dict[str, Any], *, required: bool) -> None:
    """Puts a leaf at a path of names and places in lists; all places of a list share one shape."""
    at = root
    steps = steps_of(path)
    for step, following in pairwise(steps):
        kind = "array" if following.isdecimal() else "object"
        at = _step(at, step, {"type": kind}, required)
    _step(at, steps[-1], leaf, required)


def _step(at: dict[str, Any], step: str, made: dict[str, Any], required: bool) -> dict[str, Any]:
    if at["type"] == "array":
        found: dict[str, Any] = at.setdefault("items", made)
        at["maxItems"] = max(at.get("maxItems", 0), int(step) + 1)
        if required:
            at["minItems"] = max(at.get("minItems", 0), int(step) + 1)
        return found
    if required:
        needed = at.setdefault("required", [])
        if step not in needed:
            needed.append(step)
    child: dict[str, Any] = at.setdefault("properties", {}).setdefault(step, made)
    return child
