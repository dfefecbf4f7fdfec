"""What the columns of a table hold: the spec of `ichimado link`, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from matchers.fields import FieldType

_KEYS = {"id", "columns", "duplicates"}


COLUMN_TYPES = tuple(kind for kind in FieldType if kind is not FieldType.KEY)
"""What a column may hold; a name is a name in any script."""


class SpecProblem(ValueError):
    """Why a spec cannot be used. code is stable; about names a key, a column or a type, never a cell."""

    def __init__(self, code: str, about: str = "") -> None:
        super().__init__(code, about)
        self.code = code
        self.about = about


@dataclass(frozen=True)
class LinkSpec:
    """id: the column that names a record; columns: what is compared, in order.

    duplicates: whether one record of the second table may be several of the first.
    """

    id: str
    columns: Mapping[str, FieldType]
    duplicates: bool = False


def parse_spec(data: Any) -> LinkSpec:
    """The spec of `{id: COLUMN, columns: {COLUMN: TYPE}}`. Raises SpecProblem."""
    if not isinstance(data, Mapping):
        raise SpecProblem("spec_shape")
    if strange := sorted(str(key) for key in data if key not in _KEYS):
        raise SpecProblem("spec_unknown_key", ", ".join(strange))
    name, columns, duplicates = data.get("id"), data.get("columns"), data.get("duplicates", False)
    if not isinstance(name, str) or not name.strip():
        raise SpecProblem("spec_no_id")
    if not isinstance(columns, Mapping) or not columns:
        raise SpecProblem("spec_no_columns")
    if not isinstance(duplicates, bool):
        raise SpecProblem("spec_shape", "duplicates")
    named = {str(column).strip(): _type(str(column).strip(), kind) for column, kind in columns.items()}
    if len(named) < len(columns):
        raise SpecProblem("spec_column_twice")
    if name.strip() in named:
        raise SpecProblem("spec_id_compared", name.strip())
    return LinkSpec(name.strip(), named, duplicates)


def _type(column: str, kind: Any) -> FieldType:
    if kind not in COLUMN_TYPES:
        raise SpecProblem("spec_unknown_type", f"{column}: {kind}")
    return FieldType(kind)
