"""Japanese addresses: one way of writing block and house numbers, the building apart, keys to compare."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from japan.numerals import read_number
from japan.text import DASHES, drop_spaces, fold_width, squeeze_spaces, strip_selectors
from japan.variants import fold_variants

_POSTAL = re.compile(r"^〒? ?\d{3}-?\d{4}(?= |\D)\s*")
_PREFECTURE = re.compile(r"^(?:北海道|東京都|京都府|大阪府|神奈川県|和歌山県|鹿児島県|[^\d\s市区町村]{2}県)")
_KANJI_NUMBER = "[〇一二三四五六七八九十百]+"
_DASH = f"[{re.escape(DASHES)}ー]"
_BETWEEN_NUMBERS = re.compile(rf"(?<=[0-9〇一二三四五六七八九十])\s?{_DASH}\s?(?=[0-9〇一二三四五六七八九十])")
_COUNTED = re.compile(
    rf"{_KANJI_NUMBER}(?=丁目|丁\d|番地|番(?!町)|号|条|線|地割|-)|(?<=-|[のノ]){_KANJI_NUMBER}(?![^\d\s-])"
)
_BLOCK = re.compile(r"^(?P<town>.*?)(?P<numbers>\d+(?:-\d+)*)(?![\d条線区町丁軒]|番町|番丁|地割|-)\s*(?P<building>.*)$")
_MAX_TURNS = 8


@dataclass(frozen=True)
class Address:
    """An address in its parts.

    place: prefecture to town (as far as given); numbers: block, house and further numbers, without leading
    zeros; building: what follows them, "" when nothing does.
    """

    place: str
    numbers: tuple[str, ...]
    building: str

    @property
    def main(self) -> str:
        """Place and numbers in one, such as 東京都渋谷区神宮前1-2-3."""
        return self.place + "-".join(self.numbers)

    @property
    def line(self) -> str:
        """The whole address in one line, one space before the building."""
        return f"{self.main} {self.building}".strip()


def split_address(text: str) -> Address:
    """The parts of an address; a postal code in front is dropped."""
    parts = _split_once(text)
    # Folding one part can uncover a number in another ("一 丁1"); a few turns settle any text met in tests.
    for _ in range(_MAX_TURNS):
        again = _split_once(parts.line)
        if again == parts:
            break
        parts = again
    return parts


def _split_once(text: str) -> Address:
    plain = _POSTAL.sub("", squeeze_spaces(strip_selectors(fold_width(text))))
    plain = _hyphenate(plain)
    found = _BLOCK.match(plain)
    if found is None:
        place, _, building = plain.partition(" ")
        return Address(place, (), building) if not building or _is_place(place) else Address(place + building, (), "")
    numbers = tuple(number.lstrip("0") or "0" for number in found["numbers"].split("-"))
    return Address(drop_spaces(found["town"]), numbers, found["building"].strip())


def _is_place(text: str) -> bool:
    return text.endswith(("番", "号", "地"))


def _hyphenate(text: str) -> str:
    text = _BETWEEN_NUMBERS.sub("-", text)
    text = _COUNTED.sub(lambda found: str(_number(found.group())), text)
    text = re.sub(r"(?<=\d)丁目[のノ]?\s*(?=\d)", "-", text)
    text = re.sub(r"(?<=\d)(?:番地?[のノ]?|丁|の|ノ)(?=\d)|(?<=\d)番\s(?=\d)", "-", text)
    text = re.sub(r"(?<=\d)号(?=\d)", " ", text)
    return re.sub(r"(?<=\d)(?:丁目|番地?|号)(?![室棟館町丁])", "", text)


def _number(text: str) -> int | str:
    value = read_number(text)
    return text if value is None else value


def normalise_address(text: str) -> str:
    """The address with numbers as 1-2-3, in one width, no needless spaces, one space before a building."""
    return split_address(text).line


def drop_prefecture(text: str) -> str:
    """The address without the prefecture in front."""
    return _PREFECTURE.sub("", text)


def address_key(text: str) -> str:
    """A key of place and numbers without prefecture and building.

    Folded: 大字 and 字, ヶ/ケ/が/ガ, ノ/の/之 between kanji, variant characters, kanji numerals.
    """
    parts = split_address(text)
    return place_key(parts.place) + "-".join(parts.numbers)


@lru_cache(maxsize=4096)
def place_key(place: str) -> str:
    """The key of the place alone, see `address_key`."""
    plain = fold_variants(drop_prefecture(drop_spaces(place)), weak=True)
    plain = re.sub(r"大字|(?<=[市区町村])字", "", plain)
    plain = re.sub(r"(?<=[^\x00-\x7fァ-ヶー])[ヶケがガヵ](?=[^\x00-\x7fァ-ヶー])", "ケ", plain)
    plain = re.sub(r"(?<=[\u4e00-\u9fff])[ノの之](?=[\u4e00-\u9fff])", "", plain)
    return re.sub(_KANJI_NUMBER, lambda found: str(_number(found.group())), plain)
