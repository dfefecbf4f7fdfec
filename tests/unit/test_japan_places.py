"""Places that a badly read address may begin with."""

import pytest

from japan.places import find_municipalities, find_towns, most_alike


@pytest.mark.parametrize(
    ("read", "city", "town"),
    [
        ("群馬県4ど7市大間々町上神梅1290番地", "群馬県みどり市", "大間々町上神梅"),
        ("愛知累精沢市島新田町384番地", "愛知県稲沢市", "島新田町"),
        ("桐竹市東町1丁目33番25号", "桐生市", "東町"),
        ("みなかみ町高日向2071", "みなかみ町", "高日向"),
    ],
)
def test_the_true_place_is_near(read: str, city: str, town: str) -> None:
    near = dict(find_municipalities(read))
    assert city in near
    assert town in find_towns(near[city], read[len(city) :])


def test_a_place_as_it_is_comes_first() -> None:
    written, one = find_municipalities("大阪府高槻市本町1596番地")[0]
    assert (written, one.prefecture, one.city) == ("大阪府高槻市", "大阪府", "高槻市")
    assert find_towns(one, "本町1596番地")[0] == "本町"


def test_only_so_many_and_only_what_has_something_in_common() -> None:
    assert most_alike("東町1", ("東町", "西町", "大字"), 2) == ["東町", "西町"]
    assert find_municipalities("") == []
