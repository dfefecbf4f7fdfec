"""The order of applicants by points, and who gets which place; pure.

Places are given by serial assignment: in the order of the ranking each takes the dearest wish that has a place
left. Nobody can gain by hiding a wish, and nobody waits for a place that somebody ranked lower was given.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import zen

from pipeline.procedures.facts import facts_of
from pipeline.procedures.pack import Label, Procedure
from pipeline.procedures.pack.scores import Ranking, TieBreak
from pipeline.procedures.scoring import Score, Scorer

SHARED = 6
"""Decimals to which the values of a tie-break are compared."""


class NoRanking(ValueError):
    """The pack has no rules of ranking."""


@dataclass(frozen=True)
class Applicant:
    """One case to be ranked. key: how the caller knows it. values: of its adopted submission; index: its subject's.

    settled: what superiors decided already: the place given, "" for none. It keeps that, whatever the order; None
    takes part.
    """

    key: str
    values: Mapping[str, str]
    index: int
    settled: str | None = None


@dataclass(frozen=True)
class Ranked:
    """One applicant in the order.

    rank: 1-based; equal for those whom no rule tells apart (`tied`). before: the rule by which it stands after the one
        before it, where the totals are equal.
    place: the facility given, None without one. wish: 1-based, which wish that is. drawn: a place that was left is
        decided among tied applicants only by the order they came in; in earnest, by lot. decided: superiors decided on
        this one already.
    """

    key: str
    rank: int
    score: Score
    tie_values: tuple[float | None, ...]
    tied: bool
    before: TieBreak | None
    wishes: tuple[str, ...]
    place: str | None
    wish: int | None
    drawn: bool
    decided: bool = False


def rank_applicants(scorer: Scorer, applicants: Iterable[Applicant]) -> tuple[Ranked, ...]:
    """All applicants in order, with their places. Raises NoRanking, ScoringFailed."""
    ranking = ranking_of(scorer.procedure)
    scored = sorted((_standing(scorer, ranking, applicant) for applicant in applicants), key=lambda one: one.order)
    taken = Counter(one.settled for one in scored)
    left = {place.value: place.capacity - taken[place.value] for place in ranking.places}
    ranked: list[Ranked] = []
    for _, group in groupby(scored, key=lambda one: one.order):
        members = list(group)
        first = len(ranked) + 1
        for place, member in enumerate(members):
            before = _telling(ranking, scored[first + place - 2], member) if not place and first > 1 else None
            ranked.append(_ranked(member, first, len(members) > 1, before, left))
        _mark_drawn(ranked, len(members))
    return tuple(ranked)


def ranking_of(procedure: Procedure) -> Ranking:
    """The pack's rules of ranking. Raises NoRanking."""
    if procedure.scores is None or procedure.scores.ranking is None:
        raise NoRanking(procedure.id)
    return procedure.scores.ranking


@dataclass(frozen=True)
class _Standing:
    key: str
    score: Score
    tie_values: tuple[float | None, ...]
    order: tuple[float, ...]
    wishes: tuple[str, ...]
    settled: str | None


def _standing(scorer: Scorer, ranking: Ranking, applicant: Applicant) -> _Standing:
    score = scorer.subject(applicant.values, applicant.index)
    facts = facts_of(scorer.procedure, applicant.values, applicant.index)
    tables = scorer.procedure.scores.tables if scorer.procedure.scores else ()
    known = {**facts, "total": score.total, **{table.code: score.of_table(table.code) for table in tables}}
    values = tuple(_reckon(tie.value, known) for tie in ranking.ties)
    order = [float(-score.total)]
    for tie, value in zip(ranking.ties, values, strict=True):
        order.append(float("inf") if value is None else value if tie.first == "lowest" else -value)
    wishes = dict.fromkeys(str(wish) for name in ranking.wishes if (wish := facts.get(name)))
    return _Standing(applicant.key, score, values, tuple(order), tuple(wishes), applicant.settled)


def _reckon(expression: str, facts: Mapping[str, object]) -> float | None:
    """None where something it asks for is missing; who lacks it stands after those who have it."""
    try:
        found = zen.evaluate_expression(expression, dict(facts))
    except RuntimeError:
        return None
    return round(float(found), SHARED) if isinstance(found, int | float) else None


