"""The demo: the committed sample from arrival to the review queue, through the same flows as in earnest."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ichimado.compose import open_runtime
from ichimado.intake import find_export, receive_folder, store
from ichimado.prefect_server import PrefectAccess, prepare_environment, start_server
from ichimado.reading import find_pack
from ichimado.settings import Settings
from ichimado.terminal import emit, say, show_table
from pipeline.domain.statuses import StaffRole
from pipeline.review.administration import COMMAND_LINE, find_by_login, grant
from pipeline.review.staff import LoginTaken, create_user
from pipeline.runtime import Runtime
from pipeline.steps.audit import audit
from pipeline.steps.packs import install_pack
from pipeline.steps.roster import import_roster
from pipeline.steps.totals import store_totals
from pipeline.store.access import Grant

ROOT = Path(__file__).parents[1]
PROCEDURE = "child_benefit"
SAMPLES = {PROCEDURE: ROOT / "fixtures" / "sample", "after_school": ROOT / "fixtures" / "sample_after_school"}
"""The sample of each procedure; the figures of the first stand on top."""

STAFF = (
    ("reviewer", "山口 礼子", {StaffRole.REVIEWER}, False),
    ("mailroom", "小川 実", {StaffRole.MAILROOM}, False),
    ("operator", "森 健", {StaffRole.OPERATOR}, False),
    ("supervisor", "岡田 文", {StaffRole.REVIEWER, StaffRole.MAILROOM}, True),
    ("approver", "中村 誠", {StaffRole.APPROVER}, True),
    ("director", "井上 薫", {StaffRole.APPROVER}, True),
    ("deputy", "西田 学", set[StaffRole](), True),
    ("administrator", "高田 緑", {StaffRole.ADMINISTRATOR}, False),
    ("administrator2", "林 直子", {StaffRole.ADMINISTRATOR}, False),
)
"""Sample staff: login, name, roles, and whether they may see protected persons."""

DEPARTMENT = "kodomo"
DEPUTY = ("deputy", "approver")
"""Who stands in for whom when they are away (代決)."""

ROLE_WORDS = {
    StaffRole.REVIEWER: "確認者",
    StaffRole.MAILROOM: "郵便係",
    StaffRole.APPROVER: "決裁者",
    StaffRole.OPERATOR: "運用者",
    StaffRole.ADMINISTRATOR: "管理者",
}
PROTECTED = "(支援措置対象者も扱う)"


@dataclass(frozen=True)
class DemoRun:
    """What `run_demo` leaves behind for serving: the server's process lives as long as this one."""

    runtime: Runtime
    settings: Settings
    prefect: PrefectAccess
    passwords: dict[str, str]
    server: subprocess.Popen[bytes]


def run_demo(settings: Settings, *, samples: Mapping[str, Path] = SAMPLES, as_json: bool = False) -> DemoRun:
    """Takes the samples through all flows; running it again goes on where it stopped and doubles nothing."""
    started = time.monotonic()
    say("[bold]一窓 Ichimado[/] のデモを始めます。紙と電子の見本の申請を、ひとつの確認画面まで運びます。")
    access = prepare_environment(settings)
    runtime = open_runtime(settings)
    passwords = prepare_store(runtime, settings, samples)
    say(f"Prefect を起動しています({access.url})…")
    server = start_server(settings, access)
    run_flows(runtime, samples)
    report = audit(runtime)
    if not as_json:
        show_summary(runtime)
    broken = len(report.breaches)
    say(f"整合性の検査: {sum(report.checked.values())}件を確認、問題 {broken}件")
    figures = score(settings, samples, time.monotonic() - started)
    if as_json:
        emit(figures)
    elif figures:
        show_figures(figures)
    return DemoRun(runtime, settings, access, passwords, server)


