"""Step ASSIGN: every entry to its case, or the submission to a person with all the reasons at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from pipeline.domain.statuses import (
    CaseStatus,
    DecisionKind,
    DocumentKind,
    EntryStatus,
    LinkStatus,
    Outcome,
    ReasonCode,
    SubmissionStatus,
)
from pipeline.procedures.pack import Procedure
from pipeline.runtime import Runtime
from pipeline.steps.examined import words_on
from pipeline.steps.hold import hold_submission, move_submission
from pipeline.steps.numbers import case_number
from pipeline.steps.packs import get_pack
from pipeline.steps.roles import eligible_persons
from pipeline.steps.tasks import Doubt, add_reason, close_task, find_open_task, open_intake_task
from pipeline.store.engine import read, write
from pipeline.store.events import append_event
from pipeline.store.tables import (
    Attachment,
    Case,
    Document,
    Entry,
    FieldValue,
    Finding,
    Link,
    Person,
    Submission,
)

BLOCKING = {
    ReasonCode.DUPLICATE,
    ReasonCode.PERSON_UNCLEAR,
    ReasonCode.NOT_ON_ROSTER,
    ReasonCode.UNKNOWN_FORM,
    ReasonCode.READING_FAILED,
}
"""What even a clerk's "accept" cannot pass over: without a person, or with a second payment, there is no case."""

OVER = (CaseStatus.REFUSED, CaseStatus.WITHDRAWN)
"""Cases in which nothing counts any more, so that another application may be decided on there."""

_ADOPTIONS = (DecisionKind.ADOPT, DecisionKind.KEEP_EARLIER)


def assign_submission(runtime: Runtime, submission_id: str) -> None:
    """Settles the submission when nothing speaks against it, else opens its task with every reason.

    After a clerk's acceptance only what makes a case impossible is asked again.
    """
    now = runtime.clock()
    with read(runtime.engine) as session:
        version = session.get_one(Submission, submission_id).version
    with write(runtime.engine) as session:
        submission = hold_submission(session, submission_id, version)
        pack = get_pack(session, submission.pack_version_id)
        accepted = submission.status is SubmissionStatus.ACCEPTED
        doubts = find_doubts(session, submission, pack)
        if accepted:
            doubts = [doubt for doubt in doubts if doubt.code in BLOCKING]
        under_review = not accepted and find_open_task(session, submission_id) is not None
        if doubts or under_review:
            park(session, submission, pack, doubts, now)
        else:
            settle(session, submission, pack, automatic=not accepted, at=now)


def find_doubts(session: Session, submission: Submission, pack: Procedure) -> list[Doubt]:
    """Every reason why a person must look, in the order they are shown."""
    links = _current_links(session, submission.id)
    doubts = [
        *_paper_doubts(session, submission),
        *_attachment_doubts(session, submission),
        *_field_doubts(session, submission),
        *_finding_doubts(session, submission),
        *_person_doubts(session, submission, pack, links),
        *_duplicate_doubts(session, submission, pack, links),
    ]
    if not doubts and not pack.review.straight_through:
        doubts.append(Doubt(ReasonCode.NOT_STRAIGHT_THROUGH))
    return doubts


def settle(session: Session, submission: Submission, pack: Procedure, *, automatic: bool, at: datetime) -> None:
    """Puts every entry into its case, opened here if need be; the submission is SETTLED and its task done."""
    links = _current_links(session, submission.id)
    actor = "system" if automatic else "clerk"
    for entry in _entries(session, submission.id):
        link = links[entry.role, entry.role_index]
        case = _case_for(session, submission, pack, link.person_id, at)
        _adopt_by_decision(session, submission, pack, case, actor, at)
        entry.status, entry.case_id = EntryStatus.IN_CASE, case.id
        session.add(entry)
        _warn_others(session, submission, pack, link.person_id)
    submission.straight_through = automatic
    submission.settled_at = at
    move_submission(session, submission, SubmissionStatus.SETTLED)
    if task := find_open_task(session, submission.id):
        close_task(session, task, actor=actor, at=at)
    append_event(
        session,
        "submission",
        submission.id,
        "submission_settled",
        actor=actor,
        at=at,
        payload={"automatic": automatic},
    )


