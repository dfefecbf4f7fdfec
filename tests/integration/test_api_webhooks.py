"""Status events to a real receiver on loopback: signed, in order, again after a failure, and not for ever."""

from __future__ import annotations

import random
import time
from datetime import timedelta
from typing import Any

import httpx
import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_structured
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from standardwebhooks import Webhook, WebhookVerificationError

from pipeline.domain.drafts import DraftScope, Proposal
from pipeline.domain.statuses import CaseStatus, OutboundKind, OutboundStatus, Outcome, SubmissionStatus
from pipeline.outbound import webhook
from pipeline.review.approvals import approve_draft
from pipeline.review.drafts import make_draft
from pipeline.runtime import Runtime
from pipeline.steps import deliver as deliveries
from pipeline.steps.api_clients import close_client, is_safe_url, rotate_webhook_secret, set_webhook
from pipeline.steps.audit import audit
from pipeline.steps.deliver import DELAYS, MAX_ATTEMPTS, MOST_ASKED, PAUSE, delay_after, deliver, due_deliveries
from pipeline.store.tables import ApiClient, Case, Draft, Outbound, Submission
from tests.receiver import Receiver, World
from tests.runtime import CHIEF, REVIEWER, rows_of
from tests.sender import Sender
from tests.workers import deliver_all


def test_each_change_is_told_once_in_order_and_signed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.ask(world.first)
    world.end(world.first)
    assert [row.status for row in world.events()] == [OutboundStatus.DUE] * 3
    assert deliver_all(world.runtime)[OutboundStatus.SENT] == 3
    assert world.receiver.words == ["in_review", "correction_requested", "ended"]
    (made,) = rows_of(world.runtime, Submission)
    for place, (headers, body, path) in enumerate(world.receiver.seen, start=1):
        assert path == "/hook"
        event = from_structured(HTTPMessage(headers, body), JSONFormat(), CloudEvent)
        assert event.get_specversion() == "1.0" and event.get_type() == webhook.EVENT_TYPE
        assert event.get_id() == headers["webhook-id"]
        assert event.get_subject() == made.receipt_number
        assert event.get_attributes()["sequence"] == f"{place:04d}"
        assert set(event.get_data()) == {"procedure", "receipt_number", "sender_number", "status"}
        assert headers["content-type"].startswith("application/cloudevents+json")
        assert "cookie" not in headers
        verify(monkeypatch, world.secret, headers, body)
        with pytest.raises(WebhookVerificationError):
            verify(monkeypatch, world.secret, headers, body.replace(b"R8", b"R9"))
    assert deliver_all(world.runtime) == {}
    assert {row.sent_at for row in world.events()} == {world.runtime.clock()}
    assert audit(world.runtime).breaches == ()


def verify(monkeypatch: pytest.MonkeyPatch, secret: str, headers: dict[str, str], body: bytes) -> None:
    """As a receiver would, at the moment the event says."""
    import standardwebhooks.webhooks as library

    class Then(library.datetime):  # type: ignore[misc,name-defined]
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return cls.fromtimestamp(float(headers["webhook-timestamp"]), tz=tz)

    with monkeypatch.context() as at:
        at.setattr(library, "datetime", Then)
        Webhook(secret).verify(body, headers)


def test_who_typed_on_paper_or_wants_nothing_is_told_nothing(world: World) -> None:
    set_webhook(world.runtime, "city", "", actor="test")
    assert [row.status for row in world.events()] == [OutboundStatus.ABANDONED]
    world.application("C26-900002")
    world.ask(world.first)
    assert len(world.events()) == 1
    assert deliver_all(world.runtime) == {} and world.receiver.seen == []


@pytest.mark.parametrize("answer", [500, 503, 400, 302, 304, 307])
def test_what_is_no_success_is_tried_again_with_the_same_words(world: World, answer: int) -> None:
    world.receiver.plan = [answer, 204]
    done = deliver_all(world.runtime)
    assert (done, len(world.receiver.seen)) == ({OutboundStatus.DUE: 1}, 1)
    (row,) = world.events()
    assert (row.status, row.attempts, row.problem_code) == (OutboundStatus.DUE, 1, f"http_{answer}")
    assert deliver_all(world.runtime) == {} and len(world.receiver.seen) == 1, "not before its time"
    world.pass_(minutes=2)
    assert deliver_all(world.runtime)[OutboundStatus.SENT] == 1
    (first, second) = world.receiver.seen
    assert first[1] == second[1] and first[0]["webhook-id"] == second[0]["webhook-id"]
    assert first[0]["webhook-timestamp"] != second[0]["webhook-timestamp"]
    assert {path for _, _, path in world.receiver.seen} == {"/hook"}, "a redirect is not followed"


