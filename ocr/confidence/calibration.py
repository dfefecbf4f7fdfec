"""How sure a reading truly is: from what the engines say of it to the chance that it is right.

An engine's probability is of the characters, given its training; it knows neither the field nor the page. Here the
log-odds of being right are a weighted sum of a few signs, with a level of its own for each sort of field and engine.
The weights were fitted on the reading lab's sheets for tuning (`ocr.confidence.calibration_fit`, `python -m
benchmarks.calibrate`) and lie in `ocr/models/calibration.json`, with the number of fields behind each and the seeds of
the sheets. They rise with the score: of two readings with otherwise like signs the one with the higher score is never
the less sure one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from math import exp
from pathlib import Path
from typing import Any

from ocr.layout import CellsField, ChoiceField, DateField, Field, LineField, PresenceField
from ocr.readings import LOW, Reading, ReadingReason
from ocr.signs import SIGNS, Signs

FILE = Path(__file__).parent.parent / "models" / "calibration.json"
VERSION = 1


@dataclass(frozen=True)
class Group:
    """A sort of field by one engine: its own level and its own share of `surplus`, and how many readings, and wrong
    ones among them, they were fitted on."""

    level: float
    slope: float
    fields: int
    wrong: int


@dataclass(frozen=True)
class Threshold:
    """From which confidence on a sort is accepted without a person for a target error; None: not from any.

    accepted, wrong: of the sheets for tuning, those at or above it; wrong_at_most_95: the exact one-sided bound of
    the share of wrong ones, of this sort alone.
    """

    confidence: float | None
    accepted: int
    wrong: int
    wrong_at_most_95: float


@dataclass(frozen=True)
class Calibration:
    """The fitted numbers. weights: by the names of SIGNS. thresholds: target error (as "0.001") -> sort -> threshold.

    data: what it was fitted on, in words and numbers, for whoever reads the file.
    """

    weights: Mapping[str, float]
    groups: Mapping[str, Group]
    usual_page: float
    thresholds: Mapping[str, Mapping[str, Threshold]] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)

    def probability(self, signs: Signs) -> float:
        """The chance that a reading with these signs is right; its own score for groups that were not fitted."""
        group = self.groups.get(signs.group)
        if group is None:
            return signs.score
        odds = group.level
        for name, number in zip(SIGNS, signs.numbers(self.usual_page), strict=True):
            own = group.slope if name == "surplus" else 0.0
            odds += number * max(0.0, self.weights[name] + own)
        return 1.0 / (1.0 + exp(-max(-30.0, min(30.0, odds))))

    def fits(self, signs: Signs) -> bool:
        """Whether the confidence of a reading with these signs was calibrated, so that thresholds mean something."""
        return signs.group in self.groups

    def threshold(self, sort: str, error: float) -> float | None:
        """The confidence from which at most this share of the accepted is wrong; None accepts none.

        An error between two targets takes the stricter; one below all of them accepts none.
        """
        kept = [target for target in self.thresholds if float(target) <= error * (1 + 1e-9)]
        found = self.thresholds[max(kept, key=float)].get(sort) if kept else None
        return found.confidence if found else None


def load(path: Path = FILE) -> Calibration | None:
    """The calibration in this file; None without one, or for one of another version."""
    if not path.is_file():
        return None
    found = json.loads(path.read_text("utf-8"))
    if found.get("version") != VERSION:
        return None
    return Calibration(
        found["weights"],
        {name: Group(**one) for name, one in found["groups"].items()},
        found["usual_page"],
        {
            target: {sort: Threshold(**one) for sort, one in sorts.items()}
            for target, sorts in found["thresholds"].items()
        },
        found["data"],
    )


def save(calibration: Calibration, path: Path) -> None:
    """Writes it in the form that `load` takes, one group a line."""
    document = {"version": VERSION, **asdict(calibration)}
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", "utf-8")


def sort_of(field: Field) -> str:
    """Content and kind of place, as `katakana cells`, `address lines`, `text list`, `choice circle`."""
    if isinstance(field, LineField):
        return f"{field.content.value} {'list' if field.lexicon else 'lines' if field.lines > 1 else 'line'}"
    if isinstance(field, CellsField):
        return f"{field.content.value} cells"
    if isinstance(field, DateField):
        return "date blanks" if field.blanks else "date cells"
    if isinstance(field, ChoiceField):
        return f"choice {field.mark.value}"
    return field.what.value if isinstance(field, PresenceField) else "tick"


def engine_of(field: Field, lines: bool, reading: Reading, networks: bool) -> str:
    """`line`: the recogniser of lines. `cells`: our network alone, which was sure. `both`. `mark`: no characters.
    `ditto`: the row above.

    lines: lines of it were recognised. networks: ours are there.
    """
    if reading.ditto:
        return "ditto"
    if isinstance(field, LineField):
        return "line"
    if isinstance(field, CellsField | DateField):
        return ("both" if lines else "cells") if networks else "line"
    return "mark" if networks else "rules"


def signs_of(field: Field, engine: str, reading: Reading) -> Signs | None:
    """The signs of one reading, without those of its page; None where nothing was read or measured."""
    if reading.confidence is None or reading.blank:
        return None
    length = sum(bool(char.char.strip()) for char in reading.characters)
    return Signs(sort_of(field), engine, reading.confidence, length, second=reading.second)


def calibrated(reading: Reading, signs: Signs | None, calibration: Calibration | None) -> Reading:
    """The reading as sure as it truly is, with what that was worked out from; a value of none stays at 0.0."""
    if signs is None or calibration is None or reading.value is None:
        return replace(reading, signs=signs)
    return replace(with_confidence(reading, calibration.probability(signs)), signs=signs)


def with_confidence(reading: Reading, confidence: float) -> Reading:
    """The reading with this confidence, LOW_CONFIDENCE among its reasons exactly where that is low."""
    others = tuple(reason for reason in reading.reasons if reason is not ReadingReason.LOW_CONFIDENCE)
    low = (ReadingReason.LOW_CONFIDENCE,) if confidence < LOW else ()
    return replace(reading, confidence=confidence, reasons=(*others, *low))
