"""Deciding on a whole submission."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from pipeline.domain.errors import Impossible
from pipeline.domain.statuses import (
    DecisionKind,
    EndReason,
    EntryStatus,
    OutboundKind,
    SubmissionStatus,
    TaskKind,
)
from pipeline.review.desk import Desk, open_desk
from pipeline.runtime import Runtime
from pipeline.steps.advance import advance
from pipeline.steps.assign import OVER, cases_of_others, entered_with_others
from pipeline.steps.doubles import DUPLICATES
from pipeline.steps.doubts import BLOCKING, entries_of, find_doubts
from pipeline.steps.hold import move_submission
from pipeline.steps.judgements import keep_accepted
from pipeline.steps.letters import write_letter
from pipeline.steps.person_doubts import NOTE_NEEDED
from pipeline.steps.reopen import leave_case
from pipeline.steps.tasks import close_task, replace_reasons
from pipeline.store.access import Viewer
from pipeline.store.events import append_event
from pipeline.store.tables import CorrectionRequest, Deficiency, Outbound


class StillUnclear(Impossible):
    """Accepting is not possible yet: without a person, or with a second payment, there is no case."""

    code = "still_unclear"
    ja = "まだ決定できません。対象者と重複の確認を先に済ませてください。"
    en = "Not yet possible: first settle who is meant and which duplicate counts."


class EarlierCounts(Impossible):
    """Another application of a case counts there: refusing this one would decide against what that one asks for."""

    code = "earlier_counts"
    ja = "同じ対象者の先の申請が採用されています。この申請は「先の申請を残す」で終えてください。"
    en = "An earlier application for the same person is adopted. Please end this one by keeping the earlier one."


class ReasonMissing(Impossible):
    """A refusal without its reason."""

    code = "reason_missing"
    ja = "却下の理由を書いてください。起案に載り、申請者に示す理由になります。"
    en = "Please give the reason of the refusal; it goes into the draft and is what the applicant is told."


class EarlierUndecided(Impossible):
    """There is nothing to keep: no other submission of the case is adopted yet."""

    code = "earlier_undecided"
    ja = "残す申請がまだ決定していません。もう一方の申請を先に確認してください。"
    en = "The other application is not decided yet. Please work on that one first."


class NoteNeeded(Impossible):
    """The list says that the person is dead, or was paid already: whoever goes on writes down on what ground."""

    code = "note_needed"
    ja = "名簿に死亡または支給済とあります。受理する根拠を書いてください。"
    en = "The list says deceased or paid. Please write down on what ground you accept it."


@dataclass(frozen=True)
class DeficiencyDraft:
    """不備 as the clerk sends it. about: field keys or attachment kind; text: the applicant's words."""

    code: str
    about: str
    text: str


def accept(runtime: Runtime, viewer: Viewer, task_id: str, version: int, note: str = "") -> None:
    """The submission is in order: its entries go to their cases. Raises StillUnclear naming no values, and NoteNeeded
    where the list says what may be passed over only with its ground in `note`.
    """
    with open_desk(runtime, viewer, task_id, version) as desk:
        _accept(desk, DecisionKind.ACCEPT, note.strip())
    _advance(runtime, desk)


def adopt(runtime: Runtime, viewer: Viewer, task_id: str, version: int, note: str = "") -> None:
    """採用: of several submissions of a case this one counts from now on. Raises as `accept`."""
    _settle_duplicate(runtime, viewer, task_id, version, DecisionKind.ADOPT, note.strip())


def keep_earlier(runtime: Runtime, viewer: Viewer, task_id: str, version: int) -> None:
    """The other submission stays the adopted one; this one joins the case as its duplicate.

    Raises EarlierUndecided while no other submission of the case is adopted.
    """
    _settle_duplicate(runtime, viewer, task_id, version, DecisionKind.KEEP_EARLIER)


def request_correction(
    runtime: Runtime, viewer: Viewer, task_id: str, deficiencies: Sequence[DeficiencyDraft], version: int
) -> str:
    """補正依頼: all deficiencies at once, with a due date; gives the id of the letter's Outbound.

    The letter is made before the answer is given, so that a clerk sees what will be sent. Raises Impossible
    without a deficiency.
    """
    wanted = [draft for draft in deficiencies if draft.text.strip()]
    if not wanted:
        raise Impossible
    with open_desk(runtime, viewer, task_id, version) as desk:
        submission, pack = desk.submission()
        request = CorrectionRequest(
            submission_id=submission.id,
            due_on=runtime.today() + timedelta(days=pack.review.correction_days),
            made_by=viewer.user_id,
            made_at=desk.now,
        )
        desk.session.add(request)
        desk.session.flush()
        for position, draft in enumerate(wanted, start=1):
            desk.session.add(
                Deficiency(
                    request_id=request.id,
                    position=position,
                    code=draft.code,
                    about=draft.about,
                    text=draft.text.strip(),
                )
            )
        outbound = Outbound(
            kind=OutboundKind.CORRECTION_LETTER,
            idempotency_key=f"correction:{request.id}",
            submission_id=submission.id,
            department=submission.department,
            procedure_id=submission.procedure_id,
            protected=submission.protected,
            created_at=desk.now,
        )
        desk.session.add(outbound)
        move_submission(desk.session, submission, SubmissionStatus.AWAITING_CORRECTION)
        desk.decided(DecisionKind.REQUEST_CORRECTION, request.id)
        append_event(
            desk.session,
            "submission",
            submission.id,
            "correction_requested",
            actor=viewer.user_id,
            at=desk.now,
            payload={"deficiencies": len(wanted)},
        )
        # The task stays open until the applicant answers: the entry waits in exactly one place.
        desk.task.due_on = request.due_on
        desk.task.lease_owner, desk.task.lease_until = None, None
        desk.session.add(desk.task)
    write_letter(runtime, outbound.id)
    return outbound.id


