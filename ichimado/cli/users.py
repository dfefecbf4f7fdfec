"""職員: staff accounts."""

from __future__ import annotations

from typing import Annotated

import typer

from ichimado.compose import open_runtime
from ichimado.terminal import say
from pipeline.domain.statuses import StaffRole

app = typer.Typer(no_args_is_help=True, help="職員 (staff accounts)")


@app.command("add")
def add_user(
    login: Annotated[str, typer.Argument()],
    name: Annotated[str, typer.Option(help="氏名")],
    department: Annotated[str, typer.Option(help="所属")],
    role: Annotated[list[StaffRole], typer.Option(help="May be given more than once.")],
    sees_protected: Annotated[bool, typer.Option(help="支援措置対象者を見られる")] = False,
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True)] = "",
) -> None:
    """Add a member of staff; the password is asked for."""
    from pipeline.review.staff import create_user

    create_user(
        open_runtime(), login, password, display_name=name, roles=role, department=department,
        sees_protected=sees_protected,
    )  # fmt: skip
    say(f"{login} を登録しました。")