@pytest.mark.parametrize(
    ("asked", "wait"),
    [
        ("Sun, 22 Nov 2026 01:30:00 GMT", timedelta(minutes=30)),
        ("31536000", MOST_ASKED),
        ("soon", PAUSE),
    ],
)
def test_a_receiver_that_asks_for_time_is_given_it(world: World, asked: str, wait: timedelta) -> None:
    world.application("C26-900002")
    world.receiver.plan = [(503, asked), 204]
    assert deliver_all(world.runtime)[OutboundStatus.DUE] == 1
    tried, other = sorted(world.events(), key=lambda row: -row.attempts)
    now = world.runtime.clock()
    assert tried.next_attempt_at >= now + wait * 0.8 and other.next_attempt_at == now + wait
    world.runtime.clock.now = other.next_attempt_at - timedelta(seconds=20)  # type: ignore[attr-defined]
    assert other.id not in due_deliveries(world.runtime)
    world.pass_(minutes=1)
    assert deliver_all(world.runtime)[OutboundStatus.SENT] == 2


def test_what_was_put_off_by_a_clock_since_set_back_goes_out(world: World) -> None:
    world.receiver.plan = [(503, "43200"), 503, 204]
    world.ask(world.first)
    deliver_all(world.runtime)
    world.pass_(days=-1)
    assert deliver_all(world.runtime)[OutboundStatus.DUE] == 1
    world.pass_(days=-1)
    first, second = world.events()
    assert deliver(world.runtime, [second.id]) == {} and len(world.receiver.seen) == 2
    assert deliver(world.runtime, [first.id]) == {OutboundStatus.SENT: 1}
    assert deliver_all(world.runtime)[OutboundStatus.SENT] == 1
    assert world.receiver.words == ["in_review"] * 3 + ["correction_requested"]


def test_nothing_the_receiver_says_is_kept(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    world.receiver.plan = [500]
    world.ask(world.first)
    deliver_all(world.runtime)
    kept = "".join(repr(row) for row in world.events()) + caplog.text
    assert "secrets of the receiver" not in kept and "龗" not in kept


def test_it_is_given_up_after_about_a_day_and_does_not_hold_back_what_follows(world: World) -> None:
    world.receiver.plan = [500]
    world.ask(world.first)
    began = world.runtime.clock()
    for _ in range(MAX_ATTEMPTS):
        deliver_all(world.runtime)
        first, second = world.events()
        assert second.attempts == 0
        if first.status is OutboundStatus.FAILED:
            break
        assert first.next_attempt_at is not None
        world.runtime.clock.now = first.next_attempt_at  # type: ignore[attr-defined]
    assert (first.status, first.attempts, first.problem_code) == (OutboundStatus.FAILED, MAX_ATTEMPTS, "http_500")
    spent = world.runtime.clock() - began
    assert 0.75 * sum(DELAYS, start=DELAYS[0] * 0) < spent < 1.25 * sum(DELAYS, start=DELAYS[0] * 0)
    world.receiver.plan = [204]
    world.pass_(minutes=2)
    assert deliver_all(world.runtime)[OutboundStatus.SENT] == 1
    assert world.receiver.words[-1] == "correction_requested"


def test_a_later_event_waits_for_an_earlier_one(world: World) -> None:
    world.receiver.plan = [500, 204]
    world.ask(world.first)
    other = world.application("C26-900002")
    first, second = world.events(submission_id=world.first)
    assert due_deliveries(world.runtime) == [first.id, *(row.id for row in world.events(submission_id=other))]
    assert deliver(world.runtime, [first.id]) == {OutboundStatus.DUE: 1}
    world.pass_(seconds=30)
    assert deliver(world.runtime, [second.id]) == {}, "asked for by name it waits all the same"
    assert second.id not in due_deliveries(world.runtime)
    assert len(world.receiver.seen) == 1
    world.pass_(minutes=2)
    assert deliver_all(world.runtime)[OutboundStatus.SENT] == 3
    mine = [e["data"]["status"] for e in world.receiver.events if e["data"]["sender_number"] == "C26-900001"]
    assert mine == ["in_review", "in_review", "correction_requested"]


def test_a_receiver_that_is_down_is_asked_once_a_round(world: World) -> None:
    for number in range(2, 6):
        world.application(f"C26-90000{number}")
    set_url(world, "http://127.0.0.1:9/hook")  # nothing listens there
    done = deliver_all(world.runtime)
    assert done == {OutboundStatus.DUE: 1}
    assert sorted(row.attempts for row in world.events()) == [0, 0, 0, 0, 1]
    assert {row.problem_code for row in world.events() if row.attempts} == {"webhook_unreachable"}
    set_url(world, world.receiver.url)
    world.pass_(minutes=2)
    assert deliver_all(world.runtime)[OutboundStatus.SENT] == 5


def set_url(world: World, url: str) -> None:
    from pipeline.store.engine import write

    with write(world.runtime.engine) as session:
        row = session.get_one(ApiClient, world.sender.id)
        row.webhook_url = url
        session.add(row)


def test_a_receiver_that_is_slow_is_not_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "TIMEOUT", httpx.Timeout(0.3))

    def slowly() -> int:
        time.sleep(1.0)
        return 204

    world.receiver.plan = [slowly]
    before = time.monotonic()
    assert deliver_all(world.runtime)[OutboundStatus.DUE] == 1
    assert time.monotonic() - before < 5
    (row,) = world.events()
    assert row.problem_code == "webhook_timeout"


