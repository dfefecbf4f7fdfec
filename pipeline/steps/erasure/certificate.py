"""消去証明書: what was erased, in numbers and our own receipt numbers, signed with the key of the installation."""

from __future__ import annotations

import hmac
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from pipeline.domain.errors import Impossible, NotVisible
from pipeline.domain.history import ChainedEvent, chain_is_whole
from pipeline.runtime import Runtime, Secrets
from pipeline.steps.erasure.due import retention_years
from pipeline.steps.packs import latest_pack
from pipeline.store.blobs import BlobAltered, BlobMissing
from pipeline.store.bulk import parts
from pipeline.store.engine import read, write
from pipeline.store.events import append_event, events_of
from pipeline.store.tables import Erasure, PackVersion, Submission

FORMAT = "ichimado-erasure-1"


class Unfinished(Impossible):
    """This erasure has no certificate yet."""

    code = "erasure_unfinished"
    ja = "この消去はまだ終わっていません。ichimado erase をもう一度実行してください。"
    en = "This erasure has not finished. Run ichimado erase once more."


@dataclass(frozen=True)
class Verdict:
    """What became of looking at a certificate again. problems: codes; none when all fits."""

    number: str
    problems: tuple[str, ...]


def certify(runtime: Runtime, erasure_id: str, actor: str) -> bool:
    """Writes the certificate of an erasure whose last byte is gone, once; True when this call finished it."""
    now = runtime.clock()
    with read(runtime.engine) as session:
        erasure = session.get_one(Erasure, erasure_id)
        record = _record(session, erasure)
    record["finished_at"] = now.isoformat()
    blob = runtime.blobs.put(_signed(runtime.secrets, record))
    with write(runtime.engine) as session:
        row = session.get_one(Erasure, erasure_id, with_for_update=True)
        if row.finished_at is not None or len(events_of(session, "erasure", erasure_id)) != record["chain"]["events"]:
            return False  # somebody else finished it, or took more away meanwhile
        row.certificate, row.finished_at, row.submissions = blob, now, len(record["submissions"])
        session.add(row)
        payload = {"certificate": blob, "submissions": row.submissions}
        append_event(session, "erasure", row.id, "erasure_finished", actor=actor, at=now, payload=payload)
    return True


def _record(session: Session, erasure: Erasure) -> dict[str, Any]:
    events = events_of(session, "erasure", erasure.id)
    totals = totals_of(events)
    _, pack = latest_pack(session, erasure.procedure_id)
    years = retention_years(session, erasure.procedure_id)
    return {
        "format": FORMAT,
        "number": erasure.number,
        "erasure": erasure.id,
        "procedure": erasure.procedure_id,
        "label": pack.label.ja,
        "department": pack.review.department,
        "ended_before": erasure.ended_before.isoformat(),
        "packs": _packs(session, erasure.procedure_id, years),
        "made_by": erasure.made_by,
        "made_at": erasure.made_at.isoformat(),
        "submissions": _submissions(session, totals.ended_on),
        "counts": dict(sorted(totals.counts.items())),
        "chain": {"events": len(events), "head": events[-1].hash},
    }


@dataclass(frozen=True)
class Totals:
    """The sum over an erasure's history. ended_on: submission id -> the day (ISO) its file had ended."""

    counts: Counter[str]
    ended_on: Mapping[str, str]


def totals_of(events: Iterable[ChainedEvent]) -> Totals:
    """What an erasure took away, as its history says."""
    counts: Counter[str] = Counter()
    ended_on: dict[str, str] = {}
    for event in events:
        if event.kind == "erased":
            payload: Mapping[str, Any] = event.payload
            counts.update(payload["cut"])
            ended_on |= {one: payload["ended_on"] for one in payload["submissions"]}
    return Totals(counts, ended_on)


def _packs(session: Session, procedure_id: str, years: Mapping[str, int]) -> list[dict[str, Any]]:
    rows = session.exec(
        select(PackVersion).where(PackVersion.procedure_id == procedure_id).order_by(col(PackVersion.installed_at))
    ).all()
    return [{"version": row.version, "digest": row.digest, "years": years[row.id]} for row in rows]


def _submissions(session: Session, ended_on: Mapping[str, str]) -> list[dict[str, str]]:
    rows = [
        row
        for part in parts(ended_on)
        for row in session.exec(select(Submission).where(col(Submission.id).in_(part))).all()
    ]
    return [
        {
            "id": row.id,
            "receipt_number": row.receipt_number,
            "received_on": row.received_on.isoformat(),
            "ended_on": ended_on[row.id],
        }
        for row in sorted(rows, key=lambda row: row.receipt_number)
    ]


def _canonical(record: Mapping[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def signature_of(secrets: Secrets, record: Mapping[str, Any]) -> str:
    """The keyed digest (hex) of a record; only an installation with the same key can make or verify it."""
    return secrets.digest(f"erasure-certificate:{_canonical(record)}")


def _signed(secrets: Secrets, record: Mapping[str, Any]) -> bytes:
    signed = {"certificate": record, "signature": signature_of(secrets, record)}
    return json.dumps(signed, ensure_ascii=False, sort_keys=True, indent=1).encode()


def get_certificate(runtime: Runtime, number: str) -> dict[str, Any]:
    """The signed certificate of an erasure: {"certificate": record, "signature": hex}.

    Raises NotVisible for an unknown number, Unfinished, BlobMissing or BlobAltered.
    """
    with read(runtime.engine) as session:
        erasure = session.exec(select(Erasure).where(Erasure.number == number)).first()
    if erasure is None:
        raise NotVisible
    if erasure.certificate is None:
        raise Unfinished
    found: dict[str, Any] = json.loads(runtime.blobs.get(erasure.certificate))
    return found


def verify_certificate(runtime: Runtime, signed: Mapping[str, Any]) -> Verdict:
    """Whether a certificate was made by this installation, and whether the store still says the same.

    problems: "not_a_certificate", "signature" (made elsewhere, or altered since), "unknown" (no such erasure here),
    "chain" (its history is altered), "counts" (it adds up to something else).
    """
    record = signed.get("certificate")
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        return Verdict("", ("not_a_certificate",))
    number = str(record.get("number", ""))
    told = str(signed.get("signature", ""))
    if not hmac.compare_digest(told.encode(), signature_of(runtime.secrets, record).encode()):
        return Verdict(number, ("signature",))
    with read(runtime.engine) as session:
        erasure = session.exec(select(Erasure).where(Erasure.number == number)).first()
        if erasure is None:
            return Verdict(number, ("unknown",))
        events = list(events_of(session, "erasure", erasure.id))
    return Verdict(number, tuple(_differences(record, events)))


def _differences(record: Mapping[str, Any], events: list[ChainedEvent]) -> list[str]:
    problems = []
    known = events[: record["chain"]["events"]]
    if not chain_is_whole(events) or not known or known[-1].hash != record["chain"]["head"]:
        problems.append("chain")
    totals = totals_of(known)
    same = totals.counts == Counter(record["counts"])
    if not same or set(totals.ended_on) != {row["id"] for row in record["submissions"]}:
        problems.append("counts")
    return problems


def certificate_problems(runtime: Runtime, number: str) -> tuple[str, ...]:
    """As `verify_certificate`, for the certificate kept in the store; "lost" when there is none, or its blob is gone
    or altered."""
    try:
        signed = get_certificate(runtime, number)
    except (BlobMissing, BlobAltered, Unfinished, ValueError):
        return ("lost",)
    verdict = verify_certificate(runtime, signed)
    return verdict.problems if verdict.number == number else ("number",)
