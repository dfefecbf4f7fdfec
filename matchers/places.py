"""How two addresses relate: house, building, town, city."""

from __future__ import annotations

import re

from matchers import levels
from matchers.fields import AddressValue
from matchers.levels import Level
from matchers.sides import Sides

_CITY = re.compile(r"^.+?(?:市.{1,6}?区|市|区|[町村])")


def same_house() -> Level:
    """Place and numbers agree, and the building or room where both name one."""
    return Level("exact", lambda sides: _house(sides) and _rooms_agree(sides))


def same_building() -> Level:
    """Place and numbers agree, the building or room does not."""
    return Level("other_room", _house)


def close_house() -> Level:
    """Place and numbers two edits apart in six characters or more."""
    return levels.on_text(_house_text, levels.close(edits=2, at_least=6))


def same_town() -> Level:
    """The place agrees down to the town."""
    return levels.on_text(_place, Level("same_place", lambda sides: bool(sides.left == sides.right)))


def same_city() -> Level:
    """The city, ward, town or village agrees."""
    return levels.on_text(_city, Level("same_city", lambda sides: bool(sides.left == sides.right)))


def close_street() -> Level:
    """The same numbers and a street written much alike, or Latin addresses alike as a whole."""
    alike = levels.jaro_winkler(0.88, "")
    return Level("close_street", lambda sides: alike.holds(_house_text(sides)))


def _house(sides: Sides) -> bool:
    return bool(sides.left[:2] == sides.right[:2]) and bool(sides.left.numbers or not _is_japanese(sides.left.place))


def _is_japanese(place: str) -> bool:
    return not levels.is_latin(place, place)


def _rooms_agree(sides: Sides) -> bool:
    left, right = sides.left.building, sides.right.building
    return not left or not right or left == right


def _place(sides: Sides) -> Sides:
    return Sides(sides.left.place, sides.right.place)


def _house_text(sides: Sides) -> Sides:
    return Sides(_house_of(sides.left), _house_of(sides.right))


def _house_of(address: AddressValue) -> str:
    if address.numbers:
        return "-".join((address.place, *address.numbers))
    return "" if _is_japanese(address.place) else address.place


def _city(sides: Sides) -> Sides:
    return Sides(_city_of(sides.left), _city_of(sides.right))


def _city_of(address: AddressValue) -> str:
    found = _CITY.match(address.place)
    return found.group() if found else ""
