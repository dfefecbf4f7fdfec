"""How a run fails: Prefect writes the words of an error into a database of its own, so they must be ours."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import ParamSpec, TypeVar, get_type_hints

import structlog

from pipeline.faults import place_of

P = ParamSpec("P")
T = TypeVar("T")

log = structlog.get_logger(__name__)


class RunFailed(Exception):
    """A task or flow ended badly. Its words are codes, numbers and places in our code, never a value."""


def without_values(function: Callable[P, T]) -> Callable[P, T]:
    """The function of a task or flow, which raises RunFailed for any error; what led to it stays for `find_outage`,
    and is neither shown nor kept."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except RunFailed:
            raise
        except Exception as error:
            kind, at = type(error).__name__, place_of(error)
            log.warning("run_failed", error=kind, at=at)
            raise RunFailed(f"{kind} at {at}") from None

    # Prefect makes a model of the parameters and would look for their types in this module.
    run.__signature__ = signature(function, eval_str=True)  # type: ignore[attr-defined]
    run.__annotations__ = get_type_hints(function)
    return run
