"""Double applications: what of an application stands in another one, and whether a person must look at it.

The same subject in the same instance is a duplicate. The same account or picture is a doubt where the two applications
name nobody in common, nor anybody of one household: a family shares both, and so does somebody who applies for
something else. What a reason points at is shown only to those who may see it (`pipeline.review.queue`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, or_, select

from pipeline.channels.looks import bits_apart
from pipeline.domain.statuses import (
    CaseStatus,
    DecisionKind,
    LinkStatus,
    ReasonCode,
    SubmissionStatus,
    TraceKind,
)
from pipeline.procedures.pack import Procedure
from pipeline.steps.packs import get_pack
from pipeline.steps.roles import applying_role
from pipeline.steps.tasks import Doubt, add_reason, find_open_task
from pipeline.store.tables import Attachment, Case, Decision, Link, PackVersion, Person, Submission, Trace

DUPLICATES = (ReasonCode.DUPLICATE, ReasonCode.OTHER_APPLICANT)
"""Of several applications for one subject one counts, and a clerk says which."""

SETTLED_SINGLY = (ReasonCode.SAME_ACCOUNT, ReasonCode.SAME_PICTURE, ReasonCode.PAID_ELSEWHERE)
"""Doubts that a clerk may settle one by one (問題なし)."""

CODE_OF = {
    TraceKind.ACCOUNT: ReasonCode.SAME_ACCOUNT,
    TraceKind.FILE: ReasonCode.SAME_PICTURE,
    TraceKind.LOOK: ReasonCode.SAME_PICTURE,
}
MAX_BITS = 120
"""By how many of its 4096 bits the look of one picture may differ when it is sent in another size or quality."""
STANDARD = 5
"""A sheet of no known kind that more than so many others have too is a printed one, and nobody's own."""
MOST = 200
"""How many applications with a trace are looked at: with more of them there is reason enough to look."""

PAYING = (CaseStatus.EXAMINED, CaseStatus.DRAFTED, CaseStatus.GRANTED)


@dataclass(frozen=True)
class Shared:
    """A trace that another application has too."""

    code: ReasonCode
    other_id: str
    mine: Trace
    theirs: Trace


def others_on(session: Session, submission: Submission, pack: Procedure, subjects: Collection[str]) -> list[str]:
    """Other applications of this procedure and instance, not ended, that speak of one of these subjects."""
    rows = session.exec(
        select(Submission.id, Submission.receipt_number)
        .join(Link, col(Link.submission_id) == Submission.id)
        .where(
            col(Link.person_id).in_(subjects),
            Link.status != LinkStatus.UNDONE,
            Link.role == pack.matching.subject_role,
            Submission.id != submission.id,
            col(Submission.pack_version_id).in_(versions_of_instance(session, pack)),
            Submission.status != SubmissionStatus.ENDED,
        )
        .distinct()
        .order_by(col(Submission.receipt_number))
    ).all()
    return [row[0] for row in rows]


def versions_of_instance(session: Session, pack: Procedure) -> list[str]:
    """Ids of the pack's versions that are about the same instance: another year is another matter."""
    ids = session.exec(select(PackVersion.id).where(PackVersion.procedure_id == pack.id)).all()
    return [one for one in ids if get_pack(session, one).matching.instance == pack.matching.instance]


def duplicate_doubts(
    session: Session, submission: Submission, pack: Procedure, subjects: Collection[str]
) -> list[Doubt]:
    """A doubt for each other application for these subjects, which says so where somebody else sent it in.

    What this one answers for is no double while it waits for that answer; settled meanwhile, a clerk says which counts.
    """
    answered = _awaiting(session, submission) if submission.answers_id else set()
    others = [one for one in others_on(session, submission, pack, subjects) if one not in answered]
    role = applying_role(pack).role
    if role == pack.matching.subject_role:
        return [Doubt(ReasonCode.DUPLICATE, other) for other in others]
    applicants = _active(session, role, [submission.id, *others])
    mine = applicants.get(submission.id)
    return [
        Doubt(
            ReasonCode.OTHER_APPLICANT if mine and applicants.get(other, mine) != mine else ReasonCode.DUPLICATE, other
        )
        for other in others
    ]


