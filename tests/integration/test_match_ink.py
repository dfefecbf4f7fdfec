"""Step MATCH asks the ink: a name that was misread is told from those of others by its picture."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from ichimado.intake import receive_folder
from ichimado.reading import find_pack
from matchers.weights import load_weights
from pipeline.domain.next_step import Step
from pipeline.domain.statuses import LinkStatus, Origin, SubmissionStatus
from pipeline.runtime import Runtime
from pipeline.steps import ink
from pipeline.steps.advance import advance, advance_batch
from pipeline.steps.match import match_submission
from pipeline.steps.packs import install_pack
from pipeline.steps.people import index_person
from pipeline.store.engine import read, write
from pipeline.store.tables import Candidate, FieldValue, Link, Page, Person, Submission
from tests.recorded_runtime import SMALL, fail_when_outdated, make_recorded_runtime
from tests.runtime import PROCEDURE, rows_of

SCANS = sorted((SMALL / "scans").iterdir())[0]
BORN = date(1984, 5, 17)


@pytest.fixture(scope="module")
def sheet(tmp_path_factory: pytest.TempPathFactory) -> tuple[Runtime, str]:
    """A store with one sheet of the small sample, read from the recording."""
    fail_when_outdated()
    runtime = make_recorded_runtime(tmp_path_factory.mktemp("ink"))
    install_pack(runtime, find_pack(PROCEDURE))
    received = receive_folder(runtime, SCANS)
    assert received.batch_id is not None
    one, *_ = advance_batch(runtime, received.batch_id)
    advance(runtime, one, until=Step.CHECK)
    return runtime, one


def read_as(runtime: Runtime, submission_id: str, **values: str) -> None:
    """As if the applicant's fields had been read so, and nobody were sure of it."""
    with write(runtime.engine) as session:
        rows = session.exec(select(FieldValue).where(FieldValue.submission_id == submission_id)).all()
        for row in rows:
            if row.key in values:
                row.value = row.raw = values[row.key]
                row.accepted, row.confidence, row.origin = False, 0.6, Origin.OCR
                session.add(row)
        for link in session.exec(select(Link)).all():
            session.delete(link)
        submission = session.get_one(Submission, submission_id)
        submission.status = SubmissionStatus.CHECKED
        session.add(submission)


def register(runtime: Runtime, *names: tuple[str, str]) -> list[str]:
    """People of these names, born on one day in one house."""
    people = [Person(name=name, kana=kana, birth_date=BORN, source="roster") for name, kana in names]
    with write(runtime.engine) as session:
        session.add_all(people)
        session.flush()
        for person in people:
            index_person(session, person, runtime.secrets.key)
    return [person.id for person in people]


def applicant_link(runtime: Runtime, submission_id: str) -> Link:
    (link,) = [
        row for row in rows_of(runtime, Link, submission_id=submission_id, role="applicant")
        if row.status is not LinkStatus.UNDONE
    ]  # fmt: skip
    return link


@pytest.fixture
def written(sheet: tuple[Runtime, str]) -> dict[str, str]:
    runtime, one = sheet
    return {row.key: row.read_raw for row in rows_of(runtime, FieldValue, submission_id=one)}


def misread(runtime: Runtime, one: str, written: dict[str, str]) -> str:
    """Two people whom the reading fits as badly, one of them whose name is on the sheet; gives that one's id."""
    family, given = written["applicant_name"][:2], written["applicant_name"][2:].strip()
    kana_family, kana_given = written["applicant_kana"].split()
    right, _ = register(
        runtime,
        (f"{family}　{given}", f"{kana_family} {kana_given}"),
        (f"{family}　{given[:-1]}代", f"{kana_family} チヨ"),
    )
    read_as(
        runtime, one, applicant_name=f"{family} {given[:-1]}伐", applicant_kana=f"{kana_family} チコ",
        applicant_birth_date=BORN.isoformat(),
    )  # fmt: skip
    return right


def test_the_ink_tells_whom_the_reading_does_not(
    sheet: tuple[Runtime, str], written: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime, one = sheet
    right = misread(runtime, one, written)
    asked = ink.Pictures.ask
    monkeypatch.setattr(ink.Pictures, "ask", lambda *_: {})
    match_submission(runtime, one)
    assert applicant_link(runtime, one).status is LinkStatus.PROPOSED, "the reading alone leaves it open"
    monkeypatch.setattr(ink.Pictures, "ask", asked)
    misread_again(runtime, one)
    match_submission(runtime, one)
    link = applicant_link(runtime, one)
    assert (link.person_id, link.status) == (right, LinkStatus.AUTO)
    said = {item["field"]: item for item in json.loads(link.evidence)}
    assert said["ink_name"]["level"] == said["ink_kana"]["level"] == "supports"
    others = [row for row in rows_of(runtime, Candidate, submission_id=one, role="applicant") if row.person_id != right]
    assert others and all("against" in row.evidence for row in others)
    assert {row.weights_version for row in others} == {load_weights().version}


def misread_again(runtime: Runtime, one: str) -> None:
    with write(runtime.engine) as session:
        submission = session.get_one(Submission, one)
        submission.status = SubmissionStatus.CHECKED
        session.add(submission)


def counted(monkeypatch: pytest.MonkeyPatch, *names: str) -> Callable[[], list[str]]:
    """Names of the functions of `ink` that are called from now on."""
    calls: list[str] = []
    for name in names:
        own: Callable[..., Any] = getattr(ink, name)

        def call(*args: Any, _own: Callable[..., Any] = own, _name: str = name) -> Any:
            calls.append(_name)
            return _own(*args)

        monkeypatch.setattr(ink, name, call)
    return lambda: calls


def test_a_page_is_opened_once_and_what_was_asked_is_remembered(
    sheet: tuple[Runtime, str], written: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime, one = sheet
    misread(runtime, one, written)
    with write(runtime.engine) as session:
        for row in session.exec(select(Candidate)).all():
            session.delete(row)
    calls = counted(monkeypatch, "open_page", "ask_field")
    match_submission(runtime, one)
    assert calls().count("open_page") == 1 and calls().count("ask_field") == 2
    before = applicant_link(runtime, one).evidence
    misread_again(runtime, one)
    match_submission(runtime, one)
    assert calls().count("open_page") == 1, "nothing new to ask"
    assert applicant_link(runtime, one).evidence == before


def test_no_picture_is_no_evidence(
    sheet: tuple[Runtime, str], written: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime, one = sheet
    misread(runtime, one, written)
    with write(runtime.engine) as session:
        for row in session.exec(select(Candidate)).all():
            session.delete(row)
    with read(runtime.engine) as session:
        blobs = {page.blob for page in session.exec(select(Page)).all() if page.blob}
    for blob in blobs:
        Path(runtime.blobs.path_of(blob)).unlink()
    match_submission(runtime, one)
    assert "ink_" not in applicant_link(runtime, one).evidence
    assert applicant_link(runtime, one).status is LinkStatus.PROPOSED
