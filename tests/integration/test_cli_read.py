"""`ichimado read`: one JSON line for every image, in the shape that is promised, without any store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from ichimado.cli import app
from pipeline.channels.paper import iter_pages
from pipeline.channels.pictures import PagePicture
from tests.recorded_runtime import ROOT, SMALL

SCAN = SMALL / "scans" / "b02_mail_grey200" / "b02_mail_grey200.pdf"
FIELD_KEYS = ["name", "value", "raw", "confidence", "box", "reasons"]
DIGITS = "4070328"


def read_json(*arguments: str | Path, exit_code: int = 0) -> list[dict[str, Any]]:
    result = CliRunner().invoke(app, ["read", *map(str, arguments), "--json"])
    assert result.exit_code == exit_code, (result.stdout, result.stderr, result.exception)
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture(scope="module")
def form_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first page of a form in the sample, as a JPEG."""
    page = next(
        page.image
        for page in iter_pages(SCAN.read_bytes())
        if isinstance(page, PagePicture) and page.page_index == first_form_page()
    )
    path = tmp_path_factory.mktemp("pages") / "form.jpg"
    cv2.imwrite(str(path), page)
    return path


def first_form_page() -> int:
    truth = json.loads((ROOT / "fixtures" / "truth" / "small" / "pages.json").read_text())
    return next(
        number
        for number, row in enumerate(row for row in truth if row["file"].endswith(SCAN.name))
        if row["kind"] == "form"
    )


@pytest.fixture
def cells(tmp_path: Path) -> Path:
    """Seven printed digits in seven ruled cells."""
    width, height = 64, 80
    picture = np.full((height + 8, width * len(DIGITS) + 8), 255, np.uint8)
    for place, digit in enumerate(DIGITS):
        left = 4 + place * width
        cv2.rectangle(picture, (left, 4), (left + width, 4 + height), 90, 2)
        cv2.putText(picture, digit, (left + 14, height - 8), cv2.FONT_HERSHEY_SIMPLEX, 1.8, 0, 4, cv2.LINE_AA)
    path = tmp_path / "cells.png"
    cv2.imwrite(str(path), picture)
    return path


def test_form_gives_the_promised_shape(form_page: Path) -> None:
    (answer,) = read_json(form_page, "--procedure", "child_benefit")
    assert list(answer) == ["image", "form", "fields"]
    assert answer["image"] == str(form_page)
    assert answer["form"]
    assert all(list(field) == FIELD_KEYS for field in answer["fields"])
    read = [field for field in answer["fields"] if field["value"]]
    assert read
    for field in read:
        assert len(field["box"]) == 4
        assert 0.0 <= field["confidence"] <= 1.0
        assert isinstance(field["reasons"], list)


def test_row_of_cells_gives_the_promised_shape(cells: Path) -> None:
    (answer,) = read_json(cells, "--type", "digits", "--cells", "7")
    assert list(answer) == ["image", "value", "raw", "confidence", "reasons"]
    assert answer["value"] == DIGITS
    assert 0.0 <= answer["confidence"] <= 1.0


def test_unreadable_image_is_named_and_the_rest_goes_on(cells: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\nnot a picture")
    empty = tmp_path / "empty.png"
    empty.touch()
    missing = tmp_path / "missing.png"
    answers = read_json(broken, empty, missing, cells, "--type", "digits", "--cells", "7", exit_code=1)
    assert [answer["image"] for answer in answers] == [str(path) for path in (broken, empty, missing, cells)]
    assert [answer.get("error") for answer in answers][1:] == ["empty_file", "no_such_file", None]
    assert answers[0]["error"]
    assert answers[-1]["value"] == DIGITS


def test_unreadable_form_is_named_and_the_rest_goes_on(form_page: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty.jpg"
    empty.touch()
    first, second = read_json(empty, form_page, "--procedure", "child_benefit", exit_code=1)
    assert first == {"image": str(empty), "error": "empty_file", "form": None, "fields": []}
    assert second["fields"]


def test_page_of_no_known_form_is_no_error(cells: Path) -> None:
    assert read_json(cells, "--procedure", "child_benefit") == [{"image": str(cells), "form": None, "fields": []}]


def test_people_get_words_instead(cells: Path) -> None:
    result = CliRunner().invoke(app, ["read", str(cells), "--type", "digits", "--cells", "7"])
    assert result.exit_code == 0
    assert result.stdout == ""
    assert DIGITS in result.stderr


@pytest.mark.parametrize("given", [[], ["--type", "digits", "--procedure", "child_benefit"], ["--type", "nothing"]])
def test_unclear_request_is_explained(cells: Path, given: list[str]) -> None:
    result = CliRunner().invoke(app, ["read", str(cells), *given])
    assert result.exit_code == 2
    assert result.stderr.strip()


def test_reading_opens_no_store(cells: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ICHIMADO_DATA_DIR", str(tmp_path / "never"))
    read_json(cells, "--type", "digits", "--cells", "7")
    assert not (tmp_path / "never").exists()
