"""CSV and JSON exports of the sample's senders: the good ones of the sample, and cells and structures nobody sends."""

from __future__ import annotations

import csv
import io
import json
from functools import cache
from random import Random
from typing import Any

from tests.runtime import SMALL_EXPORTS, small_export

HOSTILE_CELLS = (
    "",
    " ",
    "=1+1",
    "=cmd|' /C calc'!A0",
    "+81",
    "-2+3",
    "@SUM(A1)",
    "\t=A1",
    "＝１＋１",
    "＠A1",
    "'",
    '"',
    '""',
    "a,b",
    "a\r\nb",
    "\x00",
    "a\x00b",
    "\x1b$B",
    "\ud800",
    "\udfff",
    "\ufeff",
    "\u202e逆",
    "\U000e0100",
    "か\u3099",
    "𠮷",
    "髙﨑",
    "\ue000",
    "NaN",
    "Infinity",
    "-0",
    "1e309",
    "9" * 400,
    "0" * 5000,
    "あ" * 3999,
    "あ" * 4001,
    "x" * 140_000,
    " " * 5000 + "x",
    "１" * 3000,
    "十" * 3000,
    "令和99年99月99日",
    "明治45年7月31日",
    "0000-00-00",
    "9999-12-31T23:59:59-12:00",
    "0001-01-01",
    "2026-02-30",
    "昭和64年1月8日",
    "true",
    "null",
    "None",
    "../../etc/passwd",
    "C:\\a",
    "..",
    "a;b;;c",
    "<script>alert(1)</script>",
    "{{7*7}}",
    "%s%s%n",
    "'; DROP TABLE arrival;--",
    "000-0000",
    "〒〒〒",
    "090-0000-0000-0000",
    "a@" + "b." * 900 + "c",
    "ｶﾀｶﾅ",
    "\u0301" * 500,
    "㍿" * 500,
    "(株)" * 500,
    "﷽" * 100,
    "\u2028",
    "\x85",
    "\x7f",
    "¥\\",
)
_ENCODINGS = ("utf-8", "utf-8-sig", "cp932", "euc_jp", "utf-16", "iso2022_jp", "utf-7", "utf-32")


@cache
def exports(kind: str) -> tuple[tuple[str, bytes], ...]:
    """(channel, export) of the small sample, each cut to three records, as csv or json."""
    found = []
    for channel, path in SMALL_EXPORTS:
        if path.endswith(kind):
            data = small_export(path)[0]
            found.append((channel, _first_json(data) if kind == "json" else _first_csv(data)))
    return tuple(found)


def _first_csv(data: bytes) -> bytes:
    encoding = "utf-8-sig" if data.startswith(b"\xef\xbb\xbf") else "cp932"
    rows = list(csv.reader(io.StringIO(data.decode(encoding), newline="")))[:4]
    return _csv(rows, encoding)


def _csv(rows: list[list[str]], encoding: str = "utf-8", separator: str = ",") -> bytes:
    target = io.StringIO(newline="")
    csv.writer(target, delimiter=separator).writerows(rows)
    return target.getvalue().encode(encoding, "surrogatepass" if encoding.startswith("utf") else "replace")


def _first_json(data: bytes) -> bytes:
    document = json.loads(data)
    records = (
        next(value for value in document.values() if isinstance(value, list))
        if isinstance(document, dict)
        else document
    )
    del records[3:]
    return json.dumps(document, ensure_ascii=False).encode()


def csv_with_hostile_cells(random: Random) -> bytes:
    """A good table with a few cells of HOSTILE_CELLS, quoted as they should be."""
    data = random.choice(exports("csv"))[1]
    encoding = "utf-8-sig" if data.startswith(b"\xef\xbb\xbf") else "cp932"
    rows = list(csv.reader(io.StringIO(data.decode(encoding), newline="")))
    for _ in range(random.choice((1, 1, 3, 10))):
        row = random.choice(rows[1:] if random.random() < 0.9 else rows)
        row[random.randrange(len(row))] = random.choice(HOSTILE_CELLS)
    return _csv(rows, encoding)


def csv_of_odd_shape(random: Random) -> bytes:
    """Twin headers, another separator or encoding, thousands of columns or rows, rows too short or too long."""
    rows = [list(row) for row in csv.reader(io.StringIO(random.choice(exports("csv"))[1].decode("utf-8", "replace")))]
    kind = random.randrange(6)
    if kind == 0:
        rows[0][random.randrange(len(rows[0]))] = rows[0][0]
    elif kind == 1:
        return _csv(rows, random.choice(_ENCODINGS), random.choice(",;\t|"))
    elif kind == 2:
        rows = [row + [random.choice(HOSTILE_CELLS[:20])] * 5_000 for row in rows]
    elif kind == 3:
        rows += [[""] * len(rows[0])] * 20_000 + [["x"]] * 300
    elif kind == 4:
        random.choice(rows).append("more")
    else:
        return _csv(rows).replace(
            b",", random.choice((b',"', b'"",', b"\r", b"\n", b'"\n"')), random.choice((1, 5, -1))
        )
    return _csv(rows)


def json_with_hostile_values(random: Random) -> bytes:
    """A good document with a few values replaced by cells, numbers, lists or objects that do not belong there."""
    document = json.loads(random.choice(exports("json"))[1])
    for _ in range(random.choice((1, 1, 3, 10))):
        holder, key = random.choice(places_in(document))
        holder[key] = random.choice((random.choice(HOSTILE_CELLS), None, [], {}, [[]], {"a": 1}, 10**25, -1.5, True))
    return json.dumps(document).encode()


def json_nested(random: Random) -> bytes:
    """Lists or objects as deep as a file allows, at the top or where a value should be."""
    depth = random.choice((100, 990, 2_000, 300_000))
    deep = random.choice((("[", "]"), ('{"a":', "}")))
    text = deep[0] * depth + ("1" if deep[0] != "[" else "") + deep[1] * (depth if random.random() < 0.8 else 0)
    if random.random() < 0.5:
        return text.encode()
    good = random.choice(exports("json"))[1].decode()
    return (
        good.replace('"', '"', 1).replace(": ", f": {text}, ", 1).encode()
        if random.random() < 0.3
        else (good[: good.rindex("}")].rstrip() + f', "more": {text}}}').encode()
    )


def json_of_odd_words(random: Random) -> bytes:
    """Numbers of thousands of digits, constants that JSON has not, twin keys, escapes cut in half, other encodings."""
    good = random.choice(exports("json"))[1].decode()
    kind = random.randrange(5)
    if kind == 0:
        good = good.replace('"', "9" * random.choice((400, 5_000, 400_000)) + ', "', 1)
        return good.replace(": ", f': {"9" * 9_000}, "x": ', 1).encode()
    if kind == 1:
        return good.replace(
            ": ", random.choice((': NaN, "x": ', ': -Infinity, "x": ', ': "\\ud8', ': 1e99999, "x": ')), 1
        ).encode()
    if kind == 2:
        return good.encode(random.choice(_ENCODINGS), "replace")
    if kind == 3:
        return good.replace("{", '{"a": 1, "a": 2, ' * random.choice((1, 1000)), 1).encode()
    return ("[" + "{}," * 200_000 + "{}]").encode()


def places_in(value: Any) -> list[tuple[Any, Any]]:
    """(holder, key or index) of every value of a document."""
    found: list[tuple[Any, Any]] = []
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        found.append((value, key))
        found += places_in(value[key])
    return found