def _awaiting(session: Session, submission: Submission) -> set[str]:
    """The applications that this one answers for and that still wait for it."""
    query = select(Submission.id).where(
        col(Submission.id).in_(family_of(session, submission.id) - {submission.id}),
        Submission.status == SubmissionStatus.AWAITING_CORRECTION,
    )
    return set(session.exec(query).all())


def _active(session: Session, role: str, submission_ids: Collection[str]) -> dict[str, str]:
    rows = session.exec(
        select(Link.submission_id, Link.person_id).where(
            Link.role == role,
            col(Link.submission_id).in_(submission_ids),
            col(Link.status).in_([LinkStatus.AUTO, LinkStatus.CONFIRMED]),
        )
    ).all()
    return dict(rows)


def shared_doubts(session: Session, submission: Submission) -> list[Doubt]:
    """A doubt for every application of strangers that has the same account or picture, unless a clerk settled it."""
    open_ones = [one for one in find_shared(session, submission.id) if not _is_settled(session, one)]
    return list(dict.fromkeys(Doubt(one.code, one.other_id) for one in open_ones))


def paid_doubts(session: Session, submission: Submission, pack: Procedure, subjects: Collection[str]) -> list[Doubt]:
    """A doubt for every case of these subjects in a procedure that the pack excludes."""
    excluded = [(one.procedure, one.instance) for one in pack.matching.excludes]
    if not excluded or not subjects:
        return []
    rows = session.exec(
        select(Case.id)
        .where(
            col(Case.subject_id).in_(subjects),
            or_(*((Case.procedure_id == one) & (Case.instance == instance) for one, instance in excluded)),
            col(Case.status).in_(PAYING),
        )
        .order_by(col(Case.number))
    ).all()
    doubts = [Doubt(ReasonCode.PAID_ELSEWHERE, one) for one in rows]
    said = _said_right(session, family_of(session, submission.id), [settles_about(doubt) for doubt in doubts])
    settled = {row.about for row in said}
    return [doubt for doubt in doubts if settles_about(doubt) not in settled]


def warn_others(session: Session, submission: Submission, doubts: Iterable[Doubt]) -> None:
    """Tasks that are open on what these doubts of an application point at learn of it at once.

    Not of an application that they may not know of: its own task says it.
    """
    for doubt in doubts:
        if doubt.code not in (*DUPLICATES, *CODE_OF.values()):
            continue
        task = find_open_task(session, doubt.about)
        if task is not None and (task.protected or not submission.protected):
            add_reason(session, task, Doubt(doubt.code, submission.id))


def settles_about(doubt: Doubt) -> str:
    """What a decision that settles this doubt is about."""
    return f"{doubt.code.value}:{doubt.about}"


def may_hide(session: Session, submission: Submission, doubts: Iterable[Doubt]) -> bool:
    """True when everything these doubts point at may be hidden from somebody who may work on the application."""
    return all(_is_elsewhere(session, submission, doubt) for doubt in doubts)


def _is_elsewhere(session: Session, submission: Submission, doubt: Doubt) -> bool:
    if doubt.code not in SETTLED_SINGLY:
        return False
    other: Case | Submission | None
    if doubt.code is ReasonCode.PAID_ELSEWHERE:
        other = session.get(Case, doubt.about)
    else:
        other = session.get(Submission, doubt.about)
    return other is not None and (
        (other.protected and not submission.protected)
        or (other.department, other.procedure_id) != (submission.department, submission.procedure_id)
    )


def find_shared(session: Session, submission_id: str) -> list[Shared]:
    """What applications of strangers have in common with this one, settled or not, by the day they came."""
    mine = session.exec(select(Trace).where(Trace.submission_id == submission_id)).all()
    pairs = [(own, other) for own in mine for other in _with_trace(session, own)]
    people = _people_of(session, {submission_id} | {other.submission_id for _, other in pairs})
    own_people = people[submission_id]
    return [
        Shared(CODE_OF[own.kind], other.submission_id, own, other)
        for own, other in pairs
        if own_people and people[other.submission_id] and own_people.isdisjoint(people[other.submission_id])
    ]


