"""Weights of matching and their versions: the shipped ones, those made here, and which are in force."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import yaml
from sqlalchemy import update
from sqlmodel import Session, col, select

from matchers.weights import BadWeights, Weights, load_weights, parse_weights, write_weights
from pipeline.domain.errors import DomainError
from pipeline.domain.statuses import WeightsOrigin
from pipeline.runtime import Runtime
from pipeline.store.engine import again_on_clash, read, write
from pipeline.store.events import append_event
from pipeline.store.tables import Event, MatchWeights

OWN = "local-"
"""How versions made here are called, with a number behind."""
IN_FORCE = "in_force"
"""The history of what was put in force when, and by whom."""


class UnknownWeights(DomainError):
    """No such version."""

    code = "unknown_weights"
    ja = "その版の重みはありません。"
    en = "There are no weights of this version."


class UnusableWeights(DomainError):
    """A weights file that does not fit."""

    code = "unusable_weights"
    ja = "重みのファイルを読み取れません。この版の一窓の形式ではないか、必要な項目が足りません。"
    en = "The weights file cannot be read: it is of another form, or parts of it are missing."


@dataclass(frozen=True)
class WeightsRow:
    """One version. judgements: on how many it was fitted. made_at: None for the shipped ones."""

    version: str
    origin: WeightsOrigin
    in_force: bool
    judgements: int = 0
    made_by: str = ""
    made_at: datetime | None = None
    adopted_by: str = ""
    adopted_at: datetime | None = None


def weights_in_force(session: Session) -> Weights:
    """The weights that matching uses now."""
    row_id = session.exec(select(MatchWeights.id).where(col(MatchWeights.in_force).is_(True))).first()
    return _stored(session, row_id) if row_id else load_weights()


def weights_of(session: Session, version: str) -> Weights | None:
    """The weights of a version, stored or shipped; None when there are none."""
    if version == load_weights().version:
        return load_weights()
    row_id = session.exec(select(MatchWeights.id).where(MatchWeights.version == version)).first()
    return _stored(session, row_id) if row_id else None


_parsed: dict[str, Weights] = {}


def _stored(session: Session, row_id: str) -> Weights:
    """Parsed once a process: what a row holds never changes."""
    if row_id not in _parsed:
        _parsed[row_id] = _parse(session.get_one(MatchWeights, row_id).document)
    return _parsed[row_id]


def _parse(document: str) -> Weights:
    """A weights file; levels that were declared after it was made weigh what the shipped weights give them.

    Raises UnusableWeights.
    """
    try:
        data = yaml.safe_load(document)
        shipped = yaml.safe_load(write_weights(load_weights()))
        data["fields"] = {
            name: {**levels, **data["fields"].get(name, {})} for name, levels in shipped["fields"].items()
        }
        return parse_weights(data)
    except (BadWeights, yaml.YAMLError, KeyError, TypeError, AttributeError):
        raise UnusableWeights from None


def list_weights(runtime: Runtime) -> tuple[WeightsRow, ...]:
    """All versions, the shipped one first, then those made here, the latest last."""
    with read(runtime.engine) as session:
        rows = session.exec(select(MatchWeights).order_by(col(MatchWeights.made_at), col(MatchWeights.id))).all()
    shipped = WeightsRow(load_weights().version, WeightsOrigin.SHIPPED, not any(row.in_force for row in rows))
    return (shipped, *map(_row, rows))


def _row(row: MatchWeights) -> WeightsRow:
    return WeightsRow(
        row.version, row.origin, row.in_force, row.judgements, row.made_by, row.made_at, row.adopted_by, row.adopted_at
    )


def export_weights(runtime: Runtime, version: str) -> str:
    """The weights file of a version. Raises UnknownWeights."""
    with read(runtime.engine) as session:
        return write_weights(get_weights(session, version))


def import_weights(runtime: Runtime, document: str, by: str) -> WeightsRow:
    """Keeps a weights file as a version of its own, which is not in force yet; the same file again changes nothing.

    Raises UnusableWeights.
    """
    return keep_weights(runtime, _parse(document), WeightsOrigin.IMPORTED, 0, {}, by)


def keep_weights(
    runtime: Runtime, weights: Weights, origin: WeightsOrigin, judgements: int, report: Mapping[str, object], by: str
) -> WeightsRow:
    """Keeps weights as the next version made here, not in force; the row they have already, if they do."""
    now = runtime.clock()

    def work() -> WeightsRow:
        with write(runtime.engine) as session:
            rows = session.exec(select(MatchWeights)).all()
            for known in rows:
                if _content(_stored(session, known.id)) == _content(weights):
                    return _row(known)
            version = f"{OWN}{len(rows) + 1}"
            row = MatchWeights(
                version=version,
                origin=origin,
                document=write_weights(replace(weights, version=version)),
                judgements=judgements,
                report=json.dumps(report),
                made_by=by,
                made_at=now,
            )
            session.add(row)
            session.flush()
            payload = {"version": version, "origin": origin.value, "judgements": judgements}
            append_event(session, "weights", row.id, "weights_made", actor=by, at=now, payload=payload)
            return _row(row)

    return again_on_clash(work)


def _content(weights: Weights) -> str:
    return write_weights(replace(weights, version="", origin={}))


def adopt(runtime: Runtime, version: str, by: str) -> WeightsRow:
    """Puts a version in force, for what is matched from now on; the shipped one by taking all others out of force.

    Raises UnknownWeights.
    """
    now = runtime.clock()
    with write(runtime.engine) as session:
        weights = get_weights(session, version)
        before = weights_in_force(session).version
        session.execute(update(MatchWeights).where(col(MatchWeights.in_force).is_(True)).values(in_force=False))
        row = session.exec(select(MatchWeights).where(MatchWeights.version == version)).first()
        if row is not None:
            session.refresh(row)
            row.in_force, row.adopted_by, row.adopted_at = True, by, now
            session.add(row)
        if before != weights.version:
            payload = {"version": version, "before": before}
            append_event(session, "weights", IN_FORCE, "weights_adopted", actor=by, at=now, payload=payload)
        if row is not None:
            return _row(row)
    return WeightsRow(version, WeightsOrigin.SHIPPED, True)


def back(runtime: Runtime, by: str) -> WeightsRow:
    """Puts that version in force again that was before the present one. Raises UnknownWeights where none was."""
    with read(runtime.engine) as session:
        last = session.exec(
            select(Event.payload)
            .where(Event.aggregate == "weights", Event.aggregate_id == IN_FORCE)
            .order_by(col(Event.seq).desc())
        ).first()
    if last is None:
        raise UnknownWeights
    return adopt(runtime, json.loads(last)["before"], by)


def get_weights(session: Session, version: str) -> Weights:
    """As `weights_of`; raises UnknownWeights."""
    found = weights_of(session, version)
    if found is None:
        raise UnknownWeights
    return found
