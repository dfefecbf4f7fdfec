"""The command line, one module per noun. Every command says what it did; with --json, one JSON line for programs on
the output.

A new command goes into the module of its noun; a new noun is a module with an `app`, and one line here.
"""

from __future__ import annotations

import typer

from ichimado.cli import (
    clients,
    doctor,
    erasure,
    intake,
    link,
    procedures,
    ranking,
    score,
    serving,
    store,
    users,
    weights,
    work,
)
from ichimado.logs import configure_logs
from ichimado.settings import Settings
from ichimado.terminal import fail
from pipeline.domain.errors import DomainError
from pipeline.procedures.registry import PackError

# An error that nobody expected must not print what it was given: `ichimado.logs` writes its kind and place.
app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="一窓 Ichimado: 紙と電子の申請をひとつの窓に。",
)
for commands in (serving, store, doctor, intake, work, score, link, ranking):
    app.add_typer(commands.app)
_NOUNS = {"clients": clients, "erase": erasure, "procedures": procedures, "users": users, "weights": weights}
for noun, group in _NOUNS.items():
    app.add_typer(group.app, name=noun)


def main(arguments: list[str] | None = None) -> None:
    """The entry point: what is expected to go wrong ends in one line, not in a traceback."""
    configure_logs(Settings().log_level)
    try:
        app(arguments)
    except DomainError as error:
        fail(f"{error.code}: {error.ja}")
        raise SystemExit(1) from None
    except PackError as error:
        fail(str(error))
        raise SystemExit(1) from None
