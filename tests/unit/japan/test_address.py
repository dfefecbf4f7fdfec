"""Addresses and postal codes: the ways people write one place, and places that must stay apart."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from japan.address import address_key, normalise_address, split_address
from japan.postal import agrees, lookup, lookup_all, normalise_postal

WRITTEN = [
    (
        "東京都渋谷区神宮前１丁目２番３号　コーポ青葉101号室",
        "東京都渋谷区神宮前1-2-3 コーポ青葉101号室",
        "the long way",
    ),
    ("渋谷区神宮前一丁目二番三号", "渋谷区神宮前1-2-3", "kanji numerals"),
    ("神宮前1−2‐3", "神宮前1-2-3", "dashes of all kinds"),
    ("〒150-0001 東京都 渋谷区 神宮前 1 - 2 - 3", "東京都渋谷区神宮前1-2-3", "spaces, postal code in front"),
    ("札幌市中央区北一条西５丁目２番地の３", "札幌市中央区北1条西5-2-3", "条 belongs to the town"),
    ("千代田区三番町5番地", "千代田区三番町5", "番町 is a name"),
    ("三鷹市下連雀十二番地ノ五", "三鷹市下連雀12-5", "ノ between numbers; 三鷹 is a name"),
    ("洋野町種市第24地割5番地1", "洋野町種市第24地割5-1", "地割 belongs to the town"),
    ("一ノ関市1番2号101", "一ノ関市1-2 101", "a room after 号"),
    ("堺市堺区一丁2-3", "堺市堺区1-2-3", "丁 without 目"),
]


@pytest.mark.parametrize(("text", "plain", "reason"), WRITTEN)
def test_normalise_address(text: str, plain: str, reason: str) -> None:
    assert normalise_address(text) == plain, reason


SAME = [
    ("東京都渋谷区神宮前1-2-3", "渋谷区神宮前1丁目2番3号", "prefecture left out"),
    ("八王子市大字津貫12番地", "八王子市津貫12", "大字 left out"),
    ("千代田区霞ヶ関1-1", "千代田区霞が関1-1", "ヶ and が"),
    ("一関市青葉の森1", "一関市青葉森1", "の between kanji"),
    ("渋谷区広尾1-2 コーポ1", "渋谷区廣尾1-2", "building left out, older form"),
]


@pytest.mark.parametrize(("left", "right", "reason"), SAME)
def test_same_key(left: str, right: str, reason: str) -> None:
    assert address_key(left) == address_key(right), reason


@pytest.mark.parametrize(
    ("left", "right"), [("中央区1-12", "中央区11-2"), ("緑町1-2-3", "緑町1-2"), ("緑町1", "青葉町1")]
)
def test_other_key(left: str, right: str) -> None:
    assert address_key(left) != address_key(right)


def test_parts() -> None:
    parts = split_address("青葉市緑町2-03-4メゾン緑201")
    assert (parts.place, parts.numbers, parts.building) == ("青葉市緑町", ("2", "3", "4"), "メゾン緑201")


@given(st.text("東京都渋谷区一二十三丁目番地号条の12 -ー　町字大棟室ノ神ケ", max_size=16))
def test_idempotent(text: str) -> None:
    once = normalise_address(text)
    assert normalise_address(once) == once


POSTAL = [
    ("150-0001", "東京都渋谷区神宮前1-2-3", True, "agrees"),
    ("1500001", "渋谷区恵比寿1", False, "another town"),
    ("0600001", "札幌市中央区北1条西5丁目", True, "numerals in the town's name"),
    ("604-8151", "京都市中京区蛸薬師通烏丸西入橋弁慶町1", True, "street before the town in Kyoto"),
    ("907-1801", "与那国町字与那国1", True, "county left out"),
    ("498-0000", "三重県桑名郡木曽岬町1", True, "one code, two prefectures"),
    ("720-0000", "広島県福山市1", None, "no such code in the directory"),
    ("150-0001", "", None, "no address"),
]


@pytest.mark.parametrize(("code", "address", "answer", "reason"), POSTAL)
def test_agrees(code: str, address: str, answer: bool | None, reason: str) -> None:
    assert agrees(code, address) is answer, reason


def test_lookup() -> None:
    area = lookup("150-0001")
    assert area is not None
    assert (area.prefecture, area.city, area.town) == ("東京都", "渋谷区", "神宮前")
    assert lookup("720-0000") is None
    assert lookup("15") is None
    assert {area.prefecture for area in lookup_all("4980000")} == {"愛知県", "三重県"}


def test_lookup_from_other_threads() -> None:
    with ThreadPoolExecutor(2) as pool:
        assert all(pool.map(lookup, ["1500001", "0600001", "1500001"]))


@pytest.mark.parametrize(
    ("text", "code"),
    [("〒１５０－０００１", "1500001"), ("150 0001", "1500001"), ("150-001", None), ("abc1500001", None)],
)
def test_normalise_postal(text: str, code: str | None) -> None:
    assert normalise_postal(text) == code
