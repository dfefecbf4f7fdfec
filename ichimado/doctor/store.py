"""Checks of the store: database, schema, files, clock, people, and whether work moves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, func, select

from ichimado.doctor.findings import Finding, Installation, bad, fine, warning
from pipeline.domain.statuses import ArrivalStatus, OutboundStatus, StaffRole
from pipeline.steps.probes import probe_blobs
from pipeline.store.engine import is_reachable, read
from pipeline.store.migrate import StoreTooNew, is_current
from pipeline.store.tables import PackVersion, StaffGrant, User

DEMO_LOGINS = frozenset({"reviewer", "mailroom", "operator", "supervisor", "approver", "administrator"})
DEMO_PASSWORDS = "demo_passwords.json"
SEALED_WITHIN = timedelta(hours=26)
DUE_WITHIN = timedelta(minutes=15)
SILENT_AFTER_S = 120.0
CLOCK_SLACK = timedelta(seconds=5)


def database(place: Installation) -> Finding:
    """Whether the case store answers."""
    try:
        if is_reachable(place.engine):
            kind = "PostgreSQL" if place.engine.dialect.name == "postgresql" else "SQLite"
            return fine(f"保存先({kind})につながります。", f"The case store ({kind}) answers.")
    except FileNotFoundError:
        return bad(
            "保存先がまだありません。ichimado migrate で作ります。", "There is no case store yet: `ichimado migrate`."
        )
    except SQLAlchemyError:
        pass
    return bad(
        "保存先につながりません。データベースが動いているか、ICHIMADO_DATABASE_URL を確かめてください。",
        "The case store does not answer: is the database running, and ICHIMADO_DATABASE_URL right?",
    )


def schema(place: Installation) -> Finding:
    """Whether the tables are those of this release."""
    try:
        if is_current(place.engine):
            return fine("保存先の形は最新です。", "The schema is current.")
    except StoreTooNew as error:
        return bad(error.ja, error.en)
    return bad(
        "保存先の形が古いままです。バックアップのあと ichimado migrate を実行してください。",
        "The schema is behind: make a backup, then run `ichimado migrate`.",
    )


def one_writer(place: Installation) -> Finding | None:
    """SQLite has one writer: several workers only wait for each other."""
    live = [name for name, silent_s in place.figures.silence_s.items() if silent_s < SILENT_AFTER_S]
    if place.engine.dialect.name != "sqlite" or len(live) < 2:
        return None
    return bad(
        f"SQLite で{len(live)}個の作業者が動いています。1個にするか PostgreSQL に移してください。",
        f"{len(live)} workers run on SQLite: run one, or move to PostgreSQL (`ichimado backup`, then `restore`).",
    )


def files(place: Installation) -> Finding:
    """Whether a file can be kept, read back and removed."""
    try:
        if probe_blobs(place.runtime):
            return fine("ファイルの置き場に読み書きできます。", "Files can be kept and read back.")
    except Exception:
        pass
    return bad(
        "ファイルの置き場に読み書きできません。ICHIMADO_BLOBS_URL と権限、空きを確かめてください。",
        "Files cannot be kept or read back: look at ICHIMADO_BLOBS_URL, rights and room.",
    )


def clock(place: Installation) -> Finding:
    """A clock set back would give new events times before the old ones."""
    last, now = place.figures.last_event_at, place.runtime.clock()
    if last is not None and now + CLOCK_SLACK < last:
        return bad(
            "時計が最後の記録より遅れています。時計を合わせてから受付を続けてください。",
            "The clock is behind the newest event: set it right before intake goes on.",
        )
    return fine("時計は記録に合っています。", "The clock fits the history.")


def clock_of_database(place: Installation) -> Finding | None:
    """The two clocks: that of this machine and that of the database server."""
    if place.engine.dialect.name != "postgresql":
        return None
    with place.engine.connect() as connection:
        there = connection.execute(text("SELECT now()")).scalar_one()
    apart = abs(datetime.now(UTC) - there)
    if apart > CLOCK_SLACK:
        return warning(
            f"データベースの時計と{apart.total_seconds():.0f}秒ずれています。両方を合わせてください。",
            f"This clock and the database's are {apart.total_seconds():.0f} s apart: set both right.",
        )
    return fine("データベースの時計と合っています。", "The database's clock agrees.")


def pack(place: Installation) -> Finding:
    """At least one procedure."""
    with read(place.engine) as session:
        installed = session.exec(select(func.count()).select_from(PackVersion)).one()
    if not installed:
        return warning(
            "手続がまだありません。ichimado procedures install で登録してください。",
            "No procedure is installed: `ichimado procedures install`.",
        )
    return fine(f"手続定義は{installed}版あります。", f"{installed} versions of procedures are installed.")


def administrator(place: Installation) -> Finding:
    """Somebody who may give rights to others."""
    with read(place.engine) as session:
        active = session.exec(select(func.count()).select_from(User).where(col(User.active).is_(True))).one()
        holders = select(func.count()).select_from(StaffGrant).join(User, col(User.id) == StaffGrant.user_id)
        found = session.exec(
            holders.where(StaffGrant.role == StaffRole.ADMINISTRATOR, col(User.active).is_(True))
        ).one()
    if not active:
        return warning(
            "職員がまだ登録されていません。ichimado users add で登録してください。",
            "No staff yet: `ichimado users add`.",
        )
    if not found:
        return warning(
            "権限を管理する職員(administrator)がいません。ichimado users add --role administrator で登録してください。",
            "Nobody holds the role administrator: `ichimado users add --role administrator`.",
        )
    return fine(f"職員は{active}人、権限の管理者は{found}人です。", f"{active} staff, {found} administrators.")


def demo_accounts(place: Installation) -> Finding | None:
    """Accounts of the demo, whose passwords stand in a file."""
    if not (place.settings.data_dir / DEMO_PASSWORDS).is_file():
        return None
    with read(place.engine) as session:
        logins = session.exec(select(User.login).where(col(User.login).in_(DEMO_LOGINS), col(User.active).is_(True)))
        left = len(logins.all())
    if not left:
        return None
    return warning(
        f"デモの職員が{left}人残っています。本番では別のデータフォルダーを使ってください。",
        f"{left} accounts of the demo are left: for real work use another data folder.",
    )


def work_moves(place: Installation) -> Finding:
    """Whether what is due gets done."""
    figures = place.figures
    now = place.runtime.clock()
    if figures.oldest_due and now - figures.oldest_due > DUE_WITHIN:
        minutes = (now - figures.oldest_due).total_seconds() / 60
        return warning(
            f"{figures.due}件が処理を待ち、最も古いものは{minutes:.0f}分前です。作業者が動いているか確かめてください。",
            f"{figures.due} applications wait, the oldest for {minutes:.0f} minutes: is a worker running?",
        )
    if figures.failing:
        return warning(
            f"{figures.failing}件が失敗を繰り返しています。運用の画面で確かめてください。",
            f"{figures.failing} applications keep failing: look at the operator's page.",
        )
    return fine(f"処理待ちは{figures.due}件です。", f"{figures.due} applications wait for software.")


def workers(place: Installation) -> Finding | None:
    """Whether a worker spoke lately."""
    silence = place.figures.silence_s
    live = [name for name, silent_s in silence.items() if silent_s < SILENT_AFTER_S]
    if live:
        return fine(f"作業者が{len(live)}個動いています。", f"{len(live)} workers are at work.")
    return warning(
        "動いている作業者がいません。ichimado worker を起動してください。", "No worker runs: start `ichimado worker`."
    )


def parked(place: Installation) -> Finding:
    """What was given up after its last attempt."""
    count = place.figures.of_arrivals(ArrivalStatus.PARKED)
    if count:
        return warning(
            f"{count}件の受付が処理できず止めてあります。運用の画面で確かめてください。",
            f"{count} arrivals are parked: look at the operator's page.",
        )
    return fine("止めてある受付はありません。", "Nothing is parked.")


def outbox(place: Installation) -> Finding:
    """What did not leave the house."""
    failed = place.figures.of_outbound(OutboundStatus.FAILED)
    if failed:
        return warning(
            f"{failed}件の送信が失敗しています。運用の画面で送り直してください。",
            f"{failed} outgoing messages failed: send them again from the operator's page.",
        )
    return fine("失敗した送信はありません。", "Nothing failed to leave.")


def sealed(place: Installation) -> Finding:
    """Whether the history was sealed within a day."""
    moment = place.figures.sealed_at
    if place.figures.events and (moment is None or place.runtime.clock() - moment > SEALED_WITHIN):
        return warning(
            "一日以上、履歴が封印されていません。ichimado audit を実行してください。",
            "The history was not sealed for more than a day: run `ichimado audit`.",
        )
    return fine("履歴は封印されています。", "The history is sealed.")


def backup(place: Installation) -> Finding:
    """Whether the last backup is young enough."""
    moment = place.figures.backed_up_at
    if place.figures.events and moment is None:
        return warning(
            "バックアップがまだありません。ichimado backup を毎晩実行してください。",
            "There is no backup yet: run `ichimado backup` every night.",
        )
    age = place.runtime.clock() - moment if moment else timedelta()
    if age > timedelta(hours=place.settings.backup_within_h):
        hours = age.total_seconds() / 3600
        return warning(
            f"最後のバックアップは{hours:.0f}時間前です。ichimado backup を実行してください。",
            f"The last backup is {hours:.0f} hours old: run `ichimado backup`.",
        )
    return fine("バックアップは新しいものがあります。", "The last backup is young enough.")
