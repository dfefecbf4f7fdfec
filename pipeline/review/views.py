"""Everything one page shows of one application: what came, what was read, who it is, what is in doubt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from pipeline.domain.errors import NotVisible
from pipeline.domain.statuses import Channel, StaffRole, SubmissionStatus, TaskKind, TaskStatus
from pipeline.procedures.pack import Label, Letter, Procedure
from pipeline.review.claim import is_held, workable
from pipeline.review.doubles import EarlierApplication, earlier_applications
from pipeline.review.duplicates import Duplicate, find_duplicates
from pipeline.review.erased import Erased, find_erased
from pipeline.review.field_views import FieldGroup, FieldView, group_fields
from pipeline.review.history import HistoryItem, history_of
from pipeline.review.household_views import HouseholdView, household_panel
from pipeline.review.paper_views import (
    AttachmentView,
    PageView,
    WantedPaper,
    kind_label,
    papers_of,
    wanted_papers,
)
from pipeline.review.papers import OTHER
from pipeline.review.people_views import RolePanel, role_panels
from pipeline.review.queue import ReasonShown, reason_may_show
from pipeline.review.score_views import ScoreView, scores_of
from pipeline.review.trace_views import ExcludedCase, SharedView, excluded_cases, shared_views
from pipeline.runtime import Runtime
from pipeline.steps.assertions import asserted_kinds, find_assertion
from pipeline.steps.packs import get_pack
from pipeline.store.access import Viewer, visible
from pipeline.store.engine import read
from pipeline.store.tables import (
    ApiClient,
    Arrival,
    Batch,
    FieldValue,
    Finding,
    Outbound,
    ReviewReason,
    ReviewTask,
    Submission,
    User,
)


@dataclass(frozen=True)
class TaskHead:
    """The task itself. version: what an action must name. holder: who works on it now, None when nobody."""

    id: str
    kind: TaskKind
    open: bool
    version: int
    due_on: date | None
    opened_at: datetime
    holder: str | None
    held_by_me: bool
    lease_until: datetime | None
    reasons: tuple[ReasonShown, ...]

    @property
    def held_by_other(self) -> bool:
        """True when somebody else has it in hand."""
        return self.holder is not None and not self.held_by_me


@dataclass(frozen=True)
class FindingView:
    """A check that failed. fields: keys it speaks of."""

    code: str
    fields: tuple[str, ...]
    message: Label


@dataclass(frozen=True)
class AssertionView:
    """本人確認 that a sending system vouches for. client: the system's name, "" when it is not known any more."""

    issuer: str
    method: str
    level: str
    asserted_at: datetime
    client: str


@dataclass(frozen=True)
class ProposedDeficiency:
    """What the applicant would be asked to mend, for a clerk to keep, change or drop.

    sure: false when the paper asked for may be among those of unknown kind.
    """

    code: str
    about: str
    text: str
    sure: bool = True


@dataclass(frozen=True)
class SubmissionView:
    """One application as a whole. approvals: how many superiors decide on it."""

    id: str
    receipt_number: str
    reference_number: str | None
    procedure_id: str
    procedure: Label
    approvals: int
    channel: Channel
    source: str
    received_on: date
    status: SubmissionStatus
    erased: Erased | None
    protected: bool
    batch_id: str | None
    batch_number: str | None
    answers: tuple[str, str] | None
    pages: tuple[PageView, ...]
    attachments: tuple[AttachmentView, ...]
    wanted: tuple[WantedPaper, ...]
    assertion: AssertionView | None
    groups: tuple[FieldGroup, ...]
    findings: tuple[FindingView, ...]
    scores: tuple[ScoreView, ...]
    people: tuple[RolePanel, ...]
    household: HouseholdView | None
    duplicates: tuple[Duplicate, ...]
    shared: tuple[SharedView, ...]
    excluded: tuple[ExcludedCase, ...]
    earlier: tuple[EarlierApplication, ...]
    deficiencies: tuple[ProposedDeficiency, ...]
    paper_kinds: tuple[tuple[str, Label], ...]
    letters: tuple[str, ...]
    history: tuple[HistoryItem, ...]
    letter: Letter
    correction_due: date

    @property
    def fields(self) -> tuple[FieldView, ...]:
        """All fields in the order of the page."""
        return tuple(field for group in self.groups for field in group.fields)

    @property
    def doubts(self) -> int:
        """How many fields wait for a person."""
        return sum(group.doubts for group in self.groups)


