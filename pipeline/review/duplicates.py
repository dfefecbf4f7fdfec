"""Other applications for the same subject, with the values of both side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import literal, or_
from sqlmodel import Session, col, select

from japan.names import name_key
from japan.text import drop_spaces, fold_width
from pipeline.domain.statuses import Channel, LinkStatus, SubmissionStatus
from pipeline.procedures.pack import FieldType, Label, Procedure, field_key
from pipeline.review.field_views import show_value
from pipeline.steps.doubles import DUPLICATES
from pipeline.store.access import Viewer, visible
from pipeline.store.tables import Case, Entry, FieldValue, Link, ReviewReason, ReviewTask, Submission


@dataclass(frozen=True)
class Compared:
    """One field of both applications. same: both say the same; names may differ in spaces and variants."""

    label: Label
    mine: Label
    theirs: Label
    same: bool

    @property
    def one_sided(self) -> bool:
        """True when only one of them gives it: forms do not all ask the same."""
        return bool(self.mine.ja) != bool(self.theirs.ja)

    @property
    def differs(self) -> bool:
        """True when both give it and they contradict each other."""
        return not self.same and not self.one_sided


@dataclass(frozen=True)
class Duplicate:
    """Another application. cases: numbers of the cases both want; adopted: it counts there."""

    submission_id: str
    receipt_number: str
    channel: Channel
    received_on: date
    status: SubmissionStatus
    adopted: bool
    subjects: int
    cases: tuple[tuple[str, str], ...]
    compared: tuple[Compared, ...]

    @property
    def differences(self) -> int:
        """How many fields differ."""
        return sum(pair.differs for pair in self.compared)


def find_duplicates(session: Session, viewer: Viewer, submission: Submission, pack: Procedure) -> tuple[Duplicate, ...]:
    """Visible applications of the same procedure that speak of a subject of this one, the earliest first."""
    subject = pack.matching.subject_role
    mine = _subjects(session, viewer, submission.id, subject)
    ids = _sharing(session, viewer, submission, subject, set(mine)) | _named(session, submission.id)
    rows = session.exec(
        select(Submission)
        .where(
            col(Submission.id).in_(ids - {submission.id}),
            Submission.procedure_id == submission.procedure_id,
            visible(Submission, viewer),
        )
        .order_by(col(Submission.received_at), col(Submission.receipt_number))
    ).all()
    return tuple(_duplicate(session, viewer, submission, other, pack, mine) for other in rows)


def _subjects(session: Session, viewer: Viewer, submission_id: str, role: str) -> dict[str, int]:
    """Persons in the subject role, by the index under which this application names them."""
    rows = session.exec(
        select(Link.person_id, Link.role_index).where(
            Link.submission_id == submission_id,
            Link.role == role,
            Link.status != LinkStatus.UNDONE,
            visible(Link, viewer),
        )
    ).all()
    return dict(rows)


def _sharing(session: Session, viewer: Viewer, submission: Submission, role: str, people: set[str]) -> set[str]:
    linked = session.exec(
        select(Link.submission_id).where(
            Link.role == role,
            col(Link.person_id).in_(people),
            Link.status != LinkStatus.UNDONE,
            visible(Link, viewer),
        )
    ).all()
    cases = select(Entry.case_id).where(Entry.submission_id == submission.id, col(Entry.case_id).is_not(None))
    entered = session.exec(select(Entry.submission_id).where(col(Entry.case_id).in_(cases))).all()
    return set(linked) | set(entered)


def _named(session: Session, submission_id: str) -> set[str]:
    """Applications that the reasons of this one's task point at, as themselves or through their case."""
    about = session.exec(
        select(ReviewReason.about)
        .join(ReviewTask, col(ReviewTask.id) == ReviewReason.task_id)
        .where(ReviewTask.submission_id == submission_id, col(ReviewReason.code).in_(DUPLICATES))
    ).all()
    entered = session.exec(select(Entry.submission_id).where(col(Entry.case_id).in_(about))).all()
    return set(about) | set(entered)


def _duplicate(
    session: Session,
    viewer: Viewer,
    submission: Submission,
    other: Submission,
    pack: Procedure,
    mine: dict[str, int],
) -> Duplicate:
    theirs = _subjects(session, viewer, other.id, pack.matching.subject_role)
    shared = {mine[person]: theirs[person] for person in mine if person in theirs}
    cases = session.exec(
        select(Case)
        .join(Entry, col(Entry.case_id) == Case.id)
        .where(
            Entry.submission_id == other.id,
            visible(Case, viewer),
            or_(col(Case.subject_id).in_(list(mine)), literal(not mine)),
        )
    ).all()
    return Duplicate(
        submission_id=other.id,
        receipt_number=other.receipt_number,
        channel=other.channel,
        received_on=other.received_on,
        status=other.status,
        adopted=any(case.adopted_submission_id == other.id for case in cases),
        subjects=len(shared),
        cases=tuple((case.id, case.number) for case in cases),
        compared=_compared(session, pack, submission.id, other.id, shared),
    )


def _compared(
    session: Session, pack: Procedure, mine_id: str, other_id: str, shared: dict[int, int]
) -> tuple[Compared, ...]:
    mine, theirs = _values(session, mine_id), _values(session, other_id)
    pairs: list[Compared] = []
    for spec in pack.fields:
        repeated = pack.role(spec.role).max > 1
        for left, right in shared.items() if repeated else [(0, 0)]:
            one, two = mine.get(field_key(spec.name, left)), theirs.get(field_key(spec.name, right))
            if one or two:
                numbered = Label(ja=f"{spec.label.ja} {left}", en=f"{spec.label.en} {left}")
                label = numbered if repeated else spec.label
                same = _fold(spec.type, one) == _fold(spec.type, two)
                pairs.append(Compared(label, show_value(spec, one), show_value(spec, two), same))
    return tuple(pairs)


def _fold(kind: FieldType, value: str | None) -> str:
    if not value:
        return ""
    if kind is FieldType.PERSON_NAME:
        return name_key(value)
    return drop_spaces(fold_width(value))


def _values(session: Session, submission_id: str) -> dict[str, str]:
    rows: Sequence[FieldValue] = session.exec(select(FieldValue).where(FieldValue.submission_id == submission_id)).all()
    return {row.key: row.value or row.raw for row in rows}
