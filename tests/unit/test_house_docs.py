"""The docs name what is there: commands, folders, files, decisions, words."""

from __future__ import annotations

import re

import pytest

from ichimado.settings import Settings
from tests.unit.test_house_imports import INNER, ROOMS, ROOT

DOCS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
IDS = [path.relative_to(ROOT).as_posix() for path in DOCS]


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


@pytest.mark.parametrize("path", DOCS, ids=IDS)
def test_make_commands_in_docs_exist(path) -> None:  # type: ignore[no-untyped-def]
    text = path.read_text(encoding="utf-8")
    quoted = re.findall(r"`make ([^`]+)`", text) + re.findall(r"^ *(?:\$ )?make ([^#\n]+)", text, re.MULTILINE)
    for command in quoted:
        for word in re.split(r"\s+", re.sub(r'\w+=("[^"]*"|\S*)', "", command).strip()):
            assert not word or word in make_targets(), f"make {word}"


@pytest.mark.parametrize("path", DOCS, ids=IDS)
def test_links_in_docs_lead_somewhere(path) -> None:  # type: ignore[no-untyped-def]
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (path.parent / target).exists(), target


def test_readme_gives_the_two_commands_and_the_make_help_lists_every_target() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "make demo" in readme
    assert "make test" in readme
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = make_targets() - {"help"}
    assert {target for target in targets if re.search(rf"^{target}:.*## ", makefile, re.MULTILINE)} == targets


@pytest.mark.parametrize("target", ["help", "setup", "demo", "test", "check", "bench", "sample", "lock", "clean"])
def test_house_has_its_commands(target: str) -> None:
    assert target in make_targets()


@pytest.mark.parametrize("room", [*(room for room in ROOMS if room != "pipeline"), *INNER])
def test_architecture_names_every_room(room: str) -> None:
    assert f"`{room.replace('.', '/')}" in (ROOT / "docs/architecture.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", sorted((ROOT / "docs/decisions").glob("*.md")), ids=lambda path: path.stem)
def test_decisions_have_context_options_outcome(path) -> None:  # type: ignore[no-untyped-def]
    text = path.read_text(encoding="utf-8")
    number = re.match(r"^(\d{4})-", path.name)
    assert number
    assert text.startswith(f"# {number[1]} ")
    for heading in ("## Context", "## Options", "## Outcome"):
        assert heading in text, heading


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = sorted(int(path.name[:4]) for path in (ROOT / "docs/decisions").glob("*.md"))
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("source", ["Makefile", "pyproject.toml", "requirements/overrides.txt"])
def test_decisions_referred_to_exist(source: str) -> None:
    for number in re.findall(r"docs/decisions/(\d{4})", (ROOT / source).read_text(encoding="utf-8")):
        assert list((ROOT / "docs/decisions").glob(f"{number}-*.md")), number


def test_glossary_has_the_words_that_the_code_uses() -> None:
    statuses = (ROOT / "pipeline/domain/statuses.py").read_text(encoding="utf-8")
    words = re.findall(r'"""([\u3040-\u30ff\u4e00-\u9fff]+)[:.]', statuses)
    assert len(words) >= 10
    glossary = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")
    assert [word for word in words if f"| {word} |" not in glossary] == []


def test_glossary_has_one_line_per_word() -> None:
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|", (ROOT / "docs/glossary.md").read_text("utf-8"), re.MULTILINE)
    rows = [row for row in rows if row[0] not in ("English", "---") and not row[0].startswith("-")]
    for column in (0, 1):
        names = [row[column] for row in rows]
        assert len(names) == len(set(names))
    assert len(rows) > 30


def settings_in_docs() -> dict[str, str]:
    """Setting -> default, from the table in docs/operations.md."""
    text = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^\| `ICHIMADO_(\w+)` \| ([^|]+) \|", text, re.MULTILINE))


def test_every_setting_is_documented_with_its_default() -> None:
    documented = settings_in_docs()
    assert set(documented) == {name.upper() for name in Settings.model_fields}
    for name, field in Settings.model_fields.items():
        if field.default != "":
            default = str(field.default).lower() if isinstance(field.default, bool) else str(field.default)
            assert documented[name.upper()] == f"`{default}`", name


def test_compose_file_uses_settings_that_exist() -> None:
    used = set(re.findall(r"^ +ICHIMADO_(\w+):", (ROOT / "docker-compose.yml").read_text("utf-8"), re.MULTILINE))
    assert used
    assert used <= {name.upper() for name in Settings.model_fields}
