"""When a file of a watched folder is finished."""

from __future__ import annotations

import pytest

from pipeline.channels.hotfolder import decide, is_candidate


def test_a_file_is_ready_only_after_staying_the_same_long_enough() -> None:
    first = decide({}, {"a.pdf": (10, 1)}, now=100.0, settle_seconds=5)
    assert first.ready == ()
    early = decide(first.state, {"a.pdf": (10, 1)}, now=104.9, settle_seconds=5)
    assert early.ready == ()
    late = decide(early.state, {"a.pdf": (10, 1)}, now=105.0, settle_seconds=5)
    assert late.ready == ("a.pdf",)


@pytest.mark.parametrize("changed", [(11, 1), (10, 2)], ids=["it grew", "it was written again"])
def test_a_change_starts_the_wait_anew(changed: tuple[int, int]) -> None:
    state = decide({}, {"a.pdf": (10, 1)}, now=0, settle_seconds=5).state
    moved = decide(state, {"a.pdf": changed}, now=6, settle_seconds=5)
    assert moved.ready == ()
    assert decide(moved.state, {"a.pdf": changed}, now=11, settle_seconds=5).ready == ("a.pdf",)


def test_a_file_gone_and_back_starts_anew_and_names_give_the_order() -> None:
    state = decide({}, {"b.pdf": (1, 1), "a.pdf": (1, 1)}, now=0, settle_seconds=5).state
    gone = decide(state, {"a.pdf": (1, 1)}, now=3, settle_seconds=5)
    back = decide(gone.state, {"b.pdf": (1, 1), "a.pdf": (1, 1)}, now=6, settle_seconds=5)
    assert back.ready == ("a.pdf",)
    later = decide(back.state, {"b.pdf": (1, 1), "a.pdf": (1, 1)}, now=12, settle_seconds=5)
    assert later.ready == ("a.pdf", "b.pdf")


def test_a_clock_set_back_never_takes_a_file_early() -> None:
    state = decide({}, {"a.pdf": (1, 1)}, now=1000, settle_seconds=5).state
    assert decide(state, {"a.pdf": (1, 1)}, now=10, settle_seconds=5).ready == ()


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("scan.pdf", True),
        ("束1/scan001.TIF", True),
        (".scan.pdf", False),
        ("scan.pdf.tmp", False),
        ("scan.PART", False),
        (".sync/scan.pdf", False),
        ("~$scan.pdf", False),
        ("batch.yaml", False),
    ],
)
def test_what_is_no_scan_is_never_looked_at(name: str, taken: bool) -> None:
    assert is_candidate(name) is taken
