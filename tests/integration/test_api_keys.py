"""Who may use the API: keys, their procedures, their pace, and what they never see."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from pipeline.runtime import Runtime
from pipeline.steps.api_clients import add_client, close_client, forbid_procedure, rotate_key
from pipeline.store.engine import write
from pipeline.store.tables import Arrival, Event, Submission
from tests.runtime import rows_of
from tests.sender import ROOT, Sender, record
from web.settings import WebSettings


@pytest.mark.parametrize("who", ["nobody", "a wrong key", "a closed system", "a staff session", "a key in the address"])
def test_who_is_not_known_may_do_nothing(sqlite_sender: Sender, who: str) -> None:
    sender = sqlite_sender
    assert sender.send(record()).status_code == 201
    good = sender.key
    if who == "a closed system":
        close_client(sender.runtime, sender.name, actor="test")
    else:
        sender.key = {"a wrong key": f"{good[:-1]}{'A' if good[-1] != 'A' else 'B'}"}.get(who, "")
    if who == "a staff session":
        sender.client.cookies.set("session", good)
    question = f"?key={good}" if who == "a key in the address" else ""
    answers = [sender.get(f"{path}{question}") for path in ("/submissions/C26-900001", "/procedures")]
    answers.append(sender.send(record("C26-900009")))
    answers.append(sender.client.post(f"{ROOT}/submissions", content=b"x" * 3_000_000, headers=sender.headers))
    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthorised")
        assert answer.headers["www-authenticate"] == "Bearer"
    assert len(rows_of(sender.runtime, Submission)) == 1


def test_a_procedure_that_is_not_ones_own(sqlite_sender: Sender) -> None:
    answers = [sqlite_sender.send(record(), procedure=name) for name in ("nursery", "' OR 1=1", "child_benefit2")]
    assert {(answer.status_code, answer.text) for answer in answers} == {(403, answers[0].text)}
    forbid_procedure(sqlite_sender.runtime, sqlite_sender.name, "child_benefit", actor="test")
    assert sqlite_sender.send(record()).status_code == 403
    assert rows_of(sqlite_sender.runtime, Arrival) == []


def test_the_applications_of_others_are_not_there(sqlite_sender: Sender) -> None:
    made = sqlite_sender.send(record()).json()
    other = Sender(sqlite_sender.runtime, "other", scoped=False)
    none = other.get("/submissions/C26-999999")
    for number in (made["receipt_number"], made["sender_number"]):
        assert sqlite_sender.get(f"/submissions/{number}").status_code == 200
        answer = other.get(f"/submissions/{number}")
        assert (answer.status_code, answer.text) == (404, none.text)


def test_a_protected_person_is_answered_for_alike(sqlite_sender: Sender) -> None:
    made = sqlite_sender.send(record()).json()
    plain = sqlite_sender.get(f"/submissions/{made['receipt_number']}")
    with write(sqlite_sender.runtime.engine) as session:
        session.execute(update(Submission).values(protected=True))
    assert sqlite_sender.get(f"/submissions/{made['receipt_number']}").text == plain.text
    other = Sender(sqlite_sender.runtime, "other", scoped=False)
    assert other.get(f"/submissions/{made['receipt_number']}").status_code == 404


def test_a_new_key_lets_the_old_one_live_for_a_day(runtime: Runtime, sender: Sender) -> None:
    old = sender.key
    new = rotate_key(runtime, sender.name, actor="test")
    clock = runtime.clock
    for key in (old, new):
        sender.key = key
        assert sender.get("/procedures").status_code == 200
    clock.pass_(hours=25)  # type: ignore[attr-defined]
    assert sender.get("/procedures").status_code == 200
    sender.key = old
    assert sender.get("/procedures").status_code == 401
    sender.key = new
    newest = rotate_key(runtime, sender.name, actor="test", at_once=True)
    assert sender.get("/procedures").status_code == 401
    sender.key = newest
    assert sender.get("/procedures").status_code == 200


def test_no_key_is_in_the_store(runtime: Runtime, sender: Sender) -> None:
    add_client(runtime, "second", actor="test")
    stored = "".join(path.read_bytes().decode("latin-1") for path in runtime.data_dir.rglob("*") if path.is_file())
    assert sender.key not in stored
    assert sender.key.removeprefix("ichimado_") not in "".join(row.payload for row in rows_of(runtime, Event))


def test_who_asks_too_much_waits(sqlite_runtime: Runtime) -> None:
    sender = Sender(sqlite_runtime, settings=WebSettings(api_per_minute=3))
    codes = [sender.get("/procedures").status_code for _ in range(4)]
    assert codes == [200, 200, 200, 429]
    answer = sender.get("/procedures")
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert answer.json()["code"] == "too_many_requests"


def test_staff_pages_know_nothing_of_keys(sqlite_sender: Sender) -> None:
    answer = sqlite_sender.client.get("/queue", headers=sqlite_sender.headers, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
