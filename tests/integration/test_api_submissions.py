"""Applications through the API: taken once, known again, refused by name, seen by nobody else."""

from __future__ import annotations

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ichimado.serving import web_settings
from ichimado.settings import Settings
from pipeline.domain.statuses import ArrivalStatus, ReasonCode, SubmissionStatus, TaskKind
from pipeline.review.decisions import DeficiencyDraft, request_correction, withdraw
from pipeline.runtime import Runtime
from pipeline.steps.advance import advance
from pipeline.steps.audit import audit
from pipeline.steps.sent_files import NOT_INSPECTED
from pipeline.store.tables import Arrival, Attachment, Event, FieldValue, Submission
from tests.runtime import REVIEWER, open_tasks, reasons_of, receive_export, rows_of, small_export, submission, task_of
from tests.sender import ASSERTED, JPEG, ROOT, Sender, fault_codes, record
from web.settings import WebSettings


def test_an_application_is_a_submission_before_it_is_acknowledged(runtime: Runtime, sender: Sender) -> None:
    answer = sender.send(record())
    assert answer.status_code == 201
    told = answer.json()
    (made,) = rows_of(runtime, Submission)
    assert told == {
        "receipt_number": made.receipt_number,
        "sender_number": "C26-900001",
        "procedure": "child_benefit",
        "received_at": record()["submitted_at"],
        "status_url": f"{ROOT}/submissions/{made.receipt_number}",
    }
    assert answer.headers["location"] == told["status_url"]
    assert (made.source, made.status, made.due) == ("child_benefit:city_site", SubmissionStatus.RECEIVED, True)
    values = {row.key: row.raw for row in rows_of(runtime, FieldValue, submission_id=made.id)}
    assert values["applicant_name"] == record()["applicant"]["name"]
    assert values["account_number"] == record()["account"]["number"]
    (request,) = [row for row in rows_of(runtime, Arrival) if row.source.startswith("request:")]
    assert json.loads(runtime.blobs.get(request.blob))["record"] == record()
    assert audit(runtime).breaches == ()


def test_the_same_record_by_export_and_by_api_makes_the_same_fields(runtime: Runtime, sender: Sender) -> None:
    data, files = small_export("city_site/applications_20261113.json")
    exported = json.loads(data)["applications"][0]
    (one,) = receive_export(
        runtime, "city_site", json.dumps({"applications": [exported]}, ensure_ascii=False).encode(), files
    ).taken
    assert sender.send(record("C26-900002")).status_code == 201
    (other,) = rows_of(runtime, Submission, source_number="C26-900002")

    def fields(submission_id: str) -> set[Any]:
        rows = rows_of(runtime, FieldValue, submission_id=submission_id)
        return {(row.key, row.raw, row.value, row.problem, row.accepted, row.origin) for row in rows}

    assert fields(one) == fields(other.id)


def test_sending_again_changes_nothing_and_is_answered_alike(runtime: Runtime, sender: Sender) -> None:
    first = sender.send(record(), identity=ASSERTED)
    shuffled = dict(reversed(record().items()))
    again = sender.send(shuffled, identity=ASSERTED)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert len(rows_of(runtime, Submission)) == 1
    assert len(rows_of(runtime, Arrival)) == 2  # the request and its record
    assert open_tasks(runtime, TaskKind.MAILROOM) == []


@pytest.mark.parametrize("what", ["a value", "an unread member", "a file", "who vouches"])
def test_other_content_under_a_number_is_kept_for_a_person(runtime: Runtime, sender: Sender, what: str) -> None:
    files = {"id.jpg": JPEG, "account.jpg": JPEG + b"2"}
    assert sender.send_form(record(files=True), files, identity=ASSERTED).status_code == 201
    (first,) = rows_of(runtime, Submission)
    sent, vouched = record(files=True), dict(ASSERTED)
    if what == "a value":
        sent["applicant"]["name"] = "別 人"
    elif what == "an unread member":
        sent["remark"] = "x"
    elif what == "a file":
        files["id.jpg"] = JPEG + b"other"
    else:
        vouched["level"] = "IAL2"
    answer = sender.send_form(sent, files, identity=vouched)
    assert (answer.status_code, answer.json()["code"]) == (409, "receipt_changed")
    (task,) = open_tasks(runtime, TaskKind.MAILROOM)
    assert reasons_of(runtime, task.id) == {(ReasonCode.RECEIPT_CHANGED, first.arrival_id)}
    (kept,) = [row for row in rows_of(runtime, Arrival) if row.status is ArrivalStatus.REFUSED]
    assert task.arrival_id == kept.id and runtime.blobs.has(kept.blob)
    # And once more: still refused, and nothing new.
    before = len(rows_of(runtime, Arrival))
    assert sender.send_form(sent, files, identity=vouched).status_code == 409
    assert len(rows_of(runtime, Arrival)) == before
    assert len(open_tasks(runtime, TaskKind.MAILROOM)) == 1
    assert submission(runtime, first.id) == first
    assert audit(runtime).breaches == ()