def staff_lines(passwords: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Login, password and what each of the sample staff may do."""
    return [
        (login, passwords[login], _words_of(login, roles) + (PROTECTED if sees else ""))
        for login, _, roles, sees in STAFF
    ]


def prepare_store(runtime: Runtime, settings: Settings, samples: Mapping[str, Path]) -> dict[str, str]:
    """Installs the sample procedures, their rosters and the staff; gives the staff's passwords by login."""
    for procedure, sample in samples.items():
        pack = find_pack(procedure)
        install_pack(runtime, pack)
        roster = import_roster(runtime, procedure, sample / "roster.csv")
        say(f"{pack.procedure.label.ja} 対象者名簿: {roster.rows}人")
    return _passwords(runtime, settings.data_dir / "demo_passwords.json")


def run_flows(runtime: Runtime, samples: Mapping[str, Path]) -> None:
    """Hands over every batch and export of the samples, then runs the flows that take them further."""
    from flows.lanes import catch_up

    for procedure, sample in samples.items():
        _hand_over(runtime, procedure, sample)
    say("申請書を読み取り、対象者と照合しています…")
    catch_up()


def _hand_over(runtime: Runtime, procedure: str, sample: Path) -> None:
    from flows.intake import intake_online, intake_paper

    for folder in sorted((sample / "scans").iterdir()):
        if folder.is_dir():
            received = receive_folder(runtime, folder, key=f"demo:{folder.name}")
            if received.batch_id:
                count = intake_paper(received.batch_id, received.batch_number)
                say(f"紙  {folder.name}: {count}件の申請")
    for folder in sorted((sample / "online").iterdir()):
        for path in sorted(folder.glob("*.csv")) + sorted(folder.glob("*.json")):
            export = find_export(runtime, procedure, path, None)
            counts = intake_online(store(runtime, procedure, export))
            say(f"電子 {folder.name}: {counts['新しい申請'] + counts['取込済み']}件の申請")


def score(settings: Settings, samples: Mapping[str, Path], seconds: float) -> dict[str, Any]:
    """The figures against the samples' truth, worked out by a process of its own: this one never reads truth.
    {} where the truth is not there."""
    command = [
        sys.executable, "-m", "benchmarks.demo_score", "--database", settings.database(),
        *(part for procedure, sample in samples.items() for part in ("--sample", f"{procedure}={sample.name}")),
        "--seconds", f"{seconds:.1f}",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode != 0:
        say(done.stderr.strip())
        return {}
    return dict(json.loads(done.stdout))


def show_summary(runtime: Runtime) -> None:
    """What arrived, was read, was linked, and waits for a person."""
    totals = store_totals(runtime)
    show_table(
        "いまの状態",
        [
            ("受け取った頁", str(sum(totals["pages"].values()))),
            ("  うち書類に入った頁", str(totals["pages"].get("in_document", 0))),
            ("申請", str(sum(totals["submissions"].values()))),
            ("  人を待たずに進んだ申請", str(totals["without_a_person"])),
            ("読み取った項目", str(totals["fields"]["read"])),
            ("  人を待たずに採用した項目", str(totals["fields"]["accepted"])),
            ("自動の紐付け", str(totals["links"].get("auto", 0))),
            ("案件", str(totals["cases"])),
            ("人の確認を待つ作業", str(totals["open_tasks"])),
        ],
    )


def show_figures(figures: Mapping[str, Any]) -> None:
    """The figures against the truth, for a person: a table a procedure."""
    parts = {PROCEDURE: figures} | {name: part for name in SAMPLES if isinstance(part := figures.get(name), dict)}
    for procedure, part in parts.items():
        show_table(f"見本の正解との比較 {procedure}", _figure_rows(part))


def _figure_rows(figures: Mapping[str, Any]) -> list[tuple[str, str]]:
    links, doubles, fields = figures["links"], figures["duplicates"], figures["fields"]
    rows = [
        ("紐付けできる人のうち自動", f"{links['auto']} / {links['linkable']}"),
        ("  うち誤り", str(links["auto_wrong"])),
        ("仕込んだ二重申請のうち検出", f"{doubles['found']} / {doubles['planted']}"),
        ("読み取りが正しい項目", f"{fields['exact']} / {fields['read']}"),
        ("人を待たずに採用した項目の誤り", f"{fields['auto_accepted_wrong']} / {fields['auto_accepted']}"),
    ]
    if "scores" not in figures:
        return rows
    entries = {name: sum(part[name] for part in figures["scores"].values()) for name in ("correct", "entries")}
    ranking = figures["ranking"]
    return [
        *rows,
        ("指数が正しい児童", f"{entries['correct']} / {entries['entries']}"),
        ("順位表の案件(うち施設が決まる)", f"{ranking['cases']} ({ranking['with_place']})"),
    ]


def _words_of(login: str, roles: Iterable[StaffRole]) -> str:
    words = [ROLE_WORDS[role] for role in sorted(roles)]
    return "・".join([*words, f"{DEPUTY[1]} の代決者"] if login == DEPUTY[0] else words)


def _passwords(runtime: Runtime, path: Path) -> dict[str, str]:
    known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    for login, name, roles, sees_protected in STAFF:
        known.setdefault(login, secrets.token_urlsafe(9))
        with suppress(LoginTaken):
            create_user(
                runtime,
                login,
                known[login],
                display_name=name,
                roles=roles,
                department=DEPARTMENT,
                sees_protected=sees_protected,
            )
    deputy, superior = (find_by_login(runtime, login) for login in DEPUTY)
    grant(runtime, COMMAND_LINE, deputy, Grant(StaffRole.APPROVER, DEPARTMENT, deputy_for=superior))
    path.touch(mode=0o600)
    path.write_text(json.dumps(known, indent=1))
    return known
