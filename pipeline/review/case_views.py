"""案件 on the screen: one subject, every application for it, and which of them counts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from pipeline.domain.errors import NotVisible
from pipeline.domain.statuses import CaseStatus, Channel, StaffRole, SubmissionStatus, TaskStatus
from pipeline.procedures.pack import Label
from pipeline.review.draft_cases import refusals_in
from pipeline.review.erased import Erased, find_erased
from pipeline.review.history import HistoryItem, history_of
from pipeline.review.people_views import RolePanel, case_panel
from pipeline.review.score_views import ScoreView, score_of_case
from pipeline.runtime import Runtime
from pipeline.steps.packs import get_pack, latest_pack
from pipeline.store.access import Viewer, visible
from pipeline.store.engine import read
from pipeline.store.tables import Case, Entry, Person, ReviewTask, Submission

PAGE_SIZE = 50
READERS = (StaffRole.REVIEWER, StaffRole.APPROVER)


@dataclass(frozen=True)
class CaseRow:
    """One case. submissions: how many applications want it; more than one is a duplicate to be looked at. erased: its
    retention is over, and nobody is named any more."""

    id: str
    number: str
    procedure: Label
    instance: str
    name: str
    kana: str
    birth_date: date | None
    resident_number: str | None
    status: CaseStatus
    outcome: Label | None
    amount_yen: int
    opened_at: datetime
    submissions: int
    erased: bool
    version: int


@dataclass(frozen=True)
class CaseSubmission:
    """One application for the case. task_id: its open task. matched: whom its entry for this case was taken for."""

    id: str
    receipt_number: str
    channel: Channel
    received_on: date
    status: SubmissionStatus
    adopted: bool
    task_id: str | None
    matched: RolePanel | None


@dataclass(frozen=True)
class CasePage:
    """A page of cases, and the procedures of which decided cases may be exported."""

    rows: tuple[CaseRow, ...]
    matching: int
    page: int
    pages: int
    procedures: tuple[tuple[str, Label], ...]


@dataclass(frozen=True)
class CaseView:
    """A case whole. ground: why its examination proposes to refuse it, while nothing is decided; "" otherwise.
    reopenable: the viewer may send it back to review."""

    row: CaseRow
    person_id: str
    address: str | None
    household_number: str | None
    submissions: tuple[CaseSubmission, ...]
    score: ScoreView | None
    ground: str
    reopenable: bool
    erased: Erased | None
    history: tuple[HistoryItem, ...]


def list_cases(
    runtime: Runtime,
    viewer: Viewer,
    *,
    status: CaseStatus | None = None,
    several: bool = False,
    page: int = 1,
) -> CasePage:
    """Cases, the newest first, for reviewers and approvers. several: only those that several applications want."""
    viewer = viewer.only(*READERS)
    with read(runtime.engine) as session:
        wanted = [visible(Case, viewer), visible(Person, viewer)]
        if status:
            wanted.append(col(Case.status) == status)
        if several:
            counted = select(func.count(col(Entry.id))).where(col(Entry.case_id) == Case.id).correlate(Case)
            wanted.append(counted.scalar_subquery() > 1)
        over = select(Case, Person).join(Person, col(Person.id) == Case.subject_id).where(*wanted)
        matching = session.exec(select(func.count()).select_from(over.subquery())).one()
        pages = max(1, -(-matching // PAGE_SIZE))
        page = min(max(1, page), pages)
        found = session.exec(
            over.order_by(col(Case.opened_at).desc(), col(Case.number).desc())
            .offset((page - 1) * PAGE_SIZE)
            .limit(PAGE_SIZE)
        ).all()
        counts = _entry_counts(session, viewer, [case.id for case, _ in found])
        gone = _erased(session, [case.adopted_submission_id for case, _ in found])
        rows = tuple(_row(session, case, person, counts.get(case.id, 0), gone) for case, person in found)
        ids = session.exec(
            select(Case.procedure_id).where(visible(Case, viewer)).distinct().order_by(Case.procedure_id)
        ).all()
        procedures = tuple((known, latest_pack(session, known)[1].label) for known in ids)
        return CasePage(rows, matching, page, pages, procedures)


def get_case_view(runtime: Runtime, viewer: Viewer, case_id: str) -> CaseView:
    """One case, for reviewers and approvers. Raises NotVisible."""
    viewer = viewer.only(*READERS)
    with read(runtime.engine) as session:
        found = session.exec(
            select(Case, Person)
            .join(Person, col(Person.id) == Case.subject_id)
            .where(Case.id == case_id, visible(Case, viewer), visible(Person, viewer))
        ).first()
        if found is None:
            raise NotVisible
        case, person = found
        submissions = _submissions(session, viewer, case)
        return CaseView(
            row=_row(session, case, person, len(submissions), _erased(session, [case.adopted_submission_id])),
            person_id=person.id,
            address=person.address,
            household_number=person.household_number,
            submissions=submissions,
            score=score_of_case(session, viewer, case, latest_pack(session, case.procedure_id)[1]),
            ground=_ground(session, viewer, case),
            reopenable=case.status is CaseStatus.EXAMINED
            and _adopted(session, viewer.only(StaffRole.REVIEWER), case) is not None,
            erased=find_erased(session, viewer, _adopted(session, viewer, case)),
            history=history_of(session, case.id, None, reopened=[one.id for one in submissions]),
        )


def _adopted(session: Session, viewer: Viewer, case: Case) -> Submission | None:
    return session.exec(
        select(Submission).where(Submission.id == case.adopted_submission_id, visible(Submission, viewer))
    ).first()


def _ground(session: Session, viewer: Viewer, case: Case) -> str:
    if case.status not in (CaseStatus.EXAMINED, CaseStatus.DRAFTED) or _adopted(session, viewer, case) is None:
        return ""
    return refusals_in(session, [case.id]).get(case.id, "")


def _entry_counts(session: Session, viewer: Viewer, case_ids: Sequence[str]) -> dict[str, int]:
    rows = session.exec(
        select(Entry.case_id, func.count(func.distinct(col(Entry.submission_id))))
        .join(Submission, col(Submission.id) == Entry.submission_id)
        .where(col(Entry.case_id).in_(case_ids), visible(Submission, viewer))
        .group_by(col(Entry.case_id))
    ).all()
    return {case_id: count for case_id, count in rows if case_id}


def _erased(session: Session, submission_ids: Sequence[str | None]) -> set[str]:
    """Of these applications those that hold nothing any more."""
    rows = select(Submission.id).where(col(Submission.id).in_(submission_ids), col(Submission.erased_at).is_not(None))
    return set(session.exec(rows).all())


def _row(session: Session, case: Case, person: Person, submissions: int, erased: Collection[str]) -> CaseRow:
    pack = latest_pack(session, case.procedure_id)[1]
    outcomes = {
        CaseStatus.GRANTED: pack.determination.granted,
        CaseStatus.REFUSED: pack.determination.refused,
    }
    return CaseRow(
        id=case.id,
        number=case.number,
        procedure=pack.label,
        instance=case.instance,
        name=person.name,
        kana=person.kana,
        birth_date=person.birth_date,
        resident_number=person.resident_number,
        status=case.status,
        outcome=outcomes.get(case.status),
        amount_yen=case.amount_yen,
        opened_at=case.opened_at,
        submissions=submissions,
        erased=case.adopted_submission_id in erased,
        version=case.version,
    )


def _submissions(session: Session, viewer: Viewer, case: Case) -> tuple[CaseSubmission, ...]:
    rows = session.exec(
        select(Submission)
        .where(
            col(Submission.id).in_(select(Entry.submission_id).where(Entry.case_id == case.id)),
            visible(Submission, viewer),
        )
        .order_by(col(Submission.received_at), col(Submission.receipt_number))
    ).all()
    tasks = dict(
        session.exec(
            select(ReviewTask.submission_id, ReviewTask.id).where(
                col(ReviewTask.submission_id).in_([row.id for row in rows]),
                ReviewTask.status == TaskStatus.OPEN,
                visible(ReviewTask, viewer),
            )
        ).all()
    )
    return tuple(
        CaseSubmission(
            id=row.id,
            receipt_number=row.receipt_number,
            channel=row.channel,
            received_on=row.received_on,
            status=row.status,
            adopted=case.adopted_submission_id == row.id,
            task_id=tasks.get(row.id),
            matched=case_panel(session, viewer, row, get_pack(session, row.pack_version_id), case.id),
        )
        for row in rows
    )
