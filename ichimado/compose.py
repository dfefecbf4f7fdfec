"""Putting the parts together: settings in, a Runtime out."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import cv2
from cryptography.fernet import Fernet

from ichimado.logs import configure_logs
from ichimado.settings import Settings
from japan.city_tables import read_city_tables
from japan.variants import install_tables
from ocr.engine import PPOCRRecogniser
from ocr.fullpage import FullPageReader
from pipeline.runtime import Runtime, Secrets
from pipeline.steps.frequencies import count_names_once
from pipeline.steps.reindex import reindex_people
from pipeline.steps.retrace import retrace_applications
from pipeline.store.blobs import Blobs
from pipeline.store.engine import open_engine
from pipeline.store.migrate import upgrade

KEY_FILE = "ichimado.key"


def open_runtime(settings: Settings | None = None) -> Runtime:
    """A runtime on an up-to-date store; folders, key and schema are made where they are missing, and blocking keys of
    older rules made anew (some minutes for a million people, once), traces written where there are none."""
    runtime = make_runtime(settings or Settings())
    upgrade(runtime.engine)
    reindex_people(runtime)
    count_names_once(runtime)
    retrace_applications(runtime)
    return runtime


def open_runtime_of_flows() -> Runtime:
    """The same for the processes that Prefect starts by itself, which come by no command of ours; they log as ours."""
    settings = Settings()
    configure_logs(settings.log_level)
    return open_runtime(settings)


def make_runtime(settings: Settings) -> Runtime:
    """A runtime on the store as it is, whatever its schema; folder and key are made where they are missing."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    install_tables(read_city_tables(settings.private_characters, settings.shrink_map, settings.glyph_list))
    return Runtime(
        engine=open_engine(settings.database()),
        blobs=Blobs(settings.blobs()),
        secrets=Secrets(load_key(settings.data_dir / KEY_FILE)),
        data_dir=settings.data_dir,
        lease=timedelta(seconds=settings.lease_s),
        make_recogniser=lambda: _make_recogniser(settings.ocr_threads),
        make_full_page_reader=lambda: FullPageReader(settings.data_dir / "models", threads=settings.ocr_threads),
    )


def _make_recogniser(threads: int) -> PPOCRRecogniser:
    """The recogniser of the pages that a process reads side by side; OpenCV keeps to as many threads in each."""
    cv2.setNumThreads(threads)
    return PPOCRRecogniser(threads=threads)


def load_key(path: Path) -> bytes:
    """The installation's key; made at random on first use, readable by its owner alone."""
    if not path.exists():
        beside = path.with_suffix(f".{os.getpid()}")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(Fernet.generate_key())
        try:
            os.link(beside, path)  # the first of two processes wins, the other reads what it made
        except FileExistsError:
            pass
        finally:
            beside.unlink()
    return path.read_bytes()
