"""One Prefect server for all tests of a worker: starting it takes many seconds."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

from ichimado import prefect_server
from ichimado.prefect_server import PrefectAccess, free_port, prepare_environment, start_server
from ichimado.settings import Settings

# How long a start takes says nothing of the code: a machine may be busy with other things.
START_TIMEOUT_S = 480.0


@dataclass(frozen=True)
class PrefectForTests:
    """environment: what processes must have in theirs to talk to the server."""

    access: PrefectAccess
    environment: dict[str, str] = field(repr=False)


@contextmanager
def prefect_for_tests(folder: Path) -> Iterator[PrefectForTests]:
    """The running server; this process's environment is as before, inside and afterwards."""
    settings = Settings(data_dir=folder, prefect_port=free_port())
    before = dict(os.environ)
    try:
        access = prepare_environment(settings)
        prepared = {name: value for name, value in os.environ.items() if before.get(name) != value}
        with patch.object(prefect_server, "START_TIMEOUT_S", START_TIMEOUT_S):
            server = start_server(settings, access)
    finally:
        os.environ.clear()
        os.environ.update(before)
    try:
        yield PrefectForTests(access, {n: v for n, v in prepared.items() if n.startswith(("PREFECT_", "DO_NOT"))})
    finally:
        server.terminate()
        server.wait(timeout=120)
