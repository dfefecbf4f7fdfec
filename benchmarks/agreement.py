"""How often two fields agree by chance although one of them is misread: `python -m benchmarks.agreement`.

The weights of `ocr.confidence.confirm` come from here. Right pairs are drawn from the tuning part (surnames of
Part.TUNE, real postal codes, days), one of the two is misread at one place as machines misread (look-alike kana, one
digit for another), and the pair is asked whether it still agrees.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import date, timedelta
from random import Random

from fixtures.names import FEMALE, MALE, SURNAMES
from fixtures.people import find_towns
from fixtures.reading.split import Part, surname_part
from japan.kana import SMALL_TO_LARGE
from japan.postal import agrees
from ocr.confidence.confirm import age_on, kana_fits

ALIKE = ("アマヤ", "ウワクケフラタ", "オホ", "コユヨエロニミ", "シツソン", "スヌ", "チテ", "ナメ", "ルレ")
Case = tuple[bool, bool]
"""Whether the right pair agrees, and whether it still does when one of the two is misread."""


def name_case(rng: Random) -> Case:
    """A name and its kana; one kana is misread, or one kanji is another name's."""
    families = [one for one in SURNAMES if surname_part(one[0]) is Part.TUNE]
    (family, family_kana), (given, given_kana) = rng.choice(families), rng.choice(FEMALE + MALE)
    right = f"{family} {given}", f"{family_kana} {given_kana}"
    in_kana = rng.random() < 0.5
    name = right[0] if in_kana else misread_kanji(rng, right[0])
    kana = misread_kana(rng, right[1]) if in_kana else right[1]
    return kana_fits(*right) is True, kana_fits(name, kana) is True


def misread_kana(rng: Random, kana: str) -> str:
    """One kana as another that looks like it, as its small or large form, or left out."""
    places = [i for i, char in enumerate(kana) if char != " "]
    while True:
        place = rng.choice(places)
        char = kana[place]
        group = next((group for group in ALIKE if char in group), "")
        others = [one for one in group if one != char] + [s for s in map(chr, SMALL_TO_LARGE) if large(s) == char]
        others += [large(char)] if large(char) != char else []
        others += [""] if rng.random() < 0.1 else []
        if others:
            return kana[:place] + rng.choice(others) + kana[place + 1 :]


def large(char: str) -> str:
    """The large form of a small kana."""
    return char.translate(SMALL_TO_LARGE)


def misread_kanji(rng: Random, name: str) -> str:
    """One character as a character of another name."""
    letters = sorted({char for one, _ in SURNAMES + FEMALE + MALE for char in one})
    place = rng.choice([i for i, char in enumerate(name) if char != " "])
    return name[:place] + rng.choice([char for char in letters if char != name[place]]) + name[place + 1 :]


def misread_digit(rng: Random, digits: str) -> str:
    """One digit as another."""
    place = rng.randrange(len(digits))
    return digits[:place] + rng.choice([d for d in "0123456789" if d != digits[place]]) + digits[place + 1 :]


def postal_case(rng: Random) -> Case:
    """A postal code and an address in it; one digit of the code is misread."""
    code, place = rng.choice(find_towns())
    return agrees(code, f"{place}12-3") is True, agrees(misread_digit(rng, code), f"{place}12-3") is True


def age_case(rng: Random) -> Case:
    """A birth date and the age written beside it (one in thirty is off by a year); a digit of the date is misread."""
    today = date(2026, 11, 22)
    while True:
        born = today - timedelta(rng.randrange(0, 95 * 365))
        written = age_on(born, today) + (rng.choice((-1, 1)) if rng.random() < 1 / 30 else 0)
        try:
            wrong = date.fromisoformat("-".join(_parted(misread_digit(rng, f"{born:%Y%m%d}"))))
        except ValueError:
            continue
        if wrong <= today:
            return age_on(born, today) == written, age_on(wrong, today) == written


def _parted(digits: str) -> tuple[str, str, str]:
    return digits[:4], digits[4:6], digits[6:]


CASES: dict[str, Callable[[Random], Case]] = {"name and kana": name_case, "postal": postal_case, "age": age_case}


def main() -> None:
    """Prints P(agree | both right) and P(agree | one misread) of each kind of pair."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pairs", type=int, default=3000)
    pairs = parser.parse_args().pairs
    for name, case in CASES.items():
        rng = Random(70312)
        drawn = [case(rng) for _ in range(pairs)]
        right, wrong = (sum(one[i] for one in drawn) / pairs for i in (0, 1))
        print(f"{name}: agree when right {right:.4f}, when misread {wrong:.4f}")


if __name__ == "__main__":
    main()