def test_gone_closes_the_webhook(world: World) -> None:
    world.receiver.plan = [410]
    world.application("C26-900002")
    world.ask(world.first)
    assert deliver_all(world.runtime)[OutboundStatus.FAILED] == 1
    assert len(world.receiver.seen) == 1
    assert {(row.status, row.problem_code) for row in world.events()} == {(OutboundStatus.FAILED, "http_410")}
    (client,) = rows_of(world.runtime, ApiClient)
    assert (client.webhook_url, client.webhook_secret_token, client.active) == ("", "", True)
    world.end(world.first)
    assert len(world.events()) == 3, "nothing more is put into the outbox"


class Killed(BaseException):
    """What a killed process looks like from inside."""


def test_a_crash_between_delivering_and_marking_delivers_again_under_the_same_id(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken, pytest.raises(Killed):

        def dies(*_: object) -> None:
            raise Killed

        broken.setattr(deliveries, "_write_down", dies)
        deliver_all(world.runtime)
    (row,) = world.events()
    assert (row.status, row.attempts) == (OutboundStatus.DUE, 1)
    assert deliver_all(world.runtime) == {}, "still in the dead worker's hands"
    world.pass_(minutes=2)
    assert deliver_all(world.runtime)[OutboundStatus.SENT] == 1
    first, second = world.receiver.seen
    assert first[0]["webhook-id"] == second[0]["webhook-id"] and first[1] == second[1]


def test_an_event_is_there_exactly_when_the_change_is(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    import pipeline.review.decisions as decisions

    def dies(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as broken, pytest.raises(Killed):
        broken.setattr(decisions, "append_event", dies)  # after the status has moved, before the commit
        world.ask(world.first)
    (made,) = rows_of(world.runtime, Submission)
    assert made.status is SubmissionStatus.IN_REVIEW
    assert len(world.events()) == 1
    world.ask(world.first)
    assert len(world.events()) == 2


def test_two_workers_deliver_an_event_once(world: World) -> None:
    (row,) = world.events()

    def second() -> int:
        assert deliver(world.runtime, [row.id]) == {}
        return 204

    world.receiver.plan = [second]
    assert deliver(world.runtime, [row.id]) == {OutboundStatus.SENT: 1}
    assert len(world.receiver.seen) == 1


def test_a_new_secret_signs_beside_the_old_one_for_a_day(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    new = rotate_webhook_secret(world.runtime, "city", actor="test")
    deliver_all(world.runtime)
    headers, body, _ = world.receiver.seen[0]
    for secret in (world.secret, new):
        verify(monkeypatch, secret, headers, body)
    world.pass_(hours=25)
    world.ask(world.first)
    deliver_all(world.runtime)
    headers, body, _ = world.receiver.seen[1]
    verify(monkeypatch, new, headers, body)
    with pytest.raises(WebhookVerificationError):
        verify(monkeypatch, world.secret, headers, body)


def test_who_is_closed_is_told_nothing_more(world: World) -> None:
    close_client(world.runtime, "city", actor="test")
    assert deliver_all(world.runtime) == {} and world.receiver.seen == []
    assert [row.status for row in world.events()] == [OutboundStatus.ABANDONED]


def test_letters_and_events_do_not_take_each_other(world: World) -> None:
    world.ask(world.first)
    (letter,) = rows_of(world.runtime, Outbound, kind=OutboundKind.CORRECTION_LETTER)
    assert letter.status is OutboundStatus.READY
    assert letter.id not in due_deliveries(world.runtime)


@pytest.mark.parametrize(
    ("url", "plain_http", "safe"),
    [
        ("https://site.example.lg.jp/hook", False, True),
        ("https://10.1.2.3:8443/hook?x=1", False, True),
        ("http://127.0.0.1:8000/hook", False, True),
        ("http://localhost/hook", False, True),
        ("http://[::1]/hook", False, True),
        ("http://10.1.2.3/hook", False, False),
        ("http://10.1.2.3/hook", True, True),
        ("http://127.0.0.1.example.com/", False, False),
        ("https://user:word@example.com/", False, False),
        ("https://example.com/#x", False, False),
        ("ftp://example.com/", True, False),
        ("file:/etc/passwd", True, False),
        ("https://", False, False),
        ("https://exa mple.com/", False, False),
        ("https://example.com:99999/", False, False),
        ("https://[::1/", False, False),
    ],
)
def test_addresses_that_events_may_go_to(url: str, plain_http: bool, safe: bool) -> None:
    assert is_safe_url(url, plain_http=plain_http) is safe


def test_waits_grow_and_differ() -> None:
    chance = random.Random(7)
    for attempts, delay in enumerate(DELAYS, start=1):
        waits = [delay_after(attempts, chance) for _ in range(50)]
        assert all(delay * 0.8 <= wait <= delay * 1.2 for wait in waits)
        assert len(set(waits)) > 40


def test_what_superiors_approve_is_told_to_who_sent_it(small: Runtime, receiver: Receiver) -> None:
    sender = Sender(small)
    set_webhook(small, "city", receiver.url, actor="test")
    cases = [case for case in rows_of(small, Case) if case.status is CaseStatus.EXAMINED]
    sources = {row.id: row.source for row in rows_of(small, Submission)}
    mine = [case for case in cases if sources[case.adopted_submission_id] == "child_benefit:city_site"]
    assert mine and len(mine) < len(cases)
    scope = DraftScope(mine[0].procedure_id, mine[0].department)
    granted, *refused = sorted(cases, key=lambda case: case not in mine)
    plan = [Proposal(granted.id), *(Proposal(case.id, Outcome.REFUSE, "対象外") for case in refused)]
    (draft,) = rows_of(small, Draft, id=make_draft(small, REVIEWER, scope, plan))
    assert rows_of(small, Outbound, kind=OutboundKind.STATUS_EVENT) == []
    (before,) = rows_of(small, Submission, id=granted.adopted_submission_id)
    assert sender.status(before.source_number) == "in_review"
    approve_draft(small, CHIEF, draft.id, draft.version)
    adopted = {case.adopted_submission_id for case in mine}
    decided = [one for one in adopted if sender.status(_number(small, one)) == "decided"]
    assert decided, "some application of this system is decided as a whole"
    words = {("grant", "支給"), ("refuse", "不支給")}
    for one in decided:
        outcomes = sender.get(f"/submissions/{_number(small, one)}").json()["outcomes"]
        assert outcomes and {(word["outcome"], word["label_ja"]) for word in outcomes} <= words
    done = deliver_all(small)
    assert done[OutboundStatus.SENT] == len(receiver.seen) > 0
    events = {event["data"]["sender_number"]: event["data"]["status"] for event in receiver.events}
    assert {number for number, word in events.items() if word == "decided"} == {_number(small, one) for one in decided}
    assert deliver_all(small) == {}
    assert audit(small).breaches == ()


def _number(runtime: Runtime, submission_id: str) -> str:
    (row,) = rows_of(runtime, Submission, id=submission_id)
    return str(row.source_number)
