"""What the use cases need from outside, put together once by `ichimado.compose`."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from threading import Lock
from zoneinfo import ZoneInfo

from cryptography.fernet import Fernet
from sqlalchemy import Engine

from ocr.engine import Recogniser
from ocr.fullpage import FullPageReader
from pipeline.store.blobs import Blobs
from pipeline.store.columns import now_utc

JST = ZoneInfo("Asia/Tokyo")


@dataclass(frozen=True)
class Secrets:
    """The installation's key (a Fernet key), and what is derived from it."""

    key: bytes

    def seal(self, text: str) -> str:
        """Encrypted text, for original file names."""
        return Fernet(self.key).encrypt(text.encode()).decode()

    def unseal(self, token: str) -> str:
        """The text that `seal` hid; raises cryptography's InvalidToken under another key."""
        return Fernet(self.key).decrypt(token.encode()).decode()

    def digest(self, text: str) -> str:
        """A keyed digest (hex): the same for the same text under this key, and silent about it."""
        return hmac.new(self.key, text.encode(), hashlib.sha256).hexdigest()

    def fingerprint(self) -> str:
        """16 hex digits that tell this key from another without giving any of it away."""
        return self.digest("fingerprint of the installation's key")[:16]


@dataclass
class Runtime:
    """The shell around the pure rooms. The two readers are made on first use, since their weights are large.

    clock: the present moment, aware. data_dir: where local files of this installation live. lease: for how long a
    piece of work is a worker's without a word from it.
    """

    engine: Engine
    blobs: Blobs
    secrets: Secrets
    data_dir: Path
    make_recogniser: Callable[[], Recogniser]
    make_full_page_reader: Callable[[], FullPageReader]
    clock: Callable[[], datetime] = now_utc
    lease: timedelta = timedelta(seconds=60)
    _making: Lock = field(default_factory=Lock)
    _recogniser: Recogniser | None = None
    _full_page_reader: FullPageReader | None = None

    @property
    def recogniser(self) -> Recogniser:
        """The reader of single lines; may be used from several threads."""
        with self._making:
            if self._recogniser is None:
                self._recogniser = self.make_recogniser()
            return self._recogniser

    @property
    def full_page_reader(self) -> FullPageReader:
        """The reader of pages no template knows; may be used from several threads."""
        with self._making:
            if self._full_page_reader is None:
                self._full_page_reader = self.make_full_page_reader()
            return self._full_page_reader

    def today(self) -> date:
        """The date in Japan now."""
        return self.clock().astimezone(JST).date()
