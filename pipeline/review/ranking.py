"""順位: the cases of a procedure and year in the order of their points, and what a changed rule would do.

Reads only: a ranking is worked out from the values of the adopted applications each time it is asked for, so that it
never lags behind a corrected value; what superiors decided stays as it was approved. What somebody may not see is not
in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, func, select

from pipeline.domain.errors import Impossible, NotVisible
from pipeline.domain.statuses import CaseStatus, StaffRole, SubmissionStatus
from pipeline.procedures.pack import Label, Procedure
from pipeline.procedures.pack.scores import TieBreak
from pipeline.procedures.ranking import (
    Applicant,
    Move,
    Ranked,
    compare_rankings,
    explain,
    place_labels,
    rank_applicants,
    ranking_of,
)
from pipeline.procedures.scoring import Scorer
from pipeline.review.placings import find_applicants, with_decisions
from pipeline.runtime import Runtime
from pipeline.steps.packs import get_pack, latest_pack, newest_packs
from pipeline.store.access import Viewer, visible
from pipeline.store.engine import read
from pipeline.store.tables import Case, PackVersion, Person, Submission

RANKERS = (StaffRole.REVIEWER, StaffRole.APPROVER)


class OtherCases(Impossible):
    """The rules to compare with are for another procedure, or rank nobody."""

    code = "rules_do_not_fit"
    ja = "比べる規則は、同じ手続の、指数と順位を定めたものにしてください。"
    en = "Compare with rules of the same procedure that have points and a ranking."


@dataclass(frozen=True)
class RankedCase:
    """One case in the order. why: of the place; subtotals: by table, in the pack's order."""

    case_id: str
    number: str
    status: CaseStatus
    name: str
    kana: str
    standing: Ranked
    subtotals: tuple[int, ...]
    wishes: tuple[Label, ...]
    place: Label | None
    why: Label


@dataclass(frozen=True)
class PlaceView:
    """One facility. lowest: the least points that were given a place; None while places are left."""

    value: str
    label: Label
    capacity: int
    given: int
    first_wishes: int
    lowest: int | None


@dataclass(frozen=True)
class RankingView:
    """The whole order. waiting: applications that are not yet in a case, and so not in it."""

    procedure: Procedure
    rows: tuple[RankedCase, ...]
    places: tuple[PlaceView, ...]
    waiting: int

    @property
    def tables(self) -> tuple[Label, ...]:
        """The headings of the subtotals."""
        return tuple(table.label for table in self.procedure.scores.tables) if self.procedure.scores else ()

    @property
    def ties(self) -> tuple[TieBreak, ...]:
        """The published tie-breaks."""
        return ranking_of(self.procedure).ties

    @property
    def without_place(self) -> int:
        """How many get none."""
        return sum(row.place is None for row in self.rows)


@dataclass(frozen=True)
class MovedCase:
    """One case under the changed rules. changed: rule (in words), points before and after; none means that others
    moved."""

    before: RankedCase
    after: RankedCase
    move: Move
    changed: tuple[tuple[Label, int, int], ...]


@dataclass(frozen=True)
class WhatIfView:
    """The same cases under two sets of rules. moved: those whose rank or place differs, places first."""

    before: RankingView
    after: RankingView
    moved: tuple[MovedCase, ...]

    @property
    def gained(self) -> int:
        """Cases that get a place only under the changed rules."""
        return sum(one.before.place is None and one.after.place is not None for one in self.moved)

    @property
    def lost(self) -> int:
        """Cases that lose their place."""
        return sum(one.before.place is not None and one.after.place is None for one in self.moved)


def ranked_procedures(runtime: Runtime, viewer: Viewer) -> tuple[Procedure, ...]:
    """Installed procedures with a ranking that the viewer may work on."""
    with read(runtime.engine) as session:
        packs = newest_packs(session)
    return tuple(pack for pack in packs if pack.scores and pack.scores.ranking and _may_rank(viewer, pack))


def rank_cases(runtime: Runtime, viewer: Viewer, procedure_id: str, rules: Procedure | None = None) -> RankingView:
    """Every case of the procedure's present instance that the viewer may see, ranked by its newest rules.

    rules: others to rank by. Raises NotVisible for a procedure without ranking or without right.
    """
    pack = get_ranked_pack(runtime, viewer, procedure_id)
    with read(runtime.engine) as session:
        return view_ranking(session, viewer, pack, rules or pack)


def view_ranking(session: Session, viewer: Viewer, pack: Procedure, rules: Procedure) -> RankingView:
    """The pack's cases that the viewer may see, ranked by these rules. Raises NoRanking."""
    cases, applicants = find_applicants(session, viewer, pack)
    return _view(rules, cases, with_decisions(session, cases, applicants), _waiting(session, viewer, pack))


