"""Sending systems: their keys, the procedures they may send for, and where they are told of changes.

A key is shown once and kept as a keyed digest; it has 256 random bits, so a slow hash would protect nothing more.
"""

from __future__ import annotations

import base64
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

from sqlalchemy import delete, or_
from sqlmodel import Session, col, select

from pipeline.domain.errors import Impossible, NotVisible
from pipeline.procedures.pack import OnlineChannel, Procedure
from pipeline.runtime import Runtime
from pipeline.steps.outbox import drop_events
from pipeline.steps.packs import latest_pack
from pipeline.store.engine import read, write
from pipeline.store.events import append_event
from pipeline.store.tables import ApiClient, ApiScope

KEY_PREFIX = "ichimado_"
OVERLAP = timedelta(hours=24)
"""How long a key or a secret that was replaced stays good."""

USED_EVERY = timedelta(minutes=10)
MAX_URL = 500


class ClientNameTaken(Impossible):
    """A sending system of this name exists."""

    code = "client_name_taken"
    ja = "この名前の送信元は登録済みです。別の名前にしてください。"
    en = "A sending system of this name exists. Please choose another."


class ChannelTaken(Impossible):
    """Another sending system sends over this channel."""

    code = "channel_taken"
    ja = "この受付経路には別の送信元が登録されています。手続定義に経路を加えてください。"
    en = "Another sending system uses this channel. Add a channel of its own to the procedure."


class ChannelUnfit(Impossible):
    """The procedure has no JSON channel of this id."""

    code = "channel_unfit"
    ja = "手続にこの名前のJSONの受付経路がありません。"
    en = "The procedure has no JSON channel of this name."


class WebhookUnsafe(Impossible):
    """The address is none that status events may go to."""

    code = "webhook_unsafe"
    ja = "通知先は https:// で始まるURLにしてください(この機械の中だけは http:// も可)。"
    en = "The address must begin with https:// (http:// on this machine only)."


@dataclass(frozen=True)
class Client:
    """A sending system as others may know it. scopes: (procedure id, channel id)."""

    id: str
    name: str
    active: bool
    scopes: tuple[tuple[str, str], ...]
    webhook_url: str
    created_at: datetime
    last_used_at: datetime | None

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources of submissions that are its own."""
        return tuple(f"{procedure}:{channel}" for procedure, channel in self.scopes)

    def channel_for(self, procedure_id: str) -> str | None:
        """The channel it sends this procedure's records over; None when it may not."""
        return dict(self.scopes).get(procedure_id)


def add_client(runtime: Runtime, name: str, *, actor: str) -> tuple[str, str]:
    """The new sending system's id and its key, which is shown this once. Raises ClientNameTaken."""
    key = _new_key()
    with write(runtime.engine) as session:
        if session.exec(select(ApiClient.id).where(ApiClient.name == name)).first():
            raise ClientNameTaken
        row = ApiClient(
            name=name, key_digest=_digest(runtime, key), created_by=actor, created_at=runtime.clock()
        )  # fmt: skip
        session.add(row)
        session.flush()
        _remember(runtime, session, row, "client_added", actor)
    return row.id, key


def list_clients(runtime: Runtime) -> list[Client]:
    """Every sending system, closed ones too, by name."""
    with read(runtime.engine) as session:
        rows = session.exec(select(ApiClient).order_by(col(ApiClient.name))).all()
        return [_as_client(session, row) for row in rows]


def find_client(runtime: Runtime, key: str) -> Client | None:
    """The open sending system that holds this key, or held it until a moment ago; None for anybody else."""
    digest, now = _digest(runtime, key), runtime.clock()
    with read(runtime.engine) as session:
        row = session.exec(
            select(ApiClient).where(
                col(ApiClient.active).is_(True),
                or_(col(ApiClient.key_digest) == digest, col(ApiClient.previous_key_digest) == digest),
            )
        ).first()
        if row is None or not _is_good(row, digest, now):
            return None
        client = _as_client(session, row)
    if client.last_used_at is None or now - client.last_used_at > USED_EVERY:
        _note_use(runtime, client.id, now)
    return client


def rotate_key(runtime: Runtime, name: str, *, actor: str, at_once: bool = False) -> str:
    """A fresh key, shown this once. The one before stays good for OVERLAP, unless it must end at once."""
    key = _new_key()
    with write(runtime.engine) as session:
        row = _held(session, name)
        now = runtime.clock()
        row.previous_key_digest = "" if at_once else row.key_digest
        row.previous_key_until = None if at_once else now + OVERLAP
        row.key_digest = _digest(runtime, key)
        _remember(runtime, session, row, "client_key_rotated", actor)
    return key


def close_client(runtime: Runtime, name: str, *, actor: str) -> None:
    """From now on nobody sends with its keys; its channels are free, and it is told nothing more."""
    with write(runtime.engine) as session:
        row = _held(session, name)
        row.active = False
        row.previous_key_digest, row.webhook_url, row.webhook_secret_token = "", "", ""
        session.execute(delete(ApiScope).where(col(ApiScope.client_id) == row.id))
        drop_events(session, row.id)
        _remember(runtime, session, row, "client_closed", actor)


