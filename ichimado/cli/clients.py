"""送信元: sending systems, their keys and where they are told of changes."""

from __future__ import annotations

from typing import Annotated

import typer

from ichimado.cli.shared import Json
from ichimado.compose import open_runtime
from ichimado.terminal import emit, fail, say, show_columns

app = typer.Typer(no_args_is_help=True, help="送信元 (systems that send applications through the API)")

ACTOR = "command_line"
Name = Annotated[str, typer.Argument(help="送信元の名前")]


@app.command("add")
def add(name: Name, as_json: Json = False) -> None:
    """Add a sending system; its key is shown this once."""
    from pipeline.steps.api_clients import add_client

    client_id, key = add_client(open_runtime(), name, actor=ACTOR)
    if as_json:
        emit({"id": client_id, "name": name, "key": key})
        return
    say(f"{name} を登録しました。")
    _show_once("APIキー", key)


@app.command("list")
def list_all(as_json: Json = False) -> None:
    """Every sending system, what it may send for, and when it last did."""
    from pipeline.steps.api_clients import list_clients

    clients = list_clients(open_runtime())
    if as_json:
        emit(
            {
                "clients": [
                    {
                        "id": one.id,
                        "name": one.name,
                        "active": one.active,
                        "scopes": [{"procedure": procedure, "channel": channel} for procedure, channel in one.scopes],
                        "webhook_url": one.webhook_url,
                        "last_used_at": one.last_used_at.isoformat() if one.last_used_at else None,
                    }
                    for one in clients
                ]
            }
        )
        return
    if not clients:
        say("送信元はまだありません。")
        return
    rows = [
        (
            one.name,
            "有効" if one.active else "停止",
            " ".join(f"{procedure}:{channel}" for procedure, channel in one.scopes) or "–",
            one.webhook_url or "–",
            one.last_used_at.astimezone().strftime("%Y-%m-%d %H:%M") if one.last_used_at else "–",
        )
        for one in clients
    ]
    show_columns([("名前", "状態", "手続:経路", "通知先", "最終利用"), *rows], header=True)


@app.command("rotate")
def rotate(
    name: Name,
    at_once: Annotated[bool, typer.Option(help="The key before ends now, not in 24 hours.")] = False,
    as_json: Json = False,
) -> None:
    """Give a sending system a new key; the one before stays good for 24 hours."""
    from pipeline.steps.api_clients import rotate_key

    key = rotate_key(open_runtime(), name, actor=ACTOR, at_once=at_once)
    if as_json:
        emit({"name": name, "key": key})
        return
    say("前のキーはもう使えません。" if at_once else "前のキーは24時間だけ使えます。")
    _show_once("新しいAPIキー", key)


@app.command("close")
def close(name: Name) -> None:
    """Close a sending system: its keys end now, its channels are free."""
    from pipeline.steps.api_clients import close_client

    close_client(open_runtime(), name, actor=ACTOR)
    say(f"{name} を停止しました。")


@app.command("scope")
def scope(
    name: Name,
    procedure: Annotated[str, typer.Argument(help="手続")],
    channel: Annotated[str | None, typer.Argument(help="受付経路 (JSON)")] = None,
    remove: Annotated[bool, typer.Option("--remove", help="It may no longer send for the procedure.")] = False,
) -> None:
    """Let a sending system send for a procedure over one of its JSON channels, or no longer."""
    from pipeline.steps.api_clients import allow_procedure, forbid_procedure

    if remove:
        forbid_procedure(open_runtime(), name, procedure, actor=ACTOR)
        say(f"{name} は {procedure} に送れなくなりました。")
        return
    if channel is None:
        fail("受付経路を指定してください。")
        raise typer.Exit(2)
    allow_procedure(open_runtime(), name, procedure, channel, actor=ACTOR)
    say(f"{name} は {procedure} に {channel} で送れます。")


@app.command("webhook")
def webhook(
    name: Name,
    url: Annotated[str | None, typer.Argument(help="通知先 (https://…)")] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Tell it nothing any more.")] = False,
    rotate_secret: Annotated[bool, typer.Option("--rotate-secret", help="A new signing secret.")] = False,
    plain_http: Annotated[bool, typer.Option("--plain-http", help="Allow http:// beyond this machine.")] = False,
    as_json: Json = False,
) -> None:
    """Tell a sending system of status changes at an address; the signing secret is shown this once."""
    from pipeline.steps.api_clients import rotate_webhook_secret, set_webhook

    if [url is not None, remove, rotate_secret].count(True) != 1:
        fail("通知先のURL、--remove、--rotate-secret のどれか1つを指定してください。")
        raise typer.Exit(2)
    if remove:
        set_webhook(open_runtime(), name, "", actor=ACTOR)
        say(f"{name} への通知を止めました。")
        return
    if url is None:
        secret = rotate_webhook_secret(open_runtime(), name, actor=ACTOR)
    else:
        secret = set_webhook(open_runtime(), name, url, actor=ACTOR, plain_http=plain_http)
    if as_json:
        emit({"name": name, "secret": secret})
        return
    if rotate_secret:
        say("24時間は前の鍵でも署名します。")
    _show_once("署名の鍵", secret)


def _show_once(what: str, value: str) -> None:
    say(f"{what} (表示は今回だけです。送信元に安全な方法で渡してください):")
    # On the output, so that it can be piped on and is not wrapped.
    print(value)
