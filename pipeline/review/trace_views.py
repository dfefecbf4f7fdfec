"""同じ口座・同じ画像・別の手続: what an application shares with those of strangers, both sides next to each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from sqlmodel import Session, col, select

from pipeline.domain.statuses import CaseStatus, Channel, ReasonCode, SubmissionStatus, TraceKind
from pipeline.procedures.pack import Label, Procedure
from pipeline.review.doubles import SharedTrace, shared_traces
from pipeline.review.field_views import show_value
from pipeline.review.queue import ReasonShown, applicant_keys
from pipeline.steps.packs import get_pack, latest_pack
from pipeline.store.access import Viewer, visible
from pipeline.store.tables import Attachment, Case, FieldValue, Page, Submission

_PICTURES = frozenset({"image/png", "image/jpeg"})


@dataclass(frozen=True)
class PaperRef:
    """A picture: of a scanned page, or a file the applicant sent. shown: it can be shown on a page."""

    id: str
    scanned: bool
    shown: bool = True


@dataclass(frozen=True)
class Side:
    """What one of two applications says: who applies, and the account with its holder."""

    applicant: str
    lines: tuple[tuple[Label, Label], ...]


@dataclass(frozen=True)
class SharedView:
    """What another application has too. open: a clerk has still to say whether that is all right. pictures: mine and
    theirs, pair by pair."""

    code: ReasonCode
    submission_id: str
    receipt_number: str
    procedure: Label
    channel: Channel
    received_on: date
    status: SubmissionStatus
    open: bool
    mine: Side | None
    theirs: Side | None
    pictures: tuple[tuple[PaperRef, PaperRef], ...]


@dataclass(frozen=True)
class ExcludedCase:
    """A case of a procedure that excludes this one."""

    id: str
    number: str
    procedure: Label
    instance: str
    status: CaseStatus
    amount_yen: int


def shared_views(
    session: Session, viewer: Viewer, submission: Submission, pack: Procedure, reasons: Sequence[ReasonShown]
) -> tuple[SharedView, ...]:
    """What visible applications of strangers share with this one, those first that wait for a clerk."""
    found = sorted(shared_traces(session, viewer, submission.id), key=_about)
    waiting = {(reason.code, reason.about) for reason in reasons}
    views = [
        _shared(session, submission, pack, about, tuple(traces), open=about in waiting)
        for about, traces in groupby(found, key=_about)
    ]
    return tuple(sorted(views, key=lambda one: (not one.open, one.received_on)))


def _about(trace: SharedTrace) -> tuple[ReasonCode, str]:
    return trace.code, trace.submission_id


def excluded_cases(session: Session, viewer: Viewer, reasons: Sequence[ReasonShown]) -> tuple[ExcludedCase, ...]:
    """The visible cases of other procedures that reasons of the task point at."""
    ids = [reason.about for reason in reasons if reason.code is ReasonCode.PAID_ELSEWHERE]
    rows = session.exec(select(Case).where(col(Case.id).in_(ids), visible(Case, viewer)).order_by(Case.number)).all()
    return tuple(
        ExcludedCase(
            row.id,
            row.number,
            latest_pack(session, row.procedure_id)[1].label,
            row.instance,
            row.status,
            row.amount_yen,
        )
        for row in rows
    )


def _shared(
    session: Session,
    submission: Submission,
    pack: Procedure,
    about: tuple[ReasonCode, str],
    traces: Sequence[SharedTrace],
    *,
    open: bool,
) -> SharedView:
    code, other_id = about
    other = session.get_one(Submission, other_id)
    account = any(trace.kind is TraceKind.ACCOUNT for trace in traces)
    pairs = dict.fromkeys((trace.mine, trace.theirs) for trace in traces if trace.kind is not TraceKind.ACCOUNT)
    return SharedView(
        code=code,
        submission_id=other.id,
        receipt_number=other.receipt_number,
        procedure=traces[0].procedure,
        channel=other.channel,
        received_on=other.received_on,
        status=other.status,
        open=open,
        mine=_side(session, submission, pack) if account else None,
        theirs=_side(session, other, get_pack(session, other.pack_version_id)) if account else None,
        pictures=tuple(
            (one, two)
            for mine, theirs in pairs
            if (one := _paper(session, mine)) is not None and (two := _paper(session, theirs)) is not None
        ),
    )


def _side(session: Session, submission: Submission, pack: Procedure) -> Side:
    rows = session.exec(select(FieldValue).where(FieldValue.submission_id == submission.id)).all()
    values = {row.key: row.value or row.raw for row in rows}
    role = next((spec.role for spec in pack.fields if spec.name in pack.matching.account), "")
    specs = [spec for spec in pack.fields if spec.role == role and values.get(spec.name)]
    applicant = applicant_keys(pack)[0]
    return Side(
        applicant=values.get(applicant, "") if applicant else "",
        lines=tuple((spec.label, show_value(spec, values[spec.name])) for spec in specs),
    )


def _paper(session: Session, about: str) -> PaperRef | None:
    file = session.get(Attachment, about)
    if file is not None and file.page_id is None:
        return PaperRef(about, scanned=False, shown=file.media_type in _PICTURES and file.problem_code is None)
    page = session.get(Page, file.page_id if file else about)
    return PaperRef(page.id, scanned=True) if page else None
