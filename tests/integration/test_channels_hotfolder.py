"""The watched folder on a real file system."""

from __future__ import annotations

import os
from pathlib import Path

from pipeline.channels.hotfolder import find_slip, read_settled, settled_files
from pipeline.channels.slip import read_slip


def test_a_growing_file_is_left_alone_until_it_rests(tmp_path: Path) -> None:
    scan = tmp_path / "束1" / "scan.pdf"
    scan.parent.mkdir()
    scan.write_bytes(b"%PDF-")
    look = settled_files(tmp_path, {}, now=0, settle_seconds=5)
    scan.write_bytes(b"%PDF-1.7 more")
    look = settled_files(tmp_path, look.state, now=6, settle_seconds=5)
    assert look.ready == ()
    look = settled_files(tmp_path, look.state, now=11, settle_seconds=5)
    assert look.ready == ("束1/scan.pdf",)


def test_a_file_that_changes_after_the_look_is_not_read(tmp_path: Path) -> None:
    scan = tmp_path / "scan.pdf"
    scan.write_bytes(b"whole")
    look = settled_files(tmp_path, settled_files(tmp_path, {}, now=0).state, now=60)
    assert read_settled(tmp_path, "scan.pdf", look.state["scan.pdf"]) == b"whole"
    scan.write_bytes(b"whole and more")
    assert read_settled(tmp_path, "scan.pdf", look.state["scan.pdf"]) is None
    scan.unlink()
    assert read_settled(tmp_path, "scan.pdf", look.state["scan.pdf"]) is None


def test_links_dot_folders_and_slips_are_not_scans(tmp_path: Path) -> None:
    outside = tmp_path / "outside.pdf"
    outside.write_bytes(b"x")
    watched = tmp_path / "in"
    (watched / ".hidden").mkdir(parents=True)
    (watched / ".hidden" / "a.pdf").write_bytes(b"x")
    (watched / "batch.yaml").write_text("received_on: 2026-11-20\nsource: post\n", encoding="utf-8")
    os.symlink(outside, watched / "link.pdf")
    (watched / "a.pdf").write_bytes(b"x")
    look = settled_files(watched, settled_files(watched, {}, now=0).state, now=60)
    assert look.ready == ("a.pdf",)


def test_the_slip_is_the_one_of_the_files_own_folder(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "scan.pdf").write_bytes(b"x")
    (tmp_path / "a" / "batch.yaml").write_text("received_on: 2026-11-20\nsource: 窓口\n", encoding="utf-8")
    slip = find_slip(tmp_path, "a/scan.pdf")
    assert slip is not None and read_slip(slip.read_bytes()).source == "窓口"
    assert find_slip(tmp_path, "b/scan.pdf") is None
