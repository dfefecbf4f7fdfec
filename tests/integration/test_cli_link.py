"""`ichimado link`: docs/linking.md as it is written, and every file that cannot be used."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from fixtures.matching.tables import APPLICATIONS, REGISTER, SPEC, TRUTH, write_tables
from ichimado.cli import app
from ichimado.cli.link import PROBLEMS
from ichimado.link_files import LinkError, clusters_path, drafts, read_spec, read_table, write_rows
from matchers.fields import FieldType
from matchers.tables.spec import COLUMN_TYPES, LinkSpec
from tests.unit.test_house_imports import ROOT

DOC = (ROOT / "docs" / "linking.md").read_text(encoding="utf-8")
PLAIN = LinkSpec("id", {"name": FieldType.PERSON_NAME, "born": FieldType.DATE})
PLAIN_YAML = "id: id\ncolumns: {name: person_name, born: date}\n"
ROWS = "id,name,born\n1,山田 花子,1990-01-02\n2,鈴木 一郎,1985-05-06\n"


def run(arguments: list[str], exit_code: int = 0) -> Result:
    result = CliRunner().invoke(app, ["link", *arguments], env={"COLUMNS": "120"})
    assert result.exit_code == exit_code, (result.stdout, result.stderr, result.exception)
    return result


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the example of the docs has been run, with what it printed in said.txt."""
    folder = tmp_path_factory.mktemp("linking")
    draw, link = (shlex.split(line) for line in re.findall(r"^\$ (.*)$", DOC, re.MULTILINE))
    assert draw[:3] == ["python", "-m", "fixtures.matching.tables"]
    people, seed = (int(draw[draw.index(option) + 1]) for option in ("--people", "--seed"))
    write_tables(folder / draw[3], people, seed)
    at_home = [str(folder / word) if word.startswith("town/") else word for word in link[2:]]
    (folder / "said.txt").write_text(run(at_home).stderr, "utf-8")
    return folder


def test_example_prints_what_the_docs_show(linked: Path) -> None:
    said = re.sub(r" +", " ", (linked / "said.txt").read_text("utf-8"))
    console = re.search(r"```console\n(.*?)```", DOC, re.DOTALL)
    assert console
    for line in console[1].splitlines():
        assert line.startswith("$ ") or line.rstrip("…") in said, line
    assert f"```yaml\n{(linked / 'town' / SPEC).read_text('utf-8')}```" in DOC


def test_example_links_right(linked: Path) -> None:
    truth = {(row["left_id"], row["right_id"]) for row in rows_of(linked / "town" / TRUTH)}
    found = rows_of(linked / "town" / "links.csv")
    links = {(row["left_id"], row["right_id"]) for row in found if row["outcome"] == "link"}
    assert {row["outcome"] for row in found} == {"link", "review"}
    assert links <= truth
    assert len(links) > 0.8 * len(truth)
    scores = [float(row["score"]) for row in found]
    assert scores == sorted(scores, reverse=True)


def test_every_record_has_a_cluster_and_links_share_theirs(linked: Path) -> None:
    spec = read_spec(linked / "town" / SPEC)
    clusters = rows_of(linked / "town" / "links-clusters.csv")
    records = [(table, one) for table, name in (("A", REGISTER), ("B", APPLICATIONS))
               for one in read_table(linked / "town" / name, spec).ids]  # fmt: skip
    assert [(row["table"], row["id"]) for row in clusters] == records
    of = {(row["table"], row["id"]): row["cluster"] for row in clusters}
    for row in rows_of(linked / "town" / "links.csv"):
        if row["outcome"] == "link":
            assert of["A", row["left_id"]] == of["B", row["right_id"]]
    in_a = [row["cluster"] for row in clusters if row["table"] == "A"]
    assert len(set(in_a)) == len(in_a)


def test_docs_name_every_type() -> None:
    for kind in COLUMN_TYPES:
        assert f"`{kind}`" in DOC


