"""Fits the weights that are shipped: `python -m benchmarks.weights draw|fit|tell|decisions`.

    draw SEED PEOPLE APPLICATIONS [--twins SHARE]   keeps the candidates of so many applications of a TUNE world
    fit VERSION --fit SEED... --judge SEED...       writes matchers/data/weights-VERSION.yaml
    tell VERSION... --judge SEED...                 what shipped weights give on worlds that were drawn
    decisions COUNT --from VERSION --on SEED --judge SEED [--draws 4]
                                                    what so many decisions of reviewers teach weights, beside the old

Fitted by logistic regression on the worlds of `--fit`, held to the hand judged weights; thresholds, and the figures
that stand in the file, are of the worlds of `--judge`. Held out worlds are never drawn. Both are slow: a minute for a
thousand applications.
"""

from __future__ import annotations

import argparse
import math
import pickle
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.linking.cases import draw_cases, is_paper
from benchmarks.linking.decisions import draw_decisions, learn, tell
from benchmarks.linking.ours import Index, ask_ink, count_names
from benchmarks.report import show
from benchmarks.samples import DATA
from fixtures.matching.split import Part
from matchers import weights as shipped
from matchers.compare import compare, weigh_again
from matchers.decide import decide
from matchers.fit import fit
from matchers.ink import INK_FIELDS, InkCurve, fit_ink
from matchers.observed import Labelled
from matchers.records import Comparison, Scored
from matchers.thresholds import Threshold, choose_threshold
from matchers.weights import Weights, load_weights, write_weights

FOLDER = DATA / "weights"
OUT = Path(shipped.__file__).parent / "data"
HAND_JUDGED = "weights-2.yaml"
KEPT = 5
"""Candidates kept of each application, the likeliest, and its person."""
TARGET = 0.999
LINK_PERSON = 12.0
"""More than a birth date alone gives."""
REVIEW_AT_MOST = -3.0
"""Who is meant with one chance in nine is for a person to see."""
REVIEW_MISSES = 0.002
"""A person may be taken for new so often, of all whose row was among the candidates."""


@dataclass(frozen=True)
class World:
    """Applications with their candidates. truths: how many of them are of somebody on the register."""

    labelled: tuple[Labelled, ...]
    truths: int


def draw(seed: int, people: int, applications: int, twins: float | None) -> World:
    """Candidates as the hand judged weights rank them, with what the ink says of each."""
    cases = draw_cases(seed, people, Part.TUNE, twin_births=twins, sample=applications)
    index, frequencies = Index(cases.register), count_names(cases.register.people)
    rows, known = dict(zip(index.ids, cases.register.people, strict=True)), dict(cases.truth)
    start = load_weights(OUT / HAND_JUDGED)
    labelled, truths = [], 0
    for record, person in zip(cases.applications.records, cases.applications.people, strict=True):
        met = [(compare(person, rows[id], start, frequencies=frequencies), id) for id in index.near(person).ids]
        met.sort(key=lambda one: -one[0].total)
        kept = [one for turn, one in enumerate(met) if turn < KEPT or one[1] == known.get(record.id)]
        inks = ask_ink(record, [rows[id] for _, id in kept]) if is_paper(record) else [None] * len(kept)
        right = [turn for turn, (_, id) in enumerate(kept) if id == known.get(record.id)]
        candidates = tuple(replace(one, ink=ink or {}) for (one, _), ink in zip(kept, inks, strict=True))
        labelled.append(Labelled(candidates, right[0] if right else None))
        truths += record.id in known
    return World(tuple(labelled), truths)


def without_ink(one: Labelled) -> Labelled:
    """The same as if nobody had asked the ink."""
    return Labelled(tuple(replace(comparison, ink={}) for comparison in one.candidates), one.right)


def fit_curves(labelled: Sequence[Labelled]) -> dict[str, InkCurve]:
    """The ink's curves, of candidates whose given name is not the one meant."""
    curves = {}
    for name, part in zip(INK_FIELDS, ("given", "kana_given"), strict=True):
        pairs = [
            (comparison.ink[name], turn == one.right)
            for one in labelled
            for turn, comparison in enumerate(one.candidates)
            if name in comparison.ink and (turn == one.right or not _agrees(comparison, part))
        ]
        curves[name] = fit_ink([ratio for ratio, _ in pairs], [right for _, right in pairs])
    return curves


def _agrees(comparison: Comparison, part: str) -> bool:
    return any(one.field == part and one.level in {"exact", "exact_again", "variant"} for one in comparison.evidence)


def judge(world: World, weights: Weights, *, ink: bool) -> list[tuple[float, bool]]:
    """Score of the best candidate of each application, and whether it is right."""
    scored = []
    for one in world.labelled:
        asked = one if ink else without_ink(one)
        again = [weigh_again(comparison, weights) for comparison in asked.candidates]
        if again:
            decision = decide([Scored(str(n), comparison) for n, comparison in enumerate(again)], weights=weights)
            scored.append((decision.scores[0], decision.candidates[0].candidate_id == str(one.right)))
    return scored


