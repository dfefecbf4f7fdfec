"""A small seeded town for the matchers' tests: households with twins, namesakes and maiden names, and records
of its people as applicants type them and as a machine reads them. Everybody here is invented."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import date, timedelta

from matchers.records import PersonRecord

FAMILIES = [
    ("佐藤", "サトウ"), ("鈴木", "スズキ"), ("髙橋", "タカハシ"), ("田中", "タナカ"),
    ("渡邊", "ワタナベ"), ("伊藤", "イトウ"), ("山﨑", "ヤマザキ"), ("中村", "ナカムラ"),
    ("小林", "コバヤシ"), ("齋藤", "サイトウ"), ("斉藤", "サイトウ"), ("加藤", "カトウ"),
    ("吉田", "ヨシダ"), ("大野", "オオノ"), ("小野", "オノ"), ("広瀬", "ヒロセ"),
    ("濱田", "ハマダ"), ("長谷川", "ハセガワ"), ("林", "ハヤシ"), ("澤田", "サワダ"),
    ("國分", "コクブ"), ("佐々木", "ササキ"), ("森", "モリ"), ("河合", "カワイ"),
]  # fmt: skip
GIVEN = [
    ("一郎", "イチロウ"), ("二郎", "ジロウ"), ("太郎", "タロウ"), ("美咲", "ミサキ"),
    ("美幸", "ミユキ"), ("優奈", "ユウナ"), ("優菜", "ユナ"), ("結衣", "ユイ"),
    ("結愛", "ユア"), ("陽翔", "ハルト"), ("陽斗", "ヒナト"), ("蓮", "レン"),
    ("凛", "リン"), ("健太", "ケンタ"), ("健", "ケン"), ("翔太", "ショウタ"),
    ("翔", "ショウ"), ("大輔", "ダイスケ"), ("恵子", "ケイコ"), ("惠", "メグミ"),
    ("裕子", "ヒロコ"), ("祐子", "ユウコ"), ("由紀", "ユキ"), ("勇気", "ユウキ"),
    ("智子", "トモコ"), ("浩", "ヒロシ"), ("洋子", "ヨウコ"), ("さくら", "サクラ"),
    ("葵", "アオイ"), ("颯太", "ソウタ"), ("蒼太", "ソウタ"), ("直樹", "ナオキ"),
]  # fmt: skip
TWINS = [
    ("優奈", "優菜"),
    ("結衣", "結愛"),
    ("陽翔", "陽斗"),
    ("一郎", "二郎"),
    ("美咲", "美幸"),
    ("健太", "健"),
    ("翔太", "翔"),
]
PLACES = [
    ("1500001", "東京都渋谷区神宮前"),
    ("1500013", "東京都渋谷区恵比寿"),
    ("0600001", "北海道札幌市中央区北一条西"),
]
KANA_OF = dict(GIVEN)
# Confusions of a reader, made independently of the tables of the product.
KANA_SLIPS = dict(
    zip(
        "ツシソンクワコユナハタロカトチウサマリキ",
        "シツンソワクユコメ八夕口力卜千ワセアソチ",
        strict=True,
    )
)
KANJI_SLIPS = dict(
    zip(
        "太大郎美藤田林子木健結優髙中智直一二翔",
        "大太朗羊膝由材了本建給慢商巾知真ーニ翊",
        strict=True,
    )
)
PLAIN_FORMS = str.maketrans("髙邊﨑齋濱澤國惠", "高辺崎斎浜沢国恵")


@dataclass(frozen=True)
class Query:
    """A record that comes in, and the id of its person (None: not in the town)."""

    record: PersonRecord
    truth: str | None
    kind: str


def build_town(rng: random.Random, households: int) -> dict[str, PersonRecord]:
    """People of a town by id; every third household has twins, every tenth a child named as its parent."""
    town: dict[str, PersonRecord] = {}
    for number in range(households):
        for index, person in enumerate(_household(rng, number)):
            town[f"{number}-{index}"] = person
    return town


def _household(rng: random.Random, number: int) -> list[PersonRecord]:
    family = rng.choice(FAMILIES)
    code, place = rng.choice(PLACES)
    home = {
        "postal_code": code,
        "address": f"{place}{rng.randint(1, 9)}丁目{rng.randint(1, 30)}番{rng.randint(1, 20)}号",
    }
    phone = f"090{rng.randint(10_000_000, 99_999_999)}"
    first, second = rng.sample(GIVEN, 2)
    maiden = rng.choice(FAMILIES)[0]
    people = [_person(family, first, _day(rng, 1960, 1990), phone=phone, **home)]
    mother = _person(family, second, _day(rng, 1960, 1990), phone=phone, **home)
    people.append(replace(mother, former_names=(f"{maiden} {second[0]}",)))
    if number % 3 == 0:
        born = _day(rng, 2008, 2024)
        people += [_person(family, (name, KANA_OF[name]), born, **home) for name in rng.choice(TWINS)]
    else:
        children = rng.sample(GIVEN, rng.randint(0, 2))
        people += [_person(family, child, _day(rng, 2008, 2024), **home) for child in children]
    if number % 10 == 1:
        people.append(_person(family, first, _day(rng, 2008, 2024), **home))
    return people


def _person(family: tuple[str, str], given: tuple[str, str], born: date, **rest: str) -> PersonRecord:
    name, kana = f"{family[0]} {given[0]}", f"{family[1]} {given[1]}"
    return PersonRecord(name=name, kana=kana, birth_date=born, **rest)  # type: ignore[arg-type]


def _day(rng: random.Random, low: int, high: int) -> date:
    return date(low, 1, 1) + timedelta(days=rng.randrange(365 * (high - low)))


def typed(rng: random.Random, person: PersonRecord) -> tuple[PersonRecord, str]:
    """The person as an applicant types it, with what was done to it."""
    kind = rng.choice(["plain", "plain", "plain", "moved", "date_slip", "maiden", "no_space", "kana_only", "month_day"])
    record = replace(person, name=(person.name or "").translate(PLAIN_FORMS), former_names=())
    if kind == "moved":
        code, place = rng.choice(PLACES)
        record = replace(
            record, postal_code=code, address=f"{place}{rng.randint(1, 9)}-{rng.randint(31, 60)}", phone=None
        )
    elif kind == "date_slip":
        record = replace(record, birth_date=_slip(rng, person.birth_date))
    elif kind == "maiden":
        if not person.former_names:
            return record, "plain"
        family = person.former_names[0].split()[0]
        reading = dict(FAMILIES)[family]
        record = replace(record, name=person.former_names[0], kana=f"{reading} {(person.kana or '').split()[1]}")
    elif kind == "no_space":
        record = replace(record, name=(record.name or "").replace(" ", ""), kana=(record.kana or "").replace(" ", ""))
    elif kind == "kana_only":
        record = replace(record, name=None)
    elif kind == "month_day":
        day = person.birth_date
        if day is None or day.day > 12 or day.day == day.month:
            return record, "plain"
        record = replace(record, birth_date=date(day.year, day.day, day.month))
    return record, kind


def machine_read(rng: random.Random, person: PersonRecord) -> PersonRecord:
    """The person as read off paper: up to two wrong characters in name and reading, maybe a wrong digit."""
    name, name_slips = _misread(rng, (person.name or "").translate(PLAIN_FORMS), KANJI_SLIPS)
    kana, kana_slips = _misread(rng, person.kana or "", KANA_SLIPS)
    wrong_day = rng.random() < 0.15
    born = _slip(rng, person.birth_date) if wrong_day else person.birth_date
    confidence = {
        "name": rng.uniform(0.3, 0.8) if name_slips else rng.uniform(0.6, 1.0),
        "kana": rng.uniform(0.3, 0.9) if kana_slips else rng.uniform(0.5, 1.0),
        "birth_date": rng.uniform(0.5, 0.95) if wrong_day else rng.uniform(0.8, 1.0),
    }
    return replace(person, name=name, kana=kana, birth_date=born, former_names=(), confidence=confidence)


def _misread(rng: random.Random, text: str, slips: dict[str, str]) -> tuple[str, int]:
    places = [place for place, char in enumerate(text) if char in slips]
    chosen = rng.sample(places, min(len(places), rng.choice([0, 0, 1, 1, 2])))
    chars = [slips[char] if place in chosen else char for place, char in enumerate(text)]
    return "".join(chars), len(chosen)


def _slip(rng: random.Random, day: date | None) -> date:
    """Another day with one digit changed."""
    assert day is not None
    while True:
        digits = list(day.strftime("%Y%m%d"))
        digits[rng.randrange(2, 8)] = str(rng.randrange(10))
        try:
            changed = date(int("".join(digits[:4])), int("".join(digits[4:6])), int("".join(digits[6:])))
        except ValueError:
            continue
        if changed != day and date(1900, 1, 1) < changed < date(2030, 1, 1):
            return changed


def strangers(rng: random.Random, town: dict[str, PersonRecord], count: int) -> list[PersonRecord]:
    """People not in the town: namesakes, unlisted twins and children of its households."""
    out = []
    for person in rng.sample(sorted(town.values(), key=repr), count):
        family, reading = (person.name or "").split()[0], (person.kana or "").split()[0]
        kind = rng.choice(["namesake", "twin", "child"])
        given = rng.choice([pair for pair in GIVEN if pair[0] not in (person.name or "")])
        born = person.birth_date if kind == "twin" else _day(rng, 1960, 2024)
        if kind == "namesake":
            out.append(
                replace(
                    person,
                    birth_date=born,
                    former_names=(),
                    postal_code="1000000",
                    address="町99-9",
                    phone=None,
                )
            )
        else:
            out.append(
                replace(
                    person,
                    name=f"{family} {given[0]}",
                    kana=f"{reading} {given[1]}",
                    birth_date=born,
                    former_names=(),
                )
            )
    listed = {(one.name, one.birth_date) for one in town.values()}
    return [one for one in out if (one.name, one.birth_date) not in listed]
