"""Readings that something independent confirms need no second look (docs/decisions/0011)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session

from japan.kana import kana_key
from pipeline.domain.statuses import Origin
from pipeline.procedures.pack import CheckKind, Procedure
from pipeline.steps.links import scored_for
from pipeline.steps.roles import RoleMatch, values_by_key
from pipeline.store.tables import (
    Person,
)

AGREEING = {"exact", "exact_again", "variant"}
PARTS = {"name": ("family", "given"), "kana": ("kana_family", "kana_given")}
"""Which evidence speaks of an attribute, where it is not the one of its own name."""


def confirm_fields(session: Session, submission_id: str, pack: Procedure, matches: Sequence[RoleMatch]) -> None:
    """A reading that equals what is registered of the person it helped to find needs no second look.

    What was read stays in `read_raw` and `read_value`.
    """
    values = values_by_key(session, submission_id)
    for match in matches:
        comparison = scored_for(match)
        if comparison is None or match.status is None or not match.status.is_active:
            continue
        agreeing = {e.field for e in comparison.evidence if e.level in AGREEING}
        attributes = next(m.attributes for m in pack.matching.roles if m.role == match.role)
        person = session.get_one(Person, match.link)
        for attribute, name in attributes.items():
            row = values.get(f"{name}.{match.index}" if match.index else name)
            confirmed = set(PARTS.get(attribute, (attribute,))) <= agreeing
            if confirmed and row is not None and row.value is not None and not row.problem:
                row.accepted = True
                if attribute == "kana" and row.origin is Origin.OCR and person.kana:
                    # Small and large kana look alike in cells; of the same reading the registered one counts.
                    row.value = person.kana
                session.add(row)
    session.flush()


def confirm_same_kana(session: Session, submission_id: str, pack: Procedure) -> None:
    """Where the pack wants two readings to be one (account holder and applicant), an accepted one confirms the
    other, and lends it its spelling: マッオカ in the cells of a bank form is マツオカ."""
    values = values_by_key(session, submission_id)
    for check in pack.checks:
        if check.kind is not CheckKind.KANA_MATCHES:
            continue
        row, other = (values.get(name) for name in check.fields)
        if row is None or other is None or row.origin is not Origin.OCR or not other.accepted:
            continue
        if row.value and other.value and kana_key(row.value) == kana_key(other.value):
            row.value, row.accepted = other.value, True
            session.add(row)
    session.flush()
