"""Finding an application by what somebody says on the telephone: its number, or the applicant's name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import Session, col, select

from japan.kana import kana_key, to_full_katakana
from japan.names import name_key
from japan.text import drop_spaces, fold_width
from japan.variants import fold_variants
from pipeline.domain.statuses import Channel, StaffRole, SubmissionStatus, TaskStatus
from pipeline.procedures.pack import FieldType, Label
from pipeline.review.queue import applicant_keys
from pipeline.runtime import Runtime
from pipeline.steps.packs import get_pack
from pipeline.store.access import Viewer, visible
from pipeline.store.engine import read
from pipeline.store.tables import FieldValue, PackVersion, ReviewTask, Submission

LIMIT = 100
MAX_TEXT = 100


@dataclass(frozen=True)
class Found:
    """One application that fits. task_id: its open task, None when nobody has to look at it."""

    submission_id: str
    receipt_number: str
    received_on: date
    channel: Channel
    procedure: Label
    applicant: str | None
    status: SubmissionStatus
    task_id: str | None


def search(runtime: Runtime, viewer: Viewer, text: str) -> tuple[Found, ...]:
    """Applications of this reviewer whose receipt or reference number is `text`, or whose names begin so.

    Variant characters, width, spaces and hiragana count as equal. At most LIMIT, the newest first.
    """
    plain = fold_width(text).strip()[:MAX_TEXT]
    viewer = viewer.only(StaffRole.REVIEWER)
    if not plain:
        return ()
    with read(runtime.engine) as session:
        ids = _by_number(session, viewer, plain) or _by_name(session, viewer, plain)
        rows = session.exec(
            select(Submission)
            .where(col(Submission.id).in_(ids), visible(Submission, viewer))
            .order_by(col(Submission.received_at).desc(), col(Submission.receipt_number).desc())
            .limit(LIMIT)
        ).all()
        return tuple(_found(session, viewer, row) for row in rows)


def _by_number(session: Session, viewer: Viewer, text: str) -> list[str]:
    number = drop_spaces(text).upper()
    fits = or_(col(Submission.receipt_number) == number, col(Submission.reference_number) == number)
    query = select(Submission.id).where(fits, visible(Submission, viewer)).limit(LIMIT)
    return list(session.exec(query).all())


def _by_name(session: Session, viewer: Viewer, text: str) -> list[str]:
    names, kanas = _name_fields(session)
    wanted_name, wanted_kana = _name_fold(text), kana_key(to_full_katakana(text))
    query = (
        select(FieldValue.submission_id, FieldValue.key, FieldValue.value, FieldValue.raw)
        .join(Submission, col(Submission.id) == FieldValue.submission_id)
        .where(visible(Submission, viewer), _begins(text), _of_fields(names + kanas))
    )
    found = dict.fromkeys(
        submission_id
        for submission_id, key, value, raw in session.exec(query)
        for shown in [value or raw]
        if (wanted_name and key.split(".")[0] in names and _name_fold(shown).startswith(wanted_name))
        or (wanted_kana and key.split(".")[0] in kanas and kana_key(shown).startswith(wanted_kana))
    )
    return list(found)[:LIMIT]


def _begins(text: str) -> ColumnElement[bool]:
    # The database narrows by the first character in all its spellings; the rest is compared after folding.
    first = drop_spaces(to_full_katakana(text))[:1]
    spellings = {text[0], first, *_spellings(first)}
    columns = (col(FieldValue.value), col(FieldValue.raw))
    return or_(*(column.startswith(char, autoescape=True) for column in columns for char in spellings))


def _of_fields(names: Sequence[str]) -> ColumnElement[bool]:
    keys = [and_(col(FieldValue.key) == name) for name in names]
    keys += [col(FieldValue.key).startswith(f"{name}.", autoescape=True) for name in names]
    return or_(*keys)


def _name_fields(session: Session) -> tuple[tuple[str, ...], tuple[str, ...]]:
    packs = [get_pack(session, pack_id) for pack_id in session.exec(select(PackVersion.id)).all()]
    specs = {(spec.name, spec.type) for pack in packs for spec in pack.fields}
    names = tuple(sorted(name for name, kind in specs if kind is FieldType.PERSON_NAME))
    return names, tuple(sorted(name for name, kind in specs if kind is FieldType.KANA_NAME))


def _name_fold(text: str) -> str:
    return fold_variants(drop_spaces(name_key(text)), weak=True)


@lru_cache(maxsize=1024)
def _spellings(char: str) -> tuple[str, ...]:
    return _families().get(_name_fold(char), ())


@lru_cache(maxsize=1)
def _families() -> dict[str, tuple[str, ...]]:
    """Characters of names by what they fold to, where more than one does."""
    families: dict[str, list[str]] = {}
    for start, end in ((0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2A6DF)):
        for char in map(chr, range(start, end + 1)):
            folded = fold_variants(char, weak=True)
            if folded != char:
                families.setdefault(folded, [folded]).append(char)
    return {folded: tuple(chars) for folded, chars in families.items()}


def _found(session: Session, viewer: Viewer, row: Submission) -> Found:
    pack = get_pack(session, row.pack_version_id)
    name = applicant_keys(pack)[0]
    value = session.exec(select(FieldValue).where(FieldValue.submission_id == row.id, FieldValue.key == name)).first()
    task = session.exec(
        select(ReviewTask.id).where(
            ReviewTask.submission_id == row.id,
            ReviewTask.status == TaskStatus.OPEN,
            visible(ReviewTask, viewer),
        )
    ).first()
    return Found(
        submission_id=row.id,
        receipt_number=row.receipt_number,
        received_on=row.received_on,
        channel=row.channel,
        procedure=pack.label,
        applicant=(value.value or value.raw) if value else None,
        status=row.status,
        task_id=task,
    )
