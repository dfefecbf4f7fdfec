"""The comparison that the crash tests rest on can fail."""

from __future__ import annotations

from tests.store_summary import differing


def test_a_differing_store_would_be_seen() -> None:
    one = {"Link": ["a", "b", "b"], "Case": ["c"]}
    assert differing(one, one) == {}
    assert differing(one, {**one, "Link": ["a", "b"]}) == {"Link": {"only first": ["b"], "only second": []}}
    assert differing(one, {**one, "Case": []}) == {"Case": {"only first": ["c"], "only second": []}}
