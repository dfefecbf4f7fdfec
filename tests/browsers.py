"""The Chromium of the system for browser tests (docs/decisions/0008)."""

from __future__ import annotations

import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

# How fast the machine is says nothing of the pages: a wait ends as soon as what it waits for is there.
SEE_WITHIN_MS = 15_000
ACT_WITHIN_MS = 30_000


def find_chromium() -> str | None:
    """The path of the first Chromium or Chrome on the PATH, or None."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)
