"""Double applications on a clerk's desk: settling a doubt, and what is behind it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, col, select

from pipeline.domain.errors import Impossible
from pipeline.domain.statuses import (
    Channel,
    DecisionKind,
    LinkStatus,
    ReasonCode,
    SubmissionStatus,
    TraceKind,
)
from pipeline.procedures.pack import Label, Procedure
from pipeline.review.desk import open_desk
from pipeline.review.queue import reason_may_show
from pipeline.runtime import Runtime
from pipeline.steps.doubles import SETTLED_SINGLY, find_shared, settles_about, versions_of_instance
from pipeline.steps.doubts import find_doubts
from pipeline.steps.packs import get_pack
from pipeline.steps.tasks import Doubt, drop_reason, find_open_task, replace_reasons
from pipeline.store.access import Viewer, visible
from pipeline.store.tables import Case, Link, ReviewReason, Submission


class NoSuchDoubt(Impossible):
    """The task has no such reason, or it is of a kind that ends by other decisions."""

    code = "no_such_doubt"
    ja = "この確認作業にその理由はありません。画面を開き直してください。"
    en = "This task has no such reason. Please open the page again."


class SettledThere(Impossible):
    """The other application is a protected person's: what is decided here would show in a history that others read."""

    code = "settled_there"
    ja = "相手の申請は支援措置の対象です。相手の申請の側で判断してください。"
    en = "The other application is a protected person's. Please decide it there."


@dataclass(frozen=True)
class SharedTrace:
    """What another application has too. mine, theirs: where it stands, as field name, attachment id or page id."""

    code: ReasonCode
    kind: TraceKind
    submission_id: str
    receipt_number: str
    procedure: Label
    received_on: date
    mine: str
    theirs: str


@dataclass(frozen=True)
class EarlierApplication:
    """An application of the same people in another year or instance: history, and no doubt."""

    submission_id: str
    receipt_number: str
    instance: str
    received_on: date
    channel: Channel
    status: SubmissionStatus


def settle_doubt(
    runtime: Runtime, viewer: Viewer, task_id: str, code: ReasonCode, about: str, version: int, note: str = ""
) -> None:
    """問題なし: an account, a picture or a case of another procedure that is no reason to wait.

    Not asked again, here nor on the other application nor when this one comes back mended, until the account or the
    picture of either changes. Raises NoSuchDoubt, also for what the viewer may not see, and SettledThere.
    """
    with open_desk(runtime, viewer, task_id, version) as desk:
        shown = select(ReviewReason).where(
            ReviewReason.task_id == task_id,
            ReviewReason.code == code,
            ReviewReason.about == about,
            reason_may_show(viewer),
        )
        if code not in SETTLED_SINGLY or desk.session.exec(shown).first() is None:
            raise NoSuchDoubt
        submission, pack = desk.submission()
        other = desk.session.get(Submission, about) or desk.session.get(Case, about)
        if other is not None and other.protected and not submission.protected:
            raise SettledThere
        desk.decided(DecisionKind.SETTLE_DOUBT, settles_about(Doubt(code, about)), note)
        desk.session.flush()
        if (theirs := find_open_task(desk.session, about)) is not None:
            drop_reason(desk.session, theirs, Doubt(code, submission.id))
        replace_reasons(desk.session, desk.task, find_doubts(desk.session, submission, pack))


def shared_traces(session: Session, viewer: Viewer, submission_id: str) -> tuple[SharedTrace, ...]:
    """What applications of strangers share with this one, of those that the viewer may see, settled or not."""
    shared = find_shared(session, submission_id)
    seen = _visible(session, viewer, {one.other_id for one in shared})
    found = [
        SharedTrace(
            code=one.code,
            kind=one.mine.kind,
            submission_id=one.other_id,
            receipt_number=seen[one.other_id].receipt_number,
            procedure=get_pack(session, seen[one.other_id].pack_version_id).label,
            received_on=seen[one.other_id].received_on,
            mine=one.mine.about,
            theirs=one.theirs.about,
        )
        for one in shared
        if one.other_id in seen
    ]
    return tuple(dict.fromkeys(found))


def earlier_applications(
    session: Session, viewer: Viewer, submission: Submission, pack: Procedure
) -> tuple[EarlierApplication, ...]:
    """Visible applications of the same procedure for the same subjects in other instances, the latest first."""
    subject = pack.matching.subject_role
    subjects = select(Link.person_id).where(
        Link.submission_id == submission.id, Link.role == subject, Link.status != LinkStatus.UNDONE
    )
    rows = session.exec(
        select(Submission)
        .join(Link, col(Link.submission_id) == Submission.id)
        .where(
            col(Link.person_id).in_(subjects),
            Link.role == subject,
            Link.status != LinkStatus.UNDONE,
            Submission.procedure_id == pack.id,
            col(Submission.pack_version_id).not_in(versions_of_instance(session, pack)),
            visible(Submission, viewer),
        )
        .distinct()
        .order_by(col(Submission.received_at).desc())
    ).all()
    return tuple(
        EarlierApplication(
            submission_id=row.id,
            receipt_number=row.receipt_number,
            instance=get_pack(session, row.pack_version_id).matching.instance,
            received_on=row.received_on,
            channel=row.channel,
            status=row.status,
        )
        for row in rows
    )


def _visible(session: Session, viewer: Viewer, ids: Collection[str]) -> dict[str, Submission]:
    rows = session.exec(select(Submission).where(col(Submission.id).in_(ids), visible(Submission, viewer))).all()
    return {row.id: row for row in rows}
