"""One case of a format by seed and number: a good file damaged, or a hostile one built, sometimes damaged too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from random import Random

from tests.fuzz import applications, parcels, pdfs, pictures, tables
from tests.fuzz.mutations import mutated

Build = Callable[[Random], bytes]


@dataclass(frozen=True)
class Format:
    """seeds: good files. builders: hostile ones. damaged: share of cases that are good files with damage, which in a
    text mostly breaks its encoding."""

    seeds: Callable[[], tuple[bytes, ...]]
    builders: tuple[Build, ...]
    damaged: float = 0.5


FORMATS = {
    "pdf": Format(
        pdfs.pdfs,
        (
            pdfs.tree_without_end, pdfs.million_pages, pdfs.forms_in_forms, pdfs.packed_without_end,
            pdfs.page_of_any_size, pdfs.picture_of_any_size, pdfs.picture_of_any_size, pdfs.deep_objects,
            pdfs.slow_drawing, pdfs.tables_in_a_circle,
        ),
    ),
    "tiff": Format(
        pictures.tiffs,
        (
            pictures.tiff_with_lying_entries, pictures.tiff_with_lying_entries, pictures.tiff_with_lying_entries,
            pictures.tiff_that_turns_in_a_circle, pictures.tiff_of_any_size, pictures.tiff_of_any_size,
        ),
    ),
    "jpeg": Format(
        pictures.jpegs,
        (pictures.jpeg_of_any_size,) * 4 + (pictures.jpeg_with_odd_segments,) * 4 + (pictures.jpeg_of_many_scans,),
    ),
    "png": Format(
        pictures.pngs, (pictures.png_with_right_checksums, pictures.png_of_any_size, pictures.png_with_a_bomb_beside)
    ),
    "csv": Format(
        lambda: tuple(data for _, data in tables.exports("csv")),
        (tables.csv_with_hostile_cells, tables.csv_with_hostile_cells, tables.csv_of_odd_shape),
        damaged=0.2,
    ),
    "json": Format(
        lambda: tuple(data for _, data in tables.exports("json")),
        (
            tables.json_with_hostile_values, tables.json_with_hostile_values, tables.json_with_hostile_values,
            tables.json_nested, tables.json_of_odd_words,
        ),
        damaged=0.2,
    ),
    "zip": Format(parcels.packs, (parcels.zip_of_odd_names, parcels.zip_bomb, parcels.zip_of_odd_yaml)),
}  # fmt: skip
MULTIPART = "multipart"
API = "api"
NAMES = (*FORMATS, MULTIPART, API)


@dataclass(frozen=True)
class Case:
    """A file, and how it came about."""

    data: bytes
    story: str


def make_case(name: str, seed: int, number: int) -> Case:
    """The same case for the same three, on any machine. For files; requests have makers of their own."""
    random = Random(f"{seed}/{name}/{number}")
    chosen = FORMATS[name]
    if random.random() < chosen.damaged:
        return Case(mutated(random, random.choice(_seeds(name)), _seeds(name)), "damaged")
    build = random.choice(chosen.builders)
    data = build(random)
    if random.random() < chosen.damaged / 2:
        return Case(mutated(random, data, _seeds(name)), f"{build.__name__}, damaged")
    return Case(data, build.__name__)


def make_upload(seed: int, number: int, csrf: bytes) -> tuple[bytes, bytes]:
    """(body, content type) of an upload; the token of a session is no secret here, but stands in the body."""
    random = Random(f"{seed}/{MULTIPART}/{number}")
    body, content_type = parcels.multipart(random, csrf)
    return (mutated(random, body, [body]) if random.random() < 0.25 else body), content_type


def make_application(seed: int, number: int) -> tuple[bytes, bytes]:
    """(body, content type) of an application to the API."""
    return applications.application(Random(f"{seed}/{API}/{number}"))


@cache
def _seeds(name: str) -> tuple[bytes, ...]:
    return FORMATS[name].seeds()