def _with_trace(session: Session, own: Trace) -> Sequence[Trace]:
    """The same trace of other applications that have not ended; none of a sheet that everybody sends along."""
    rows = session.exec(
        select(Trace)
        .join(Submission, col(Submission.id) == Trace.submission_id)
        .where(
            Trace.digest == own.digest,
            Trace.kind == own.kind,
            Trace.submission_id != own.submission_id,
            Submission.status != SubmissionStatus.ENDED,
            col(Submission.erased_at).is_(None),
        )
        .order_by(col(Submission.received_at), col(Submission.receipt_number))
        .limit(MOST)
    ).all()
    alike = _looking_alike(session, own, rows) if own.kind is TraceKind.LOOK else list(rows)
    having = len({row.submission_id for row in alike})
    return [] if own.kind is not TraceKind.ACCOUNT and having > STANDARD and not _is_known(session, own) else alike


def _looking_alike(session: Session, own: Trace, others: Sequence[Trace]) -> list[Trace]:
    """Those whose pictures look like this one's as a whole; one band they have in common by chance now and then."""
    ids = {own.about, *(one.about for one in others)}
    looks = dict(session.exec(select(Attachment.id, Attachment.look).where(col(Attachment.id).in_(ids))).all())
    mine = looks.get(own.about)
    if not mine:
        return []
    return [one for one in others if (look := looks.get(one.about)) and bits_apart(mine, look) <= MAX_BITS]


def _is_known(session: Session, trace: Trace) -> bool:
    """True for a paper of a kind that the pack asks for: those are about somebody."""
    attachment = session.get(Attachment, trace.about)
    return attachment is not None and attachment.kind != ""


def _people_of(session: Session, submission_ids: Collection[str]) -> defaultdict[str, set[str]]:
    """Whom each of these applications names, with their households."""
    rows = session.exec(
        select(Link.submission_id, Link.person_id, Person.household_number)
        .join(Person, col(Person.id) == Link.person_id)
        .where(col(Link.submission_id).in_(submission_ids), Link.status != LinkStatus.UNDONE)
    ).all()
    found: defaultdict[str, set[str]] = defaultdict(set)
    for submission_id, person_id, household in rows:
        found[submission_id] |= {person_id, f"household:{household}"} if household else {person_id}
    return found


def _is_settled(session: Session, shared: Shared) -> bool:
    """True when a clerk said of these two that it is all right, since both have what they share: on either of them, or
    on an application that one of them answers for with the same account or picture."""
    ours, theirs = (family_of(session, trace.submission_id) for trace in (shared.mine, shared.theirs))
    since = _had_since(session, shared.mine, {*ours, *theirs})
    abouts = [settles_about(Doubt(shared.code, one)) for one in {*ours, *theirs}]
    for row in _said_right(session, {*ours, *theirs}, abouts):
        one, other = row.submission_id or "", row.about.partition(":")[2]
        across = (one in ours) != (other in ours)
        if across and one in since and other in since and row.made_at >= max(since[one], since[other]):
            return True
    return False


def _had_since(session: Session, trace: Trace, submission_ids: Collection[str]) -> dict[str, datetime]:
    rows = session.exec(
        select(Trace.submission_id, Trace.made_at).where(
            Trace.digest == trace.digest, Trace.kind == trace.kind, col(Trace.submission_id).in_(submission_ids)
        )
    ).all()
    return dict(rows)


def _said_right(session: Session, submission_ids: Collection[str], abouts: Collection[str]) -> Sequence[Decision]:
    return session.exec(
        select(Decision).where(
            col(Decision.submission_id).in_(submission_ids),
            Decision.kind == DecisionKind.SETTLE_DOUBT,
            col(Decision.about).in_(abouts),
        )
    ).all()


def family_of(session: Session, submission_id: str) -> set[str]:
    """This application, those it answers for one after the other, and those that answer for it."""
    family, fresh = {submission_id}, {submission_id}
    while fresh:
        rows = session.exec(
            select(Submission.id, Submission.answers_id).where(
                or_(col(Submission.id).in_(fresh), col(Submission.answers_id).in_(fresh))
            )
        ).all()
        fresh = {one for pair in rows for one in pair if one} - family
        family |= fresh
    return family