def what_if(runtime: Runtime, viewer: Viewer, procedure_id: str, rules: Procedure) -> WhatIfView:
    """Who moves, up or down, if these were the rules. Changes nothing. Raises NotVisible, OtherCases."""
    pack = get_ranked_pack(runtime, viewer, procedure_id)
    if rules.id != pack.id or rules.scores is None or rules.scores.ranking is None:
        raise OtherCases
    with read(runtime.engine) as session:
        cases, applicants = find_applicants(session, viewer, pack)
        waiting = _waiting(session, viewer, pack)
    before, after = (_view(one, cases, applicants, waiting) for one in (pack, rules))
    moves = compare_rankings([row.standing for row in before.rows], [row.standing for row in after.rows])
    old, new = ({row.case_id: row for row in view.rows} for view in (before, after))
    words = _rule_words(pack) | _rule_words(rules)
    moved = [
        MovedCase(
            old[move.key],
            new[move.key],
            move,
            tuple((words.get(code, Label(ja=code, en=code)), was, now) for code, was, now in move.changed),
        )
        for move in moves
        if move.up or move.matters
    ]
    return WhatIfView(before, after, tuple(sorted(moved, key=lambda one: not one.move.matters)))


def get_ranked_pack(runtime: Runtime, viewer: Viewer, procedure_id: str) -> Procedure:
    """The newest rules of a procedure that the viewer may rank. Raises NotVisible, PackMissing."""
    with read(runtime.engine) as session:
        pack = latest_pack(session, procedure_id)[1]
    if pack.scores is None or pack.scores.ranking is None or not _may_rank(viewer, pack):
        raise NotVisible
    return pack


def other_versions(runtime: Runtime, viewer: Viewer, procedure_id: str) -> tuple[tuple[str, str], ...]:
    """Id and name of the installed versions with a ranking, the newest first. Raises NotVisible."""
    get_ranked_pack(runtime, viewer, procedure_id)
    with read(runtime.engine) as session:
        rows = session.exec(
            select(PackVersion)
            .where(PackVersion.procedure_id == procedure_id)
            .order_by(col(PackVersion.installed_at).desc(), col(PackVersion.version).desc())
        ).all()
        ranked = [row for row in rows if (scores := get_pack(session, row.id).scores) and scores.ranking]
        return tuple((row.id, row.version) for row in ranked)


def get_version(runtime: Runtime, viewer: Viewer, procedure_id: str, version_id: str) -> Procedure:
    """The rules of one installed version. Raises NotVisible, also for a version of another procedure."""
    if version_id not in {known for known, _ in other_versions(runtime, viewer, procedure_id)}:
        raise NotVisible
    with read(runtime.engine) as session:
        return get_pack(session, version_id)


def _may_rank(viewer: Viewer, pack: Procedure) -> bool:
    return any(viewer.may(role, pack.review.department, pack.id) for role in RANKERS)


def _waiting(session: Session, viewer: Viewer, pack: Procedure) -> int:
    done = (SubmissionStatus.SETTLED, SubmissionStatus.ENDED)
    return session.exec(
        select(func.count(col(Submission.id))).where(
            Submission.procedure_id == pack.id, col(Submission.status).not_in(done), visible(Submission, viewer)
        )
    ).one()


def _view(
    rules: Procedure, cases: dict[str, tuple[Case, Person]], applicants: Sequence[Applicant], waiting: int
) -> RankingView:
    order = rank_applicants(Scorer(rules), applicants)
    rows = tuple(_row(rules, *cases[one.key], one) for one in order)
    return RankingView(rules, rows, _places(rules, order), waiting)


def _row(rules: Procedure, case: Case, person: Person, one: Ranked) -> RankedCase:
    labels = place_labels(rules)
    tables = rules.scores.tables if rules.scores else ()
    return RankedCase(
        case_id=case.id,
        number=case.number,
        status=case.status,
        name=person.name,
        kana=person.kana,
        standing=one,
        subtotals=tuple(one.score.of_table(table.code) for table in tables),
        wishes=tuple(labels[wish] for wish in one.wishes),
        place=labels[one.place] if one.place else None,
        why=explain(rules, one),
    )


def _places(rules: Procedure, order: Sequence[Ranked]) -> tuple[PlaceView, ...]:
    labels = place_labels(rules)
    firsts = Counter(one.wishes[0] for one in order if one.wishes)
    views = []
    for place in ranking_of(rules).places:
        given = [one.score.total for one in order if one.place == place.value]
        full = len(given) >= place.capacity and given
        views.append(
            PlaceView(
                place.value, labels[place.value], place.capacity, len(given), firsts[place.value],
                min(given) if full else None,
            )
        )  # fmt: skip
    return tuple(views)


def _rule_words(rules: Procedure) -> dict[str, Label]:
    tables = rules.scores.tables if rules.scores else ()
    return {f"{table.code}.{rule.code}": rule.reason for table in tables for rule in table.rules}
