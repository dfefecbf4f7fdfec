"""`ichimado score`: the card of a folder of scans, as docs/scoring.md shows it."""

from __future__ import annotations

import csv
import json
import re
import shlex
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import cv2
import pytest
from typer.testing import CliRunner, Result

from fixtures.packs import load_sample_pack
from ichimado.cli import app
from pipeline.channels.paper import iter_pages
from pipeline.channels.pictures import PagePicture
from pipeline.score.truth import NEEDED, OPTIONAL
from tests.recorded_runtime import ROOT, SMALL

DOC = (ROOT / "docs" / "scoring.md").read_text(encoding="utf-8")
SCAN = "b02_mail_grey200/b02_mail_grey200.pdf"
TRUTH = [row for row in json.loads((ROOT / "fixtures/truth/small/pages.json").read_text()) if row["file"] == SCAN]
FORM = next(row for row in TRUTH if row["kind"] == "form")
FIELDS = {key: one["value"] or "" for key, one in FORM["fields"].items()}


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the first form page of the sample and a sheet that is no form, as its fields truly are."""
    folder = tmp_path_factory.mktemp("city")
    pages = iter_pages((SMALL / "scans" / SCAN).read_bytes())
    page = next(one for one in pages if one.page_index == FORM["page_index"])
    assert isinstance(page, PagePicture)
    (folder / "scans").mkdir()
    cv2.imwrite(str(folder / "scans" / "0001.png"), page.image)
    cv2.imwrite(str(folder / "scans" / "blank.png"), page.image[:500, :400] * 0 + 255)
    lines = [["file", "page", "field", "value", "group"]]
    lines += [["0001.png", "1", key, value, "手書き"] for key, value in FIELDS.items()]
    _write(folder / "truth.csv", lines)
    return folder


def _write(path: Path, lines: list[list[str]], encoding: str = "utf-8") -> None:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows(lines)


def run(arguments: list[str], exit_code: int = 0) -> Result:
    result = CliRunner().invoke(app, ["score", *arguments], env={"COLUMNS": "120"})
    assert result.exit_code == exit_code, (result.stdout, result.stderr, result.exception)
    return result


def card(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_the_example_of_the_docs_runs_and_says_what_it_shows(scans: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(scans)
    monkeypatch.setenv("ICHIMADO_DATA_DIR", str(scans / "never"))
    (block,) = re.findall(r"```console\n(.*?)```", DOC, re.DOTALL)
    command, *shown = block.splitlines()
    result = run(shlex.split(command.removeprefix("$ ichimado score ")))
    for line in shown:
        wanted = r"\s*" + r".*".join(map(re.escape, line.strip().split("…"))) + r"\s*"
        assert any(re.fullmatch(wanted, said) for said in result.stderr.splitlines()), (line, result.stderr)
    for value in FIELDS.values():
        assert value.isascii() or value not in result.stderr
    made = json.loads((scans / "card" / "card.json").read_text("utf-8"))
    assert made["fields"] == len(FIELDS) == made["by_hand"]["手書き"]["exact"]["of"]
    assert made["acceptance"]["all"]["of"] == sum(
        one["of"] for name, one in made["acceptance"].items() if name in made["by_sort"]
    )
    assert ElementTree.fromstring((scans / "card" / "reliability.svg").read_text("utf-8")).tag.endswith("svg")
    head = (scans / "card" / "wrong.csv").read_text("utf-8-sig").splitlines()[0]
    assert head == "file,page,field,accepted,reasons,confidence"
    assert not (scans / "never").exists()


def test_columns_and_files_named_in_the_docs_are_those_that_are_there() -> None:
    (sample,) = re.findall(r"```csv\n(.*?)```", DOC, re.DOTALL)
    head, *lines = csv.reader(sample.splitlines())
    assert set(head) == NEEDED | OPTIONAL
    names = {spec.name for spec in load_sample_pack("child_benefit").fields}
    assert {line[head.index("field")].split(".")[0] for line in lines} <= names


def test_pages_that_cannot_be_scored_are_named_and_count_as_not_read(scans: Path, tmp_path: Path) -> None:
    wrong = [
        ["file", "field", "value"],
        ["blank.png", "applicant_name", "山田"],
        ["0001.png", "applicant_kana", "ダレカ サン"],
    ]
    _write(tmp_path / "truth.csv", wrong, "cp932")
    truth, out = str(tmp_path / "truth.csv"), str(tmp_path / "out")
    found = card(
        run(
            [str(scans / "scans"), "--procedure", "child_benefit", "--truth", truth, "--json", "--out", out,
             "--show-values"],
            1,
        )
    )  # fmt: skip
    assert (found["pages"], found["pages_read"], found["fields"]) == (2, 1, 2)
    assert [(one["line"], one["code"]) for one in found["problems"]] == [(2, "form_not_found")]
    assert {(one["file"], one["field"]) for one in found["wrong"]} == {
        ("blank.png", "applicant_name"),
        ("0001.png", "applicant_kana"),
    }
    assert FIELDS["applicant_kana"] not in json.dumps(found, ensure_ascii=False)
    said = (tmp_path / "out" / "wrong.csv").read_text("utf-8-sig")
    assert "ダレカ サン" in said and FIELDS["applicant_kana"] in said


@pytest.mark.parametrize(
    ("lines", "codes"),
    [
        ([["file", "field"], ["0001.png", "applicant_name"]], [(1, "missing_column")]),
        ([["file", "field", "value", "写し"]], [(1, "unknown_column")]),
        ([["file", "field", "value"], ["0002.png", "applicant_name", "秘密"]], [(2, "no_such_file")]),
        (
            [
                ["file", "page", "field", "value"],
                ["0001.png", "零", "applicant_name", "秘密"],
                ["0001.png", "1", "nobody", "秘密"],
                ["0001.png", "1"],
                ["0001.png", "1", "applicant_name", "秘密"],
                ["0001.png", "", "applicant_name", "秘密"],
            ],
            [(2, "bad_page"), (3, "unknown_field"), (4, "cell_count"), (6, "field_twice")],
        ),
        ([["file", "field", "value"]], []),
    ],
)
def test_a_truth_that_cannot_be_used_is_refused_by_line_before_anything_is_read(
    scans: Path, tmp_path: Path, lines: list[list[str]], codes: list[tuple[int, str]]
) -> None:
    _write(tmp_path / "truth.csv", lines)
    arguments = [str(scans / "scans"), "--procedure", "child_benefit", "--truth", str(tmp_path / "truth.csv")]
    result = run([*arguments, "--json"], 2)
    assert [(one["line"], one["code"]) for one in card(result)["problems"]] == codes
    assert result.stderr.strip() and "秘密" not in result.stderr + result.stdout


def test_values_are_shown_in_a_file_only(scans: Path) -> None:
    arguments = [str(scans / "scans"), "--procedure", "child_benefit", "--truth", str(scans / "truth.csv")]
    assert "--out" in run([*arguments, "--show-values"], 2).stderr
