"""The tree of arrival errors, its codes and its words."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from pipeline.channels import errors
from pipeline.channels.errors import ArrivalError, MissingColumn, find_error_class


def all_classes(base: type[ArrivalError] = ArrivalError) -> Iterator[type[ArrivalError]]:
    for child in base.__subclasses__():
        yield child
        yield from all_classes(child)


def test_the_table_at_the_top_is_the_tree() -> None:
    rows = re.findall(r"^\| (·*) ?(\w+)\s*\| ([\w–]+)", errors.__doc__ or "", flags=re.M)
    told = {(name, code) for _, name, code in rows if name not in ("class", "ArrivalError")}
    assert told == {(found.__name__, found.code) for found in all_classes()}


@pytest.mark.parametrize("kind", list(all_classes()), ids=lambda kind: kind.code)
def test_each_says_what_happened_and_what_to_do_in_both_languages(kind: type[ArrivalError]) -> None:
    assert re.fullmatch(r"[a-z_]+", kind.code)
    assert find_error_class(kind.code) is kind
    for words in (kind.ja, kind.en):
        assert words.happened and words.do_next
    assert re.search("[ぁ-ん]", kind.ja.happened) and re.search("[ぁ-ん]", kind.ja.do_next)


def test_the_detail_stands_in_both_messages() -> None:
    error = MissingColumn("氏名")
    assert "氏名" in error.message_ja and "氏名" in error.message_en
    assert find_error_class("no_such_code") is None
