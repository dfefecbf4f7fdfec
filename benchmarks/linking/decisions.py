"""What reviewers decide teaches: decisions drawn from a world whose truth answers, learnt, and judged on another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from benchmarks.linking.scores import Scored as Link
from benchmarks.linking.scores import at_precision, best_f1, curve
from matchers.compare import weigh_again
from matchers.decide import decide
from matchers.learning import TARGET, learn_weights
from matchers.observed import Labelled
from matchers.records import MatchDecision, Outcome, Scored
from matchers.thresholds import judge_threshold
from matchers.weights import Weights

FITTED = 2 / 3
"""The share of decisions that weights are fitted on; thresholds are set on the others. As in the store."""


@dataclass(frozen=True)
class Told:
    """The figures of weights on one world. at_own: links at their own threshold: taken, wrong, and their recall."""

    best_f1: float
    recall_at_sure: float
    at_own: tuple[int, int, float]


def draw_decisions(labelled: Sequence[Labelled], weights: Weights, count: int, rng: Random) -> list[Labelled]:
    """What has been decided when so many cases of the queue are done: these, answered by the truth, and the links that
    were made by themselves meanwhile and let stand.

    Who is not among the candidates is somebody new to the reviewer. A link that is wrong is let stand as well: nobody
    looks.
    """
    found: list[Labelled] = []
    for one in rng.sample(labelled, len(labelled)):
        if count == 0:
            break
        made = _decide(one, weights)
        if made is None or made.outcome is Outcome.NEW:
            continue
        if made.outcome is Outcome.LINK:
            found.append(Labelled(one.candidates, int(str(made.best))))
        else:
            found.append(one)
            count -= 1
    return found


def learn(decisions: Sequence[Labelled], old: Weights, version: str, rng: Random) -> Weights:
    """The weights after these decisions."""
    mixed = rng.sample(decisions, len(decisions))
    cut = round(FITTED * len(mixed))
    return learn_weights(mixed[:cut], mixed[cut:], old, version, {"decisions": len(mixed)})


def tell(labelled: Sequence[Labelled], truths: int, weights: Weights) -> Told:
    """The figures of these weights. truths: how many of the records have a row in the register."""
    scored = [
        (made.scores[0], made.candidates[0].candidate_id == str(one.right))
        for one in labelled
        if (made := _decide(one, weights)) is not None
    ]
    links = [Link(str(place), "right" if right else "wrong", score) for place, (score, right) in enumerate(scored)]
    points = curve(links, frozenset((str(place), "right") for place in range(len(links))))
    own = judge_threshold(scored, truths, weights.thresholds.link_score)
    return Told(
        best_f1(points, truths).f1(truths),
        at_precision(points, TARGET).recall(truths),
        (own.taken, own.wrong, own.recall),
    )


def _decide(one: Labelled, weights: Weights) -> MatchDecision | None:
    again = [Scored(str(place), weigh_again(own, weights)) for place, own in enumerate(one.candidates)]
    return decide(again, weights=weights) if again else None