def park(session: Session, submission: Submission, pack: Procedure, doubts: Sequence[Doubt], at: datetime) -> None:
    """Puts the submission and its entries before a person, with these reasons; a duplicate's task learns of it."""
    for entry in _entries(session, submission.id):
        if entry.status is EntryStatus.IN_PROGRESS:
            entry.status = EntryStatus.IN_REVIEW
            session.add(entry)
    move_submission(session, submission, SubmissionStatus.IN_REVIEW)
    open_intake_task(session, submission, doubts, standard_days=pack.review.standard_days, at=at)
    for doubt in doubts:
        if doubt.code is ReasonCode.DUPLICATE and (other := find_open_task(session, doubt.about)):
            add_reason(session, other, Doubt(ReasonCode.DUPLICATE, submission.id))
    append_event(
        session,
        "submission",
        submission.id,
        "submission_in_review",
        actor="system",
        at=at,
        payload={"reasons": sorted({doubt.code.value for doubt in doubts})},
    )


def _entries(session: Session, submission_id: str) -> Sequence[Entry]:
    return session.exec(select(Entry).where(Entry.submission_id == submission_id).order_by(col(Entry.role_index))).all()


def _current_links(session: Session, submission_id: str) -> dict[tuple[str, int], Link]:
    rows = session.exec(select(Link).where(Link.submission_id == submission_id, Link.status != LinkStatus.UNDONE)).all()
    return {(row.role, row.role_index): row for row in rows}


def _paper_doubts(session: Session, submission: Submission) -> list[Doubt]:
    doubts: list[Doubt] = []
    if submission.answers_id:
        doubts.append(Doubt(ReasonCode.RESUBMITTED, submission.answers_id))
    if not submission.channel.is_paper:
        return doubts
    if session.exec(select(FieldValue.id).where(FieldValue.submission_id == submission.id)).first():
        return doubts  # read, or keyed in by a clerk
    form = session.exec(
        select(Document.id).where(Document.submission_id == submission.id, Document.kind == DocumentKind.FORM)
    ).first()
    return [*doubts, Doubt(ReasonCode.READING_FAILED if form else ReasonCode.UNKNOWN_FORM)]


def _attachment_doubts(session: Session, submission: Submission) -> list[Doubt]:
    """A sheet in the envelope that is none of the papers the pack knows may be somebody else's, or another form."""
    rows = session.exec(
        select(Attachment)
        .where(Attachment.submission_id == submission.id, Attachment.kind == "")
        .order_by(col(Attachment.position))
    ).all()
    return [Doubt(ReasonCode.ATTACHMENT_UNCLEAR, row.id) for row in rows]


def _field_doubts(session: Session, submission: Submission) -> list[Doubt]:
    rows = session.exec(
        select(FieldValue).where(FieldValue.submission_id == submission.id).order_by(col(FieldValue.key))
    ).all()
    doubts = []
    for row in rows:
        if row.problem:
            doubts.append(Doubt(ReasonCode.FIELD_INVALID, row.key, row.problem))
        elif not row.accepted:
            doubts.append(Doubt(ReasonCode.FIELD_DOUBTFUL, row.key, row.reasons))
    return doubts


def _finding_doubts(session: Session, submission: Submission) -> list[Doubt]:
    rows = session.exec(select(Finding).where(Finding.submission_id == submission.id).order_by(col(Finding.code))).all()
    return [Doubt(ReasonCode.CHECK_FAILED, row.fields, row.code) for row in rows]


def _person_doubts(
    session: Session, submission: Submission, pack: Procedure, links: dict[tuple[str, int], Link]
) -> list[Doubt]:
    doubts: list[Doubt] = []
    eligible = eligible_persons(session, pack.id)
    entries = _entries(session, submission.id)
    subject = pack.matching.subject_role
    named = {(match.role, 0) for match in pack.matching.roles if match.role != subject}
    roles = {(entry.role, entry.role_index) for entry in entries} | set(links) | named
    if not entries:
        doubts.append(Doubt(ReasonCode.PERSON_UNCLEAR, subject))
    for role, index in sorted(roles):
        link = links.get((role, index))
        about = f"{role}.{index}" if index else role
        if link is None:
            doubts.append(Doubt(ReasonCode.NOT_ON_ROSTER, about))
        elif not link.status.is_active:
            code = (
                ReasonCode.REFERENCE_CONTRADICTED
                if submission.reference_number and role != subject
                else ReasonCode.PERSON_UNCLEAR
            )
            doubts.append(Doubt(code, about))
        elif role == subject and link.person_id not in eligible:
            doubts.append(Doubt(ReasonCode.NOT_ELIGIBLE, about))
    return doubts


def _duplicate_doubts(
    session: Session, submission: Submission, pack: Procedure, links: dict[tuple[str, int], Link]
) -> list[Doubt]:
    settled = _duplicates_settled(session, submission.id)
    subjects = [link.person_id for (role, _), link in links.items() if role == pack.matching.subject_role]
    others = _others_on(session, submission, pack, subjects)
    return [Doubt(ReasonCode.DUPLICATE, other) for other in others if not settled]


