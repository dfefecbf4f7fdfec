"""The reading card of two sheets: drawn, read, scored, printed, kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import reading_card
from benchmarks.card_crops import save_crops
from benchmarks.card_pages import Wish
from benchmarks.card_report import show_card
from fixtures.reading.split import Part
from fixtures.reading.writers import find_writers
from ocr.readings import TextLine

pytestmark = pytest.mark.skipif(not find_writers(Part.TUNE), reason="no font of the lab is on this machine")


def test_the_card_of_two_sheets_adds_up(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = TextLine("市税等口座振替依頼書", 0.9, (10, 10, 300, 40))
    monkeypatch.setattr("benchmarks.card_pages.make_peer", lambda name, cache: lambda image: (line,))
    wish = Wish(Part.TUNE, layout="debit_short", peers=("rapidocr",), crops=True)
    pages, crops = reading_card.measure(wish, (5, 6), processes=1)
    figures = {**reading_card.card(pages, Part.TUNE), "memory_mb": 0, "peers_absent": ["tesseract"]}
    rows = [row for page in pages for row in page.fields]
    assert pages[0].hand == "printed" and all(page.registered for page in pages)
    assert len(rows) == figures["fields"] == sum(one["fields"] for one in figures["by_kind"].values())
    valued = sum(row.has_value for row in rows)
    for table in ("by_sort", "by_hand", "by_layout", "by_writer", "by_hand_and_sort"):
        assert sum(one["exact_all"]["of"] for one in figures[table].values()) == valued
    right = sum(row.right for row in rows if row.has_value)
    assert sum(one["exact_all"]["hits"] for one in figures["by_sort"].values()) == right > 0.8 * valued
    parts = [one for name, one in figures["acceptance"].items() if name in figures["by_sort"]]
    for name in ("accepted", "of", "wrong"):
        assert sum(part[name] for part in parts) == figures["acceptance"]["all"][name]
    assert figures["registration"]["all"]["mean_mm"] < 0.3
    assert (
        figures["peers"]["rapidocr"]["beside_label"]["hits"] == 0 < figures["peers"]["rapidocr"]["beside_label"]["of"]
    )
    assert len(crops) == sum(not row.right for row in rows)
    assert all(path.stat().st_size for path in save_crops(crops, tmp_path / "wrong"))
    show_card(figures)
    assert "tesseract is not on this machine" in capsys.readouterr().out
    reading_card.keep_rows(pages, tmp_path / "rows.jsonl")
    kept = [json.loads(text) for text in (tmp_path / "rows.jsonl").read_text("utf-8").splitlines()]
    assert len(kept) == len(rows) and {"key", "truth", "read", "confidence", "right"} <= kept[0].keys()
