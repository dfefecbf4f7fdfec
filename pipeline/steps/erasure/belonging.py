"""What belongs together: applications of one case, of one household's cases, and an answer with what it answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

from sqlmodel import Session, col, or_, select

from pipeline.store.bulk import parts
from pipeline.store.tables import Entry, Submission


def cases_around(session: Session, submission_ids: Collection[str]) -> dict[str, set[str]]:
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


def groups_of(session: Session, submission_ids: Collection[str], cases: Mapping[str, set[str]]) -> list[frozenset[str]]:
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