def _others_on(session: Session, submission: Submission, pack: Procedure, subjects: Sequence[str]) -> list[str]:
    """Other submissions of this procedure, not ended, that speak of one of these subjects."""
    rows = session.exec(
        select(Submission.id, Submission.receipt_number)
        .join(Link, col(Link.submission_id) == Submission.id)
        .where(
            col(Link.person_id).in_(subjects),
            Link.status != LinkStatus.UNDONE,
            Link.role == pack.matching.subject_role,
            Submission.id != submission.id,
            Submission.procedure_id == submission.procedure_id,
            Submission.status != SubmissionStatus.ENDED,
        )
        .distinct()
        .order_by(col(Submission.receipt_number))
    ).all()
    return [row[0] for row in rows]


def cases_of_others(session: Session, submission: Submission, pack: Procedure) -> Sequence[Case]:
    """The cases of this submission's subjects in which another submission is the adopted one."""
    return session.exec(
        select(Case)
        .join(Link, col(Link.person_id) == Case.subject_id)
        .where(
            Link.submission_id == submission.id,
            Link.status != LinkStatus.UNDONE,
            Link.role == pack.matching.subject_role,
            Case.procedure_id == pack.id,
            Case.instance == pack.matching.instance,
            col(Case.adopted_submission_id).is_not(None),
            Case.adopted_submission_id != submission.id,
        )
    ).all()


def _duplicates_settled(session: Session, submission_id: str) -> bool:
    """True when a clerk said which application counts: also by refusing this one, which decides nothing for others."""
    words = words_on(session, submission_id)
    return not set(_ADOPTIONS).isdisjoint(words) or words[-1:] == [DecisionKind.REJECT]


def _case_for(session: Session, submission: Submission, pack: Procedure, subject_id: str, at: datetime) -> Case:
    """The case of this subject, opened when it is the first submission to get here."""
    case = session.exec(
        select(Case)
        .where(
            Case.procedure_id == pack.id,
            Case.instance == pack.matching.instance,
            Case.subject_id == subject_id,
        )
        .with_for_update()
    ).first()
    if case is not None:
        return case
    case = Case(
        number=case_number(session, submission.received_on),
        procedure_id=pack.id,
        instance=pack.matching.instance,
        subject_id=subject_id,
        department=submission.department,
        amount_yen=pack.determination.amount_yen,
        protected=submission.protected or session.get_one(Person, subject_id).protected,
        opened_at=at,
    )
    session.add(case)
    session.flush()
    append_event(session, "case", case.id, "case_opened", actor="system", at=at)
    return case


def _adopt_by_decision(
    session: Session, submission: Submission, pack: Procedure, case: Case, actor: str, at: datetime
) -> None:
    words = words_on(session, submission.id)
    refused = words[-1:] == [DecisionKind.REJECT]
    adopted = next((word for word in reversed(words) if word in _ADOPTIONS), None) is DecisionKind.ADOPT
    # What is to be refused never takes the place of what still counts.
    if case.adopted_submission_id is None or (case.status in OVER if refused else adopted):
        case.adopted_submission_id = submission.id
        append_event(
            session,
            "case",
            case.id,
            "submission_adopted",
            actor=actor,
            at=at,
            payload={"submission": submission.id},
        )
        _determine(session, case, pack, Outcome.REFUSE if refused else Outcome.GRANT, actor, at)
    case.protected = case.protected or submission.protected
    case.version += 1
    session.add(case)


def _determine(session: Session, case: Case, pack: Procedure, proposed: Outcome, actor: str, at: datetime) -> None:
    """Granted at once, or (the pack wants approvals) examined and to be drafted, also where another application of
    the case was approved before: what counts now is not what was approved then."""
    wanted = CaseStatus.EXAMINED if pack.review.approvals else CaseStatus.GRANTED
    # A case in a draft stays there: its new version stops the draft, and the drafter takes it back.
    if case.status in (wanted, CaseStatus.DRAFTED):
        return
    case.status = wanted
    payload = {"proposed": proposed.value} if pack.review.approvals else {}
    append_event(session, "case", case.id, f"case_{wanted.value}", actor=actor, at=at, payload=payload)


def _warn_others(session: Session, submission: Submission, pack: Procedure, subject_id: str) -> None:
    """Tasks already open on the same subject learn of the duplicate at once."""
    for other in _others_on(session, submission, pack, [subject_id]):
        task = find_open_task(session, other)
        if task is not None:
            add_reason(session, task, Doubt(ReasonCode.DUPLICATE, submission.id))