def _telling(ranking: Ranking, above: _Standing, below: _Standing) -> TieBreak | None:
    """The first rule in which two of one total differ."""
    if above.score.total != below.score.total:
        return None
    pairs = zip(ranking.ties, above.tie_values, below.tie_values, strict=True)
    return next((tie for tie, one, other in pairs if one != other), None)


def _ranked(one: _Standing, rank: int, tied: bool, before: TieBreak | None, left: dict[str, int]) -> Ranked:
    if one.settled is not None:
        place = one.settled or None
    else:
        place = next((wish for wish in one.wishes if left.get(wish, 0) > 0), None)
        if place is not None:
            left[place] -= 1
    wish = one.wishes.index(place) + 1 if place in one.wishes else None
    decided = one.settled is not None
    return Ranked(one.key, rank, one.score, one.tie_values, tied, before, one.wishes, place, wish, False, decided)


def _mark_drawn(ranked: list[Ranked], count: int) -> None:
    """Among tied applicants a wish was not met for want of a place: who got it must be drawn by lot."""
    group = [one for one in ranked[-count:] if not one.decided]
    unmet = {wish for one in group for wish in one.wishes[: (one.wish or len(one.wishes) + 1) - 1]}
    taken = {one.place for one in group if one.place}
    if count > 1 and unmet & taken:
        ranked[-count:] = [_drawn(one, unmet & taken) for one in ranked[-count:]]


def _drawn(one: Ranked, contested: set[str]) -> Ranked:
    wanted = set(one.wishes[: one.wish] if one.wish else one.wishes)
    return one if one.decided or not wanted & contested else replace(one, drawn=True)


def place_labels(procedure: Procedure) -> dict[str, Label]:
    """The facilities in words."""
    return {
        choice.value: choice.label for name in ranking_of(procedure).wishes for choice in procedure.field(name).choices
    }


def explain(procedure: Procedure, one: Ranked) -> Label:
    """In one sentence why this place was given, or none."""
    clubs = place_labels(procedure)
    if one.decided:
        given = clubs.get(one.place or "")
        return Label(
            ja=f"{given.ja}に決定済み。" if given else "決定済み(施設なし)。",
            en=f"Decided: {given.en}." if given else "Decided: no place.",
        )
    full = [clubs[wish] for wish in one.wishes[: (one.wish or len(one.wishes) + 1) - 1]]
    if one.place is None and not one.wishes:
        return Label(ja="希望施設の記入がありません。", en="No wish is given.")
    gone_ja, gone_en = "、".join(label.ja for label in full), ", ".join(label.en for label in full)
    if one.place is None:
        return Label(ja=f"{gone_ja}は上位の申込みで満員。", en=f"{gone_en}: filled by those ranked above.")
    ja = f"第{one.wish}希望の{clubs[one.place].ja}"
    en = f"{clubs[one.place].en}, wish {one.wish}"
    return Label(ja=f"{ja}({gone_ja}は満員)" if full else ja, en=f"{en} ({gone_en} full)" if full else en)


@dataclass(frozen=True)
class Move:
    """One applicant under two sets of rules. changed: rule code, points before, points after, of what counts."""

    key: str
    before: Ranked
    after: Ranked
    changed: tuple[tuple[str, int, int], ...]

    @property
    def up(self) -> int:
        """Ranks gained; negative when lost."""
        return self.before.rank - self.after.rank

    @property
    def matters(self) -> bool:
        """True when the place given is another one, or none."""
        return self.before.place != self.after.place


def compare_rankings(before: Sequence[Ranked], after: Sequence[Ranked]) -> tuple[Move, ...]:
    """How every applicant fares under other rules, in the new order.

    Both must rank the same applicants. changed: rule code, points before, points after, of what counts.
    """
    old = {one.key: one for one in before}
    return tuple(Move(one.key, old[one.key], one, _changed(old[one.key].score, one.score)) for one in after)


def _changed(before: Score, after: Score) -> tuple[tuple[str, int, int], ...]:
    old, new = _by_code(before), _by_code(after)
    codes = dict.fromkeys([*old, *new])
    return tuple((code, old.get(code, 0), new.get(code, 0)) for code in codes if old.get(code, 0) != new.get(code, 0))


def _by_code(score: Score) -> dict[str, int]:
    points: dict[str, int] = {}
    for line in score.lines:
        if line.counted:
            points[line.code] = points.get(line.code, 0) + line.points
    return points
