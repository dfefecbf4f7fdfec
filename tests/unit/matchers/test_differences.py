"""Two values side by side: what is marked, and as what."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchers.differences import Difference, find_differences


@pytest.mark.parametrize(
    ("left", "right", "marked"),
    [
        ("髙橋 美咲", "高橋　美咲", [("髙", "高", "variant"), (" ", "\u3000", "spelling")]),
        ("斉藤 一", "斎藤 一", [("斉", "斎", "interchanged")]),
        ("タカハシ", "タカハツ", [("シ", "ツ", "look_alike")]),
        ("コータロー", "コウタロウ", [("ー", "ウ", "spelling"), ("ー", "ウ", "spelling")]),
        ("東長沼2111", "東長沼2171", [("1", "7", "look_alike")]),
        ("11月3日", "11月8日", [("3", "8", "other")]),
        ("昭和58年11月8日", "昭和56年2月14日", [("8", "6", "other"), ("11", "2", "other"), ("8", "14", "other")]),
        ("高橋 美咲", "髙橋 健一", [("高", "髙", "variant"), ("美咲", "健一", "other")]),
        ("佐藤 ソウタ", "佐藤 蒼汰", [("ソウタ", "蒼汰", "other")]),
        ("1-2", "12", [("-", "", "other")]),
        ("東京都稲城市東長沼", "神奈川県横浜市中区", [("東京都稲城市東長沼", "神奈川県横浜市中区", "other")]),
        ("", "陽菜", [("", "陽菜", "other")]),
    ],
)
def test_what_differs_is_named(left: str, right: str, marked: list[tuple[str, str, str]]) -> None:
    found = [(one.left, one.right, one.kind.value) for one in find_differences(left, right)]
    assert [one for one in found if one[2] != "same"] == marked


TEXT = st.text(st.sampled_from("髙高斉斎アーウシツ17- 東京"), max_size=8)


@given(TEXT, TEXT)
def test_the_pieces_give_the_texts_back(left: str, right: str) -> None:
    found = find_differences(left, right)
    assert ("".join(one.left for one in found), "".join(one.right for one in found)) == (left, right)
    assert all((one.left == one.right) == (one.kind is Difference.SAME) for one in found)


@given(TEXT, TEXT)
def test_which_one_stands_left_does_not_matter(left: str, right: str) -> None:
    def kinds(one: str, two: str) -> list[Difference]:
        return sorted(piece.kind for piece in find_differences(one, two) if piece.kind is not Difference.SAME)

    assert bool(kinds(left, right)) == bool(kinds(right, left))
