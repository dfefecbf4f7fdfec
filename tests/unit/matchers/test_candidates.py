"""From blocks to candidates: who shares the most and the rarest keys comes first; what each rule is worth."""

from hypothesis import given
from hypothesis import strategies as st

from matchers.candidates import choose_candidates, measure_blocking

blocks = st.dictionaries(
    st.text("dn:12", min_size=2, max_size=4), st.lists(st.sampled_from("abcdefgh"), unique=True, min_size=1), max_size=5
)


def test_more_and_rarer_keys_come_first() -> None:
    near = choose_candidates({"d:1": ["a", "b", "c"], "n:1": ["b"], "k:1": ["c", "d", "e", "f"]})
    assert near.ids[:2] == ("b", "c")
    assert near.capped == ()


def test_large_blocks_are_left_out_and_named() -> None:
    near = choose_candidates({"a:1": list("abcdef"), "d:1": ["c"]}, cap=5)
    assert near.ids == ("c",)
    assert near.capped == ("a:1",)


@given(blocks, st.integers(1, 9), st.integers(1, 9))
def test_candidates_are_members_of_blocks_that_were_used(found: dict[str, list[str]], cap: int, most: int) -> None:
    near = choose_candidates(found, cap=cap, most=most)
    used = {one for key, ids in found.items() if key not in near.capped for one in ids}
    assert len(near.ids) == len(set(near.ids)) == min(most, len(used))
    assert set(near.ids) <= used
    assert near == choose_candidates(dict(reversed(found.items())), cap=cap, most=most), "order of keys means nothing"


def test_measure() -> None:
    stored = {"a": ["d:1", "n:1"], "b": ["d:1", "n:2"], "c": ["d:1", "n:3"]}
    asked = [("a", ["d:1", "n:1"]), ("b", ["d:9", "n:2"]), ("c", ["d:1", "n:9"]), ("c", ["d:8", "n:8"])]
    report = measure_blocking(stored, asked, cap=2)
    assert (report.records, report.recall, report.shared) == (4, 0.5, 0.75)
    assert report.capped == {"d": 2}
    rules = report.rules
    assert (rules["d"].found, rules["d"].only, rules["d"].pairs, rules["d"].largest) == (0.5, 0.25, 1.5, 3)
    assert (rules["n"].found, rules["n"].only, rules["n"].keys) == (0.5, 0.25, 1.0)


def test_measure_of_nothing() -> None:
    assert measure_blocking({}, []).recall == 0.0
