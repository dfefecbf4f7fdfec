"""項目 as the task page shows them: grouped by whose they are, each with its ink, value and doubt."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from pipeline.domain.statuses import Origin
from pipeline.procedures.pack import FieldSpec, FieldType, Label, Procedure, field_key
from pipeline.procedures.values import normalise_value
from pipeline.review.dates import wareki
from pipeline.store.tables import FieldValue

MOST_ALTERNATIVES = 3
LEAST_PROBABILITY = 0.02
_FREE = (FieldType.ADDRESS, FieldType.TEXT, FieldType.EMAIL, FieldType.CHOICE, FieldType.CHECKBOX)
_YES_NO = {"true": Label(ja="はい", en="Yes"), "false": Label(ja="いいえ", en="No")}


@dataclass(frozen=True)
class Box:
    """Millimetres on the upright page, from its top left."""

    x: float
    y: float
    w: float
    h: float

    def around(self, margin: float = 1.5) -> Box:
        """The box with some paper around it."""
        return Box(self.x - margin, self.y - margin, self.w + 2 * margin, self.h + 2 * margin)


@dataclass(frozen=True)
class Alternative:
    """Another reading. shown: for people; value: what choosing it enters; confidence may be unknown."""

    value: str
    shown: Label
    confidence: float | None


@dataclass(frozen=True)
class FieldView:
    """One field of one submission.

    shown: the value as people read it. entry: what a text box for mending it starts with. day: set for dates.
    options: for fields one chooses rather than types. doubtful: a person has to say yes or mend it.
    """

    key: str
    label: Label
    type: FieldType
    shown: Label
    entry: str
    raw: str
    day: date | None
    blank: bool
    required: bool
    problem: str | None
    confidence: float | None
    reasons: tuple[str, ...]
    alternatives: tuple[Alternative, ...]
    origin: Origin | None
    accepted: bool
    page_id: str | None
    box: Box | None
    options: tuple[tuple[str, Label], ...]
    messages: tuple[Label, ...] = ()

    @property
    def doubtful(self) -> bool:
        """True while nobody and no rule has accepted the value."""
        return not self.accepted

    @property
    def flagged(self) -> bool:
        """True when the value is accepted and a check still speaks against it."""
        return self.accepted and bool(self.messages)


@dataclass(frozen=True)
class FieldGroup:
    """The fields of one role; index counts from 1 where the role repeats, else 0."""

    role: str
    index: int
    label: Label
    fields: tuple[FieldView, ...]

    @property
    def doubts(self) -> int:
        """How many fields of the group wait for a person."""
        return sum(field.doubtful for field in self.fields)


def group_fields(
    pack: Procedure, values: Sequence[FieldValue], messages: Mapping[str, tuple[Label, ...]]
) -> tuple[FieldGroup, ...]:
    """The pack's fields with their values, in the pack's order; repeated roles only where something is given.

    messages: per field key (or bare field name), what the checks say of it.
    """
    by_key = {value.key: value for value in values}
    groups: list[FieldGroup] = []
    for role in pack.roles:
        specs = [spec for spec in pack.fields if spec.role == role.name]
        for index in range(1, role.max + 1) if role.max > 1 else (0,):
            found = [by_key.get(field_key(spec.name, index)) for spec in specs]
            if index > 1 and not any(value and _is_given(value) for value in found):
                continue
            views = tuple(
                _view(spec, field_key(spec.name, index), value, messages)
                for spec, value in zip(specs, found, strict=True)
            )
            if views:
                groups.append(FieldGroup(role.name, index, role_label(pack, role.name, index), views))
    return tuple(groups)


def role_label(pack: Procedure, role: str, index: int) -> Label:
    """What a role is called, numbered where it repeats."""
    try:
        found = pack.role(role)
    except KeyError:
        return Label(ja=role, en=role)
    if found.max == 1 or index == 0:
        return found.label
    return Label(ja=f"{found.label.ja} {index}", en=f"{found.label.en} {index}")


def show_value(spec: FieldSpec, value: str | None) -> Label:
    """The normalised value in words for people; empty when there is none."""
    if value is None or value == "":
        return Label(ja="", en="")
    if spec.type is FieldType.CHOICE:
        for choice in spec.choices:
            if choice.value == value:
                return choice.label
    if spec.type is FieldType.CHECKBOX:
        return _YES_NO.get(value, Label(ja=value, en=value))
    if spec.type is FieldType.DATE and (day := as_day(value)):
        return Label(ja=wareki(day), en=day.isoformat())
    if spec.type is FieldType.POSTAL_CODE and len(value) == 7 and value.isdigit():
        return Label(ja=f"{value[:3]}-{value[3:]}", en=f"{value[:3]}-{value[3:]}")
    if spec.type is FieldType.MONEY and value.isdigit():
        return Label(ja=f"{int(value):,}円", en=f"¥{int(value):,}")
    return Label(ja=value, en=value)


def as_day(value: str | None) -> date | None:
    """The day of a normalised date, None for anything else."""
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        return None


def _is_given(value: FieldValue) -> bool:
    return bool(value.raw or value.value) and value.value != "false"


def _view(spec: FieldSpec, key: str, value: FieldValue | None, messages: Mapping[str, tuple[Label, ...]]) -> FieldView:
    said = messages.get(key, ())
    if value is None:
        # Forms do not all ask everything; where something is missing that is needed, a check says so.
        return FieldView(
            key=key, label=spec.label, type=spec.type, shown=Label(ja="", en=""), entry="", raw="", day=None,
            blank=True, required=spec.required, problem=None, confidence=None, reasons=(), alternatives=(),
            origin=None, accepted=True, page_id=None, box=None, options=_options(spec),
            messages=said,
        )  # fmt: skip
    day = as_day(value.value) if spec.type is FieldType.DATE else None
    return FieldView(
        key=key,
        label=spec.label,
        type=spec.type,
        shown=show_value(spec, value.value),
        entry=_entry(spec, value, day),
        raw=value.raw,
        day=day,
        blank=not (value.value or value.raw),
        required=spec.required,
        problem=value.problem,
        confidence=value.confidence,
        reasons=tuple(reason for reason in value.reasons.replace(" ", ",").split(",") if reason),
        alternatives=_alternatives(spec, value),
        origin=value.origin,
        accepted=value.accepted,
        page_id=value.page_id,
        box=_box(value),
        options=_options(spec),
        messages=said,
    )


def _entry(spec: FieldSpec, value: FieldValue, day: date | None) -> str:
    if spec.type in (FieldType.CHOICE, FieldType.CHECKBOX):
        return value.value or ""
    return wareki(day) if day else value.value or value.raw


def _options(spec: FieldSpec) -> tuple[tuple[str, Label], ...]:
    if spec.type is FieldType.CHOICE:
        return tuple((choice.value, choice.label) for choice in spec.choices)
    return tuple(_YES_NO.items()) if spec.type is FieldType.CHECKBOX else ()


def _alternatives(spec: FieldSpec, value: FieldValue) -> tuple[Alternative, ...]:
    """Other values that the ink allows: one doubtful character read otherwise, the likeliest first.

    Stored are characters with their probability and what else each may be. What is no value of the field (a
    month 17) is left out. Free text has no others: one changed character rarely mends a line of it.
    """
    found: dict[str, Alternative] = {}
    if spec.type in _FREE:
        return ()
    for text, probability in sorted(_respelled(value.alternatives), key=lambda item: -item[1]):
        normal = normalise_value(spec, text).value
        if normal is None or normal == value.value or normal in found:
            continue
        found[normal] = Alternative(text, show_value(spec, normal), probability)
        if len(found) == MOST_ALTERNATIVES:
            break
    return tuple(found.values())


def _respelled(stored: str) -> list[tuple[str, float]]:
    """Every text that differs from the reading in one character, with that character's probability."""
    try:
        read = [(str(char), list(others)) for char, _, others in json.loads(stored or "[]")]
    except (ValueError, TypeError):
        return []
    chars = [char for char, _ in read]
    return [
        ("".join([*chars[:place], str(other), *chars[place + 1 :]]), float(probability))
        for place, (_, others) in enumerate(read)
        for other, probability in others
        if float(probability) >= LEAST_PROBABILITY
    ]


def _box(value: FieldValue) -> Box | None:
    if value.box_x is None or value.box_y is None or value.box_w is None or value.box_h is None:
        return None
    return Box(value.box_x, value.box_y, value.box_w, value.box_h)
