"""The runtime a flow works with.

Prefect starts flow runs in processes of their own, so the parts are put together by name: ICHIMADO_RUNTIME holds
`module:function`, which the command line sets for all its children. Parameters stay identifiers.
"""

from __future__ import annotations

import os
from functools import cache
from importlib import import_module
from typing import cast

from pipeline.runtime import Runtime

_VARIABLE = "ICHIMADO_RUNTIME"


@cache
def runtime() -> Runtime:
    """This process's runtime, made on first use. Raises KeyError when nobody said how."""
    module, _, name = os.environ[_VARIABLE].partition(":")
    return cast(Runtime, getattr(import_module(module), name)())


def web_link(path: str) -> str:
    """The address of a page of ours, for artifacts."""
    return os.environ.get("ICHIMADO_WEB_URL", "").rstrip("/") + path
