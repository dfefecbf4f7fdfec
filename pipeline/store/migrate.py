"""Bringing a database to the newest schema: the one start command of every process."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from pipeline.domain.errors import DomainError

_FOLDER = Path(__file__).parent / "migrations"


class StoreTooNew(DomainError):
    """The store was migrated by a later release; this code does not know what its tables mean."""

    code = "store_too_new"
    ja = "保存先は新しい版の一窓で更新されています。この版では開けません。新しい版を使ってください。"
    en = "The store was migrated by a newer release; this one cannot open it. Please run the newer release."


def config_of(engine: Engine) -> Config:
    """Alembic's configuration for this database."""
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["engine"] = engine
    return config


def upgrade(engine: Engine, to: str = "head") -> None:
    """Applies what is missing in one transaction, so that a crash leaves the store as it was; does nothing on a
    current database. Raises StoreTooNew.

    to: an earlier migration, for an empty database that is to take in an old backup. Of several processes that start
    at once one migrates and the others wait for it.
    """
    if not is_current(engine):
        command.upgrade(config_of(engine), to)


def is_current(engine: Engine) -> bool:
    """True when the database has every migration this code knows. Raises StoreTooNew when it has one more."""
    found = revision_of(engine)
    if found is not None and found not in known_revisions():
        raise StoreTooNew
    return found == newest_revision()


def revision_of(engine: Engine) -> str | None:
    """The migration the database stands at, None before the first."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest_revision() -> str:
    """The last migration this code knows."""
    return known_revisions()[0]


@cache
def known_revisions() -> tuple[str, ...]:
    """Every migration this code knows, the newest first."""
    return tuple(script.revision for script in ScriptDirectory(str(_FOLDER)).walk_revisions())