@dataclass(frozen=True)
class TaskView:
    """An intake task with its application."""

    task: TaskHead
    submission: SubmissionView


@dataclass(frozen=True)
class MailroomTaskView:
    """A task about sheets or files. file_name: as the scanner or the sender called it."""

    task: TaskHead
    batch_id: str | None
    batch_number: str | None
    file_name: str | None
    problem_code: str | None
    history: tuple[HistoryItem, ...]


def get_task_view(runtime: Runtime, viewer: Viewer, task_id: str) -> TaskView | MailroomTaskView:
    """What the page of this task shows. Raises NotVisible when there is none for this viewer."""
    with read(runtime.engine) as session:
        task = _one_task(session, viewer, col(ReviewTask.id) == task_id)
        if task is None:
            raise NotVisible
        head = _head(session, viewer, task, runtime.clock())
        if task.submission_id is None:
            return _mailroom(runtime, session, viewer, task, head)
        submission = _submission(session, viewer, task.submission_id)
        return TaskView(head, _submission_view(runtime, session, viewer, submission, head))


def get_submission_view(runtime: Runtime, viewer: Viewer, submission_id: str) -> tuple[SubmissionView, str | None]:
    """An application without its task, and the id of its open task if any, for reviewers and approvers.

    Raises NotVisible.
    """
    viewer = viewer.only(StaffRole.REVIEWER, StaffRole.APPROVER)
    with read(runtime.engine) as session:
        submission = _submission(session, viewer, submission_id)
        about = col(ReviewTask.submission_id) == submission_id
        task = _one_task(session, viewer, about & (col(ReviewTask.status) == TaskStatus.OPEN))
        return _submission_view(runtime, session, viewer, submission, None), task.id if task else None


def _one_task(session: Session, viewer: Viewer, which: ColumnElement[bool]) -> ReviewTask | None:
    return session.exec(select(ReviewTask).where(which, workable(viewer))).first()


def _submission(session: Session, viewer: Viewer, submission_id: str) -> Submission:
    found = session.exec(select(Submission).where(Submission.id == submission_id, visible(Submission, viewer))).first()
    if found is None:
        raise NotVisible
    return found


def _head(session: Session, viewer: Viewer, task: ReviewTask, now: datetime) -> TaskHead:
    held = is_held(task, now)
    holder = session.get(User, task.lease_owner) if held else None
    reasons = session.exec(select(ReviewReason).where(ReviewReason.task_id == task.id, reason_may_show(viewer))).all()
    return TaskHead(
        id=task.id,
        kind=task.kind,
        open=task.status is TaskStatus.OPEN,
        version=task.version,
        due_on=task.due_on,
        opened_at=task.opened_at,
        holder=holder.display_name if holder else None,
        held_by_me=held and task.lease_owner == viewer.user_id,
        lease_until=task.lease_until if held else None,
        reasons=tuple(ReasonShown(row.code, row.about, row.detail) for row in reasons),
    )


def _mailroom(runtime: Runtime, session: Session, viewer: Viewer, task: ReviewTask, head: TaskHead) -> MailroomTaskView:
    batch = session.exec(select(Batch).where(Batch.id == task.batch_id, visible(Batch, viewer))).first()
    arrival = session.exec(select(Arrival).where(Arrival.id == task.arrival_id, visible(Arrival, viewer))).first()
    return MailroomTaskView(
        task=head,
        batch_id=batch.id if batch else None,
        batch_number=batch.number if batch else None,
        file_name=runtime.secrets.unseal(arrival.name_token) if arrival and arrival.name_token else None,
        problem_code=arrival.problem_code if arrival else None,
        history=history_of(session, task.id, None),
    )


