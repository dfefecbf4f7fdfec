"""The evidence in words, for staff: declared sentences that never hold a value."""

from __future__ import annotations

from typing import NamedTuple

from matchers.records import Comparison


class Words(NamedTuple):
    """One sentence in Japanese and in English."""

    ja: str
    en: str


FIELD_LABELS = {
    "family": Words("氏", "Family name"),
    "given": Words("名", "Given name"),
    "kana_family": Words("氏のフリガナ", "Reading of the family name"),
    "kana_given": Words("名のフリガナ", "Reading of the given name"),
    "birth_date": Words("生年月日", "Date of birth"),
    "sex": Words("性別", "Sex"),
    "address": Words("住所", "Address"),
    "postal_code": Words("郵便番号", "Postal code"),
    "phone": Words("電話番号", "Phone"),
    "email": Words("メールアドレス", "E-mail"),
    "account": Words("口座", "Account"),
    "household_number": Words("世帯番号", "Household number"),
    "resident_number": Words("宛名番号", "Resident number"),
    "reference_number": Words("整理番号", "Reference number"),
    "ink_name": Words("氏名の筆跡", "The name as written"),
    "ink_kana": Words("フリガナの筆跡", "The reading as written"),
}
LEVEL_WORDS = {
    "missing": Words("{field}はどちらかに記載がなく、比べていません", "{field}: not given on one side, not compared"),
    "exact": Words("{field}が一致しています", "{field}: the same"),
    "exact_again": Words("{field}も一致しています", "{field}: the same too"),
    "variant": Words("{field}は異体字の違いだけで一致しています", "{field}: the same but for variant characters"),
    "variant_weak": Words(
        "{field}は混用されやすい字(斉・斎など)の違いです",
        "{field}: differs in characters that are often interchanged",
    ),
    "swapped": Words("{field}は氏と名が入れ替わった形で一致しています", "{field}: the same with the parts swapped"),
    "former": Words("{field}は旧氏・通称と一致しています", "{field}: the same as a former or another name"),
    "look_alike": Words("{field}は形の似た字の違いです", "{field}: differs in characters of like shape"),
    "nickname": Words("{field}は通称・略称の関係です", "{field}: a usual short form of the other"),
    "first_only": Words(
        "{field}はミドルネームなどの有無だけが違います", "{field}: the same but for further names left out"
    ),
    "initial": Words("{field}は頭文字だけが書かれています", "{field}: only the initial is given"),
    "similar": Words("{field}は似ていますが違います", "{field}: resembles but differs"),
    "other_room": Words("{field}は建物名または部屋番号だけが違います", "{field}: the same but for building or room"),
    "close_street": Words("{field}はわずかに違います", "{field}: differs slightly"),
    "same_city": Words("{field}は市区町村まで一致しています", "{field}: the same city"),
    "same_area": Words("{field}は上3桁が一致しています", "{field}: the first three digits agree"),
    "area_missing": Words("{field}は市外局番の有無だけが違います", "{field}: the same but for the area code"),
    "last_four": Words("{field}は下4桁だけが一致しています", "{field}: only the last four digits agree"),
    "within": Words("{field}は一方が他方に含まれています", "{field}: one is part of the other"),
    "day_unknown": Words(
        "{field}は年が同じで、一方が1月1日です", "{field}: the same year, one is the first of January"
    ),
    "same_day": Words("{field}は年だけが違います", "{field}: only the year differs"),
    "two_digits": Words("{field}は数字が二つ違います", "{field}: two digits differ"),
    "same_year": Words("{field}は年だけが一致しています", "{field}: only the year agrees"),
    "close": Words("{field}がわずかに違います", "{field}: differs slightly"),
    "other_reading": Words("{field}だけが違います(読み違いの可能性)", "{field}: differs though the name agrees"),
    "swapped_month_day": Words("{field}は月と日が入れ替わっています", "{field}: month and day swapped"),
    "one_digit": Words("{field}は数字が一つ違います", "{field}: one digit differs"),
    "era_slip": Words("{field}は元号だけが違います", "{field}: only the era differs"),
    "same_place": Words("{field}は町名まで一致しています", "{field}: the same down to the town"),
    "else": Words("{field}が違います", "{field}: different"),
    "supports": Words("{field}はこの人の名と読めます", "{field}: fits this person"),
    "neutral": Words("{field}からは決められません", "{field}: does not decide"),
    "against": Words("{field}は別の名と読めます", "{field}: fits another name better"),
}
REASON_WORDS = {
    "runner_up_close": Words("ほかにも近い候補がいます", "another candidate comes close"),
    "contradiction": Words("食い違う項目があります", "fields contradict each other"),
    "weak_person_evidence": Words("本人を特定する項目が足りません", "too little identifies the person"),
    "low_confidence_name": Words("氏名の読取りの確信度が低い状態です", "the name was read with low confidence"),
    "name_differs": Words("名の漢字が違います", "the given name has other characters"),
    "below_threshold": Words("一致の度合いが足りません", "the agreement is too small"),
    "nobody_near": Words("近い人が見つかりません", "nobody comes near"),
    "twin_possible": Words(
        "同じ生年月日のきょうだいがいて、名が完全には一致しません",
        "a sibling has the same birth date and the name is not exact",
    ),
}


def level_words(field: str, level: str) -> Words:
    """The sentence for a level of a field; KeyError for codes that are not declared."""
    label, sentence = FIELD_LABELS[field], LEVEL_WORDS[level]
    return Words(sentence.ja.format(field=label.ja), sentence.en.format(field=label.en))


def explain(comparison: Comparison) -> list[tuple[str, str, float]]:
    """Field, Japanese sentence and weight of each field, the heaviest first, fields not compared last."""
    ordered = sorted(comparison.evidence, key=lambda one: (one.level == "missing", -abs(one.weight)))
    return [(one.field, level_words(one.field, one.level).ja, one.weight) for one in ordered]
