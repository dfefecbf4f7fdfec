"""How good scored links are: pure sums over (score, right or wrong)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby


@dataclass(frozen=True, slots=True)
class Scored:
    """A link that somebody scored. left: the application, right: the row of the register."""

    left: str
    right: str
    score: float


@dataclass(frozen=True, slots=True)
class Point:
    """All links of at least this score: how many, and how many of them are right."""

    score: float
    links: int
    right: int

    def precision(self) -> float:
        """Right links among links; 1.0 for none."""
        return self.right / self.links if self.links else 1.0

    def recall(self, truths: int) -> float:
        """Right links among those there are; 1.0 where there are none."""
        return self.right / truths if truths else 1.0

    def f1(self, truths: int) -> float:
        """The harmonic mean of both."""
        return 2 * self.right / (self.links + truths) if self.links + truths else 1.0


Pair = tuple[str, str]


def curve(scored: Iterable[Scored], truth: Collection[Pair]) -> list[Point]:
    """A point for every score, the highest first; equal scores stand or fall together."""
    points, links, right = [], 0, 0
    for score, group in groupby(sorted(scored, key=lambda one: -one.score), key=lambda one: one.score):
        for one in group:
            links += 1
            right += (one.left, one.right) in truth
        points.append(Point(score, links, right))
    return points


def best_f1(points: Sequence[Point], truths: int) -> Point:
    """The point of the highest F1; of equals the one of the highest score."""
    return max(points, key=lambda point: (point.f1(truths), point.score), default=Point(float("inf"), 0, 0))


def at_precision(points: Sequence[Point], precision: float) -> Point:
    """The point that finds most with at least this precision; no links at all where there is none."""
    good = [point for point in points if point.precision() >= precision]
    return max(good, key=lambda point: (point.right, point.score), default=Point(float("inf"), 0, 0))


def at_score(points: Sequence[Point], score: float) -> Point:
    """What stands at or above a score that was chosen elsewhere."""
    above = [point for point in points if point.score >= score]
    return above[-1] if above else Point(score, 0, 0)


def recall_by(
    tags: Mapping[str, Collection[str]], truth: Collection[Pair], scored: Iterable[Scored], score: float
) -> dict[str, tuple[int, int]]:
    """Per tag of the application: true links found at or above the score, and true links there are.

    tags: of each application that has any.
    """
    found = {(one.left, one.right) for one in scored if one.score >= score}
    counts: dict[str, list[int]] = {}
    for pair in truth:
        for tag in tags.get(pair[0], ()):
            count = counts.setdefault(tag, [0, 0])
            count[0] += pair in found
            count[1] += 1
    return {tag: (count[0], count[1]) for tag, count in sorted(counts.items())}


def best_of_each(scored: Iterable[Scored], side: Callable[[Scored], str]) -> list[Scored]:
    """Of the links with the same `side` the one of the highest score, none where two share it."""
    best: dict[str, Scored | None] = {}
    for one in sorted(scored, key=lambda one: -one.score):
        first = best.setdefault(side(one), one)
        if first is not None and first is not one and first.score == one.score:
            best[side(one)] = None
    return [one for one in best.values() if one is not None]


def merged_twins(scored: Iterable[Scored], twins: Mapping[str, str], own: Mapping[str, str], score: float) -> int:
    """How many twin pairs are merged: an application of one linked to the row of the other.

    twins: for each application of a twin the row of the other one; own: of applications the row of who applied.
    """
    wrong = (one for one in scored if one.score >= score and twins.get(one.left) == one.right)
    return len({frozenset((one.right, own.get(one.left, ""))) for one in wrong})
