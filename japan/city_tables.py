"""Tables of characters that a city supplies: its 外字, and the official MJ縮退マップ. Neither is bundled.

The MJ縮退マップ (文字情報技術促進協議会, CC BY-SA 2.1 JP) is a JSON file: {"content": [{"MJ文字図形名": "MJ000001",
"JIS包摂規準・UCS統合規則": [{"JIS X 0213": "1-16-02", "UCS": "U+5516"}], …}]}, one entry a glyph, with the characters
it may be reduced to under each of five grounds. Which character a glyph is stands in the MJ文字情報一覧表 (XLSX, saved
as CSV or TSV by the city): columns MJ文字図形名, 実装したUCS ("U+5516", empty where only a variation sequence shows
the glyph), 実装したMoji_JohoコレクションIVS and 実装したSVS ("9F4A_E0103", several with ; between).
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NAME, UCS, IVS, SVS = "MJ文字図形名", "実装したUCS", "実装したMoji_JohoコレクションIVS", "実装したSVS"
UNIFIED = "JIS包摂規準・UCS統合規則"
FAMILY_REGISTER = "法務省戸籍法関連通達・通知"
IMMIGRATION = "法務省告示582号別表第四"
_CORRECTED = re.compile("民[一二].*号")
_SEQUENCE = re.compile("[0-9A-Fa-f]{4,6}(?:_[0-9A-Fa-f]{4,6})*")


class BadTable(ValueError):
    """A table that is not of its form. The message names the file and the line or entry, no more."""


@dataclass(frozen=True)
class CityTables:
    """strong and weak: a character or variation sequence -> the character it counts as, as in `japan.variants`.
    private: 外字 (a private-use character or a variation sequence) -> what it stands for."""

    strong: Mapping[str, str] = field(default_factory=dict)
    weak: Mapping[str, str] = field(default_factory=dict)
    private: Mapping[str, str] = field(default_factory=dict)


def read_private_table(path: Path) -> dict[str, str]:
    """外字 of a city: rows of code and character, comma or tab between, # before a remark; a third column is not read.

    A code is U+E000, a sequence U+8FBB U+E0101, SJIS:F040 (the user-defined area of CP932 as Windows maps it: F040
    is U+E000) or the character itself; so is what it stands for. BadTable names the line.
    """
    found: dict[str, str] = {}
    for number, row in enumerate(_rows(path), start=1):
        if not row or not row[0].strip() or row[0].startswith("#"):
            continue
        code, meant = (_characters(cell) for cell in [*row, ""][:2])
        if not code or not meant:
            raise BadTable(f"{path.name}, line {number}: not a code and a character")
        found[code] = meant
    return found


def read_shrink_map(shrink: Path, glyphs: Path) -> CityTables:
    """Variants by the MJ縮退マップ. glyphs: the MJ文字情報一覧表 as CSV or TSV.

    Strong: what JIS X 0213 and UCS unify, and what 民一2842号通達 and 民二5202号通知 name as the right form of a
    popular or a wrong one. Weak: other relations of family registers, reached in one hop, and the first rank of
    告示582号 (the forms that immigration writes for simplified characters). Relations by dictionaries and by analogy
    of reading or shape are not taken: they tie different characters. A glyph with two such targets is left alone.
    """
    written = _glyphs(glyphs)
    strong: dict[str, set[str]] = {}
    weak: dict[str, set[str]] = {}
    for entry in _entries(shrink):
        for source in written.get(str(entry.get(NAME)), ()):
            strong.setdefault(source, set()).update(_targets(entry, strong=True))
            weak.setdefault(source, set()).update(_targets(entry, strong=False))
    return CityTables(strong=_one_target(strong), weak=_one_target(weak))


def read_city_tables(private: str, shrink: str, glyphs: str) -> CityTables | None:
    """The tables of these files, "" for one that the city does not have; None without any. BadTable for a map without
    the list of glyphs that says what its entries are."""
    if bool(shrink) is not bool(glyphs):
        raise BadTable("the MJ shrink map and the list of glyphs are of use together only")
    if not private and not shrink:
        return None
    official = read_shrink_map(Path(shrink), Path(glyphs)) if shrink else CityTables()
    return CityTables(official.strong, official.weak, read_private_table(Path(private)) if private else {})


def _entries(path: Path) -> list[Mapping[str, Any]]:
    try:
        content = json.loads(path.read_text("utf-8-sig"))["content"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BadTable(f"{path.name}: not an MJ shrink map in JSON") from None
    if not isinstance(content, list) or not all(isinstance(entry, dict) for entry in content):
        raise BadTable(f"{path.name}: its content is no list of entries")
    return content


def _targets(entry: Mapping[str, Any], *, strong: bool) -> Iterator[str]:
    for ground in (UNIFIED, FAMILY_REGISTER, IMMIGRATION):
        items = entry.get(ground) or []
        for item in items if isinstance(items, list) else []:
            if isinstance(item, dict) and _is_strong(ground, item) is strong and _is_direct(item):
                yield _characters(str(item.get("UCS", "")))


def _is_strong(ground: str, item: Mapping[str, Any]) -> bool:
    return ground == UNIFIED or (ground == FAMILY_REGISTER and bool(_CORRECTED.search(str(item.get("種別", "")))))


def _is_direct(item: Mapping[str, Any]) -> bool:
    """Reached in one hop, and of the first rank, where the entry counts them."""
    return str(item.get("ホップ数", "1")) == "1" and str(item.get("順位", "第1順位")) == "第1順位"


def _one_target(found: Mapping[str, set[str]]) -> dict[str, str]:
    only = {source: targets - {"", source} for source, targets in found.items()}
    return {source: next(iter(targets)) for source, targets in only.items() if len(targets) == 1}


def _glyphs(path: Path) -> dict[str, tuple[str, ...]]:
    rows = _rows(path)
    header = next((row for row in rows if NAME in row), None)
    if header is None or UCS not in header:
        raise BadTable(f"{path.name}: no columns {NAME} and {UCS}")
    places = [header.index(name) for name in (UCS, IVS, SVS) if name in header]
    name = header.index(NAME)
    return {
        row[name]: tuple(one for place in places for cell in row[place].split(";") if (one := _characters(cell)))
        for row in rows
        if len(row) > max(name, *places)
    }


def _rows(path: Path) -> Iterator[list[str]]:
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp932", errors="replace")
    first = text.split("\n", 1)[0]
    return iter(csv.reader(io.StringIO(text, newline=""), delimiter="\t" if "\t" in first else ","))


def _characters(cell: str) -> str:
    """What a cell names: U+9AD8, 9F4A_E0103, U+8FBB U+E0101, SJIS:F040 or the characters themselves; "" for nothing."""
    plain = cell.strip()
    if plain.upper().startswith("SJIS:"):
        try:
            return bytes.fromhex(plain[5:]).decode("cp932")
        except ValueError:
            return ""
    if "U+" not in plain.upper() and "_" not in plain:
        return plain
    codes = re.split(r"[\s_]+", plain.upper().replace("U+", " ").strip())
    if not _SEQUENCE.fullmatch("_".join(codes)):
        return ""
    return _joined(int(code, 16) for code in codes)


def _joined(codes: Iterable[int]) -> str:
    known = list(codes)
    return "".join(map(chr, known)) if all(code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF for code in known) else ""
