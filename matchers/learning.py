"""New weights from what people decided: fitted on some decisions, with a threshold that others bear out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from matchers.compare import weigh_again
from matchers.decide import decide
from matchers.fit import fit
from matchers.ink import PICTURE_OF
from matchers.observed import Labelled
from matchers.records import Comparison, Outcome, Scored
from matchers.thresholds import choose_threshold
from matchers.weights import Thresholds, Weights

TARGET = 0.999
"""The share of automatic links that have to be right."""


def learn_weights(
    fitted_on: Sequence[Labelled], judged_on: Sequence[Labelled], old: Weights, version: str, origin: Mapping[str, Any]
) -> Weights:
    """Weights fitted to decisions and held to the old ones; thresholds from the others, see `judged_threshold`.

    Curves of the ink, and all bounds but that of a link, are those of the old weights.
    """
    found = fit([_without_ink(one, old) for one in fitted_on], old, version, origin).weights
    return replace(found, thresholds=judged_threshold(judged_on, found))


def judged_threshold(judged_on: Sequence[Labelled], weights: Weights, target: float = TARGET) -> Thresholds:
    """The thresholds of the weights with the link score that these decisions bear out.

    As it was, but raised above every link that would be wrong. Where they are enough to prove the target with a
    confidence of 95 % (some three thousand right links and no wrong one), no higher than the lowest score that keeps
    it: then a few wrong ones are borne, and a lower threshold than before is allowed.
    """
    judged = [_judge(one, weights) for one in judged_on if one.candidates]
    scored = [(score, right) for score, right, _ in judged]
    wrong = [score for score, right, linked in judged if linked and not right]
    least = max([weights.thresholds.link_score, *(score + _STEP for score in wrong)])
    proven = choose_threshold(scored, sum(one.right is not None for one in judged_on), target).score
    return replace(weights.thresholds, link_score=math.ceil(round(min(least, proven) * 10, 6)) / 10)


_STEP = 0.1


def _judge(one: Labelled, weights: Weights) -> tuple[float, bool, bool]:
    """Score of the best candidate, whether it is the right one, and whether it would be linked."""
    scored = [Scored(str(place), weigh_again(own, weights)) for place, own in enumerate(one.candidates)]
    decision = decide(scored, weights=weights)
    best = decision.candidates[0].candidate_id
    return decision.scores[0], best == str(one.right), decision.outcome is Outcome.LINK


def _without_ink(one: Labelled, weights: Weights) -> Labelled:
    """The same without the ink; readings that it superseded say nothing, so that levels do not learn from them."""
    return replace(one, candidates=tuple(_read_only(own, weights) for own in one.candidates))


def _read_only(comparison: Comparison, weights: Weights) -> Comparison:
    supported = {name for name, ratio in comparison.ink.items() if weights.ink[name].weight(ratio) >= 0}
    kept = tuple(
        own._replace(level="missing") if own.weight <= 0 and PICTURE_OF.get(own.field) in supported else own
        for own in comparison.evidence
    )
    return replace(comparison, evidence=kept, ink={})
