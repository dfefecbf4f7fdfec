"""Every command of `ichimado` on a store of its own: what it says, in which shape, and how it ends."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
import typer
from sqlmodel import select
from typer.testing import CliRunner, Result

from ichimado.cli import app
from ichimado.compose import open_runtime
from ichimado.settings import Settings
from pipeline.store.engine import read, write
from pipeline.store.tables import Page, StaffGrant, User
from tests.papers import application, blank, tiff
from tests.recorded_runtime import ROOT, SMALL

Invoke = Callable[..., Result]
ROSTER = SMALL / "roster.csv"
PORTAL = SMALL / "online" / "portal_utf8" / "portal_20261106.csv"
CITY_SITE = SMALL / "online" / "city_site" / "applications_20261113.json"
BAD_ROWS = SMALL / "online" / "portal_bad" / "portal_bad_rows.csv"


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ICHIMADO_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("ICHIMADO_DATABASE_URL", raising=False)
    return tmp_path / "data"


@pytest.fixture
def ichimado(data_dir: Path) -> Invoke:
    def invoke(*arguments: str | Path, exit_code: int = 0, typed: str | None = None) -> Result:
        result = CliRunner().invoke(app, [str(one) for one in arguments], input=typed)
        assert result.exit_code == exit_code, (result.stdout, result.stderr, result.exception)
        return result

    return invoke


@pytest.fixture
def installed(ichimado: Invoke) -> Invoke:
    ichimado("procedures", "install", "child_benefit")
    return ichimado


def answers(result: Result) -> list[dict[str, Any]]:
    """Standard output with --json: JSON lines and nothing else."""
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_migrate_makes_the_store(ichimado: Invoke, data_dir: Path) -> None:
    ichimado("migrate")
    assert (data_dir / "ichimado.db").exists()
    assert (data_dir / "ichimado.key").stat().st_mode & 0o077 == 0


def test_procedures_are_installed_once_and_listed(installed: Invoke) -> None:
    installed("procedures", "install", "child_benefit")
    (listed,) = answers(installed("procedures", "list", "--json"))
    assert listed["id"] == "child_benefit"
    assert set(listed) == {"id", "version", "digest"}


def test_unknown_procedure_is_one_line_not_a_traceback(data_dir: Path) -> None:
    from ichimado import cli

    with pytest.raises(SystemExit) as ended:
        cli.main(["procedures", "install", "no_such_pack"])
    assert ended.value.code == 1


def test_blank_form_is_a_pdf(ichimado: Invoke, tmp_path: Path) -> None:
    out = tmp_path / "form.pdf"
    ichimado("procedures", "form", "child_benefit", "application", "--out", out)
    assert out.read_bytes().startswith(b"%PDF")
    refused = ichimado("procedures", "form", "child_benefit", "nothing", "--out", out, exit_code=2)
    assert "application" in refused.stderr


def test_user_is_added_with_a_hashed_password(ichimado: Invoke, data_dir: Path) -> None:
    password = "a long enough one"
    ichimado(
        "users", "add", "hanako", "--name", "山田 花子", "--department", "kodomo",
        "--role", "reviewer", "--role", "mailroom", typed=f"{password}\n{password}\n",
    )  # fmt: skip
    runtime = open_runtime(Settings(data_dir=data_dir))
    with read(runtime.engine) as session:
        (user,) = session.exec(select(User)).all()
        held = session.exec(select(StaffGrant)).all()
    assert {(grant.user_id, grant.role, grant.department) for grant in held} == {
        (user.id, "reviewer", "kodomo"),
        (user.id, "mailroom", "kodomo"),
    }
    assert user.password_hash.startswith("$argon2")
    runtime.engine.dispose()


def test_rights_are_given_and_taken_at_the_command_line(installed: Invoke) -> None:
    for login, role in (("chief", "approver"), ("boss", "administrator"), ("hanako", "reviewer")):
        installed(
            "users", "add", login, "--name", login, "--department", "kodomo", "--role", role,
            typed="long-enough-1\nlong-enough-1\n",
        )  # fmt: skip
    place = ("--department", "kodomo", "--procedure", "child_benefit")
    installed("users", "grant", "hanako", "approver", *place, "--deputy-for", "chief")
    installed("users", "protected", "hanako", "--yes")
    rows = {row["login"]: row for row in answers(installed("users", "list", "--json"))}
    assert rows["hanako"]["grants"] == ["approver:kodomo:child_benefit", "reviewer:kodomo"]
    assert rows["hanako"]["sees_protected"] is True
    installed("users", "revoke", "hanako", "approver", *place)
    installed("users", "revoke", "hanako", "approver", *place, exit_code=1)
    installed("users", "password", "hanako", typed="another-word-2\nanother-word-2\n")
    installed("users", "close", "hanako")
    assert {row["login"]: row["active"] for row in answers(installed("users", "list", "--json"))}["hanako"] is False


def test_import_says_what_came(installed: Invoke) -> None:
    (roster,) = answers(installed("import", ROSTER, "--roster", "--procedure", "child_benefit", "--json"))
    assert roster["rows"] > 100
    first, second = answers(installed("import", PORTAL, CITY_SITE, "--procedure", "child_benefit", "--json"))
    assert set(first) == set(second) == {"taken", "already", "changed", "problems", "refused"}
    assert first["taken"] > 0
    assert second["taken"] > 0
    (again,) = answers(installed("import", PORTAL, "--procedure", "child_benefit", "--json"))
    assert (again["taken"], again["already"]) == (0, first["taken"])


def test_bad_rows_are_named_and_the_rest_goes_on(installed: Invoke) -> None:
    result = installed("import", BAD_ROWS, "--procedure", "child_benefit", "--json")
    (answer,) = answers(result)
    assert answer["taken"] > 0
    assert answer["problems"]
    assert all(problem["line"] > 1 and problem["code"] for problem in answer["problems"])
    assert "行目" in result.stderr


def test_refused_export_ends_with_one_and_the_next_file_is_taken(installed: Invoke, tmp_path: Path) -> None:
    broken = tmp_path / "broken" / "export.csv"
    broken.parent.mkdir()
    broken.write_bytes(b"")
    result = installed("import", broken, PORTAL, "--procedure", "child_benefit", "--json", exit_code=1)
    refused, taken = answers(result)
    assert refused["refused"] == "empty_file"
    assert taken["taken"] > 0


def test_scan_counts_its_pages_and_knows_a_file_again(installed: Invoke, tmp_path: Path) -> None:
    scan = tmp_path / "山田花子.tif"
    scan.write_bytes(tiff(application(1, 1), application(1, 2), blank()))
    given = ("scan", scan, "--received-on", "2026-11-18", "--counted", "3", "--json")
    (answer,) = answers(installed(*given))
    assert re.fullmatch(r"\d{4}-\d\d-\d\d-01", answer.pop("batch"))
    assert answer == {
        "files": 1,
        "repeated": 0,
        "refused": [],
        "pages": 3,
        "in_documents": 2,
        "exceptions": {"blank": 1},
        "submissions": 1,
    }
    again = installed(*given)
    (answer,) = answers(again)
    assert (answer["batch"], answer["repeated"], answer["pages"]) == (None, 1, 0)
    assert "重複到着" in again.stderr


def test_refused_scan_is_named_and_ends_with_one(installed: Invoke, tmp_path: Path) -> None:
    empty = tmp_path / "empty.pdf"
    empty.touch()
    whole = tmp_path / "whole.tif"
    whole.write_bytes(tiff(application()))
    result = installed("scan", empty, whole, "--json", exit_code=1)
    (answer,) = answers(result)
    assert [one["code"] for one in answer["refused"]] == ["empty_file"]
    assert answer["pages"] == 1
    assert "empty_file" in result.stderr
    assert "Traceback" not in result.stderr


def test_advance_counts_where_submissions_stand(installed: Invoke) -> None:
    installed("import", ROSTER, "--roster", "--procedure", "child_benefit")
    (imported,) = answers(installed("import", PORTAL, "--procedure", "child_benefit", "--json"))
    (counts,) = answers(installed("advance", "--json"))
    assert set(counts) <= {"settled", "in_review"}
    assert sum(counts.values()) == imported["taken"]
    assert answers(installed("advance", "--json")) == [{}]


def test_audit_ends_with_one_on_a_broken_store(installed: Invoke, data_dir: Path, tmp_path: Path) -> None:
    scan = tmp_path / "scan.tif"
    scan.write_bytes(tiff(application()))
    installed("scan", scan)
    (report,) = answers(installed("audit", "--json"))
    assert report["breaches"] == []
    assert report["checked"]["pages_accounted"] == 1
    runtime = open_runtime(Settings(data_dir=data_dir))
    with write(runtime.engine) as session:
        page = session.exec(select(Page)).one()
        page.document_id = None
        session.add(page)
    runtime.engine.dispose()
    (report,) = answers(installed("audit", "--json", exit_code=1))
    assert "pages_accounted" in {breach["rule"] for breach in report["breaches"]}
    assert "破れています" in installed("audit", exit_code=1).stderr


def commands() -> dict[str, click.Command]:
    """Every command by its words, such as "procedures list"."""

    def below(group: click.Group, words: str) -> dict[str, click.Command]:
        found: dict[str, click.Command] = {}
        for name, command in group.commands.items():
            if hasattr(command, "commands"):
                found |= below(command, f"{words}{name} ")
            if not hasattr(command, "commands") or getattr(command, "invoke_without_command", False):
                found[words + name] = command
        return found

    return below(typer.main.get_command(app), "")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_command_explains_itself(name: str) -> None:
    result = CliRunner().invoke(app, [*name.split(), "--help"])
    assert result.exit_code == 0
    assert commands()[name].help


def named_commands() -> list[tuple[str, str]]:
    """Every `ichimado …` in what people read, with the file it stands in."""
    found = []
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "Dockerfile"):
        text = path.read_text()
        lines = re.findall(r"`ichimado ([a-z][^`\n]*)`|^\s*(?:\$ )?ichimado ([a-z].*)$", text, re.MULTILINE)
        found += [(path.name, (one or other).strip()) for one, other in lines]
    compose = (ROOT / "docker-compose.yml").read_text()
    for words in re.findall(r'command: \["ichimado", (.*)\]', compose):
        found.append(("docker-compose.yml", words.replace('"', "").replace(",", "")))
    return found


def test_commands_and_options_in_the_docs_exist() -> None:
    known, named = commands(), named_commands()
    assert {"audit", "backup", "migrate"} <= {words.split()[0] for _, words in named}
    for file, words in named:
        parts = words.split()
        name = next((n for n in (" ".join(parts[:2]), parts[0]) if n in known), None)
        groups = {n.split()[0] for n in known}
        assert name or (len(parts) == 1 and parts[0] in groups), f"{file}: ichimado {words}"
        if name:
            options = {option for parameter in known[name].params for option in parameter.opts}
            options |= {option for parameter in known[name].params for option in parameter.secondary_opts}
            for option in re.findall(r"(?<!\S)--[a-z-]+", words):
                assert option in options | {"--help"}, f"{file}: ichimado {words}"