def test_two_at_once_are_one_application(runtime: Runtime, sender: Sender) -> None:
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: sender.send(record()), range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    assert len({answer.text for answer in answers}) == 1
    assert len(rows_of(runtime, Submission)) == 1


def test_files_come_with_it_and_are_looked_into_by_the_path(runtime: Runtime, sender: Sender) -> None:
    _, files = small_export("city_site/applications_20261113.json")
    real = next(data for name, data in files if name.endswith("_identity.jpg"))
    answer = sender.send_form(record(files=True), {"id.jpg": real, "account.jpg": b"MZ\x90 no picture"})
    assert answer.status_code == 201, answer.text
    (made,) = rows_of(runtime, Submission)

    def attached() -> dict[str, tuple[str, str | None]]:
        rows = rows_of(runtime, Attachment, submission_id=made.id)
        return {row.kind: (row.media_type, row.problem_code) for row in rows}

    odd = ("application/octet-stream", "unsupported_type")
    assert attached() == {"identity": ("image/jpeg", NOT_INSPECTED), "account": odd}
    (identity,) = [row for row in rows_of(runtime, Attachment) if row.kind == "identity"]
    assert runtime.blobs.get(identity.blob) == real
    advance(runtime, made.id)
    assert attached() == {"identity": ("image/jpeg", None), "account": odd}
    assert audit(runtime).breaches == ()


def test_nothing_is_left_of_files_that_were_refused(runtime: Runtime, sender: Sender) -> None:
    before = sorted(path for path in runtime.data_dir.rglob("*") if path.is_file() and "blobs" in path.parts)
    answer = sender.send_form(record(files=True), {"id.jpg": JPEG})
    assert fault_codes(answer) == {("#/record", "file_missing")}
    answer = sender.send_form(record(), {"stray.jpg": JPEG})
    assert fault_codes(answer) == {("#/record", "file_not_named")}
    after = sorted(path for path in runtime.data_dir.rglob("*") if path.is_file() and "blobs" in path.parts)
    assert before == after
    assert rows_of(runtime, Arrival) == []


