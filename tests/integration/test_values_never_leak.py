"""Values from forms are in the store and on screens, and nowhere else (docs/decisions/0009).

An applicant with names nobody else has goes through everything that can go right or wrong; then every log record,
every exception, every event and every file name is searched for them.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from pydantic import ValidationError
from sqlalchemy import text
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from ichimado.logs import TRUSTED, WITHHELD, configure_logs
from pipeline.channels.errors import ArrivalError
from pipeline.channels.slip import BatchSlip
from pipeline.domain.errors import DomainError
from pipeline.domain.next_step import Step
from pipeline.procedures.pack import Procedure
from pipeline.review.decisions import DeficiencyDraft, accept, request_correction
from pipeline.review.fields import NotAValue, correct_field
from pipeline.review.persons import new_person
from pipeline.runtime import Runtime
from pipeline.steps import advance as path
from pipeline.steps.advance import advance, advance_batch
from pipeline.steps.intake_paper import receive_files
from pipeline.steps.roster import import_roster
from pipeline.store.engine import open_engine, write
from pipeline.store.tables import Event, FieldValue, Person, Submission
from tests.databases import Databases
from tests.papers import application, tiff
from tests.runtime import (
    PROCEDURE,
    REVIEWER,
    receive_export,
    rows_of,
    small_export,
    task_of,
)

PLANTED = {
    "name": "龗田 燚子",
    "kana": "オカミダ イツコ",
    "address": "群馬県みどり市大間々町桐原7731-55",
    "phone": "090-7731-5519",
    "number": "7731551",
    "file": "龗田さんの申請書.tif",
    "note": "龗田さんへ電話済み",
}
# The phone number holds the account number; neither is met by chance in an identifier of hex digits.
TRACES = ("龗", "燚", "オカミダ", "7731551", "7731-5")


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Iterator[list[str]]:
    """Everything that was logged, by the standard library and by structlog, down to DEBUG."""
    caplog.set_level(logging.DEBUG)
    lines: list[str] = []

    def keep(_logger: Any, _name: str, event: Any) -> Any:
        lines.append(repr(event))
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(processors=[keep], cache_logger_on_first_use=False)
    yield lines
    structlog.configure(**before)


def planted_export(**changed: Any) -> tuple[bytes, list[tuple[str, bytes]]]:
    data, files = small_export("city_site/applications_20261113.json")
    sent = json.loads(data)["applications"][0]
    sent["receipt"] = "C26-777777"
    sent["applicant"] |= {key: PLANTED[key] for key in ("name", "kana", "address", "phone")}
    sent["account"] |= {"number": PLANTED["number"], "holder_kana": PLANTED["kana"]}
    sent["children"][0] |= {"name": PLANTED["name"], "kana": PLANTED["kana"]}
    sent |= changed
    return json.dumps({"applications": [sent]}, ensure_ascii=False).encode(), files


def errors_of(error: BaseException | None) -> str:
    """Everything that an error, and those it came from, would print."""
    texts = []
    while error is not None:
        texts += [str(error), repr(error), repr(error.args)]
        error = error.__cause__ or error.__context__
    return "\n".join(texts)


def assert_silent(text: str) -> None:
    found = [trace for trace in TRACES if trace in text]
    assert found == []


def go_through_everything(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """One planted application, and one of each thing that goes wrong; gives the errors raised on the way."""
    raised: list[BaseException] = []
    slip = BatchSlip(received_on=runtime.today(), source="mail")
    for name, content in (
        (PLANTED["file"], tiff(application(1))),
        (f"{PLANTED['name']}.pdf", b"PK\x03\x04x"),
    ):
        received = receive_files(runtime, slip, [(name, content)], actor="test")
        assert received.batch_id
        advance_batch(runtime, received.batch_id)
    data, files = planted_export()
    (one,) = receive_export(runtime, "city_site", data, files, f"{PLANTED['name']}.json").taken
    changed, _ = planted_export(answers={"consent": False})
    receive_export(runtime, "city_site", changed, files)
    broken, _ = planted_export(receipt="C26-777778", submitted_at=PLANTED["name"])
    receive_export(runtime, "city_site", broken, files)
    refused = receive_export(runtime, "portal", PLANTED["name"].encode() + b"\n").refusal
    assert refused is not None
    raised.append(refused)

    def fails(_runtime: Runtime, _submission_id: str) -> None:
        raise RuntimeError("a step that fails")

    with monkeypatch.context() as failing:
        failing.setitem(path.STEPS, Step.MATCH, fails)
        with pytest.raises(RuntimeError):
            advance(runtime, one)
    advance(runtime, one)
    task = task_of(runtime, one)
    with pytest.raises(NotAValue) as caught:
        correct_field(runtime, REVIEWER, task.id, "applicant_birth_date", PLANTED["name"], task.version)
    raised.append(caught.value)
    with pytest.raises(DomainError) as domain:
        accept(runtime, REVIEWER, task.id, task.version)
    raised.append(domain.value)
    new_person(runtime, REVIEWER, task.id, "applicant", 0, task.version)
    correct_field(runtime, REVIEWER, task.id, "address", PLANTED["address"], task_of(runtime, one).version)
    draft = DeficiencyDraft("x", "applicant_name", PLANTED["note"])
    request_correction(runtime, REVIEWER, task.id, [draft], task_of(runtime, one).version)
    with pytest.raises(ArrivalError) as arrival:
        import_roster(runtime, PROCEDURE, f"{PLANTED['name']},x\n".encode())
    raised.append(arrival.value)
    return raised


def test_nothing_of_it_is_outside_the_store(
    rostered: Runtime,
    said: list[str],
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    raised = go_through_everything(rostered, monkeypatch)
    stored = "".join(row.raw for row in rows_of(rostered, FieldValue))
    assert "龗田" in stored, "it did go through"
    assert any("step_failed" in line for line in said), "and failures were logged"
    assert_silent("\n".join(said) + caplog.text + "\n".join(map(repr, caplog.records)))
    output = capsys.readouterr()
    assert_silent(output.out + output.err)
    for error in raised:
        assert_silent(errors_of(error))
    events = rows_of(rostered, Event)
    assert len(events) > 10
    assert_silent("\n".join(f"{row.kind} {row.actor} {row.payload}" for row in events))
    names = [str(file.relative_to(rostered.data_dir)) for file in rostered.data_dir.rglob("*")]
    assert len(names) > 10
    assert_silent("\n".join(names))


def test_errors_of_the_database_hide_what_was_written(rostered: Runtime) -> None:
    with write(rostered.engine) as session:
        session.add(Person(id="p", name=PLANTED["name"], resident_number="1"))
    with pytest.raises(IntegrityError) as double, write(rostered.engine) as session:
        session.add(Person(id="p", name=PLANTED["name"], kana=PLANTED["kana"], resident_number="2"))
    assert_silent(errors_of(double.value))
    with pytest.raises(SQLAlchemyError) as unfit, write(rostered.engine) as session:
        session.add(FieldValue(submission_id="none", key="applicant_name", raw=PLANTED["name"], origin="ocr"))
    assert_silent(errors_of(unfit.value))


BREAKING = {
    "a unique key": "INSERT INTO person (id, name, kana, protected, source, resident_number) "
    "VALUES ('p2', :name, :kana, false, 'roster', :number)",
    "a missing cell": "INSERT INTO person (id, name, kana, protected) VALUES ('p3', :name, :kana || :number, false)",
    "a reference": "INSERT INTO match_key (key, person_id, rule) VALUES (:name, :kana, :number)",
}


@pytest.mark.parametrize("case", BREAKING)
def test_a_row_that_breaks_a_rule_is_not_quoted(rostered: Runtime, case: str) -> None:
    with write(rostered.engine) as session:
        session.add(Person(id="p", name=PLANTED["name"], resident_number=PLANTED["number"]))
    with pytest.raises(IntegrityError) as caught, write(rostered.engine) as session:
        session.execute(text(BREAKING[case]), {key: PLANTED[key] for key in ("name", "kana", "number")})
    assert_silent(errors_of(caught.value))
    assert "person" in str(caught.value) or "FOREIGN KEY" in str(caught.value), "the place is told all the same"


def test_a_value_of_the_wrong_type_is_not_quoted(databases: Databases) -> None:
    with databases.migrated("postgresql") as url:  # SQLite takes any value in any column
        engine = open_engine(url)
        with pytest.raises(DataError) as caught, write(engine) as session:
            session.execute(text("SELECT CAST(:name AS integer)"), {"name": PLANTED["name"]})
        engine.dispose()
    assert_silent(errors_of(caught.value))


def test_errors_of_a_model_hide_what_was_given() -> None:
    for model, content in (
        (BatchSlip, {"received_on": PLANTED["name"], "source": PLANTED["name"]}),
        (Procedure, {"id": PLANTED["name"], "version": 1, "fields": [PLANTED["name"]]}),
    ):
        with pytest.raises(ValidationError) as caught:
            model.model_validate(content)
        assert_silent(str(caught.value))


def test_a_person_is_found_by_keys_that_hold_no_name(rostered: Runtime) -> None:
    from pipeline.store.tables import MatchKey

    keys = rows_of(rostered, MatchKey)
    assert len(keys) > 100
    # A rule of one or two letters and 72 bits in base64.
    assert all(len(row.key.partition(":")[2]) == 12 and row.key.isascii() for row in keys)
    surnames = {person.name.split("　")[0].split(" ")[0] for person in rows_of(rostered, Person)}
    assert not any(surname in row.key for row in keys for surname in list(surnames)[:50])


def test_original_file_names_are_sealed(rostered: Runtime) -> None:
    from pipeline.store.tables import Arrival

    slip = BatchSlip(received_on=rostered.today(), source="mail")
    receive_files(rostered, slip, [(PLANTED["file"], b"x")], actor="test")
    (row,) = rows_of(rostered, Arrival)
    assert_silent(repr(row))
    assert rostered.secrets.unseal(row.name_token) == PLANTED["file"]
    assert rows_of(rostered, Submission) == []


@pytest.fixture
def logs_as_installed() -> Iterator[None]:
    """The logs of a running process, down to DEBUG; afterwards as before."""
    root, excepthook, thread_hook = logging.getLogger(), sys.excepthook, threading.excepthook
    handlers, level, before = list(root.handlers), root.level, structlog.get_config()
    try:
        configure_logs("debug")
        yield
    finally:
        root.handlers[:], sys.excepthook, threading.excepthook = handlers, excepthook, thread_hook
        root.setLevel(level)
        for name in TRUSTED:
            logging.getLogger(name).setLevel(logging.NOTSET)
        logging.captureWarnings(False)
        structlog.configure(**before)


def test_a_running_process_writes_lines_without_values(
    capfd: pytest.CaptureFixture[str], rostered: Runtime, logs_as_installed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_through_everything(rostered, monkeypatch)
    logging.getLogger("some.library").error("could not read %s", PLANTED["name"])
    logging.getLogger("uvicorn.error").error("for %s", PLANTED["name"])
    try:
        int(PLANTED["name"])
    except ValueError:
        logging.getLogger("prefect.flow_runs").exception(f"Encountered exception with {PLANTED['phone']}")
    structlog.get_logger().error("taken", submission=PLANTED["name"], applicant=PLANTED["name"])
    output = capfd.readouterr()
    assert_silent(output.out + output.err)
    lines = [json.loads(line) for line in output.err.splitlines()]
    events = {line["event"] for line in lines}
    assert {"step_failed", "taken", WITHHELD} <= events
    assert {line.get("error") for line in lines} >= {"ValueError", "RuntimeError"}
    assert output.out == ""
