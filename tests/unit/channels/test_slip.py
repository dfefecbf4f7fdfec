"""The batch slip: what the mailroom writes beside a batch."""

from __future__ import annotations

import datetime as dt

import pytest

from pipeline.channels.errors import SlipError
from pipeline.channels.slip import BatchSlip, read_slip


def test_a_slip_is_read() -> None:
    text = "received_on: 2026-11-20\nsource: 郵送\ndepartment: kodomo\ncounted_sheets: 84\n"
    assert read_slip(text.encode()) == BatchSlip(
        received_on=dt.date(2026, 11, 20), source="郵送", department="kodomo", counted_sheets=84
    )


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("received_on: 2026-11-20\nsource: 鳩\n".encode(), "source"),
        (b"source: a\n", "received_on"),
        (b"received_on: yesterday-secret\nsource: a\n", "received_on"),
        (b"received_on: 2026-11-20\nsource: a\nsheets: 3\n", "sheets"),
        (b"received_on: 2026-11-20\nsource: a\ncounted_sheets: 0\n", "counted_sheets"),
        (b"- a\n", "received_on, source"),
        (b"a: [\n", "YAML"),
        (b"\xff\xfe", "YAML"),
    ],
)
def test_a_wrong_slip_names_its_items_and_no_values(text: bytes, named: str) -> None:
    with pytest.raises(SlipError) as caught:
        read_slip(text)
    assert named in caught.value.detail
    assert "secret" not in str(caught.value) + caught.value.message_ja
