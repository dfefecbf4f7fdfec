"""Which applications may go: those whose whole file has ended, was kept long enough and is needed by nothing.

What belongs together goes together: applications of one case, of one household's cases, and an answer to our letter
with what it answers. Such a file is kept as long as its youngest part (文書管理規程: 保存期間 of a file runs from the
end of the fiscal year in which it was completed).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time

from sqlalchemy import func
from sqlmodel import Session, col, select

from pipeline.domain.statuses import CaseStatus
from pipeline.runtime import JST
from pipeline.steps.erasure.belonging import cases_around, groups_of
from pipeline.steps.erasure.blockers import ENDED, Blocker, find_blocked
from pipeline.steps.numbers import fiscal_year
from pipeline.steps.packs import get_pack, latest_pack
from pipeline.store.bulk import parts
from pipeline.store.tables import Case, Event, PackVersion, Submission

DETERMINED = (CaseStatus.GRANTED, CaseStatus.REFUSED, CaseStatus.WITHDRAWN)
WINDOW = 500


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
    cases = cases_around(session, submission_ids)
    groups = groups_of(session, submission_ids, cases)
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
        marked = find_blocked(session, procedure_id, ids, cases, found.values())
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
