"""The committed samples agree with their truth, and the generator gives the same bytes twice."""

from __future__ import annotations

import csv
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from fixtures.fonts import FORM_FONT, find_fonts
from fixtures.generate import generate
from fixtures.packs import load_sample_pack
from fixtures.scans import STYLES
from pipeline.channels.online import read_export
from pipeline.channels.paper import count_pages

ROOT = Path(__file__).parents[2] / "fixtures"
SAMPLES = ["sample", "small"]
EXPORTS = {
    "portal_utf8/portal_20261106.csv": "portal",
    "portal_cp932/portal_20261113.csv": "portal",
    "city_site/applications_20261113.json": "city_site",
}


def _truth(sample: str, name: str) -> Any:
    return json.loads((ROOT / "truth" / sample / f"{name}.json").read_text("utf-8"))


def _scans(folder: Path) -> list[Path]:
    return sorted(path for path in (folder / "scans").rglob("*") if path.is_file() and path.name != "batch.yaml")


def _roster(sample: str) -> dict[str, dict[str, str]]:
    with (ROOT / sample / "roster.csv").open(encoding="utf-8-sig", newline="") as file:
        return {row["宛名番号"]: row for row in csv.DictReader(file)}


@pytest.mark.parametrize("sample", SAMPLES)
def test_every_scanned_page_has_its_truth(sample: str) -> None:
    pages = Counter(page["file"] for page in _truth(sample, "pages"))
    folder = ROOT / sample
    found = {path.relative_to(folder / "scans").as_posix(): count_pages(path.read_bytes()) for path in _scans(folder)}
    assert found == pages


@pytest.mark.parametrize("sample", SAMPLES)
def test_slips_count_the_sheets(sample: str) -> None:
    pages = _truth(sample, "pages")
    for slip in (ROOT / sample / "scans").glob("*/batch.yaml"):
        mine = [page for page in pages if page["file"].startswith(f"{slip.parent.name}/")]
        counted = yaml.safe_load(slip.read_text("utf-8"))["counted_sheets"]
        assert counted == sum(1 for page in mine if not page.get("back"))


@pytest.mark.parametrize("sample", SAMPLES)
def test_submissions_lie_where_the_truth_says(sample: str) -> None:
    pages = {(page["file"], page["page_index"]): page for page in _truth(sample, "pages")}
    for row in _truth(sample, "submissions"):
        if row["channel"] == "paper":
            first = pages[row["file"], row["first_page_index"]]
            assert (first["kind"], first["submission"]) == ("form", row["id"])
            assert {pages[row["file"], index]["submission"] for index in row["page_indexes"]} == {row["id"]}


@pytest.mark.parametrize("sample", SAMPLES)
def test_every_named_person_is_on_the_roster(sample: str) -> None:
    roster = _roster(sample)
    for row in _truth(sample, "submissions"):
        named = [row["applicant"], *(child["resident_number"] for child in row["children"])]
        assert all(number in roster for number in named) or named == [None] * len(named)
        for child in row["children"]:
            if child["resident_number"] and child["eligible"]:
                assert roster[child["resident_number"]]["対象児童"] == "1"


@pytest.mark.parametrize("sample", SAMPLES)
def test_cases_and_duplicates_follow_from_the_submissions(sample: str) -> None:
    planted = {
        (s, child) for row in _truth(sample, "duplicates") for s in row["submissions"] for child in row["children"]
    }
    doubled = {
        (submission, case["resident_number"])
        for case in _truth(sample, "cases")
        if len(case["submissions"]) > 1
        for submission in case["submissions"]
    }
    assert doubled == planted


@pytest.mark.parametrize("sample", SAMPLES)
def test_the_exports_hold_what_the_truth_says(sample: str) -> None:
    pack = load_sample_pack()
    channels = {channel.id: channel for channel in pack.channels}
    rows = {row["receipt_number"]: row for row in _truth(sample, "submissions") if row["receipt_number"]}
    seen = set()
    for name, channel in EXPORTS.items():
        path = ROOT / sample / "online" / name
        reading = read_export(path.read_bytes(), pack, channels[channel])
        assert not reading.problems
        for record in reading.records:
            row = rows[record.receipt_number]
            seen.add(record.receipt_number)
            assert (row["channel"], row["file"]) == (channel, name)
            assert record.values["applicant_name"] == row["fields"]["applicant_name"]["written"]
            assert "〓" not in "".join(record.values.values())
            assert sorted(kind for kind, _ in record.attachments) == sorted(row["attachments"])
            assert all((path.parent / file).is_file() for _, file in record.attachments)
    assert seen == set(rows)


def test_the_sample_is_as_large_and_as_mixed_as_the_demo_needs() -> None:
    totals = _truth("sample", "totals")
    assert totals["pages"] >= 90
    assert totals["submissions"]["paper"] >= 45
    assert totals["submissions"]["online"] >= 62
    kinds = Counter(row["kind"] for row in _truth("sample", "duplicates"))
    assert kinds["cross_channel"] >= 8 and kinds["both_parents"] >= 2 and kinds["same_channel"] >= 1
    forms = [page for page in _truth("sample", "pages") if page["kind"] == "form"]
    assert 0.4 < sum(page["printed"] for page in forms) / len(forms) < 0.6
    assert any(page["damage"]["upside_down"] for page in forms)
    assert {"blank", "separator", "unknown_form"} <= set(totals["pages_by_kind"])
    files = [*(ROOT / "sample").rglob("*"), *(ROOT / "truth" / "sample").rglob("*")]
    assert sum(path.stat().st_size for path in files if path.is_file()) < 12_000_000


def test_a_folder_with_other_files_is_not_cleared(tmp_path: Path) -> None:
    kept = tmp_path / "letter.txt"
    kept.write_text("x", "utf-8")
    with pytest.raises(FileExistsError):
        generate(5, sheets=20, online=10, out=tmp_path, truth=tmp_path / "truth")
    assert kept.exists()


@pytest.mark.skipif(
    not FORM_FONT.exists() or not any(font.handwritten for font in find_fonts().values()),
    reason="fonts-ipaexfont and one handwriting-like font are needed",
)
def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    coarse = [replace(style, dpi=60) for style in STYLES[:2] + STYLES[3:5]]
    for run in ("a", "b"):
        out, truth = tmp_path / run / "sample", tmp_path / run / "truth"
        generate(5, sheets=20, online=10, out=out, truth=truth, styles=coarse)
    first, second = (
        {path.relative_to(tmp_path / run).as_posix(): path.read_bytes() for path in (tmp_path / run).rglob("*.*")}
        for run in ("a", "b")
    )
    assert len(first) > 20
    assert first == second
