"""The demo's figures: a filled store against the truth of its sample, as one JSON line.

python -m benchmarks.demo_score --database sqlite:///var/demo/ichimado.db \\
    --sample child_benefit=sample --sample after_school=sample_after_school

The figures of the first procedure stand on top, those of each further one under its name.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import or_
from sqlmodel import Session, col, func, select

from benchmarks.points import points_and_ranking
from benchmarks.truth import Truth, load_truth
from pipeline.domain.statuses import Channel, LinkStatus, PageFate, ReasonCode, TaskStatus
from pipeline.procedures.pack import Procedure
from pipeline.procedures.values import normalise_value
from pipeline.score.rows import same_text
from pipeline.steps.packs import latest_pack
from pipeline.store.engine import open_engine, read
from pipeline.store.tables import (
    Arrival,
    Case,
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


def score(session: Session, truth: Truth, procedure_id: str = "child_benefit") -> dict[str, Any]:
    """Everything the demo is judged by, of one procedure; see the keys for what is counted."""
    ids = submission_ids(session, truth, procedure_id)
    _, pack = latest_pack(session, procedure_id)
    figures = {
        "pages": _pages(session, procedure_id),
        "submissions": _submissions(session, procedure_id),
        "cases": _count(session, Case, Case.procedure_id == procedure_id),
        "duplicates": _duplicates(session, truth, ids),
        "links": _links(session, pack, truth, ids),
        "review_tasks": _tasks(session, procedure_id),
        "fields": _fields(session, pack, truth),
    }
    return figures | (points_and_ranking(session, pack, truth, ids) if pack.scores else {})


def submission_ids(session: Session, truth: Truth, procedure_id: str = "child_benefit") -> dict[str, str]:
    """The store's submission id for each submission of the truth that arrived."""
    found: dict[str, str] = {}
    for row in truth.submissions:
        if row["channel"] == "paper":
            query = (
                select(Document.submission_id)
                .join(Page, col(Page.document_id) == Document.id)
                .join(Arrival, col(Arrival.id) == Page.arrival_id)
                .where(
                    Arrival.content_hash == truth.file_hashes[row["file"]],
                    Page.page_index == row["first_page_index"],
                )
            )
        else:
            query = select(Submission.id).where(
                Submission.source_number == row["receipt_number"], Submission.procedure_id == procedure_id
            )
        if (first := session.exec(query).first()) is not None:
            found[row["id"]] = first
    return found


def _pages(session: Session, procedure_id: str) -> dict[str, int]:
    """Of the batches that hold applications of this procedure."""
    batches = _batches(procedure_id)
    fates = [PageFate(fate) for fate in session.exec(select(Page.fate).where(col(Page.batch_id).in_(batches))).all()]
    return {
        "received": len(fates),
        "in_documents": sum(fate is PageFate.IN_DOCUMENT for fate in fates),
        "exceptions": sum(fate.is_exception for fate in fates),
    }


def _batches(procedure_id: str) -> Any:
    return select(Submission.batch_id).where(Submission.procedure_id == procedure_id)


def _tasks(session: Session, procedure_id: str) -> int:
    """Open tasks about the procedure's applications, and about its batches and files."""
    of_submissions = select(Submission.id).where(Submission.procedure_id == procedure_id)
    exports = select(Arrival.id).where(col(Arrival.source).like(f"export:{procedure_id}:%"))
    about = or_(
        col(ReviewTask.submission_id).in_(of_submissions),
        col(ReviewTask.submission_id).is_(None) & col(ReviewTask.batch_id).in_(_batches(procedure_id)),
        col(ReviewTask.arrival_id).in_(exports),
    )
    return _count(session, ReviewTask, ReviewTask.status == TaskStatus.OPEN, about)


def _submissions(session: Session, procedure_id: str) -> dict[str, int]:
    channels = session.exec(select(Submission.channel).where(Submission.procedure_id == procedure_id)).all()
    paper = sum(Channel(channel).is_paper for channel in channels)
    return {"paper": paper, "online": len(channels) - paper}


def _duplicates(session: Session, truth: Truth, ids: dict[str, str]) -> dict[str, int]:
    found = in_review = 0
    for group in truth.duplicates:
        members = {ids[name] for name in group["submissions"] if name in ids}
        if _is_found(session, members):
            found += 1
        elif _all_but_one_wait(session, members):
            in_review += 1
    return {"planted": len(truth.duplicates), "found": found, "in_review": in_review}


def _is_found(session: Session, members: set[str]) -> bool:
    """A task names another member as a duplicate, or a clerk already put two of them into one case."""
    named = session.exec(
        select(ReviewReason.about)
        .join(ReviewTask, col(ReviewTask.id) == ReviewReason.task_id)
        .where(
            col(ReviewTask.submission_id).in_(members),
            col(ReviewReason.code).in_([ReasonCode.DUPLICATE, ReasonCode.OTHER_APPLICANT]),
            col(ReviewReason.about).in_(members),
        )
    ).first()
    shared = session.exec(
        select(Entry.case_id)
        .where(col(Entry.submission_id).in_(members), col(Entry.case_id).is_not(None))
        .group_by(col(Entry.case_id))
        .having(func.count(func.distinct(col(Entry.submission_id))) > 1)
    ).first()
    return named is not None or shared is not None


