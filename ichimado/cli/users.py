"""職員: staff accounts and what they may. What administrators do at the window, and how the first of them is made."""

from __future__ import annotations

from typing import Annotated

import typer

from ichimado.cli.shared import Json
from ichimado.compose import open_runtime
from ichimado.terminal import emit, fail, say
from pipeline.domain.statuses import StaffRole

app = typer.Typer(no_args_is_help=True, help="職員 (staff accounts)")

Login = Annotated[str, typer.Argument(help="ログイン名")]
Role = Annotated[StaffRole, typer.Argument(help="役割")]
Department = Annotated[str, typer.Option(help="所属")]
Procedure = Annotated[str, typer.Option(help="手続の id; none means all of them.")]


@app.command("add")
def add_user(
    login: Login,
    name: Annotated[str, typer.Option(help="氏名")],
    department: Department,
    role: Annotated[list[StaffRole], typer.Option(help="May be given more than once.")],
    sees_protected: Annotated[bool, typer.Option(help="支援措置対象者を見られる")] = False,
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True)] = "",
) -> None:
    """Add a member of staff with roles in their department; the password is asked for."""
    from pipeline.review.staff import create_user

    create_user(
        open_runtime(), login, password, display_name=name, roles=role, department=department,
        sees_protected=sees_protected,
    )  # fmt: skip
    say(f"{login} を登録しました。")


@app.command("list")
def list_users(as_json: Json = False) -> None:
    """All accounts with their roles."""
    from pipeline.review.administration import COMMAND_LINE
    from pipeline.review.staff_views import list_staff

    for row in list_staff(open_runtime(), COMMAND_LINE):
        held = [":".join(filter(None, (one.role.value, one.department, one.procedure_id))) for one in row.grants]
        if as_json:
            emit({
                "login": row.login, "name": row.display_name, "department": row.department, "active": row.active,
                "sees_protected": row.sees_protected, "grants": held,
            })  # fmt: skip
        else:
            marks = [*held, *(["支援措置"] if row.sees_protected else []), *([] if row.active else ["閉鎖"])]
            say(f"{row.login}  {row.display_name}  {' '.join(marks) or '権限なし'}")


@app.command("grant")
def grant_role(
    login: Login,
    role: Role,
    department: Department,
    procedure: Procedure = "",
    deputy_for: Annotated[str, typer.Option(help="代決の相手のログイン名")] = "",
) -> None:
    """Give a role in a department, for one procedure or all; as a deputy, in the place of another approver."""
    from pipeline.review.administration import COMMAND_LINE, find_by_login, grant
    from pipeline.store.access import Grant

    runtime = open_runtime()
    superior = find_by_login(runtime, deputy_for) if deputy_for else ""
    grant(runtime, COMMAND_LINE, find_by_login(runtime, login), Grant(role, department, procedure, superior))
    say(f"{login} に権限を付けました。")


@app.command("revoke")
def revoke_role(login: Login, role: Role, department: Department, procedure: Procedure = "") -> None:
    """Take a role away."""
    from pipeline.review.administration import COMMAND_LINE, find_by_login, revoke
    from pipeline.review.staff_views import get_staff

    runtime = open_runtime()
    user_id = find_by_login(runtime, login)
    for one in get_staff(runtime, COMMAND_LINE, user_id).row.grants:
        if (one.role, one.department, one.procedure_id) == (role, department, procedure):
            revoke(runtime, COMMAND_LINE, user_id, one.id)
            say(f"{login} の権限を外しました。")
            return
    fail("その権限はありません。")
    raise typer.Exit(1)


@app.command("protected")
def sees_protected(login: Login, sees: Annotated[bool, typer.Option("--yes/--no")]) -> None:
    """Say whether somebody sees what touches protected persons (支援措置対象者)."""
    from pipeline.review.administration import COMMAND_LINE, find_by_login, set_protected

    runtime = open_runtime()
    set_protected(runtime, COMMAND_LINE, find_by_login(runtime, login), sees)
    say(f"{login} は支援措置対象者を{'見られます' if sees else '見られません'}。")


@app.command("password")
def set_password(
    login: Login,
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True)] = "",
) -> None:
    """Set a first password, to be changed at the next sign-in; open sessions and locks end."""
    from pipeline.review.administration import COMMAND_LINE, find_by_login, reset_password

    runtime = open_runtime()
    reset_password(runtime, COMMAND_LINE, find_by_login(runtime, login), password)
    say(f"{login} のパスワードを再設定しました。")


@app.command("close")
def close_account(
    login: Login, reopen: Annotated[bool, typer.Option("--reopen", help="Open it again instead.")] = False
) -> None:
    """Close an account; its sessions end at once, and its name stays in the history."""
    from pipeline.review.administration import COMMAND_LINE, find_by_login, set_active

    runtime = open_runtime()
    set_active(runtime, COMMAND_LINE, find_by_login(runtime, login), reopen)
    say(f"{login} のアカウントを{'開きました' if reopen else '閉じました'}。")