def _submission_view(
    runtime: Runtime, session: Session, viewer: Viewer, row: Submission, task: TaskHead | None
) -> SubmissionView:
    reasons = task.reasons if task else ()
    pack = get_pack(session, row.pack_version_id)
    values = session.exec(select(FieldValue).where(FieldValue.submission_id == row.id)).all()
    findings = session.exec(select(Finding).where(Finding.submission_id == row.id)).all()
    pages, attachments = papers_of(runtime, session, viewer, row, pack, values)
    wanted = wanted_papers(pack, values, pages, attachments, asserted_kinds(session, row.id, pack))
    batch = session.exec(select(Batch).where(Batch.id == row.batch_id, visible(Batch, viewer))).first()
    return SubmissionView(
        id=row.id,
        receipt_number=row.receipt_number,
        reference_number=row.reference_number,
        procedure_id=pack.id,
        procedure=pack.label,
        approvals=pack.review.approvals,
        channel=row.channel,
        source=row.source,
        received_on=row.received_on,
        status=row.status,
        erased=find_erased(session, viewer, row),
        protected=row.protected,
        batch_id=batch.id if batch else None,
        batch_number=batch.number if batch else None,
        answers=_answered(session, viewer, row),
        pages=pages,
        attachments=attachments,
        wanted=wanted,
        assertion=_assertion(session, row.id),
        groups=group_fields(pack, values, _messages(findings)),
        findings=tuple(FindingView(f.code, _keys(f.fields), Label(ja=f.message_ja, en=f.message_en)) for f in findings),
        scores=scores_of(session, row, pack),
        people=role_panels(session, viewer, row, pack),
        household=household_panel(session, viewer, row, pack),
        duplicates=find_duplicates(session, viewer, row, pack),
        shared=shared_views(session, viewer, row, pack, reasons),
        excluded=excluded_cases(session, viewer, reasons),
        earlier=earlier_applications(session, viewer, row, pack),
        deficiencies=_deficiencies(pack, findings, wanted),
        paper_kinds=(*((spec.kind, spec.label) for spec in pack.attachments), (OTHER, kind_label(pack, OTHER))),
        letters=_letters(session, viewer, row.id),
        history=history_of(session, task.id if task else None, row.id),
        letter=pack.correction_letter,
        correction_due=runtime.today() + timedelta(days=pack.review.correction_days),
    )


def _answered(session: Session, viewer: Viewer, row: Submission) -> tuple[str, str] | None:
    earlier = session.exec(
        select(Submission).where(Submission.id == row.answers_id, visible(Submission, viewer))
    ).first()
    return (earlier.id, earlier.receipt_number) if earlier else None


def _assertion(session: Session, submission_id: str) -> AssertionView | None:
    found = find_assertion(session, submission_id)
    if found is None:
        return None
    client = session.get(ApiClient, found.client_id) if found.client_id else None
    return AssertionView(found.issuer, found.method, found.level, found.asserted_at, client.name if client else "")


def _letters(session: Session, viewer: Viewer, submission_id: str) -> tuple[str, ...]:
    query = select(Outbound.id).where(
        Outbound.submission_id == submission_id,
        visible(Outbound, viewer),
        col(Outbound.blob).is_not(None),
    )
    return tuple(session.exec(query.order_by(col(Outbound.created_at))).all())


def _keys(joined: str) -> tuple[str, ...]:
    return tuple(key for key in joined.replace(" ", ",").split(",") if key)


def _messages(findings: Sequence[Finding]) -> dict[str, tuple[Label, ...]]:
    said: dict[str, tuple[Label, ...]] = {}
    for finding in findings:
        for key in _keys(finding.fields):
            label = Label(ja=finding.message_ja, en=finding.message_en)
            said[key] = (*said.get(key, ()), label)
    return said


def _deficiencies(
    pack: Procedure, findings: Sequence[Finding], wanted: Sequence[WantedPaper]
) -> tuple[ProposedDeficiency, ...]:
    proposed = [ProposedDeficiency(f.code, f.fields, f.deficiency_ja) for f in findings if f.deficiency_ja]
    named = " ".join(f"{item.code} {item.about}" for item in proposed)
    specs = {spec.kind: spec for spec in pack.attachments}
    for paper in wanted:
        if paper.required and not paper.present and paper.kind not in named:
            text = specs[paper.kind].deficiency.ja
            code = f"attachment_{paper.kind}"
            proposed.append(ProposedDeficiency(code, paper.kind, text, sure=paper.missing))
    return tuple(proposed)