def _all_but_one_wait(session: Session, members: set[str]) -> bool:
    waiting = session.exec(
        select(func.count(func.distinct(ReviewTask.submission_id))).where(
            col(ReviewTask.submission_id).in_(members), ReviewTask.status == TaskStatus.OPEN
        )
    ).one()
    return waiting >= len(members) - 1


def _links(session: Session, pack: Procedure, truth: Truth, ids: dict[str, str]) -> dict[str, int]:
    counts = {"linkable": 0, "auto": 0, "auto_wrong": 0, "review": 0, "new": 0}
    for row in truth.submissions:
        if row["id"] not in ids:
            continue
        links = _current_links(session, ids[row["id"]])
        wanted = _wanted(pack, row)
        subject = pack.matching.subject_role
        preprinted = {resident for (role, _), resident in wanted.items() if role == subject}
        for key, resident in wanted.items():
            counts["linkable"] += resident is not None
            status, linked = links.get(key, (None, None))
            if status is LinkStatus.AUTO:
                by_form = row["form"] == "confirmation" and key[0] == subject and linked in preprinted
                right = linked == resident or by_form
                counts["auto"] += right
                counts["auto_wrong"] += not right
            elif status is LinkStatus.PROPOSED:
                counts["review"] += 1
            else:
                counts["new"] += 1
        strangers = [key for key, (status, _) in links.items() if key not in wanted and status is LinkStatus.AUTO]
        counts["auto_wrong"] += len(strangers)
    return counts


def _wanted(pack: Procedure, row: dict[str, Any]) -> dict[tuple[str, int], str | None]:
    subject = pack.matching.subject_role
    applicant = next(match.role for match in pack.matching.roles if match.role != subject)
    wanted: dict[tuple[str, int], str | None] = {(applicant, 0): row["applicant"]}
    for child in row["children"]:
        wanted[subject, child["index"]] = child["resident_number"]
    return wanted


def _current_links(session: Session, submission_id: str) -> dict[tuple[str, int], tuple[LinkStatus, str | None]]:
    rows = session.exec(
        select(Link, Person)
        .join(Person, col(Person.id) == Link.person_id)
        .where(Link.submission_id == submission_id, Link.status != LinkStatus.UNDONE)
    ).all()
    return {(link.role, link.role_index): (link.status, person.resident_number) for link, person in rows}


def _fields(session: Session, pack: Procedure, truth: Truth) -> dict[str, int]:
    counts = dict.fromkeys(
        ["read", "exact", "printed", "printed_auto_accepted", "auto_accepted", "auto_accepted_wrong"], 0
    )
    for page in truth.pages:
        values = _values_on(session, truth, page)
        for key, known in page.get("fields", {}).items():
            row = values.get(key)
            if row is None:
                continue
            right = _agrees(pack, key, row.read_value or row.read_raw, known["value"])
            given = bool(row.read_value or row.read_raw or known["value"])
            counts["read"] += given
            counts["exact"] += given and right
            counts["printed"] += given and known["printed"]
            if given and row.accepted:
                counts["printed_auto_accepted"] += known["printed"]
                counts["auto_accepted"] += 1
                counts["auto_accepted_wrong"] += not _agrees(pack, key, row.value, known["value"])
    return counts


def _agrees(pack: Procedure, key: str, value: str | None, truth: str | None) -> bool:
    """Both in the field's normal form, since 番地 and a hyphen are one address."""
    if same_text(value, truth) or value is None or truth is None:
        return same_text(value, truth)
    normal = normalise_value(pack.field(key.split(".")[0]), truth).value
    return normal is not None and same_text(value, normal)


def _values_on(session: Session, truth: Truth, page: dict[str, Any]) -> dict[str, FieldValue]:
    rows: Iterable[FieldValue] = session.exec(
        select(FieldValue)
        .join(Page, col(Page.id) == FieldValue.page_id)
        .join(Arrival, col(Arrival.id) == Page.arrival_id)
        .where(Arrival.content_hash == truth.file_hashes[page["file"]], Page.page_index == page["page_index"])
    ).all()
    return {row.key: row for row in rows}


def _count(session: Session, model: type[Any], *conditions: Any) -> int:
    return session.exec(select(func.count()).select_from(model).where(*conditions)).one()


def main() -> None:
    """Reads the store and the truth, and prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", required=True)
    parser.add_argument("--sample", action="append", required=True, help="procedure=name of the sample")
    parser.add_argument("--seconds", type=float, default=0.0)
    given = parser.parse_args()
    figures: dict[str, Any] = {}
    with read(open_engine(given.database)) as session:
        for part in given.sample:
            procedure_id, _, sample = part.partition("=")
            found = score(session, load_truth(sample), procedure_id)
            figures |= {procedure_id: found} if figures else found
    print(json.dumps({**figures, "seconds": given.seconds}, ensure_ascii=False))


if __name__ == "__main__":
    main()
