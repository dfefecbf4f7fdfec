"""The databases that tests get are real, fresh and apart from each other."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests.databases import ENGINES, Databases


def run(url: str, *statements: str) -> list[object]:
    engine = create_engine(url, hide_parameters=True)
    with engine.begin() as connection:
        results = [connection.execute(text(statement)) for statement in statements]
        values = [result.scalar() if result.returns_rows else None for result in results]
    engine.dispose()
    return values


def small_schema(url: str) -> None:
    run(url, "CREATE TABLE migrated (id INTEGER PRIMARY KEY)")


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_empty_database_takes_tables(empty_database_url: str) -> None:
    assert run(empty_database_url, "CREATE TABLE t (x INTEGER)", "INSERT INTO t VALUES (7)", "SELECT x FROM t") == [
        None,
        None,
        7,
    ]


def test_migrated_databases_carry_the_schema_and_do_not_share_rows(engine: str, tmp_path: Path) -> None:
    databases = Databases(tmp_path, schema=small_schema)
    count = "SELECT count(*) FROM migrated"
    with databases.migrated(engine) as first, databases.migrated(engine) as second:
        assert first != second
        assert run(first, "INSERT INTO migrated VALUES (1)", count) == [None, 1]
        assert run(second, count) == [0]


def test_migrations_run_once_for_many_databases(engine: str, tmp_path: Path) -> None:
    runs: list[str] = []

    def schema(url: str) -> None:
        runs.append(url)
        small_schema(url)

    databases = Databases(tmp_path, schema=schema)
    for _ in range(3):
        with databases.migrated(engine):
            pass
    assert len(runs) == 1


def test_postgresql_is_a_real_server(databases: Databases) -> None:
    with databases.empty("postgresql") as url:
        (version,) = run(url, "SELECT version()")
    assert str(version).startswith("PostgreSQL")


def test_schema_of_the_case_store_is_there(database_url: str) -> None:
    assert run(database_url, "SELECT count(*) FROM alembic_version") == [1]