def allow_procedure(runtime: Runtime, name: str, procedure_id: str, channel_id: str, *, actor: str) -> None:
    """Lets a sending system send for a procedure over one of its pack's JSON channels.

    Raises PackMissing, ChannelUnfit or ChannelTaken.
    """
    with write(runtime.engine) as session:
        row = _held(session, name)
        _, pack = latest_pack(session, procedure_id)
        find_json_channel(pack, channel_id)
        other = session.exec(
            select(ApiScope).where(ApiScope.procedure_id == procedure_id, ApiScope.channel_id == channel_id)
        ).first()
        if other is not None and other.client_id != row.id:
            raise ChannelTaken
        session.merge(ApiScope(client_id=row.id, procedure_id=procedure_id, channel_id=channel_id))
        about = {"procedure": procedure_id, "channel": channel_id}
        _remember(runtime, session, row, "client_allowed", actor, about)


def forbid_procedure(runtime: Runtime, name: str, procedure_id: str, *, actor: str) -> None:
    """It may no longer send for this procedure, nor ask for what it sent."""
    with write(runtime.engine) as session:
        row = _held(session, name)
        scope = session.get(ApiScope, (row.id, procedure_id))
        if scope is not None:
            session.delete(scope)
            _remember(runtime, session, row, "client_forbidden", actor, {"procedure": procedure_id})


def set_webhook(runtime: Runtime, name: str, url: str, *, actor: str, plain_http: bool = False) -> str:
    """Tells a sending system of changes at this address from now on; gives the secret that signs, shown this once.

    url "": no longer; gives "". A new address keeps no earlier secret. plain_http: an operator takes it on
    themselves that the way is safe. Raises WebhookUnsafe.
    """
    if url and not is_safe_url(url, plain_http=plain_http):
        raise WebhookUnsafe
    secret = _new_secret() if url else ""
    with write(runtime.engine) as session:
        row = _held(session, name)
        row.webhook_url = url
        row.webhook_secret_token = _seal(runtime, [(secret, None)]) if url else ""
        if not url:
            drop_events(session, row.id)
        _remember(runtime, session, row, "client_webhook_set" if url else "client_webhook_removed", actor)
    return secret


def rotate_webhook_secret(runtime: Runtime, name: str, *, actor: str) -> str:
    """A fresh secret, shown this once. For OVERLAP every event is signed with both. Raises WebhookUnsafe without
    an address."""
    secret = _new_secret()
    with write(runtime.engine) as session:
        row = _held(session, name)
        if not row.webhook_url:
            raise WebhookUnsafe
        now = runtime.clock()
        before = signing_secrets(runtime, row, now)[:1]
        row.webhook_secret_token = _seal(runtime, [(secret, None), *((one, now + OVERLAP) for one in before)])
        _remember(runtime, session, row, "client_webhook_secret_rotated", actor)
    return secret


def signing_secrets(runtime: Runtime, row: ApiClient, now: datetime) -> list[str]:
    """The secrets that sign at this moment, the present one first."""
    if not row.webhook_secret_token:
        return []
    kept = json.loads(runtime.secrets.unseal(row.webhook_secret_token))
    return [secret for secret, until in kept if until is None or datetime.fromisoformat(until) > now]


def find_json_channel(pack: Procedure, channel_id: str) -> OnlineChannel:
    """The pack's JSON channel of this id. Raises ChannelUnfit."""
    for channel in pack.channels:
        if channel.id == channel_id and channel.format == "json":
            return channel
    raise ChannelUnfit


def is_safe_url(url: str, *, plain_http: bool = False) -> bool:
    """Whether status events may go to this address: https, or http to this very machine or where told so.

    Private addresses are allowed, since receivers of a city stand in its own network; nobody but an operator at the
    command line ever sets one.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if not host or parts.username or parts.password or parts.fragment or len(url) > MAX_URL or port == 0:
        return False
    if any(char.isspace() or not char.isprintable() for char in url):
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and (plain_http or _is_this_machine(host)))


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _held(session: Session, name: str) -> ApiClient:
    row = session.exec(
        select(ApiClient).where(ApiClient.name == name, col(ApiClient.active).is_(True)).with_for_update()
    ).first()
    if row is None:
        raise NotVisible("この名前の送信元は登録されていません。", "There is no open sending system of this name.")
    return row


def _as_client(session: Session, row: ApiClient) -> Client:
    scopes = session.exec(
        select(ApiScope.procedure_id, ApiScope.channel_id)
        .where(ApiScope.client_id == row.id)
        .order_by(col(ApiScope.procedure_id))
    ).all()
    return Client(
        id=row.id,
        name=row.name,
        active=row.active,
        scopes=tuple((procedure, channel) for procedure, channel in scopes),
        webhook_url=row.webhook_url,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
    )


def _is_good(row: ApiClient, digest: str, now: datetime) -> bool:
    if hmac.compare_digest(row.key_digest, digest):
        return True
    until = row.previous_key_until
    return until is not None and until > now and hmac.compare_digest(row.previous_key_digest, digest)


def _note_use(runtime: Runtime, client_id: str, now: datetime) -> None:
    with write(runtime.engine) as session:
        row = session.get_one(ApiClient, client_id)
        row.last_used_at = now
        session.add(row)


def _remember(
    runtime: Runtime,
    session: Session,
    row: ApiClient,
    kind: str,
    actor: str,
    about: dict[str, str] | None = None,
) -> None:
    session.add(row)
    append_event(session, "api_client", row.id, kind, actor=actor, at=runtime.clock(), payload=about)


def _digest(runtime: Runtime, key: str) -> str:
    return runtime.secrets.digest(f"api-key:{key}")


def _seal(runtime: Runtime, kept: list[tuple[str, datetime | None]]) -> str:
    return runtime.secrets.seal(json.dumps([(secret, until.isoformat() if until else None) for secret, until in kept]))


def _new_key() -> str:
    return KEY_PREFIX + secrets.token_urlsafe(32)


def _new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
