"""手続定義: procedure packs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ichimado.cli.shared import Json
from ichimado.compose import open_runtime
from ichimado.terminal import emit, fail, say

app = typer.Typer(no_args_is_help=True, help="手続定義 (procedure packs)")


@app.command("install")
def install(pack: Annotated[str, typer.Argument(help="Folder, zip, or the id of a bundled pack.")]) -> None:
    """Install a version of a procedure; the same version again must have the same content."""
    from ichimado.reading import find_pack
    from pipeline.steps.packs import install_pack

    loaded = find_pack(pack)
    install_pack(open_runtime(), loaded)
    say(f"{loaded.procedure.label.ja} {loaded.procedure.version} を登録しました。")


@app.command("list")
def list_procedures(as_json: Json = False) -> None:
    """The installed procedures and their versions."""
    from pipeline.steps.packs import installed_versions

    for procedure_id, version, digest in installed_versions(open_runtime()):
        line = {"id": procedure_id, "version": version, "digest": digest[:12]}
        emit(line) if as_json else say(" ".join(line.values()))


@app.command("form")
def print_form(
    procedure: Annotated[str, typer.Argument()],
    form: Annotated[str, typer.Argument()],
    out: Annotated[Path, typer.Option("--out", help="PDF to write.")],
) -> None:
    """Write a blank form of a procedure as a PDF to print."""
    from ichimado.reading import find_pack
    from pipeline.procedures.fonts import find_japanese_font
    from pipeline.procedures.printing import render_form

    pack = find_pack(procedure).procedure
    template = next((one for one in pack.forms if one.id == form), None)
    if template is None:
        fail(f"様式は {', '.join(one.id for one in pack.forms)} のどれかです。")
        raise typer.Exit(2)
    out.write_bytes(render_form(pack, template, {}, None, find_japanese_font()))
    say(f"{out} を作りました。")
