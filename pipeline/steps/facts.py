"""Which fields of a procedure say the same thing twice, for `ocr.confidence.confirm`."""

from __future__ import annotations

from collections.abc import Collection

from ocr.confidence.confirm import Fact, Why
from pipeline.procedures.pack import FieldType, Procedure, field_key

_PAIRS = {
    FieldType.ADDRESS: (FieldType.POSTAL_CODE, Why.POSTAL_ADDRESS),
    FieldType.KANA_NAME: (FieldType.PERSON_NAME, Why.NAME_KANA),
}


def facts_of(procedure: Procedure, keys: Collection[str]) -> list[Fact]:
    """The pairs among these field keys of which one says what the other does."""
    facts = []
    for key in keys:
        name, _, number = key.partition(".")
        index = int(number or 0)
        pair = _PAIRS.get(procedure.field(name).type)
        first = _before(procedure, name, pair[0], index) if pair else None
        if pair and first in keys:
            facts.append(Fact(pair[1], (str(first), key)))
    return facts


def postal_of(procedure: Procedure, name: str, index: int = 0) -> str | None:
    """The key of the postal code that goes with an address; None for other fields and where there is none."""
    is_address = procedure.field(name).type is FieldType.ADDRESS
    return _before(procedure, name, FieldType.POSTAL_CODE, index) if is_address else None


def _before(procedure: Procedure, name: str, wanted: FieldType, index: int) -> str | None:
    """The key of the last field of this type before the named one among those of its role."""
    spec = procedure.field(name)
    before = procedure.fields[: procedure.fields.index(spec)]
    found = [one.name for one in before if one.type is wanted and one.role == spec.role]
    return field_key(found[-1], index) if found else None
