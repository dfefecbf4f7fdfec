"""What a check of an installation says, and what it is asked about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet
from sqlalchemy import Engine

from ichimado.compose import KEY_FILE
from ichimado.settings import Settings
from pipeline.runtime import Runtime, Secrets
from pipeline.steps.figures import Figures, get_figures
from pipeline.store.blobs import Blobs
from pipeline.store.engine import open_engine


class Level(StrEnum):
    """How bad it is: work is in danger (bad), or somebody should look soon (warning)."""

    FINE = "fine"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True)
class Finding:
    """One line: what is so, and where it is not fine, what to do. Never a value from a form, nor a secret."""

    level: Level
    ja: str
    en: str


def fine(ja: str, en: str) -> Finding:
    """Nothing to do."""
    return Finding(Level.FINE, ja, en)


def warning(ja: str, en: str) -> Finding:
    """Somebody should look soon."""
    return Finding(Level.WARNING, ja, en)


def bad(ja: str, en: str) -> Finding:
    """Work is in danger."""
    return Finding(Level.BAD, ja, en)


@dataclass
class Installation:
    """What is looked at. Looking makes nothing: no folder, no key, no database, no table.

    environment: that of the process. figures are asked for once; they raise while the store cannot be read.
    """

    settings: Settings
    environment: Mapping[str, str]

    @property
    def key_path(self) -> Path:
        """Where the installation's key is, or should be."""
        return self.settings.data_dir / KEY_FILE

    @cached_property
    def engine(self) -> Engine:
        """The case store's database. Raises FileNotFoundError for a SQLite file that is not there."""
        url = self.settings.database()
        if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).is_file():
            raise FileNotFoundError
        return open_engine(url)

    @cached_property
    def runtime(self) -> Runtime:
        """The parts that checks of the store need; it reads no picture."""
        return Runtime(
            engine=self.engine,
            blobs=Blobs(self.settings.blobs()),
            secrets=Secrets(self.key_path.read_bytes() if self.key_path.is_file() else Fernet.generate_key()),
            data_dir=self.settings.data_dir,
            make_recogniser=_no_reader,
            make_full_page_reader=_no_reader,
        )

    @cached_property
    def figures(self) -> Figures:
        """The state of the house."""
        return get_figures(self.runtime)


def _no_reader() -> Any:
    raise NotImplementedError


Check = Callable[[Installation], Finding | None]
"""None where there is nothing to say: the check does not apply here."""