def test_duplicates_of_one_table_for_programs(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(PLAIN_YAML, "utf-8")
    text = "\n".join(f"{number},山田 花子{number % 40},{1950 + number % 40}-01-02" for number in range(80))
    (tmp_path / "a.csv").write_text("id,name,born\n" + text, "utf-8")
    out = tmp_path / "links.csv"
    options = ["--spec", str(tmp_path / "spec.yaml"), "--out", str(out), "--json"]
    said = json.loads(run([str(tmp_path / "a.csv"), *options]).stdout)
    assert said["records"] == [80]
    assert said["links"] + said["review"] == len(rows_of(out))
    assert all({"rule", "pairs", "capped_blocks", "capped_share"} <= set(rule) for rule in said["blocking"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "links.csv", "spec.yaml"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
@pytest.mark.parametrize("separator", [",", "\t", ";"])
def test_encodings_and_separators_are_found_out(tmp_path: Path, encoding: str, separator: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(ROWS.replace(",", separator).replace("\n", "\r\n").encode(encoding))
    table = read_table(path, PLAIN)
    assert list(table.ids) == ["1", "2"]
    assert list(table.cells["name"]) == ["山田 花子", "鈴木 一郎"]


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        (b"", "empty_file", 0),
        (b" \r\n\n", "empty_file", 0),
        (b"id,name,born\n", "no_rows", 0),
        ("id,name,born\n1,山田,1990\n".encode("utf-16"), "unknown_encoding", 0),
        (b"id,name\n1,x\n", "missing_column", 1),
        (b"no,name,born\n1,x,y\n", "missing_column", 1),
        (b"id,name,born,born\n1,x,y,z\n", "header_twice", 1),
        (b"id,name,born\n1,x,y\n2,x\n", "cell_count", 3),
        (b"id,name,born\n1,x,y\n2,x,y,z\n", "cell_count", 3),
        (b"id,name,born\n1,x,y\n ,x,y\n", "no_id", 3),
        (b"id,name,born\n1,x,y\n2,x,y\n1,x,y\n", "id_twice", 4),
        (b'id,name,born\n1,"x,y\n', "unclosed_quote", 2),
        (b'id,name,born\n1,"x"z,y\n', "malformed_row", 2),
    ],
)
def test_table_that_cannot_be_used_is_named_with_its_line(tmp_path: Path, content: bytes, code: str, line: int) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(LinkError) as caught:
        read_table(path, PLAIN)
    assert (caught.value.code, caught.value.line) == (code, line)


def test_errors_end_in_one_line_with_nothing_written_and_no_value(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(PLAIN_YAML, "utf-8")
    (tmp_path / "a.csv").write_text(ROWS, "utf-8")
    (tmp_path / "b.csv").write_text(ROWS + "2,秘密 太郎,1999-09-09\n", "utf-8")
    out = tmp_path / "links.csv"
    out.write_text("before", "utf-8")
    options = ["--spec", str(tmp_path / "spec.yaml"), "--out", str(out), "--clusters"]
    said = run([str(tmp_path / "a.csv"), str(tmp_path / "b.csv"), *options], 2).stderr
    assert "4行目 同じIDが2度あります / line 4: the id stands twice (id_twice): b.csv: 3" in said
    assert "秘密" not in said
    assert out.read_text("utf-8") == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "b.csv", "links.csv", "spec.yaml"]


@pytest.mark.parametrize(
    ("spec", "out", "code"),
    [
        (PLAIN_YAML, "a.csv", "out_is_input"),
        (PLAIN_YAML, "none/links.csv", "cannot_write"),
        ("id: id\ncolumns: {name: nickname}\n", "links.csv", "spec_unknown_type"),
        ("id: id\ncolumns: {age: digits}\n", "links.csv", "missing_column"),
        ("id: [\n", "links.csv", "spec_no_yaml"),
        ("- id\n", "links.csv", "spec_shape"),
    ],
)
def test_specs_and_outputs_that_cannot_be_used(tmp_path: Path, spec: str, out: str, code: str) -> None:
    (tmp_path / "spec.yaml").write_text(spec, "utf-8")
    (tmp_path / "a.csv").write_text(ROWS, "utf-8")
    said = run([str(tmp_path / "a.csv"), "--spec", str(tmp_path / "spec.yaml"), "--out", str(tmp_path / out)], 2).stderr
    assert f"({code})" in said
    assert (tmp_path / "a.csv").read_text("utf-8") == ROWS


def test_file_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(PLAIN_YAML, "utf-8")
    said = run([str(tmp_path / "a.csv"), "--spec", str(tmp_path / "spec.yaml"), "--out", str(tmp_path / "o.csv")], 2)
    assert "(no_such_file): a.csv" in said.stderr


def test_every_code_has_words() -> None:
    source = "".join((ROOT / name).read_text("utf-8") for name in
                     ("ichimado/link_files.py", "ichimado/linking.py", "matchers/tables/spec.py"))  # fmt: skip
    codes = set(re.findall(r'(?:LinkError|SpecProblem)\(\s*"(\w+)"', source)) | {"unclosed_quote", "malformed_row"}
    assert codes == set(PROBLEMS)


def test_draft_that_breaks_off_leaves_what_was_there(tmp_path: Path) -> None:
    out = tmp_path / "links.csv"
    out.write_text("before", "utf-8")
    with pytest.raises(ZeroDivisionError), drafts(out, clusters_path(out)) as files:
        write_rows(files[0], ["a"], [[1 // 0]])
    assert out.read_text("utf-8") == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["links.csv"]


cells = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=8)


@given(st.lists(st.tuples(cells, cells), min_size=1, max_size=8), st.sampled_from([",", "\t"]))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_a_csv_writer_writes_is_read_back(tmp_path: Path, rows: list[tuple[str, str]], separator: str) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator)
    writer.writerow(["id", "name", "born"])
    writer.writerows([number, *row] for number, row in enumerate(rows))
    path = tmp_path / "a.csv"
    path.write_bytes(text.getvalue().encode("utf-8-sig"))
    table = read_table(path, PLAIN)
    assert list(zip(table.cells["name"], table.cells["born"], strict=True)) == rows
    assert list(table.ids) == [str(number) for number in range(len(rows))]


@given(st.binary(max_size=200))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_a_table_or_a_named_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"id,name,born\n" + content)
    try:
        table = read_table(path, PLAIN)
    except LinkError as error:
        assert error.code in PROBLEMS
    else:
        assert len(set(table.ids)) == len(table.ids) == len(table.cells["name"])
