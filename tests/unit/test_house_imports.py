"""The import arrows of docs/architecture.md stand as contracts in `.importlinter`, none forgotten."""

from __future__ import annotations

import configparser
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

ROOMS = ("japan", "ocr", "matchers", "pipeline", "flows", "web", "ichimado", "fixtures", "benchmarks", "training")
INNER = (
    "pipeline.domain",
    "pipeline.procedures",
    "pipeline.channels",
    "pipeline.outbound",
    "pipeline.store",
    "pipeline.steps",
    "pipeline.review",
    "pipeline.score",
)

# The house table of the design: what each room may import of ours. A room may import itself.
ALLOWED: dict[str, set[str]] = {
    "japan": set(),
    "ocr": {"japan"},
    "matchers": {"japan"},
    "pipeline.domain": {"japan"},
    "pipeline.procedures": {"japan", "pipeline.domain"},
    "pipeline.channels": {"japan", "pipeline.domain", "pipeline.procedures"},
    "pipeline.outbound": {"japan", "pipeline.domain", "pipeline.procedures"},
    "pipeline.store": {"japan", "pipeline.domain"},
    "pipeline": {"japan", "ocr", "matchers"},
    "flows": {"pipeline"},
    "web": {"pipeline"},
    "fixtures": {"japan", "pipeline.procedures"},
    "training": {"japan", "ocr", "fixtures"},
}

# Where a framework may be known at all; everywhere else it is forbidden.
FRAMEWORKS: dict[str, set[str]] = {
    "sqlmodel": {"pipeline.store", "pipeline", "ichimado", "benchmarks"},
    "sqlalchemy": {"pipeline.store", "pipeline", "ichimado", "benchmarks"},
    "fastapi": {"web", "ichimado", "benchmarks"},
    "prefect": {"flows", "ichimado", "benchmarks"},
}


def words(value: str) -> set[str]:
    return set(value.split())


@pytest.fixture(scope="module")
def config() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / ".importlinter", encoding="utf-8")
    return parser


@pytest.fixture(scope="module")
def forbidden(config: configparser.ConfigParser) -> set[tuple[str, str]]:
    """Every pair (importer, imported) that some contract forbids."""
    pairs: set[tuple[str, str]] = set()
    for name in config.sections():
        contract = config[name]
        if contract.get("type") == "forbidden":
            targets = words(contract["forbidden_modules"])
            pairs |= {(source, target) for source in words(contract["source_modules"]) for target in targets}
        elif contract.get("type") == "independence":
            modules = words(contract["modules"])
            pairs |= {(one, other) for one in modules for other in modules if one != other}
    return pairs


def is_forbidden(pairs: set[tuple[str, str]], source: str, target: str) -> bool:
    """True when the pair, or the same between enclosing packages, is forbidden."""
    sources = {source, source.split(".")[0]}
    targets = {target, target.split(".")[0]}
    return any((one, other) in pairs for one in sources for other in targets)


def arrows_that_must_not_be() -> list[tuple[str, str]]:
    arrows = []
    for source, allowed in ALLOWED.items():
        for target in (*ROOMS, *INNER):
            family = target.split(".")[0]
            within = source.split(".")[0] == family and (source == family or target == family)
            if target != source and not within and target not in allowed and family not in allowed:
                # A room that may import part of a package cannot be forbidden the whole of it.
                if any(part.startswith(f"{target}.") for part in allowed):
                    continue
                arrows.append((source, target))
    return arrows


@pytest.mark.parametrize(("source", "target"), arrows_that_must_not_be())
def test_every_other_arrow_is_forbidden(forbidden: set[tuple[str, str]], source: str, target: str) -> None:
    assert is_forbidden(forbidden, source, target), f"no contract keeps {source} from importing {target}"


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_frameworks_stay_where_they_belong(forbidden: set[tuple[str, str]], framework: str) -> None:
    for room in (*ROOMS, *INNER[:4]):
        if room not in FRAMEWORKS[framework]:
            assert (room, framework) in forbidden or (room.split(".")[0], framework) in forbidden, room


@pytest.mark.parametrize("room", [room for room in ROOMS if room != "ichimado"])
def test_nobody_imports_the_composition(forbidden: set[tuple[str, str]], room: str) -> None:
    assert (room, "ichimado") in forbidden


def test_allowed_arrows_are_not_forbidden(forbidden: set[tuple[str, str]]) -> None:
    for source, allowed in ALLOWED.items():
        for target in allowed:
            assert (source, target) not in forbidden


def test_all_rooms_are_analysed_and_packaged(config: configparser.ConfigParser) -> None:
    assert words(config["importlinter"]["root_packages"]) == set(ROOMS)
    assert config["importlinter"]["include_external_packages"] == "True"
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = set(settings["tool"]["setuptools"]["packages"]["find"]["include"])
    assert patterns == {pattern for room in ROOMS for pattern in (room, f"{room}.*")}


def test_no_package_stands_outside_the_rooms() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert packages == {*ROOMS, "tests"}
