"""Japanese addresses: one way of writing block and house numbers, the building apart, keys to compare."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from japan.kana import to_full_katakana
from japan.numerals import read_number
from japan.text import DASHES, drop_spaces, fold_width, squeeze_spaces, strip_selectors
from japan.variants import fold_variants, tables_version

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
_AZA = re.compile(r"大字|小字|(?<=[^\x00-\x7f文])字(?=.)")
# 京都市の通り名: what stands between the ward and the town, up to 上る, 下る, 東入 or 西入.
_STREET_OF_KYOTO = re.compile(
    rf"(?<=[区市])[^区市]*(?:[上下][るルﾙ]|[東西]入(?:[るルﾙりリ])?)(?:(?:\d|{_KANJI_NUMBER})丁目)?(?=[^\d\s])"
)
_CARE_OF = re.compile(r"(?:^|\s|(?<=[\d室号]))(?P<name>[^\d\s\x00-\x7f室号]{1,12}?)(?:様|さま)?方$")
_ROOM = re.compile(r"(?P<room>(?:[A-Z]-?)?\d+(?:-\d+)*[A-Z]?)$")


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


@dataclass(frozen=True)
class Building:
    """The building's name, the room's number, and with whom one lives (方書: 田中 of 田中方); "" for none."""

    name: str
    room: str
    care_of: str


@lru_cache(maxsize=8192)
def split_address(text: str) -> Address:
    """The parts of an address; a postal code in front is dropped. Remembered, since a household has one."""
    parts = _split_once(text)
    # Folding one part can uncover a number in another ("一 丁1"); a few turns settle any text met in tests.
    for _ in range(_MAX_TURNS):
        again = _split_once(parts.line)
        if again == parts:
            break
        parts = again
    return parts


def _split_once(text: str) -> Address:
    plain = _POSTAL.sub("", squeeze_spaces(fold_width(strip_selectors(text))))
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


def drop_county(text: str) -> str:
    """The address without the county (郡) in front of one of its towns and villages.

    By the directory of municipalities, since 郡 begins or ends names of cities too (郡山市, 蒲郡市).
    """
    county, _, rest = text.partition("郡")
    if not county or not rest or len(county) > 6:
        return text
    towns = _counties().get(county, ())
    return rest if rest.startswith(towns) else text


@cache
def _counties() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for line in (Path(__file__).parent / "data" / "municipalities.tsv").read_text("utf-8").splitlines():
        county, is_one, town = line.split("\t")[1].partition("郡")
        if is_one and town and town.endswith(("町", "村")):
            found[county] = (*found.get(county, ()), town)
    return found


def split_building(text: str) -> Building:
    """The parts of what follows the house number, for comparing.

    The room is what is counted last (101号室, 3F, B-201); 方 behind a name says with whom one lives (方書). Kana in one
    width, 号室 and 階 folded, so that コーポ青葉101号室, ｺｰﾎﾟ青葉 101 and コ－ポ青葉－１０１ agree.
    """
    plain = to_full_katakana(strip_selectors(text)).upper()
    care_of = ""
    if found := _CARE_OF.search(plain):
        care_of, plain = fold_variants(found["name"]), plain[: found.start()]
    plain = unicodedata.normalize("NFC", drop_spaces(plain))
    plain = re.sub(r"(?<=\d)(?:号室|号|室)", "", plain)
    plain = re.sub(r"(?<=\d)(?:階|F)", "F", plain).strip("-ー、,・")
    room = _ROOM.search(plain)
    if room is None:
        return Building(fold_variants(plain), "", care_of)
    number = "-".join(part.lstrip("0") or "0" for part in room["room"].split("-"))
    return Building(fold_variants(plain[: room.start()].rstrip("-ー、,・")), number, care_of)


@lru_cache(maxsize=4096)
def building_key(text: str) -> str:
    """Building, room and 方書 in one text to compare, "" for none."""
    parts = split_building(text)
    care_of = f"{parts.care_of}方" if parts.care_of else ""
    return " ".join(part for part in (parts.name, parts.room, care_of) if part)


def address_key(text: str) -> str:
    """A key of place and numbers without prefecture and building.

    Folded: 大字, 字 and 小字, the county (郡) before a town or village, the street by which a house in Kyoto is found
    (通り名: 烏丸通御池上る) where a town follows it, ヶ/ケ/が/ガ, ノ/の/之 between kanji, variant characters, kanji
    numerals. Japan Post's directory (郵便番号データ) writes towns without 大字 and 字 and Kyoto's without the street.
    """
    parts = split_for_key(text)
    return place_key(parts.place) + "-".join(parts.numbers)


def split_for_key(text: str) -> Address:
    """As `split_address`, without the street by which a house in Kyoto is found where a town follows it."""
    if "入" in text or "上" in text or "下" in text:
        text = _STREET_OF_KYOTO.sub("", fold_width(text), count=1)
    return split_address(text)


def place_key(place: str) -> str:
    """The key of the place alone, see `address_key`."""
    return _place_key(place, tables_version())


@lru_cache(maxsize=16384)
def _place_key(place: str, tables: str) -> str:
    plain = fold_variants(drop_county(drop_prefecture(drop_spaces(place))), weak=True)
    plain = _AZA.sub("", plain)
    plain = re.sub(r"(?<=[^\x00-\x7fァ-ヶー])[ヶケがガヵ](?=[^\x00-\x7fァ-ヶー])", "ケ", plain)
    plain = re.sub(r"(?<=[\u4e00-\u9fff])[ノの之](?=[\u4e00-\u9fff])", "", plain)
    return re.sub(_KANJI_NUMBER, lambda found: str(_number(found.group())), plain)
