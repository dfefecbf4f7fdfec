"""Every example of docs/normalisation.md is what the code says."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from japan import address, bank, email, era, kana, names, phone, postal, registered_names, sex, splitting, text

DOC = Path(__file__).parents[3] / "docs" / "normalisation.md"
_ROW = re.compile(r"^\|[^|]*\| `(?P<call>\w+)` \| `(?P<written>[^`]*)` \| `(?P<becomes>[^`]*)` \|", re.MULTILINE)


def _split(written: str) -> str:
    name, _, reading = written.partition(" ")
    parts = splitting.split_unspaced(name, reading)
    return f"{parts.family}/{parts.given}" if parts else "–"


def _reading(written: str) -> str:
    family, given, reading = written.split(" ")
    parts = splitting.split_reading(family, given, reading)
    return "/".join(parts) if parts else "–"


def _registered(written: str) -> str:
    said = registered_names.read_registered_name(written)
    notes = [f"former {one}" for one in said.former] + [f"alias {one}" for one in said.aliases]
    return "; ".join([said.legal, *notes, *([f"kana {said.kana}"] if said.kana else [])])


def _parts(written: str) -> str:
    parts = names.split_name(written)
    return f"{parts.family}/{parts.given}"


CALLS: dict[str, Callable[[str], Any]] = {
    "fold_width": text.fold_width,
    "to_full_katakana": kana.to_full_katakana,
    "kana_key": kana.kana_key,
    "zengin_kana": kana.zengin_kana,
    "normalise_name": names.normalise_name,
    "name_key": names.name_key,
    "split_name": _parts,
    "read_registered_name": _registered,
    "split_unspaced": _split,
    "split_reading": _reading,
    "read_date": era.read_date,
    "address_key": address.address_key,
    "building_key": address.building_key,
    "complete_place": lambda written: postal.complete_place(*written.split(" ")),
    "normalise_phone": phone.normalise_phone,
    "normalise_email": email.normalise_email,
    "account_key": bank.account_key,
    "normalise_sex": sex.normalise_sex,
}
EXAMPLES = [found.groups() for found in _ROW.finditer(DOC.read_text("utf-8"))]


@pytest.mark.parametrize(("call", "written", "becomes"), EXAMPLES)
def test_example(call: str, written: str, becomes: str) -> None:
    said = CALLS[call](written)
    assert ("–" if said is None else str(said)) == becomes


def test_every_table_was_read() -> None:
    assert {call for call, _, _ in EXAMPLES} == set(CALLS)
    assert len(EXAMPLES) > 70
