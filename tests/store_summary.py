"""What a store holds, in words that two stores can share: natural keys instead of ids and moments."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session, SQLModel, col, select

from pipeline.store.engine import read
from pipeline.store.tables import (
    Arrival,
    Attachment,
    Batch,
    Candidate,
    Case,
    Document,
    Entry,
    Event,
    FieldValue,
    Finding,
    Link,
    Page,
    Person,
    ReviewReason,
    ReviewTask,
    Submission,
)

Summary = dict[str, list[str]]
"""Table -> one line for every row, sorted."""

COLUMNS: dict[type[SQLModel], str] = {
    Batch: "number channel department received_on counted_sheets status created_by",
    Arrival: "source content_hash batch_id position status problem_code problem_place part_of_id page_count",
    Document: "batch_id submission_id position kind form_id form_revision reference_number",
    Page: "batch_id arrival_id page_index position blob code fate problem_code document_id form_page rotation "
    "view full_text",
    Submission: "receipt_number channel source source_number department received_at batch_id arrival_id "
    "reference_number answers_id status due attempts protected straight_through",
    Attachment: "submission_id position kind blob media_type page_id problem_code",
    FieldValue: "submission_id key raw value problem origin confidence reasons alternatives accepted read_raw "
    "read_value page_id box_x box_y box_w box_h",
    Finding: "submission_id code fields",
    Entry: "submission_id role role_index status case_id ended_reason",
    Candidate: "submission_id role role_index person_id rank total evidence contradictions",
    Link: "submission_id role role_index person_id status total evidence made_by",
    Case: "number instance subject_id status adopted_submission_id amount_yen protected",
    ReviewTask: "kind status submission_id batch_id arrival_id department protected due_on version",
    ReviewReason: "task_id code about detail",
}
"""What is compared. Left out are ids, moments, and what is keyed by the installation's own secret."""


def summarise(engine: Engine) -> Summary:
    """The whole store; equal for two stores that hold the same."""
    with read(engine) as session:
        names = _natural_keys(session)
        summary = {
            table.__name__: sorted(_line(row, columns.split(), names) for row in session.exec(select(table)).all())
            for table, columns in COLUMNS.items()
        }
        events = Counter(session.exec(select(Event.aggregate, Event.kind, Event.actor)).all())
    summary["Event"] = sorted(f"{key} x{count}" for key, count in events.items())
    return summary


def differing(one: Summary, other: Summary) -> dict[str, dict[str, list[str]]]:
    """Per table the lines that only one of the two holds; {} when they are equal."""
    differences = {}
    for table in one.keys() | other.keys():
        mine, theirs = Counter(one.get(table, [])), Counter(other.get(table, []))
        if mine != theirs:
            differences[table] = {"only first": list(mine - theirs), "only second": list(theirs - mine)}
    return differences


def _line(row: SQLModel, columns: list[str], names: dict[str, str]) -> str:
    return " | ".join(f"{column}={_shared(getattr(row, column), names)}" for column in columns)


def _shared(value: Any, names: dict[str, str]) -> str:
    if isinstance(value, float):
        return f"{value:.6f}"
    text = str(value)
    for part in set(text.replace(",", " ").split()) & names.keys():
        text = text.replace(part, names[part])
    return text


def _natural_keys(session: Session) -> dict[str, str]:
    """Id -> what the row is called in every store."""
    names = {row.id: f"batch {row.number}" for row in session.exec(select(Batch)).all()}
    for person in session.exec(select(Person)).all():
        names[person.id] = f"person {person.resident_number}"
    for arrival in session.exec(select(Arrival)).all():
        names[arrival.id] = f"arrival {arrival.source} {arrival.content_hash[:16]} {arrival.position}"
    for document in session.exec(select(Document)).all():
        names[document.id] = f"document {names.get(document.batch_id or '')} {document.position}"
    for page in session.exec(select(Page)).all():
        names[page.id] = f"page {names[page.batch_id]} {page.position}"
    for submission in session.exec(select(Submission)).all():
        names[submission.id] = submission.source_number or _paper_key(session, submission, names)
    for attachment in session.exec(select(Attachment)).all():
        names[attachment.id] = f"attachment {names[attachment.submission_id]} {attachment.position}"
    for case in session.exec(select(Case)).all():
        names[case.id] = f"case {names[case.subject_id]} {case.instance}"
    for task in session.exec(select(ReviewTask)).all():
        about = task.submission_id or task.arrival_id or task.batch_id or ""
        names[task.id] = f"task {task.kind} {names[about]}"
    return names


def _paper_key(session: Session, submission: Submission, names: dict[str, str]) -> str:
    first = session.exec(
        select(Document.position).where(Document.submission_id == submission.id).order_by(col(Document.position))
    ).first()
    return f"submission {names[submission.batch_id or '']} {first}"