REFUSED = {
    "no receipt number": (lambda r: r.update(receipt=""), {("#/record/receipt", "no_receipt_number")}),
    "no moment": (lambda r: r.update(submitted_at="きのう"), {("#/record/submitted_at", "bad_received_at")}),
    "a member is missing": (lambda r: r["applicant"].pop("kana"), {("#/record/applicant/kana", "missing_member")}),
    "a list for a value": (lambda r: r["account"].update(number=["1"]), {("#/record/account/number", "not_a_value")}),
    "half a character": (
        lambda r: r["applicant"].update(address="\ud83d"),
        {("#/record/applicant/address", "not_text")},
    ),
    "a way out of the folder": (
        lambda r: r.update(attachments={"identity": ["../../etc/passwd"]}),
        {("#/record/attachments/identity", "unsafe_file_name")},
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_taken_names_its_place(sqlite_sender: Sender, case: str) -> None:
    change, wanted = REFUSED[case]
    sent = record()
    change(sent)
    body = json.dumps({"procedure": "child_benefit", "record": sent}).encode()
    answer = sqlite_sender.client.post(
        f"{ROOT}/submissions",
        content=body,
        headers={**sqlite_sender.headers, "content-type": "application/json"},
    )
    assert answer.status_code == 422
    assert fault_codes(answer) == wanted
    assert rows_of(sqlite_sender.runtime, Arrival) == []


BODIES: dict[str, tuple[str, bytes, int, str]] = {
    "no JSON": ("application/json", b"{", 400, "malformed_json"),
    "not UTF-8": ("application/json", b'{"procedure": "\x82\xa0"}', 400, "malformed_json"),
    "NaN": ("application/json", b'{"procedure": NaN}', 400, "malformed_json"),
    "too deep": ("application/json", b"[" * 100_000, 400, "malformed_json"),
    "a list": ("application/json", b"[]", 422, "record_unfit"),
    "a number for a text": ("application/json", b'{"procedure": 5, "record": {}}', 422, "record_unfit"),
    "a member nobody knows": (
        "application/json",
        b'{"procedure": "child_benefit", "record": {}, "x": 1}',
        422,
        "record_unfit",
    ),
    "too large a record": ("application/json", b" " * (1024**2 + 1), 413, "record_too_large"),
    "text": ("text/plain", b"x", 415, "unsupported_media_type"),
    "a form without its mark": ("multipart/form-data", b"x", 415, "unsupported_media_type"),
    "a broken form": ("multipart/form-data; boundary=b", b"--c\r\n", 400, "malformed_form"),
    "a form that stops": (
        "multipart/form-data; boundary=b",
        b'--b\r\nContent-Disposition: form-data; name="submission"\r\n\r\n{',
        400,
        "malformed_form",
    ),
    "a form without the application": (
        "multipart/form-data; boundary=b",
        b'--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\nx\r\n--b--\r\n',
        422,
        "record_unfit",
    ),
    "a part nobody knows": (
        "multipart/form-data; boundary=b",
        b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\nx\r\n--b--\r\n',
        422,
        "record_unfit",
    ),
}


@pytest.mark.parametrize("case", BODIES)
def test_bodies_that_are_none(sqlite_sender: Sender, case: str) -> None:
    kind, body, status, code = BODIES[case]
    headers = {**sqlite_sender.headers, "content-type": kind}
    answer = sqlite_sender.client.post(f"{ROOT}/submissions", content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert rows_of(sqlite_sender.runtime, Arrival) == []


def test_a_file_beyond_its_limit_is_refused_and_gone(sqlite_runtime: Runtime) -> None:
    sender = Sender(sqlite_runtime, settings=WebSettings(max_attachment_mb=1, max_api_request_mb=3))
    answer = sender.send_form(record(files=True), {"id.jpg": b"x" * (1024**2 + 1), "account.jpg": JPEG})
    assert (answer.status_code, answer.json()["code"]) == (413, "file_too_large")
    many = {f"{n}.jpg": b"x" * 900_000 for n in range(5)}
    answer = sender.send_form(record(), many)
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert [path for path in sqlite_runtime.data_dir.rglob("*.part")] == []


def test_limits_are_those_of_the_installation(sqlite_runtime: Runtime) -> None:
    limits = Settings(api_per_minute=3, api_max_file_mb=1, api_max_request_mb=2, api_max_files=1)
    sender = Sender(sqlite_runtime, settings=web_settings(limits))
    two = sender.send_form(record(files=True), {"id.jpg": JPEG, "account.jpg": JPEG})
    assert (two.status_code, two.json()["errors"][0]["code"]) == (422, "too_many_files")
    large = sender.send_form(record(), {"id.jpg": b"x" * (1024**2 + 1)})
    assert (large.status_code, large.json()["code"]) == (413, "file_too_large")
    larger = sender.send_form(record(), {"id.jpg": b"x" * (2 * 1024**2 + 1)})
    assert (larger.status_code, larger.json()["title"]) == (413, "At most 2 MB; nothing was received.")
    assert sender.send(record()).status_code == 429
    assert rows_of(sqlite_runtime, Arrival) == []


def test_the_words_for_where_it_stands(rostered: Runtime) -> None:
    sender = Sender(rostered)
    sent = record()
    sent["answers"]["consent"] = False
    number = sender.send(sent).json()["receipt_number"]
    assert sender.status(number) == "received"
    (made,) = rows_of(rostered, Submission)
    advance(rostered, made.id)
    assert sender.status("C26-900001") == "in_review"
    task = task_of(rostered, made.id)
    draft = DeficiencyDraft("consent_missing", "consent", "同意の欄にチェックを入れてください。")
    request_correction(rostered, REVIEWER, task.id, [draft], task.version)
    asked = sender.get(f"/submissions/{number}").json()
    assert asked["status"] == "correction_requested"
    assert asked["correction"] == {"due_on": "2026-12-06", "deficiencies": ["同意の欄にチェックを入れてください。"]}
    withdraw(rostered, REVIEWER, task.id, "電話にて", task_of(rostered, made.id).version)
    ended = sender.get(f"/submissions/{number}").json()
    assert (ended["status"], ended["ending"], ended["correction"]) == ("ended", "withdrawn", None)


def test_the_schema_of_a_record_fits_what_is_sent(sqlite_sender: Sender) -> None:
    import jsonschema

    (told,) = sqlite_sender.get("/procedures").json()["procedures"]
    schema = told["record_schema"]
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    validator.validate(record(files=True))
    assert set(schema["required"]) == {"receipt", "submitted_at", "applicant", "children", "account", "answers"}
    broken = record()
    del broken["account"]["number"]
    assert not validator.is_valid(broken)
    assert told["attachments"] == {"attachments.identity": "identity", "attachments.account": "account"}


PLANTED = ("龗田 燚子", "オカミダ イツコ", "7731551", "群馬県みどり市大間々町桐原7731-55")


def planted(receipt: str) -> dict[str, Any]:
    sent = record(receipt)
    sent["applicant"] |= {"name": PLANTED[0], "kana": PLANTED[1], "address": PLANTED[3]}
    sent["account"]["number"] = PLANTED[2]
    return sent


def test_no_answer_and_no_log_says_what_was_sent(
    sqlite_sender: Sender,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    texts = []
    sender = sqlite_sender
    texts.append(sender.send(planted("P1")))
    changed = planted("P1")
    changed["applicant"]["phone"] = PLANTED[2]
    texts.append(sender.send(changed))
    wrong = planted("P2")
    wrong["account"]["number"] = {PLANTED[0]: PLANTED[1]}
    texts.append(sender.send(wrong))
    texts.append(sender.send(planted("P3"), **{PLANTED[0]: PLANTED[1]}))
    texts.append(sender.send(planted("P3"), identity={**ASSERTED, "issuer": [PLANTED[0]], PLANTED[1]: 1}))
    texts.append(sender.send(planted("P3"), procedure=PLANTED[0]))
    texts.append(sender.send_form(planted("P4"), {f"{PLANTED[0]}.jpg": JPEG}))
    texts.append(sender.get(f"/submissions/{PLANTED[0]}"))

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError(PLANTED[0])

    with monkeypatch.context() as failing:
        failing.setattr("pipeline.steps.intake_api.put_values", broken)
        texts.append(sender.send(planted("P5")))
    assert [answer.status_code for answer in texts] == [201, 409, 422, 422, 422, 403, 422, 404, 500]
    output = capsys.readouterr()
    said = "".join(answer.text + str(answer.headers) for answer in texts) + output.out + output.err + caplog.text
    events = "".join(row.payload for row in rows_of(sender.runtime, Event))
    assert [trace for trace in ("龗", "燚", "オカミダ", "7731") if trace in said + events] == []
    assert "request_failed" in output.out + output.err


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 1)), min_size=1, max_size=8))
def test_any_order_of_repeats_and_changes_has_one_effect_a_number(
    sqlite_sender: Sender, order: list[tuple[int, int]]
) -> None:
    """Whatever is sent how often: per number the first content counts, and everything is answered accordingly."""
    run = len(rows_of(sqlite_sender.runtime, Submission))
    first: dict[int, int] = {}
    receipts: dict[int, str] = {}
    for number, content in order:
        sent = record(f"H{run}-{number}", remark=str(content))
        answer = sqlite_sender.send(sent)
        if number not in first:
            first[number] = content
            assert answer.status_code == 201
            receipts[number] = answer.json()["receipt_number"]
        elif first[number] == content:
            assert (answer.status_code, answer.json()["receipt_number"]) == (200, receipts[number])
        else:
            assert answer.status_code == 409
    assert len(rows_of(sqlite_sender.runtime, Submission)) == run + len(first)