def reject(runtime: Runtime, viewer: Viewer, task_id: str, note: str, version: int) -> bool:
    """却下, with the reason that the applicant is told; True when superiors have to decide it.

    Where the pack wants approvals the application goes to its cases, examined and proposed to be refused, and waits to
    be drafted. Without approvals it ends here. Raises ReasonMissing; and where approvals are wanted StillUnclear and
    EarlierCounts, since a refusal too is about somebody.
    """
    if not note.strip():
        raise ReasonMissing
    with open_desk(runtime, viewer, task_id, version) as desk:
        _, pack = desk.submission()
        if pack.review.approvals:
            _accept(desk, DecisionKind.REJECT, note.strip())
        else:
            _end(desk, note, DecisionKind.REJECT, EndReason.REJECTED)
    _advance(runtime, desk)
    return pack.review.approvals > 0


def withdraw(runtime: Runtime, viewer: Viewer, task_id: str, note: str, version: int) -> None:
    """取下げ: the applicant takes it back."""
    with open_desk(runtime, viewer, task_id, version) as desk:
        _end(desk, note, DecisionKind.WITHDRAW, EndReason.WITHDRAWN)


def refer(runtime: Runtime, viewer: Viewer, task_id: str, note: str, version: int) -> None:
    """他課回付: it belongs to another section, which the note names."""
    with open_desk(runtime, viewer, task_id, version) as desk:
        _end(desk, note, DecisionKind.REFER, EndReason.REFERRED)


def close(runtime: Runtime, viewer: Viewer, task_id: str, note: str, version: int) -> None:
    """Ends a mailroom task: the matter is dealt with, as the note says. Raises Impossible for other tasks."""
    with open_desk(runtime, viewer, task_id, version) as desk:
        if desk.task.kind is not TaskKind.MAILROOM:
            raise Impossible
        desk.decided(DecisionKind.CLOSE, note=note)
        close_task(desk.session, desk.task, actor=viewer.user_id, at=desk.now)


def _settle_duplicate(
    runtime: Runtime, viewer: Viewer, task_id: str, version: int, kind: DecisionKind, note: str = ""
) -> None:
    with open_desk(runtime, viewer, task_id, version) as desk:
        _accept(desk, kind, note)
    _advance(runtime, desk)


def _accept(desk: Desk, kind: DecisionKind, note: str = "") -> None:
    """The application goes to its cases; `kind` says what is proposed there, and which application counts."""
    submission, pack = desk.submission()
    doubts = {doubt.code for doubt in find_doubts(desk.session, submission, pack)}
    open_questions = doubts & BLOCKING
    if kind is not DecisionKind.ACCEPT:
        open_questions -= set(DUPLICATES)
    if open_questions:
        raise StillUnclear
    if kind in (DecisionKind.ACCEPT, DecisionKind.ADOPT) and doubts & NOTE_NEEDED and not note:
        raise NoteNeeded
    others = cases_of_others(desk.session, submission, pack)
    if kind is DecisionKind.KEEP_EARLIER and not others and not entered_with_others(desk.session, submission):
        raise EarlierUndecided
    if kind is DecisionKind.REJECT and not all(case.status in OVER for case in others):
        raise EarlierCounts
    desk.decided(kind, note=note)
    if kind is not DecisionKind.REJECT:
        keep_accepted(desk.session, submission.id, by=desk.viewer.user_id, at=desk.now)
    move_submission(desk.session, submission, SubmissionStatus.ACCEPTED)


def _advance(runtime: Runtime, desk: Desk) -> None:
    assert desk.task.submission_id is not None
    advance(runtime, desk.task.submission_id)


def _end(desk: Desk, note: str, kind: DecisionKind, reason: EndReason) -> None:
    submission, _ = desk.submission()
    entries = entries_of(desk.session, submission.id)
    for entry in entries:
        entry.status, entry.ended_reason = EntryStatus.ENDED, reason
        desk.session.add(entry)
    submission.ended_at = desk.now
    move_submission(desk.session, submission, SubmissionStatus.ENDED)
    for case_id in sorted(entry.case_id for entry in entries if entry.case_id):
        leave_case(desk.session, case_id, submission, desk.now)
    replace_reasons(desk.session, desk.task, [])
    desk.decided(kind, note=note)
    close_task(desk.session, desk.task, actor=desk.viewer.user_id, at=desk.now)
    append_event(
        desk.session,
        "submission",
        submission.id,
        f"submission_{reason.value}",
        actor=desk.viewer.user_id,
        at=desk.now,
    )
