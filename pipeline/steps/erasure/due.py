"""Which applications may go: those whose whole file has ended, was kept long enough and is needed by nothing.

What belongs together goes together: applications of one case, of one household's cases, and an answer to our letter
with what it answers. Such a file is kept as long as its youngest part (文書管理規程: 保存期間 of a file runs from the
end of the fiscal year in which it was completed).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from itertools import islice

from sqlalchemy import func
from sqlmodel import Session, col, or_, select

from pipeline.domain.statuses import (
    ArrivalStatus,
    BatchStatus,
    CaseStatus,
    DraftStatus,
    LinkStatus,
    OutboundStatus,
    SubmissionStatus,
    TaskStatus,
)
from pipeline.runtime import JST
from pipeline.steps.numbers import fiscal_year
from pipeline.steps.packs import get_pack, latest_pack
from pipeline.store.tables import (
    Arrival,
    Batch,
    Case,
    Draft,
    DraftCase,
    Entry,
    Event,
    Link,
    Outbound,
    PackVersion,
    RetentionHold,
    ReviewTask,
    Submission,
)

ENDED = (SubmissionStatus.SETTLED, SubmissionStatus.ENDED)
DETERMINED = (CaseStatus.GRANTED, CaseStatus.REFUSED, CaseStatus.WITHDRAWN)
WINDOW = 500


class Blocker(StrEnum):
    """What holds a file up, the first that applies in this order."""

    NOT_YET = "not_yet"  # a part of it ended too late
    UNDER_WAY = "under_way"  # a part of it has not ended, or its case is not determined
    OPEN_TASK = "open_task"
    IN_DRAFT = "in_draft"
    HELD = "held"
    UNDELIVERED = "undelivered"
    CARRIER_OPEN = "carrier_open"  # the file it came in is not whole yet, or a mailroom task on it is open
    ASKED_AGAIN = "asked_again"  # another application for the same subject is being worked on


@dataclass(frozen=True)
class File:
    """Applications that go together. ended_on: the day in Japan on which the last of them came to its end."""

    submission_ids: tuple[str, ...]
    case_ids: tuple[str, ...]
    ended_on: date
    years: int


@dataclass
class Due:
    """files: what may go now. blocked: how many files each blocker holds up, NOT_YET aside."""

    files: list[File] = field(default_factory=list)
    blocked: dict[Blocker, int] = field(default_factory=lambda: defaultdict(int))


def expires_on(ended_on: date, years: int) -> date:
    """The first day on which what ended on `ended_on` may go: `years` after the end of that fiscal year."""
    return date(fiscal_year(ended_on) + 1 + years, 4, 1)


def ended_before(today: date, years: int) -> date:
    """What ended before this day was kept long enough today."""
    return date(fiscal_year(today) - years, 4, 1)


def retention_years(session: Session, procedure_id: str) -> dict[str, int]:
    """Pack version id -> years. A newer version may lengthen what came under an older one, never shorten it."""
    newest = latest_pack(session, procedure_id)[1].retention.years
    ids = session.exec(select(PackVersion.id).where(PackVersion.procedure_id == procedure_id)).all()
    return {pack_id: max(newest, get_pack(session, pack_id).retention.years) for pack_id in ids}


def find_due(session: Session, procedure_id: str, today: date) -> Due:
    """Everything of a procedure that was kept long enough."""
    due = Due()
    seen: set[str] = set()
    for window in _windows(session, procedure_id, today):
        for file, blocker in judge_files(session, procedure_id, window, today):
            if seen & set(file.submission_ids):
                continue
            seen.update(file.submission_ids)
            if blocker is None:
                due.files.append(file)
            elif blocker is not Blocker.NOT_YET:
                due.blocked[blocker] += 1
    return due


def _windows(session: Session, procedure_id: str, today: date) -> Iterator[list[str]]:
    """Ids of applications that ended long enough ago, each by itself."""
    shortest = min(retention_years(session, procedure_id).values())
    limit = datetime.combine(ended_before(today, shortest), time(), JST)
    ended = func.coalesce(Submission.ended_at, Submission.settled_at, Submission.received_at)
    query = (
        select(Submission.id)
        .where(
            Submission.procedure_id == procedure_id,
            col(Submission.status).in_(ENDED),
            col(Submission.erased_at).is_(None),
            ended < limit,
        )
        .order_by(col(Submission.id))
        .limit(WINDOW)
    )
    window = list(session.exec(query).all())
    while window:
        yield window
        window = list(session.exec(query.where(Submission.id > window[-1])).all())


def judge_files(
    session: Session, procedure_id: str, submission_ids: Collection[str], today: date
) -> list[tuple[File, Blocker | None]]:
    """The files that these applications belong to, each with what holds it up, or None when it may go."""
    years = retention_years(session, procedure_id)
    cases = _cases_around(session, submission_ids)
    groups = _groups(session, submission_ids, cases)
    rows = _by_id(session, {one for group in groups for one in group})
    living = [[rows[one] for one in sorted(group) if rows[one].erased_at is None] for group in groups]
    facts = _Facts.of(session, procedure_id, [row for group in living for row in group], cases)
    return [facts.judge(group, years, today) for group in living if group]


def _by_id(session: Session, ids: Collection[str]) -> dict[str, Submission]:
    return {
        row.id: row
        for part in parts(ids)
        for row in session.exec(select(Submission).where(col(Submission.id).in_(part))).all()
    }


def _cases_around(session: Session, submission_ids: Collection[str]) -> dict[str, set[str]]:
    """Case id -> the applications in it, for every case that can be reached from these applications."""
    cases: dict[str, set[str]] = {}
    fresh = set(submission_ids)
    known = set(fresh)
    while fresh:
        found = {
            case_id
            for part in parts(fresh)
            for case_id in session.exec(
                select(Entry.case_id).where(col(Entry.submission_id).in_(part), col(Entry.case_id).is_not(None))
            ).all()
            if case_id and case_id not in cases
        }
        fresh = set()
        for part in parts(found):
            rows = session.exec(select(Entry.case_id, Entry.submission_id).where(col(Entry.case_id).in_(part))).all()
            for case_id, submission_id in rows:
                cases.setdefault(case_id or "", set()).add(submission_id)
                fresh.add(submission_id)
        fresh |= _answers(session, known | fresh)
        fresh -= known
        known |= fresh
    return cases


def _answers(session: Session, ids: Collection[str]) -> set[str]:
    return {one for pair in _answer_pairs(session, ids) for one in pair}


def _answer_pairs(session: Session, ids: Collection[str]) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for part in parts(ids):
        rows = session.exec(
            select(Submission.id, Submission.answers_id).where(
                col(Submission.answers_id).is_not(None),
                or_(col(Submission.id).in_(part), col(Submission.answers_id).in_(part)),
            )
        ).all()
        pairs += [(one, other) for one, other in rows if other]
    return pairs


def _groups(session: Session, submission_ids: Collection[str], cases: Mapping[str, set[str]]) -> list[frozenset[str]]:
    """What belongs together, as sets of application ids."""
    leader: dict[str, str] = {}

    def find(one: str) -> str:
        while leader.setdefault(one, one) != one:
            one = leader[one]
        return one

    everybody = set(submission_ids).union(*cases.values())
    for members in [*cases.values(), *_answer_pairs(session, everybody)]:
        first, *others = members
        for other in others:
            leader[find(other)] = find(first)
    groups: dict[str, set[str]] = defaultdict(set)
    for one in {*everybody, *leader}:
        groups[find(one)].add(one)
    return [frozenset(group) for _, group in sorted(groups.items())]


@dataclass(frozen=True)
class _Facts:
    """What is known of many applications at once: ids of those to which a blocker applies, and their cases."""

    cases_of: Mapping[str, set[str]]
    undetermined: set[str]
    last_moved: Mapping[str, datetime]
    marked: Mapping[Blocker, set[str]]

    @classmethod
    def of(
        cls, session: Session, procedure_id: str, rows: Sequence[Submission], cases: Mapping[str, set[str]]
    ) -> _Facts:
        ids = [row.id for row in rows]
        cases_of: dict[str, set[str]] = defaultdict(set)
        for case_id, members in cases.items():
            for member in members:
                cases_of[member].add(case_id)
        found: dict[str, Case] = {
            case.id: case
            for part in parts(cases)
            for case in session.exec(select(Case).where(col(Case.id).in_(part))).all()
        }
        marked = {
            Blocker.OPEN_TASK: _open_tasks(session, ids),
            Blocker.IN_DRAFT: _members(cases, _drafted(session, cases)),
            Blocker.HELD: _held(session, ids),
            Blocker.UNDELIVERED: _undelivered(session, ids),
            Blocker.CARRIER_OPEN: _open_carriers(session, ids),
            Blocker.ASKED_AGAIN: _members(cases, _asked_again(session, procedure_id, found.values())),
        }
        undetermined = {case.id for case in found.values() if case.status not in DETERMINED}
        return cls(cases_of, undetermined, _last_moved(session, cases), marked)

    def judge(self, group: Sequence[Submission], years: Mapping[str, int], today: date) -> tuple[File, Blocker | None]:
        ids = {row.id for row in group}
        cases = {case_id for one in ids for case_id in self.cases_of.get(one, ())}
        ends = [row.ended_at or row.settled_at or row.received_at for row in group]
        ends += [self.last_moved[case_id] for case_id in cases if case_id in self.last_moved]
        ended_on = max(ends).astimezone(JST).date()
        longest = max(years[row.pack_version_id] for row in group)
        file = File(tuple(sorted(ids)), tuple(sorted(cases)), ended_on, longest)
        if any(row.status not in ENDED for row in group) or cases & self.undetermined:
            return file, Blocker.UNDER_WAY
        if expires_on(ended_on, longest) > today:
            return file, Blocker.NOT_YET
        return file, next((blocker for blocker, where in self.marked.items() if ids & where), None)


def _members(cases: Mapping[str, set[str]], chosen: Iterable[str]) -> set[str]:
    return {member for case_id in chosen for member in cases.get(case_id, ())}


def _last_moved(session: Session, cases: Collection[str]) -> dict[str, datetime]:
    return {
        case_id: at
        for part in parts(cases)
        for case_id, at in session.exec(
            select(Event.aggregate_id, func.max(Event.at))
            .where(Event.aggregate == "case", col(Event.aggregate_id).in_(part))
            .group_by(col(Event.aggregate_id))
        ).all()
    }


def _open_tasks(session: Session, ids: Collection[str]) -> set[str]:
    return {
        one
        for part in parts(ids)
        for one in session.exec(
            select(ReviewTask.submission_id).where(
                col(ReviewTask.submission_id).in_(part), ReviewTask.status == TaskStatus.OPEN
            )
        ).all()
        if one
    }


def _drafted(session: Session, cases: Collection[str]) -> set[str]:
    return {
        case_id
        for part in parts(cases)
        for case_id in session.exec(
            select(DraftCase.case_id)
            .join(Draft, col(Draft.id) == DraftCase.draft_id)
            .where(col(DraftCase.case_id).in_(part), Draft.status == DraftStatus.CIRCULATING)
        ).all()
    }


def _held(session: Session, ids: Collection[str]) -> set[str]:
    return {
        one
        for part in parts(ids)
        for one in session.exec(
            select(RetentionHold.submission_id).where(
                col(RetentionHold.submission_id).in_(part), col(RetentionHold.lifted_at).is_(None)
            )
        ).all()
    }


def _undelivered(session: Session, ids: Collection[str]) -> set[str]:
    return {
        one
        for part in parts(ids)
        for one in session.exec(
            select(Outbound.submission_id).where(
                col(Outbound.submission_id).in_(part), Outbound.status == OutboundStatus.DUE
            )
        ).all()
        if one
    }


def _open_carriers(session: Session, ids: Collection[str]) -> set[str]:
    """Applications whose batch is not split, whose export is not taken to its end, or with an open task on either."""
    return {one for part in parts(ids) for one in (*_open_batches(session, part), *_open_exports(session, part))}


def _open_batches(session: Session, ids: Sequence[str]) -> Iterable[str]:
    task = select(ReviewTask.id).where(ReviewTask.batch_id == Batch.id, ReviewTask.status == TaskStatus.OPEN)
    # An application's own task names its batch too; that one holds up the application, not its neighbours.
    task = task.where(col(ReviewTask.submission_id).is_(None))
    waiting = select(Arrival.id).where(Arrival.batch_id == Batch.id, Arrival.status == ArrivalStatus.STORED)
    return session.exec(
        select(Submission.id)
        .join(Batch, col(Batch.id) == Submission.batch_id)
        .where(
            col(Submission.id).in_(ids),
            or_(Batch.status == BatchStatus.RECEIVED, task.exists(), waiting.exists()),
        )
    ).all()


def _open_exports(session: Session, ids: Sequence[str]) -> Iterable[str]:
    pairs = session.exec(
        select(Submission.id, Arrival.id, Arrival.part_of_id)
        .join(Arrival, col(Arrival.id) == Submission.arrival_id)
        .where(col(Submission.id).in_(ids))
    ).all()
    carriers = {one: [a for a in (arrival, export) if a] for one, arrival, export in pairs}
    named = {arrival for arrivals in carriers.values() for arrival in arrivals}
    changed = session.exec(select(Arrival.id, Arrival.repeats_id).where(col(Arrival.repeats_id).in_(named))).all()
    about = {**{one: one for one in named}, **{other: first or "" for other, first in changed}}
    stuck = set(
        session.exec(
            select(ReviewTask.arrival_id).where(
                col(ReviewTask.arrival_id).in_(about), ReviewTask.status == TaskStatus.OPEN
            )
        ).all()
    )
    stuck |= set(
        session.exec(select(Arrival.id).where(col(Arrival.id).in_(about), Arrival.status == ArrivalStatus.STORED)).all()
    )
    held = {about[one] for one in stuck if one}
    return [one for one, arrivals in carriers.items() if held & set(arrivals)]


def _asked_again(session: Session, procedure_id: str, cases: Iterable[Case]) -> set[str]:
    """Cases about whose subject, in the same instance, an application is on its way."""
    subjects: dict[tuple[str, str], set[str]] = defaultdict(set)
    for case in cases:
        subjects[case.subject_id, case.instance].add(case.id)
    found: set[str] = set()
    for part in parts({subject for subject, _ in subjects}):
        rows = session.exec(
            select(Link.person_id, Submission.pack_version_id)
            .join(Submission, col(Submission.id) == Link.submission_id)
            .where(
                col(Link.person_id).in_(part),
                Link.status != LinkStatus.UNDONE,
                Submission.procedure_id == procedure_id,
                col(Submission.status).not_in(ENDED),
            )
            .distinct()
        ).all()
        for person_id, pack_id in rows:
            found |= subjects.get((person_id, get_pack(session, pack_id).matching.instance), set())
    return found


def parts(ids: Collection[str], size: int = WINDOW) -> Iterator[list[str]]:
    """The ids in lists of at most `size`, in order: databases take only so many parameters."""
    rest = iter(sorted(ids))
    while part := list(islice(rest, size)):
        yield part
