"""A small case store for tests of the pages, put together row by row: no picture is read, no flow runs."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from cryptography.fernet import Fernet
from PIL import Image, ImageDraw
from sqlmodel import select

from pipeline.domain.statuses import (
    ArrivalStatus,
    BatchStatus,
    Channel,
    DocumentKind,
    EntryStatus,
    LinkStatus,
    Origin,
    PageFate,
    ReasonCode,
    StaffRole,
    SubmissionStatus,
    TaskKind,
)
from pipeline.review import staff
from pipeline.review.staff import create_user
from pipeline.runtime import Runtime, Secrets
from pipeline.steps.packs import install_pack
from pipeline.store.blobs import Blobs
from pipeline.store.engine import read, write
from pipeline.store.tables import (
    Arrival,
    Attachment,
    Batch,
    Candidate,
    Document,
    Entry,
    FieldValue,
    Link,
    Page,
    Person,
    ReviewReason,
    ReviewTask,
    Submission,
)
from tests.engines import open_test_engine
from tests.packs import loaded_pack

# Passwords of tests protect nothing, and a hash at full cost takes longer than most tests.
staff._HASHER = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)

PACK = Path(__file__).parents[1] / "fixtures" / "procedures" / "child_benefit"
NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
PASSWORD = "correct-horse-7"
DEPARTMENT = "kodomo"

# One application as the fields of the sample procedure; tests change single values.
VALUES = {
    "applicant_name": "髙橋 美咲",
    "applicant_kana": "タカハシ ミサキ",
    "applicant_birth_date": "1983-11-03",
    "postal_code": "2060802",
    "address": "東京都稲城市東長沼2111",
    "phone": "0423782111",
    "child_name.1": "髙橋 陽菜",
    "child_kana.1": "タカハシ ヒナ",
    "child_birth_date.1": "2019-04-09",
    "child_relation.1": "child",
    "bank_code": "0001",
    "branch_code": "123",
    "account_type": "ordinary",
    "account_number": "1713604",
    "account_holder_kana": "タカハシ ミサキ",
    "consent": "true",
}


@dataclass
class Store:
    """The runtime of one test and what was put into it."""

    runtime: Runtime
    pack_version_id: str
    now: datetime = NOW
    numbers: Any = field(default_factory=lambda: itertools.count(1))


def _no_reader() -> Any:
    raise AssertionError("the pages must not read pictures")


def make_store(url: str, folder: Path) -> Store:
    """A store over a migrated database, with the sample procedure and a clock that tests may move."""
    runtime = Runtime(
        engine=open_test_engine(url),
        blobs=Blobs(str(folder / "blobs")),
        secrets=Secrets(Fernet.generate_key()),
        data_dir=folder,
        make_recogniser=_no_reader,
        make_full_page_reader=_no_reader,
    )
    store = Store(runtime, "")
    runtime.clock = lambda: store.now
    store.pack_version_id = install_pack(runtime, loaded_pack(PACK))
    return store


def make_user(store: Store, login: str = "yamaguchi", **given: Any) -> str:
    """A reviewer of the sample department, unless told otherwise."""
    settings: dict[str, Any] = {
        "display_name": "山口 花子",
        "department": DEPARTMENT,
        "roles": [StaffRole.REVIEWER],
        **given,
    }
    return create_user(store.runtime, login, PASSWORD, **settings)


def picture(words: tuple[str, ...] = (), *, size: tuple[int, int] = (827, 1169), grey: int = 255) -> bytes:
    """A tiny page: A4 at 100 dpi with a few lines drawn on it."""
    image = Image.new("L", size, grey)
    draw = ImageDraw.Draw(image)
    for number, word in enumerate(words):
        draw.text((60, 60 + 40 * number), word, fill=0)
    for y in range(190, 1000, 60):
        draw.line((60, y, 760, y), fill=120)
    out = BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def make_person(store: Store, name: str, kana: str, **given: Any) -> str:
    """A person as registered."""
    person = Person(name=name, kana=kana, **given)
    with write(store.runtime.engine) as session:
        session.add(person)
    return person.id


def make_batch(store: Store, *, sheets: int | None = None, **given: Any) -> str:
    """A batch without pages."""
    number = next(store.numbers)
    values: dict[str, Any] = {
        "key": f"batch-{number}",
        "number": f"2026-11-22-{number:02d}",
        "channel": Channel.MAIL,
        "department": DEPARTMENT,
        "received_on": date(2026, 11, 18),
        "counted_sheets": sheets,
        "status": BatchStatus.SPLIT,
        **given,
    }
    batch = Batch(**values)
    with write(store.runtime.engine) as session:
        session.add(batch)
    return batch.id


def make_page(
    store: Store,
    batch_id: str,
    position: int,
    *,
    document_id: str | None = None,
    fate: PageFate = PageFate.IN_DOCUMENT,
    words: tuple[str, ...] = ("FORM",),
    form_page: int | None = None,
) -> str:
    """A page of a batch, with an arrival of its own."""
    blob = store.runtime.blobs.put(picture((*words, f"{batch_id}-{position}")))
    arrival = Arrival(
        source="scanner",
        identity=f"{batch_id}-{position}",
        content_hash=blob,
        blob=blob,
        name_token=store.runtime.secrets.seal(f"scan{position}.png"),
        batch_id=batch_id,
        position=position,
        status=ArrivalStatus.TAKEN,
        department=DEPARTMENT,
        page_count=1,
    )
    page = Page(
        batch_id=batch_id,
        arrival_id=arrival.id,
        page_index=0,
        position=position,
        blob=blob,
        dpi=100,
        view=blob,
        view_dpi=100,
        fate=fate,
        document_id=document_id,
        form_page=form_page,
    )
    with write(store.runtime.engine) as session:
        session.add(arrival)
        session.flush()
        session.add(page)
    return page.id


def make_submission(
    store: Store,
    *,
    channel: Channel = Channel.ONLINE,
    values: dict[str, str] | None = None,
    doubtful: dict[str, float] | None = None,
    alternatives: dict[str, list[Any]] | None = None,
    status: SubmissionStatus = SubmissionStatus.IN_REVIEW,
    **given: Any,
) -> str:
    """An application with its fields. Paper gets a batch, a document and one page with boxes.

    doubtful: keys of fields that wait for a person, with the confidence of their reading.
    """
    number = next(store.numbers)
    doubtful = doubtful or {}
    batch_id = make_batch(store, channel=channel) if channel.is_paper else None
    settings: dict[str, Any] = {
        "receipt_number": f"R8-{number:06d}",
        "procedure_id": "child_benefit",
        "pack_version_id": store.pack_version_id,
        "channel": channel,
        "source": "scanner" if channel.is_paper else "portal",
        "department": DEPARTMENT,
        "received_at": datetime(2026, 11, 18, 3, tzinfo=UTC),
        "received_on": date(2026, 11, 18),
        "batch_id": batch_id,
        "status": status,
        "due": False,
        **given,
    }
    submission = Submission(**settings)
    with write(store.runtime.engine) as session:
        session.add(submission)
        session.flush()
        session.add(Entry(submission_id=submission.id, role="child", role_index=1, status=EntryStatus.IN_REVIEW))
    page_id = None
    if batch_id:
        document = Document(
            batch_id=batch_id,
            submission_id=submission.id,
            position=1,
            kind=DocumentKind.FORM,
            form_id="application",
            form_revision=1,
        )
        with write(store.runtime.engine) as session:
            session.add(document)
        page_id = make_page(store, batch_id, 1, document_id=document.id, form_page=1)
    with write(store.runtime.engine) as session:
        for place, (key, value) in enumerate({**VALUES, **(values or {})}.items()):
            session.add(
                FieldValue(
                    submission_id=submission.id,
                    key=key,
                    raw=value,
                    value=value,
                    origin=Origin.OCR if page_id else Origin.APPLICANT,
                    confidence=doubtful.get(key, 0.99) if page_id else None,
                    accepted=key not in doubtful,
                    reasons="low_confidence" if key in doubtful else "",
                    alternatives=json.dumps((alternatives or {}).get(key, [])),
                    page_id=page_id,
                    box_x=51 if page_id else None,
                    box_y=49.9 + 12 * place if page_id else None,
                    box_w=140 if page_id else None,
                    box_h=8 if page_id else None,
                )
            )
    return submission.id


def make_task(
    store: Store,
    submission_id: str | None = None,
    *reasons: tuple[ReasonCode, str],
    kind: TaskKind = TaskKind.INTAKE,
    **given: Any,
) -> str:
    """An open task. Its department and protection are those of its submission."""
    with read(store.runtime.engine) as session:
        submission = session.get(Submission, submission_id) if submission_id else None
    settings: dict[str, Any] = {
        "kind": kind,
        "submission_id": submission_id,
        "open_key": f"intake:{submission_id}" if submission_id else f"mailroom:{next(store.numbers)}",
        "department": submission.department if submission else DEPARTMENT,
        "protected": submission.protected if submission else False,
        "due_on": (store.now + timedelta(days=3)).date(),
        "opened_at": store.now,
        **given,
    }
    task = ReviewTask(**settings)
    with write(store.runtime.engine) as session:
        session.add(task)
        session.flush()
        for code, about in reasons or ((ReasonCode.FIELD_DOUBTFUL, "applicant_name"),):
            session.add(ReviewReason(task_id=task.id, code=code, about=about))
    return task.id


def make_candidate(
    store: Store,
    submission_id: str,
    person_id: str,
    *,
    role: str = "child",
    role_index: int = 1,
    rank: int = 1,
    total: float = 18.2,
) -> None:
    """A candidate with evidence from name and birth date."""
    evidence = [
        {"field": "given", "level": "exact", "weight": 9.1},
        {"field": "birth_date", "level": "exact", "weight": total - 9.1},
        {"field": "address", "level": "missing", "weight": 0.0},
    ]
    with write(store.runtime.engine) as session:
        session.add(
            Candidate(
                submission_id=submission_id,
                role=role,
                role_index=role_index,
                person_id=person_id,
                rank=rank,
                total=total,
                person_evidence=total,
                evidence=json.dumps(evidence),
            )
        )


def make_link(
    store: Store,
    submission_id: str,
    person_id: str,
    *,
    role: str = "child",
    role_index: int = 1,
    status: LinkStatus = LinkStatus.AUTO,
) -> None:
    """Says who somebody of an application is."""
    with write(store.runtime.engine) as session:
        session.add(
            Link(
                submission_id=submission_id,
                role=role,
                role_index=role_index,
                person_id=person_id,
                status=status,
            )
        )


def make_attachment(store: Store, submission_id: str, kind: str = "identity") -> str:
    """A picture the applicant sent."""
    row = Attachment(
        submission_id=submission_id,
        position=1,
        kind=kind,
        blob=store.runtime.blobs.put(picture(("LICENCE", submission_id))),
        media_type="image/png",
    )
    with write(store.runtime.engine) as session:
        session.add(row)
    return row.id


def letters(text: str, others: dict[int, list[tuple[str, float]]]) -> list[Any]:
    """Characters of a reading as the store keeps them; `others`: by place, what else the ink may say."""
    return [[char, 0.99, others.get(place, [])] for place, char in enumerate(text)]


def get_field(store: Store, submission_id: str, key: str) -> FieldValue:
    """The field as it is in the store now."""
    with read(store.runtime.engine) as session:
        return session.exec(
            select(FieldValue).where(FieldValue.submission_id == submission_id, FieldValue.key == key)
        ).one()
