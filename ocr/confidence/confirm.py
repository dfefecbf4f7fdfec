"""Fields that say the same thing twice confirm each other, or cast doubt on each other.

Evidence is in natural logarithms: ln of how much likelier the two agree (or not) when both are read right than when one
of them is misread. It is added to the log-odds of a reading's confidence (`with_evidence`). The chances are measured by
`python -m benchmarks.agreement` on right pairs and on pairs with one character misread; they hold for the fields of
one form, of which at most one is wrong. Check digits are no evidence here: they are part of the grammar by which a
number is read (`ocr.decoding.grammar`), and would count twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from math import exp, log

from japan.postal import agrees
from japan.readings import NamePart, log_kana, log_reading
from ocr.confidence.calibration import with_confidence
from ocr.readings import Reading


class Why(StrEnum):
    """What two fields have in common."""

    POSTAL_ADDRESS = "postal_address"
    NAME_KANA = "name_kana"
    AGE_BIRTH = "age_birth"
    SUM = "sum"


@dataclass(frozen=True)
class Chance:
    """How often two fields agree: when both are right, and when one of them is misread."""

    right: float
    misread: float

    def log_odds(self, agree: bool) -> float:
        """What it tells that they agree, or that they do not."""
        return log(self.right / self.misread) if agree else log((1 - self.right) / (1 - self.misread))


CHANCES: Mapping[Why, Chance] = {
    # Measured 1.0 and 0.0035; some live under a code that the directory does not have, or write another one.
    Why.POSTAL_ADDRESS: Chance(0.98, 0.005),
    # Measured 0.865 (given names of today are often in no table) and 0.0055, of 2,000 pairs.
    Why.NAME_KANA: Chance(0.865, 0.01),
    # Measured 0.966, with one age in thirty off by a year, and 0.41: a misread month or day hardly shows.
    Why.AGE_BIRTH: Chance(0.966, 0.41),
    # One misread amount never adds up; two must cancel. With one amount in fifty misread and five of them that is
    # 5e-4 ((k - 1) * e / 2 / 81). That people add wrongly is taken as one in fifty.
    Why.SUM: Chance(0.98, 0.001),
}
"""Two fields of kana by the same hand are no fact here: one hand is misread alike in both (ヤ as セ in three of three
places on a sample page)."""


COUNTED = 0.5
"""So much of the evidence counts. The chances are of readings misread by accident; those that the decoders leave are
likely strings, which agree more often (オカワ for オガワ, beside 小川), and a hand that writes one field badly writes
both so. Of 184 confirmed or contradicted readings of sheets for tuning, 11 wrong, the log loss was least at a half."""


@dataclass(frozen=True)
class Fact:
    """Fields of one form that belong together.

    keys: for POSTAL_ADDRESS the code and the address; for NAME_KANA the name and its kana; for AGE_BIRTH the age and
    the date; for SUM the parts and last the total.
    on: the day on which an age was written.
    """

    why: Why
    keys: tuple[str, ...]
    on: date | None = None


@dataclass(frozen=True)
class Confirmation:
    """What fields tell of each other: log_odds above 0.0 confirm them all, below it at least one is doubtful."""

    keys: tuple[str, ...]
    log_odds: float
    why: Why


def confirm(readings: Mapping[str, Reading], facts: Iterable[Fact]) -> list[Confirmation]:
    """The evidence of every fact whose fields were all read; nothing for those that cannot be compared."""
    found = []
    for fact in facts:
        known = [readings.get(key) for key in fact.keys]
        values = [one.value for one in known if one is not None and one.value is not None]
        if len(values) != len(known) or _leaning(readings, fact.keys):
            continue
        agree = _agree(fact, values)
        if agree is not None:
            found.append(Confirmation(fact.keys, CHANCES[fact.why].log_odds(agree), fact.why))
    return found


def _leaning(readings: Mapping[str, Reading], keys: Sequence[str]) -> bool:
    """True when one of the fields was read with the help of another: what they have in common was used up."""
    return any(set(readings[key].leans_on) & set(keys) for key in keys)


def with_evidence(confidence: float, log_odds: float) -> float:
    """The confidence of a reading, 0.0-1.0, after the sum of what confirms or contradicts it."""
    bounded = min(max(confidence, 1e-6), 1 - 1e-6)
    odds = log(bounded / (1 - bounded)) + log_odds
    return 1.0 / (1.0 + exp(-max(-30.0, min(30.0, odds))))


def weigh(readings: Sequence[Reading], evidence: Sequence[Confirmation]) -> list[Reading]:
    """The readings as sure as other fields make them; one that they confirm is no longer doubtful for its ink alone."""
    return [_weighed(one, log_odds_of(one.name, evidence)) for one in readings]


def log_odds_of(key: str, evidence: Iterable[Confirmation]) -> float | None:
    """What all that is known of this field tells, COUNTED of it; None where nothing is."""
    own = [one.log_odds for one in evidence if key in one.keys]
    return COUNTED * sum(own) if own else None


def _weighed(reading: Reading, log_odds: float | None) -> Reading:
    if log_odds is None or reading.confidence is None:
        return reading
    return with_confidence(reading, with_evidence(reading.confidence, log_odds))


def _agree(fact: Fact, values: Sequence[str]) -> bool | None:
    if fact.why is Why.POSTAL_ADDRESS:
        return agrees(values[0], values[1])
    if fact.why is Why.NAME_KANA:
        return kana_fits(values[0], values[1])
    if fact.why is Why.SUM:
        return adds_up(values[:-1], values[-1])
    return age_fits(values[0], values[1], fact.on) if fact.on else None


FITS = 1.0
"""ln of how much likelier a reading must be for this name than for any name to count as one of it."""


def kana_fits(name: str, kana: str) -> bool | None:
    """Whether a name may be read so; None for names in Latin letters and where the kana's parts are not told apart."""
    parts = kana.split()
    written = name.split()
    if len(parts) != 2 or name.isascii():
        return None
    if len(written) == 1:
        splits = [(name[:i], name[i:]) for i in range(1, len(name))]
    else:
        splits = [(written[0], "".join(written[1:]))]
    return any(
        _fits(family, parts[0], NamePart.FAMILY) and _fits(given, parts[1], NamePart.GIVEN) for family, given in splits
    )


def _fits(written: str, kana: str, part: NamePart) -> bool:
    return log_reading(written, kana, part) - log_kana(kana, part) > FITS


def adds_up(parts: Sequence[str], total: str) -> bool | None:
    """Whether amounts make the total; None when one of them is no amount."""
    if not all(value.isdigit() for value in (*parts, total)):
        return None
    return sum(int(part) for part in parts) == int(total)


def age_fits(age: str, born: str, on: date) -> bool | None:
    """Whether somebody born then (YYYY-MM-DD) is of that age on that day; None when one of them cannot be read so."""
    try:
        return int(age) == age_on(date.fromisoformat(born), on)
    except ValueError:
        return None


def age_on(born: date, day: date) -> int:
    """Completed years, counted by birthdays."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
