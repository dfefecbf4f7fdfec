"""Weights as versioned data: read from a file, checked against the declared comparisons, written again."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from matchers.comparisons import codes_of, level_codes
from matchers.fields import PERSON, FieldType, Schema
from matchers.ink import INK_FIELDS, InkCurve

_DATA = Path(__file__).parent / "data"
_DEFAULT = _DATA / "weights-4.yaml"
_BY_TYPE = _DATA / "types-1.yaml"


class BadWeights(ValueError):
    """The weights file does not fit the declared comparisons."""


@dataclass(frozen=True)
class Thresholds:
    """Bounds of a decision.

    link_score: at least this score for a link, log2 odds against everybody else and nobody. link_person: at least this
    much evidence (log2) that only the person can give. review_score: below it nobody is meant.
    min_confidence: 0.0-1.0, below it a name read off paper cannot identify by itself.
    """

    link_score: float
    link_person: float
    review_score: float
    min_confidence: float


@dataclass(frozen=True)
class Weights:
    """Log2 weights per field and level, and the bounds of shared evidence.

    household_floor, household_cap: bounds of what a household shares. repeated_for, repeated_against: how much a
    field counts that repeats another (0-1). nobody: the total (log2) at which a candidate is as likely the person
    meant as that person is none of the candidates. ink: per "name" and "kana". trusted_confidence: 0.0-1.0.
    thresholds: for scores of these weights. origin: how the weights came about, in words and figures, never values of
    people.
    """

    version: str
    table: Mapping[str, Mapping[str, float]]
    household_floor: float
    household_cap: float
    repeated_for: float
    repeated_against: float
    nobody: float
    trusted_confidence: float
    thresholds: Thresholds
    ink: Mapping[str, InkCurve] = field(default_factory=dict)
    origin: Mapping[str, Any] = field(default_factory=dict)

    def weight(self, field: str, level: str) -> float:
        """Log2 of the likelihood ratio; 0 for "missing"."""
        return 0.0 if level == "missing" else self.table[field][level]

    def best_but(self, field: str, levels: frozenset[str]) -> float:
        """The heaviest weight of the field but for these levels."""
        return max(weight for level, weight in self.table[field].items() if level not in levels)


def parse_weights(data: Mapping[str, Any], schema: Schema = PERSON) -> Weights:
    """Weights from the content of a weights file; BadWeights names fields or levels that lack one.

    A level has either `weight`, log2, or `m` and `u`, how often it is met in records of one person and of two.
    """
    try:
        weights = Weights(
            version=str(data["version"]),
            table={name: {code: _log2(one) for code, one in levels.items()} for name, levels in data["fields"].items()},
            household_floor=float(data["household"]["floor"]),
            household_cap=float(data["household"]["cap"]),
            repeated_for=float(data["repeated"]["for"]),
            repeated_against=float(data["repeated"]["against"]),
            nobody=float(data["nobody"]),
            trusted_confidence=float(data["trusted_confidence"]),
            thresholds=Thresholds(**{key: float(value) for key, value in data["thresholds"].items()}),
            ink={name: InkCurve(**data["ink"][name]) for name in INK_FIELDS},
            origin=data.get("origin", {}),
        )
    except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        raise BadWeights("the weights file lacks a part or holds no probability where one is due") from error
    _check_whole(weights, schema)
    return weights


def _log2(one: Mapping[str, float]) -> float:
    return float(one["weight"]) if "weight" in one else math.log2(one["m"] / one["u"])


def _check_whole(weights: Weights, schema: Schema) -> None:
    absent = {
        f"{name}.{code}"
        for name, codes in level_codes(schema).items()
        for code in codes
        if code not in weights.table.get(name, {})
    }
    if absent:
        raise BadWeights(f"no weight for {', '.join(sorted(absent))}")


def load_weights(path: Path | None = None) -> Weights:
    """The weights of a file, by default the shipped ones for persons."""
    return _load(path or _DEFAULT)


@cache
def _load(path: Path) -> Weights:
    return parse_weights(yaml.safe_load(path.read_text(encoding="utf-8")))


@cache
def starting_odds(kind: FieldType) -> Mapping[str, tuple[float, float]]:
    """For each level of a type m and u, judged by hand: where EM starts, and what stands in where data is thin."""
    own = yaml.safe_load(_BY_TYPE.read_text(encoding="utf-8"))["types"][kind.value]
    absent = set(codes_of(kind)) - set(own)
    if absent:
        raise BadWeights(f"nothing for {kind.value}: {', '.join(sorted(absent))}")
    return {code: (float(own[code]["m"]), float(own[code]["u"])) for code in codes_of(kind)}


def write_weights(weights: Weights) -> str:
    """The content of a weights file, as `parse_weights` reads it."""
    data = {
        "version": weights.version,
        "origin": dict(weights.origin),
        "fields": {
            name: {code: {"weight": round(weight, 4)} for code, weight in levels.items()}
            for name, levels in weights.table.items()
        },
        "household": {"floor": weights.household_floor, "cap": weights.household_cap},
        "repeated": {"for": weights.repeated_for, "against": weights.repeated_against},
        "nobody": weights.nobody,
        "ink": {
            name: {"bits": one.bits, "slope": one.slope, "floor": one.floor, "cap": one.cap}
            for name, one in weights.ink.items()
        },
        "thresholds": asdict(weights.thresholds),
        "trusted_confidence": weights.trusted_confidence,
    }
    return yaml.safe_dump(data, allow_unicode=True, sort_keys=False)
