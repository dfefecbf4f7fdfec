"""What is worked out of the logs of a campaign, and how figures are kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.campaign import summarise
from benchmarks.campaign_score import Judged, accepted, agrees
from benchmarks.machine import RECOGNITION, version, weights
from benchmarks.report import SUMMARY, keep
from fixtures.packs import load_sample_pack

CHANNELS = {"p": "paper", "o1": "online", "o2": "online"}


def _piece(about: str, row_id: str, start: float, seconds: float, session: str = "1") -> dict[str, Any]:
    return {
        "about": about, "id": row_id, "start": start, "end": start + seconds, "cpu_s": seconds / 2, "session": session,
    }  # fmt: skip


def test_processor_time_is_by_channel_and_stage_and_pauses_do_not_count() -> None:
    pieces = [
        _piece("batch", "b", 0, 2),
        _piece("export", "e", 1, 4),
        _piece("submission", "p", 5, 10),
        _piece("submission", "o1", 5, 1),
        _piece("match", "p", 1000, 2, "2"),
        _piece("match", "o2", 1001, 4, "2"),
    ]
    figures = summarise(pieces, CHANNELS)
    assert figures["wall_s"] == 15 + 5
    assert figures["applications_per_hour"] == round(3600 * 3 / 20)
    assert figures["by_channel"] == {"paper": 1, "online": 2}
    assert figures["cpu_s_per_application"]["paper"] == {
        "intake": 1.0, "read": 5.0, "check_match_assign": 1.0, "all": 7.0,
    }  # fmt: skip
    assert figures["cpu_s_per_application"]["online"]["all"] == (2 + 0.5 + 2) / 2
    assert figures["reading_one_paper_application_s"]["median"] == 10


def test_a_run_that_did_nothing_has_no_throughput() -> None:
    assert summarise([], {})["applications_per_hour"] is None


def test_errors_count_only_among_those_that_passed() -> None:
    judged = [
        Judged("1", "paper", True, False, ()),
        Judged("2", "paper", True, True, ("value", "person")),
        Judged("3", "portal", False, True, ()),
        Judged("4", "portal", False, False, ()),
    ]
    figures = accepted(judged)
    assert (figures["accepted"], figures["of"], figures["wrong"], figures["clean"]) == (2, 4, 1, 2)
    assert figures["errors"] == {"person": 1, "value": 1}
    assert figures["share_of_clean"] == 0.5
    assert 0.9 < figures["wrong_at_most_95"] < 1


def test_a_value_agrees_in_its_normal_form_and_nothing_with_an_unticked_box() -> None:
    pack = load_sample_pack()
    assert agrees(pack, "phone", "09012345678", "090-1234-5678")
    assert agrees(pack, "consent", None, "false") and agrees(pack, "consent", "false", None)
    assert agrees(pack, "applicant_name", "高橋 花", "髙橋花")
    assert not agrees(pack, "phone", None, "090-1234-5678")
    assert not agrees(pack, "phone", "09012345679", "090-1234-5678")


def test_every_figure_is_kept_with_what_it_was_measured_with(tmp_path: Path) -> None:
    keep("one", {"a": 1}, "python -m benchmarks one", tmp_path)
    keep("two", {"b": 2}, "python -m benchmarks two", tmp_path)
    document = json.loads((tmp_path / "one.json").read_text())
    assert document["figures"] == {"a": 1}
    assert {"at", "version", "machine", "command"} <= set(document)
    assert document["machine"]["processors"] >= 1 and document["version"] == version()
    assert set(json.loads((tmp_path / SUMMARY).read_text())) == {"one", "two"}


def test_weights_are_named_by_size_and_hash() -> None:
    (found,) = weights(RECOGNITION)
    assert found["name"] == RECOGNITION and found["bytes"] > 1_000_000 and len(found["sha256"]) == 16
