"""Serving the screens and the flows, and showing them at work."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ichimado.cli.shared import Json
from ichimado.compose import open_runtime
from ichimado.settings import Settings
from ichimado.terminal import fail, say

app = typer.Typer()


@app.command()
def demo(
    serve: Annotated[bool, typer.Option(help="Keep serving the screens and the dashboard afterwards.")] = True,
    as_json: Json = False,
    data_dir: Annotated[Path, typer.Option(help="Where the demo keeps its store.")] = Path("var/demo"),
) -> None:
    """Take the sample from arrival to the review queue, and show it."""
    from ichimado.demo import run_demo, staff_lines
    from ichimado.serving import supervise

    settings = Settings(data_dir=data_dir)
    done = run_demo(settings, as_json=as_json)
    if not serve:
        done.server.terminate()
        done.server.wait(timeout=30)
        return
    supervise(settings, done.prefect, done.server, staff_lines(done.passwords))


@app.command()
def serve(
    only: Annotated[str | None, typer.Option(help="web: the screens alone, in this process.")] = None,
    host: Annotated[str | None, typer.Option()] = None,
    port: Annotated[int | None, typer.Option()] = None,
) -> None:
    """Serve the screens, one worker and a local Prefect server."""
    from ichimado.serving import serve_all, serve_web

    settings = Settings()
    changed = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = settings.model_copy(update=changed)
    if only == "web":
        serve_web(settings, settings.dashboard_url or None)
    elif only is None:
        open_runtime(settings)
        serve_all(settings)
    else:
        fail("--only は web だけです。作業者は ichimado worker で起動します。")
        raise typer.Exit(2)


@app.command()
def worker(
    only: Annotated[str | None, typer.Option(help="listener: that part alone, in this process.")] = None,
    name: Annotated[str | None, typer.Option(help="How it is called among the workers.")] = None,
) -> None:
    """Run one worker: it does what is due, beside any number of others on the same PostgreSQL."""
    from ichimado.worker import listen_here, run_worker

    settings = Settings()
    if only == "listener":
        listen_here(settings)
    elif only is None:
        run_worker(settings, open_runtime(settings), name)
    else:
        fail("--only は listener だけです。")
        raise typer.Exit(2)


@app.command()
def deploy() -> None:
    """Make or renew the work pool, its deployments and their schedules on the Prefect server."""
    from ichimado.prefect_server import announce

    announce(Settings())
    from flows.pool import POOL
    from flows.pool import deploy as deploy_flows

    for deployed in deploy_flows():
        say(f"{POOL}: {deployed}")
