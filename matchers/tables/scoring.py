"""How sure it is, for every candidate pair, that its two records are of one person."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matchers.em import EmField, Floats, Learned, class_ratios, learn, posteriors
from matchers.tables.blocks import Pairs
from matchers.tables.columns import Records
from matchers.tables.comparing import MISSING, Levels, TableField, compare_pairs, fields_of
from matchers.tables.statistics import categories, describe, pairs_within, possible_pairs, random_pairs, value_chances

ROUNDS = 2
_LOG2 = float(np.log(2.0))


@dataclass(frozen=True)
class Model:
    """What was learned of a table: the fields as compared, their statistics, and the chance of each value by field."""

    fields: tuple[TableField, ...]
    described: tuple[EmField, ...]
    learned: Learned
    chances: tuple[Floats, ...]


@dataclass(frozen=True)
class Scores:
    """Per pair the log2 odds that it is one person, each pair looked at alone."""

    model: Model
    pairs: Pairs
    scores: Floats


@dataclass(frozen=True)
class _Sample:
    """Pairs for the statistics of strangers: levels, categories, and how sure each is to be of strangers."""

    levels: Levels
    found: Levels
    weights: Floats


def score_pairs(
    records: Records, pairs: Pairs, seed: int = 0, *, on_field: Callable[[int, int], None] = lambda done, of: None
) -> Scores:
    """The pairs scored by weights learned from these very records; the same records and seed, the same scores."""
    fields = fields_of(records)
    levels = compare_pairs(fields, pairs, on_field=on_field)
    found = categories(fields, levels)
    patterns, counts, place = _patterns(found)
    model = _learn(records, fields, pairs, (patterns, counts, place), np.random.default_rng(seed))
    return Scores(model, pairs, _scores(model, pairs, levels, found))


def score_more(model: Model, pairs: Pairs) -> Floats:
    """The log2 odds of further pairs by what was learned already."""
    levels = compare_pairs(model.fields, pairs)
    return _scores(model, pairs, levels, categories(model.fields, levels))


def _patterns(found: Levels) -> tuple[Levels, Floats, NDArray[np.int64]]:
    """The distinct rows, how often each occurs, and which one each pair is."""
    key = np.zeros(len(found), np.int64)
    for column in found.T:
        key = key * (int(column.max(initial=0)) + 2) + column + 1
        if key.max(initial=0) > 2**40:
            key = np.unique(key, return_inverse=True)[1].astype(np.int64)
    _, first, place, counts = np.unique(key, return_index=True, return_inverse=True, return_counts=True)
    return found[first], counts.astype(float), place


def _learn(
    records: Records,
    fields: tuple[TableField, ...],
    pairs: Pairs,
    patterns: tuple[Levels, Floats, NDArray[np.int64]],
    rng: np.random.Generator,
) -> Model:
    rows, counts, place = patterns
    strangers = _sample(fields, random_pairs(records, rng))
    within = {
        parent: _sample(fields, pairs_within(fields[parent].column, records, rng))
        for parent in {field.parent for field in fields if field.parent is not None}
    }
    person = np.zeros(len(pairs))
    for _ in range(ROUNDS):
        chances = [value_chances(field.column, records, _agreeing(field, pairs, person)) for field in fields]
        described = tuple(
            describe(
                field,
                number,
                (strangers.found, strangers.weights),
                _pair_of(within, field),
                chances[number][1],
            )
            for number, field in enumerate(fields)
        )
        learned = learn(rows, counts, possible_pairs(records), described)
        person = posteriors(rows, described, learned)[:, :2].sum(axis=1)[place]
        strangers = _reweigh(strangers, described, learned)
        within = {parent: _reweigh(sample, described, learned) for parent, sample in within.items()}
    return Model(fields, described, learned, tuple(chance for chance, _ in chances))


def _sample(fields: Sequence[TableField], pairs: Pairs) -> _Sample:
    levels = compare_pairs(fields, pairs)
    return _Sample(levels, categories(fields, levels), np.ones(len(pairs)))


def _pair_of(within: Mapping[int, _Sample], field: TableField) -> tuple[Levels, Floats] | None:
    sample = None if field.parent is None else within[field.parent]
    return None if sample is None else (sample.found, sample.weights)


def _reweigh(sample: _Sample, described: Sequence[EmField], learned: Learned) -> _Sample:
    if not len(sample.found):
        return sample
    return _Sample(sample.levels, sample.found, 1 - posteriors(sample.found, described, learned)[:, :2].sum(axis=1))


def _agreeing(field: TableField, pairs: Pairs, person: Floats) -> Floats:
    """Per value of the field the expected pairs of one person that agree on it."""
    left, right = (field.column.codes[pairs[:, side]] for side in (0, 1))
    same = (left == right) & (left > 0)
    return np.asarray(np.bincount(left[same], person[same], minlength=len(field.column.values)), np.float64)


def _scores(model: Model, pairs: Pairs, levels: Levels, found: Levels) -> Floats:
    home, moved, household = (np.zeros(len(pairs)) for _ in range(3))
    for place, (field, described) in enumerate(zip(model.fields, model.described, strict=True)):
        ratio, house = class_ratios(described, model.learned, place)
        given = found[:, place] != MISSING
        at = np.where(given, found[:, place], 0)
        rarer = _rarity(model, field, place, pairs, levels, found)
        same = np.where(given, ratio[at], 0.0) + rarer
        home += same
        moved += 0.0 if described.home else same
        alike = np.where(given, house[at], 0.0)
        # What a household does not share by nature it may share by chance, and at least as often as strangers.
        household += alike + rarer if described.shared else np.where(rarer != 0, np.maximum(alike + rarer, 0), alike)
    one, other, house_rate = (np.log(rate + 1e-30) for rate in model.learned.rates)
    person = np.logaddexp(home + one, moved + other)
    rest = np.logaddexp(household + house_rate, np.log1p(-min(sum(model.learned.rates), 0.5)))
    return np.asarray((person - rest) / _LOG2)


def _rarity(model: Model, field: TableField, place: int, pairs: Pairs, levels: Levels, found: Levels) -> Floats:
    """What agreeing on this very value adds to agreeing at all; nothing where it follows another field that agrees."""
    codes = field.column.codes[pairs[:, 0]]
    counted = (levels[:, place] == field.number("exact")) & (codes > 0)
    if field.parent is not None:
        counted &= found[:, place] // len(field.codes) != 1
    usual = model.described[place].strangers[field.number("exact")]
    return np.where(counted, np.log(usual) - np.log(model.chances[place][codes]), 0.0)
