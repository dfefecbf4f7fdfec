"""Two records side by side, with family and given names put opposite each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from japan.kana import kana_key
from matchers.fields import Field, FieldType, Named
from matchers.normalise import Words
from matchers.sides import Sides

NOTHING = Sides("", "")


@dataclass(frozen=True)
class Pair:
    """Two records, and the parts of their names and readings opposite each other."""

    a: Any
    b: Any
    parts: Mapping[FieldType, Sides]

    def sides(self, field: Field) -> Sides:
        """The two values of a field of the schema."""
        get = field.get
        return self.parts[field.type] if get is None else Sides(get(self.a), get(self.b))


def pair_up(a: Named, b: Named) -> Pair:
    """The two records with their names aligned.

    Where the name of one is another name of the other as a whole (通称, the name before a marriage), that name stands
    opposite it; and where only its family name is a former one of the other (旧氏), that is noted.
    """
    family, given = align(a.name, b.name)
    written_family, written_given = align(a.written, b.written)
    family, given = _with_written(family, written_family), _with_written(given, written_given)
    if a.name.whole != b.name.whole:
        family, given = _other_names(family, given, a, b)
    kana_family, kana_given = align(a.kana, b.kana)
    parts = {
        FieldType.FAMILY_NAME: family,
        FieldType.GIVEN_NAME: given,
        FieldType.FAMILY_KANA: kana_family,
        FieldType.GIVEN_KANA: kana_given,
    }
    return Pair(a, b, parts)


def _with_written(part: Sides, written: Sides) -> Sides:
    return Sides(part.left, part.right, (written.left, written.right), part.swapped, part.former)


def _other_names(family: Sides, given: Sides, a: Named, b: Named) -> tuple[Sides, Sides]:
    """The parts with other names of the two taken into account, where the present ones differ."""
    if _is_other_name(a.name, b) or _is_other_name(b.name, a):
        return _as_former(family), _as_former(given)
    borne = a.former or a.aliases or b.former or b.aliases
    if borne and family.left != family.right and (family.left in _families(b) or family.right in _families(a)):
        return family._replace(former=True), given
    return family, given


def _as_former(part: Sides) -> Sides:
    return part._replace(former=part.left != part.right)


def _is_other_name(name: Words, record: Named) -> bool:
    """True for another name of the record, and for its reading where that was written as the name."""
    if (record.former or record.aliases) and any(
        name.whole == form.whole for form in (*record.former, *record.aliases)
    ):
        return bool(name.whole)
    return "ァ" <= name.whole[:1] <= "ヺ" and kana_key(name.whole) == record.kana.whole


def _families(record: Named) -> set[str]:
    forms = (*record.former, *record.aliases)
    return {family for words in forms if (family := _family_of(words, record.name.given))}


def _family_of(words: Words, given: str) -> str:
    if words.split:
        return words.family
    if given and words.whole.endswith(given):
        return words.whole[: -len(given)]
    return words.whole


def align(left: Words, right: Words) -> tuple[Sides, Sides]:
    """Family and given parts of two names opposite each other.

    A name without a space is cut where the other one shows its family name. Where neither shows it, the whole
    names stand as the given part: agreeing wholes then count once; unless both have parts that were guessed.
    """
    if not left.whole or not right.whole:
        return NOTHING, NOTHING
    if left.split and right.split:
        return _straight_or_swapped(left, right)
    if right.split:
        return _straight_or_swapped(_cut(left.whole, right), right)
    if left.split:
        return _straight_or_swapped(left, _cut(right.whole, left))
    guess = left if left.given else right
    if guess.given and left.whole == right.whole:
        return Sides(guess.family, guess.family), Sides(guess.given, guess.given)
    if left.given and right.given:
        return Sides(left.family, right.family), Sides(left.given, right.given)
    return NOTHING, Sides(left.whole, right.whole)


def _straight_or_swapped(left: Words, right: Words) -> tuple[Sides, Sides]:
    """The parts opposite each other; crosswise where one part at least agrees so and none does straight.

    Whose order is wrong cannot be seen: crosswise, the part that agrees stands as the family name.
    """
    family, given = left.family == right.family, left.given == right.given
    across, back = left.family == right.given, left.given == right.family
    if (across or back) and not (family or given):
        one, other = Sides(left.family, right.given, swapped=across), Sides(left.given, right.family, swapped=back)
        return (one, other) if across else (other, one)
    return Sides(left.family, right.family), Sides(left.given, right.given)


def _cut(whole: str, model: Words) -> Words:
    if whole.startswith(model.family):
        size = len(model.family)
    elif whole.endswith(model.given):
        size = len(whole) - len(model.given)
    elif whole.startswith(model.given) and len(whole) > len(model.given):  # the given name stands first
        size = len(model.given)
    else:
        size = min(len(model.family), len(whole) - 1)
    return Words(whole, whole[:size], whole[size:])
