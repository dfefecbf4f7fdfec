"""What new weights would change, before they take effect: levels, decisions, and the figures on labelled records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matchers.compare import weigh_again
from matchers.decide import decide
from matchers.fields import PERSON, Schema
from matchers.observed import Labelled
from matchers.records import MatchDecision, Outcome, Scored
from matchers.thresholds import Threshold, choose_threshold, judge_threshold
from matchers.weights import Weights

_SAME = 0.05


@dataclass(frozen=True)
class LevelChange:
    """A level whose weight changed, log2."""

    field: str
    level: str
    old: float
    new: float


@dataclass(frozen=True)
class Flip:
    """A record decided otherwise: its place among the labelled ones, both outcomes, and whether each was right.

    Right is a link to the person, and anything but a link where the person is none of the candidates.
    """

    place: int
    old: Outcome
    new: Outcome
    old_wrong: bool
    new_wrong: bool


@dataclass(frozen=True)
class Figures:
    """Decisions on labelled records under some weights. at_target: at the threshold of these weights for the score."""

    links: int
    wrong_links: int
    reviews: int
    news: int
    missed: int
    at_threshold: Threshold
    for_target: Threshold


@dataclass(frozen=True)
class WeightsReport:
    """Old weights beside new ones. No value of a record is in it."""

    old_version: str
    new_version: str
    levels: tuple[LevelChange, ...]
    flips: tuple[Flip, ...]
    old: Figures
    new: Figures

    @property
    def better(self) -> bool:
        """True when no more links are wrong and no fewer are right."""
        right_before = self.old.links - self.old.wrong_links
        return self.new.wrong_links <= self.old.wrong_links and self.new.links - self.new.wrong_links >= right_before


def compare_weights(
    old: Weights, new: Weights, labelled: Sequence[Labelled], *, schema: Schema = PERSON, target: float = 0.999
) -> WeightsReport:
    """What changes on labelled records, which the new weights should not have been fitted on.

    Candidates are compared anew from their levels, so that comparisons stored under any weights will do.
    """
    before = [_decide(one, old, schema) for one in labelled]
    after = [_decide(one, new, schema) for one in labelled]
    flips = [
        Flip(place, one.outcome, other.outcome, _is_wrong(one, truth), _is_wrong(other, truth))
        for place, (one, other, truth) in enumerate(zip(before, after, labelled, strict=True))
        if (one.outcome, one.best) != (other.outcome, other.best)
    ]
    return WeightsReport(
        old.version,
        new.version,
        changed_levels(old, new),
        tuple(flips),
        _figures(before, labelled, old, target),
        _figures(after, labelled, new, target),
    )


def changed_levels(old: Weights, new: Weights) -> tuple[LevelChange, ...]:
    """The levels that weigh otherwise by more than a twentieth of a bit, the largest change first."""
    found = [
        LevelChange(field, level, old.table.get(field, {}).get(level, 0.0), weight)
        for field, levels in new.table.items()
        for level, weight in levels.items()
        if abs(weight - old.table.get(field, {}).get(level, 0.0)) > _SAME
    ]
    return tuple(sorted(found, key=lambda one: -abs(one.new - one.old)))


def _decide(one: Labelled, weights: Weights, schema: Schema) -> MatchDecision:
    scored = [
        Scored(str(place), weigh_again(comparison, weights, schema)) for place, comparison in enumerate(one.candidates)
    ]
    return decide(scored, weights=weights)


def _is_wrong(decision: MatchDecision, truth: Labelled) -> bool:
    return decision.outcome is Outcome.LINK and decision.best != str(truth.right)


def _figures(
    decisions: Sequence[MatchDecision], labelled: Sequence[Labelled], weights: Weights, target: float
) -> Figures:
    count = {outcome: sum(one.outcome is outcome for one in decisions) for outcome in Outcome}
    both = list(zip(decisions, labelled, strict=True))
    truths = sum(one.right is not None for one in labelled)
    scored = [
        (decision.scores[0], decision.candidates[0].candidate_id == str(truth.right))
        for decision, truth in both
        if decision.candidates
    ]
    return Figures(
        links=count[Outcome.LINK],
        wrong_links=sum(_is_wrong(decision, truth) for decision, truth in both),
        reviews=count[Outcome.REVIEW],
        news=count[Outcome.NEW],
        missed=sum(decision.outcome is Outcome.NEW and truth.right is not None for decision, truth in both),
        at_threshold=judge_threshold(scored, truths, weights.thresholds.link_score),
        for_target=choose_threshold(scored, truths, target),
    )
