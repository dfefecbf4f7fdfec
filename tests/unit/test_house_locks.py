"""The locks fit pyproject.toml and each other, and nothing installed bears a name of ours."""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.unit.test_house_imports import ROOMS, ROOT

LOCKS = ("run.txt", "dev.txt", "tools.txt")


def locked(name: str) -> dict[str, set[str]]:
    """Distribution -> versions pinned; several where markers tell platforms apart."""
    pins: dict[str, set[str]] = {}
    for line in (ROOT / "requirements" / name).read_text(encoding="utf-8").splitlines():
        if match := re.match(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", line):
            pins.setdefault(canonicalize_name(match[1]), set()).add(match[2])
    return pins


def wanted(extra: str | None = None) -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = project["optional-dependencies"][extra] if extra else project["dependencies"]
    return [Requirement(line) for line in lines]


@pytest.mark.parametrize(("extra", "lock"), [(None, "run.txt"), (None, "dev.txt"), ("dev", "dev.txt")])
def test_every_dependency_is_locked_within_its_bounds(extra: str | None, lock: str) -> None:
    pins = locked(lock)
    for requirement in wanted(extra):
        name = canonicalize_name(requirement.name)
        assert name in pins, f"{lock} lacks {name}: run `make lock`"
        assert all(requirement.specifier.contains(version) for version in pins[name]), requirement


def test_development_runs_the_same_versions() -> None:
    dev = locked("dev.txt")
    assert {name: dev.get(name) for name in locked("run.txt")} == locked("run.txt")


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_a_hash(lock: str) -> None:
    text = (ROOT / "requirements" / lock).read_text(encoding="utf-8")
    blocks = [block for block in re.split(r"\n(?=\S)", text) if re.match(r"[A-Za-z0-9]", block)]
    assert len(blocks) >= 1
    assert [block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_name_no_index(lock: str) -> None:
    assert "://" not in (ROOT / "requirements" / lock).read_text(encoding="utf-8")


def test_one_cv2_in_the_locks() -> None:
    builds = {name for name in locked("dev.txt") if name.startswith("opencv")}
    assert builds == {"opencv-python-headless"}


def test_stand_in_for_contrib_ships_nothing() -> None:
    files = importlib.metadata.files("opencv-contrib-python") or []
    assert [str(file) for file in files if ".dist-info" not in str(file)] == []


def test_no_locked_distribution_ships_our_names() -> None:
    owners = importlib.metadata.packages_distributions()
    for room in (*ROOMS, "tests"):
        assert set(owners.get(room, ())) <= {"ichimado"}, f"{room} is also a name of {owners.get(room)}"


def test_installed_versions_are_the_locked_ones() -> None:
    for name, versions in locked("run.txt").items():
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # a pin for another platform
        assert version in versions, f"{name} {version} is installed, {versions} locked: run `make setup`"


def test_ichimado_is_installed_from_this_folder() -> None:
    import pipeline

    assert Path(str(pipeline.__file__)).parents[1] == ROOT
    assert importlib.metadata.version("ichimado") == "0.1.0"
