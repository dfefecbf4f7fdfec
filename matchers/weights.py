"""Weights as versioned data: read from a file, checked against the declared comparisons."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from matchers.comparisons import COMPARISONS

INK_FIELDS = ("name", "kana")
INK_LEVELS = ("supports", "neutral", "against")
_DEFAULT = Path(__file__).parent / "data" / "weights-1.yaml"


class BadWeights(ValueError):
    """The weights file does not fit the declared comparisons."""


@dataclass(frozen=True)
class Weights:
    """Log2 weights per field and level, and the bounds of shared evidence.

    ink_supports, ink_against: log2 thresholds, see the data file. trusted_confidence: 0.0-1.0.
    """

    version: str
    table: Mapping[str, Mapping[str, float]]
    household_floor: float
    household_cap: float
    ink_supports: float
    ink_against: float
    trusted_confidence: float

    def weight(self, field: str, level: str) -> float:
        """Log2 of the likelihood ratio; 0 for "missing"."""
        return 0.0 if level == "missing" else self.table[field][level]


def parse_weights(data: Mapping[str, Any]) -> Weights:
    """Weights from the content of a weights file; BadWeights names fields or levels that lack one."""
    expected = {comparison.field: {level.code for level in comparison.levels} for comparison in COMPARISONS}
    expected |= {f"ink_{name}": set(INK_LEVELS) for name in INK_FIELDS}
    try:
        table = {
            field: {level: math.log2(odds["m"] / odds["u"]) for level, odds in levels.items()}
            for field, levels in data["fields"].items()
        }
        weights = Weights(
            version=str(data["version"]),
            table=table,
            household_floor=float(data["household"]["floor"]),
            household_cap=float(data["household"]["cap"]),
            ink_supports=float(data["ink"]["supports"]),
            ink_against=float(data["ink"]["against"]),
            trusted_confidence=float(data["trusted_confidence"]),
        )
    except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        raise BadWeights("the weights file lacks a part or holds no probability where one is due") from error
    absent = {
        f"{field}.{level}"
        for field, codes in expected.items()
        for level in codes - {"missing"} - set(table.get(field, {}))
    }
    if absent:
        raise BadWeights(f"no weight for {', '.join(sorted(absent))}")
    return weights


def load_weights(path: Path | None = None) -> Weights:
    """The weights of a file, by default the shipped ones."""
    return _load(path or _DEFAULT)


@cache
def _load(path: Path) -> Weights:
    return parse_weights(yaml.safe_load(path.read_text(encoding="utf-8")))
