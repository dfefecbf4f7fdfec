"""What a receiver asks for with Retry-After."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.outbound.webhook import wait_asked

AT = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "wait"),
    [
        ("120", timedelta(minutes=2)),
        ("0", timedelta(0)),
        ("Sun, 22 Nov 2026 01:30:00 GMT", timedelta(minutes=30)),
        ("Sunday, 22-Nov-26 01:30:00 GMT", timedelta(minutes=30)),
        ("Sun Nov 22 01:30:00 2026", timedelta(minutes=30)),
        ("Sun, 22 Nov 2026 00:30:00 GMT", timedelta(0)),
        ("99999999999999999999", timedelta(days=365)),
        ("", timedelta(0)),
        ("soon", timedelta(0)),
        ("-5", timedelta(0)),
        ("1.5", timedelta(0)),
        ("１２０", timedelta(0)),
        ("Sun, 32 Nov 2026 25:00:00 GMT", timedelta(0)),
    ],
)
def test_seconds_and_dates_are_understood(said: str, wait: timedelta) -> None:
    assert wait_asked(said, AT) == wait


@given(st.text(max_size=60))
def test_nothing_that_is_said_can_hurt(said: str) -> None:
    assert timedelta(0) <= wait_asked(said, AT) <= timedelta(days=365)
