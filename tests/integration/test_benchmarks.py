"""Every benchmark once in miniature: it runs to its end, counts what was there, and its table can be printed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks import samples, stores
from benchmarks.campaign import measure_campaign
from benchmarks.children import measured
from benchmarks.linking.latency import measure_latency, store_name
from benchmarks.linking.report import latency_rows
from benchmarks.peers import PEERS
from benchmarks.reading import measure_reading
from benchmarks.report import campaign_rows, reading_rows, show, workers_rows
from benchmarks.samples import Sample
from ocr.readings import TextLine
from tests.runtime import FIXTURES, SMALL

SAMPLE = Sample(11, SMALL, FIXTURES / "truth" / "small")


@pytest.fixture(autouse=True)
def nowhere_else(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What benchmarks keep goes into the test's own folder."""
    for module in (samples, stores):
        monkeypatch.setattr(module, "DATA", tmp_path, raising=False)
    monkeypatch.setattr("benchmarks.campaign.DATA", tmp_path)


def test_one_record_against_a_small_town(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("benchmarks.linking.latency.in_child", lambda work, *arguments: measured(work, arguments))
    figures = measure_latency(5, 120, 12, "sqlite", tmp_path)
    assert figures["people"] == figures["filled"]["rows"] >= 120
    outcomes = figures["one_record"]["outcomes"]
    assert sum(count for found in outcomes.values() for count in found.values()) == 12
    assert not any(found.get("link_wrong") for found in outcomes.values())
    again = measure_latency(5, 120, 12, "postgresql", tmp_path)
    assert (again["people"], again["keys"]) == (figures["people"], figures["keys"])
    assert again["one_record"]["outcomes"] == outcomes
    stores.drop("postgresql", store_name(5, 120, tmp_path), tmp_path)
    show("latency", ("", "figure"), latency_rows(figures))
    assert "people" in capsys.readouterr().out


def test_one_page_read_beside_a_peer(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    # The peer's own engine takes seconds; what is tested is that its lines are scored as ours are.
    line = TextLine("子育て応援給付金 申請書", 0.9, (10, 10, 300, 40))
    monkeypatch.setattr("benchmarks.reading.make_peer", lambda name, cache: lambda image: (line,))
    figures = measure_reading(1, SAMPLE, peers=("rapidocr",))
    assert figures["pages"] == 1 and figures["fields_written"] > 3
    assert figures["ichimado"]["written_exact"]["hits"] > 0
    assert figures["rapidocr"]["written_exact_beside_label"]["hits"] == 0
    assert [one["name"] for one in figures["rapidocr"]["weights"]] == list(PEERS["rapidocr"])
    show("reading", ("reader",) + ("",) * 6, reading_rows(figures))
    assert "rapidocr" in capsys.readouterr().out


def test_a_campaign_from_hand_over_to_its_score(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Processes of their own are tried above; here they would take longer than the work.
    monkeypatch.setattr("benchmarks.campaign.in_child", lambda work, *arguments: measured(work, arguments))
    monkeypatch.setattr(
        "benchmarks.campaign.side_by_side", lambda work, calls: [measured(work, call) for call in calls]
    )
    small = _online_only(tmp_path / "small")
    figures = measure_campaign(15, 0.0, 1, "sqlite", sample=small)
    assert figures["applications"] == 15 and figures["by_channel"] == {"paper": 0, "online": 15}
    parts = figures["score"]["without_a_person"]
    assert parts["all"]["accepted"] > 5 and parts["all"]["wrong"] == 0
    assert figures["audit"]["breaches"] == 0 and figures["memory_mb"]["workers"][0] > 50
    show("campaign", ("", "figure"), campaign_rows(figures))
    run = {**figures, "times_one_worker": 1.0}
    show("workers", ("", "", "", "", ""), workers_rows({"runs": [run]}))
    assert "breaches" in capsys.readouterr().out


def _online_only(folder: Path) -> Sample:
    """The small sample without its paper, which takes seconds a page to read."""
    import json
    import shutil

    shutil.copytree(SMALL / "online", folder / "online")
    shutil.copy(SMALL / "roster.csv", folder / "roster.csv")
    (folder / "scans").mkdir()
    truth = folder / "truth"
    truth.mkdir()
    rows: dict[str, Any] = {
        name: json.loads((FIXTURES / "truth" / "small" / f"{name}.json").read_text())
        for name in ("submissions", "duplicates", "totals")
    }
    online = [row for row in rows["submissions"] if row["channel"] != "paper"]
    for name, part in (("pages", []), ("submissions", online), ("duplicates", []), ("totals", rows["totals"])):
        (truth / f"{name}.json").write_text(json.dumps(part))
    return Sample(11, folder, truth)