def make(version: str, fitted_on: Sequence[int], judged_on: Sequence[int]) -> Weights:
    """The weights of a version, with thresholds."""
    worlds, others = [load(seed) for seed in fitted_on], [load(seed) for seed in judged_on]
    labelled = [one for world in worlds for one in world.labelled]
    start = load_weights(OUT / HAND_JUDGED)
    origin: dict[str, Any] = {"worlds": "fixtures.matching, Part.TUNE", "fitted_on_seeds": list(fitted_on)}
    found = fit([without_ink(one) for one in labelled], start, version, origin)
    weights = replace(found.weights, ink=fit_curves(labelled))
    judged = World(tuple(one for world in others for one in world.labelled), sum(world.truths for world in others))
    plain, inked = (judge(judged, weights, ink=ink) for ink in (False, True))
    links = choose_threshold(plain, judged.truths, TARGET)
    behind = {
        "thresholds_on_seeds": list(judged_on),
        "without_ink": _told(links),
        "with_ink": _told(choose_threshold(inked, judged.truths, TARGET)),
    }
    reviews = lowest_right(plain, REVIEW_MISSES)
    thresholds = replace(
        weights.thresholds,
        link_score=_up(links.score),
        link_person=LINK_PERSON,
        review_score=min(math.floor(reviews * 10) / 10, REVIEW_AT_MOST),
    )
    return replace(weights, thresholds=thresholds, origin={**weights.origin, **behind})


def lowest_right(scored: Sequence[tuple[float, bool]], misses: float) -> float:
    """The score that all but this share of the right ones reach."""
    right = sorted(score for score, is_right in scored if is_right)
    return right[int(misses * len(right))]


def _up(score: float) -> float:
    return math.ceil(score * 10) / 10


def _told(found: Threshold) -> dict[str, Any]:
    return {
        "score": round(found.score, 2), "taken": found.taken, "wrong": found.wrong, "true_links": found.truths,
        "recall": round(found.recall, 4), "precision_at_least": round(found.bound, 5),
    }  # fmt: skip


def load(seed: int) -> World:
    """A world that was drawn and kept."""
    world: World = pickle.loads((FOLDER / f"{seed}.pickle").read_bytes())
    return world


def main() -> None:
    """Draws or fits."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    drawing, fitting = commands.add_parser("draw"), commands.add_parser("fit")
    for name in ("seed", "people", "applications"):
        drawing.add_argument(name, type=int)
    drawing.add_argument("--twins", type=float)
    fitting.add_argument("version")
    fitting.add_argument("--fit", type=int, nargs="+", required=True)
    fitting.add_argument("--judge", type=int, nargs="+", required=True)
    telling, deciding = commands.add_parser("tell"), commands.add_parser("decisions")
    telling.add_argument("versions", nargs="+")
    telling.add_argument("--judge", type=int, nargs="+", required=True)
    deciding.add_argument("count", type=int)
    deciding.add_argument("--from", dest="old", required=True)
    deciding.add_argument("--on", type=int, required=True)
    deciding.add_argument("--judge", type=int, required=True)
    deciding.add_argument("--draws", type=int, default=4)
    given = parser.parse_args()
    {"draw": _draw, "fit": _fit, "tell": _tell_all, "decisions": _decisions}[given.command](given)


def _draw(given: argparse.Namespace) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    world = draw(given.seed, given.people, given.applications, given.twins)
    (FOLDER / f"{given.seed}.pickle").write_bytes(pickle.dumps(world))


def _fit(given: argparse.Namespace) -> None:
    text = write_weights(make(given.version, given.fit, given.judge))
    (OUT / f"weights-{given.version}.yaml").write_text(text, encoding="utf-8")


def _tell_all(given: argparse.Namespace) -> None:
    rows = []
    for seed in given.judge:
        world = load(seed)
        for version in given.versions:
            rows += _told_rows(f"seed {seed}, weights {version}", world, load_weights(OUT / f"weights-{version}.yaml"))
    show("Shipped weights", _HEADER, rows)


def _decisions(given: argparse.Namespace) -> None:
    """Each draw of decisions teaches anew; old weights first."""
    world, other = load(given.on), load(given.judge)
    old = load_weights(OUT / f"weights-{given.old}.yaml")
    rows = _told_rows(f"weights {given.old}", other, old)
    for turn in range(given.draws):
        rng = Random(f"decisions:{given.on}:{turn}")
        decisions = draw_decisions(world.labelled, old, given.count, rng)
        new = learn(decisions, old, f"{given.old}+{turn}", rng)
        rows += _told_rows(f"{given.count} decisions, {len(decisions) - given.count} let stand", other, new)
    show(f"Learnt on seed {given.on}, judged on seed {given.judge}", _HEADER, rows)


_HEADER = ("", "ink", "best F1", f"recall at {TARGET}", "own threshold", "links", "wrong", "recall")


def _told_rows(name: str, world: World, weights: Weights) -> list[tuple[str, ...]]:
    rows = []
    for ink in (False, True):
        told = tell([one if ink else without_ink(one) for one in world.labelled], world.truths, weights)
        taken, wrong, recall = told.at_own
        figures = (f"{told.best_f1:.4f}", f"{told.recall_at_sure:.4f}", str(weights.thresholds.link_score))
        rows.append((name, "yes" if ink else "no", *figures, str(taken), str(wrong), f"{recall:.4f}"))
    return rows


if __name__ == "__main__":
    from benchmarks import weights  # worlds are kept as this module's, not as that of the command

    weights.main()
