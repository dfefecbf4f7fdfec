"""Why a person must look at an application: everything asked at once."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session, col, select

from pipeline.domain.statuses import DecisionKind, DocumentKind, LinkStatus, ReasonCode
from pipeline.procedures.pack import Procedure
from pipeline.steps.doubles import DUPLICATES, duplicate_doubts, may_hide, paid_doubts, shared_doubts
from pipeline.steps.examined import was_reopened, words_on
from pipeline.steps.person_doubts import person_doubts
from pipeline.steps.roles import RoleKey
from pipeline.steps.tasks import Doubt
from pipeline.store.tables import Attachment, Document, Entry, FieldValue, Finding, Link, Submission

BLOCKING = {
    *DUPLICATES,
    ReasonCode.PERSON_UNCLEAR,
    ReasonCode.NOT_ON_ROSTER,
    ReasonCode.MEMBER_UNCLEAR,
    ReasonCode.UNKNOWN_FORM,
    ReasonCode.READING_FAILED,
}
"""What even a clerk's "accept" cannot pass over: without a person, or with a second payment, there is no case."""

ADOPTIONS = (DecisionKind.ADOPT, DecisionKind.KEEP_EARLIER)


def find_doubts(session: Session, submission: Submission, pack: Procedure) -> list[Doubt]:
    """Every reason why a person must look, in the order they are shown."""
    links = current_links(session, submission.id)
    doubts = [
        *_reopened_doubts(session, submission),
        *_paper_doubts(session, submission),
        *_attachment_doubts(session, submission),
        *_field_doubts(session, submission),
        *_finding_doubts(session, submission),
        *person_doubts(session, submission, pack, links, _places(session, submission)),
        *_double_doubts(session, submission, pack, links),
    ]
    if doubts and may_hide(session, submission, doubts):
        # Whoever may not see what they point at sees this one, which tells nothing.
        doubts.append(Doubt(ReasonCode.NOT_STRAIGHT_THROUGH))
    if not doubts and not pack.review.straight_through:
        doubts.append(Doubt(ReasonCode.NOT_STRAIGHT_THROUGH))
    return doubts


def entries_of(session: Session, submission_id: str) -> Sequence[Entry]:
    """The entries of a submission, in their order on the form."""
    return session.exec(select(Entry).where(Entry.submission_id == submission_id).order_by(col(Entry.role_index))).all()


def _places(session: Session, submission: Submission) -> frozenset[RoleKey]:
    return frozenset((entry.role, entry.role_index) for entry in entries_of(session, submission.id))


def current_links(session: Session, submission_id: str) -> dict[tuple[str, int], Link]:
    """The links of a submission that were not undone, by role and its index."""
    rows = session.exec(select(Link).where(Link.submission_id == submission_id, Link.status != LinkStatus.UNDONE)).all()
    return {(row.role, row.role_index): row for row in rows}


def _reopened_doubts(session: Session, submission: Submission) -> list[Doubt]:
    return [Doubt(ReasonCode.REOPENED)] if was_reopened(session, submission.id) else []


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


def _double_doubts(
    session: Session, submission: Submission, pack: Procedure, links: dict[tuple[str, int], Link]
) -> list[Doubt]:
    subjects = [link.person_id for (role, _), link in links.items() if role == pack.matching.subject_role]
    duplicates = duplicate_doubts(session, submission, pack, subjects)
    settled = duplicates and _duplicates_settled(session, submission.id)
    return [
        *([] if settled else duplicates),
        *shared_doubts(session, submission),
        *paid_doubts(session, submission, pack, subjects),
    ]


def _duplicates_settled(session: Session, submission_id: str) -> bool:
    """True when a clerk said which application counts: also by refusing this one, which decides nothing for others."""
    words = words_on(session, submission_id)
    return not set(ADOPTIONS).isdisjoint(words) or words[-1:] == [DecisionKind.REJECT]
