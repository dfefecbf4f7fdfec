"""Stopped at any write an erasure is finished by the next run; its certificate and the rules of `audit` cannot be
fooled."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from sqlalchemy import event
from sqlmodel import col, select

from pipeline.outbound.certificate import certificate_pdf
from pipeline.runtime import Runtime
from pipeline.steps.audit import audit
from pipeline.steps.erasure import blobs as removal
from pipeline.steps.erasure.certificate import certificate_problems, get_certificate, verify_certificate
from pipeline.store.engine import write
from pipeline.store.events import append_event
from pipeline.store.tables import Arrival, Document, Erasure, Link, Page, Person, Submission
from tests.erasing import DUE, ended, erase_all, rows_in

__all__ = ["ended"]


class Killed(BaseException):
    """Stands for the end of the process."""


@contextmanager
def killed_at(runtime: Runtime, monkeypatch: pytest.MonkeyPatch, place: int) -> Iterator[list[int]]:
    """Dies at the `place`-th of these: just before a commit, just before or after the removal of bytes."""
    seen = [0]
    discard = removal.discard

    def step(*_: Any) -> None:
        seen[0] += 1
        if seen[0] == place:
            raise Killed

    def counted(*given: Any) -> None:
        step()
        discard(*given)
        step()

    monkeypatch.setattr(removal, "discard", counted)
    event.listen(runtime.engine, "commit", step)
    try:
        yield seen
    finally:
        event.remove(runtime.engine, "commit", step)
        monkeypatch.setattr(removal, "discard", discard)


@pytest.mark.parametrize("seed", range(2))
def test_killed_anywhere_it_is_finished_by_the_next_run(
    ended: Runtime, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Three deaths a store, each later than the one before, at other places for every seed."""
    deaths = 0
    for place in (1 + seed, 8 + 5 * seed, 20 + 7 * seed):
        with killed_at(ended, monkeypatch, place):
            try:
                erase_all(ended)
            except Killed:
                deaths += 1
    assert deaths >= 2
    report = erase_all(ended)
    assert rows_in(ended, Erasure)[0].finished_at is not None and len(rows_in(ended, Erasure)) == 1
    assert not report.waiting
    names = {path.name for path in (ended.data_dir / "blobs").rglob("*") if path.is_file()}
    certificates = {row.certificate for row in rows_in(ended, Erasure)}
    again = erase_all(ended)  # a certificate whose row was never written is a stray
    assert certificates <= names and again.number in ("", rows_in(ended, Erasure)[0].number)
    record = get_certificate(ended, rows_in(ended, Erasure)[0].number)["certificate"]
    assert len(record["submissions"]) == len(rows_in(ended, Submission))
    assert audit(ended).breaches == ()


def test_a_certificate_is_verified_with_the_key_of_the_house(ended: Runtime) -> None:
    report = erase_all(ended)
    signed = json.loads(json.dumps(get_certificate(ended, report.number)))
    assert verify_certificate(ended, signed).problems == ()
    signed["certificate"]["counts"]["field_value"] += 1
    assert verify_certificate(ended, signed).problems == ("signature",)
    assert verify_certificate(ended, {}).problems == ("not_a_certificate",)
    assert verify_certificate(ended, {"certificate": [], "signature": 3}).problems == ("not_a_certificate",)
    with write(ended.engine) as session:
        payload = {"cut": {"page": 1}, "arrivals": [], "submissions": []}
        row = session.exec(select(Erasure)).one()
        append_event(session, "erasure", row.id, "erased", actor="x", at=DUE, payload=payload)
    assert certificate_problems(ended, report.number) == (), "what came after it was signed is not its business"


def test_the_certificate_as_paper(ended: Runtime) -> None:
    signed = get_certificate(ended, erase_all(ended).number)
    pdf = certificate_pdf(signed)
    assert pdf == certificate_pdf(signed)
    text = "".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf))
    text = "".join(text.split())
    for row in signed["certificate"]["submissions"]:
        assert row["receipt_number"] in text
    for word in ("消去証明書", signed["certificate"]["number"], signed["signature"], "令和9年4月1日より前"):
        assert word in text


def change(model: Any, **values: Any) -> Callable[[Any], str]:
    def act(session: Any) -> str:
        row = session.exec(select(model).order_by(col(model.id))).first()
        for name, value in values.items():
            setattr(row, name, value)
        session.add(row)
        return str(row.id)

    return act


def page_again(session: Any) -> str:
    page = session.exec(select(Page).where(col(Page.document_id).is_not(None))).first()
    page.full_text = "[]"
    session.add(page)
    return str(session.get(Document, page.document_id).submission_id)


def link_again(session: Any) -> str:
    row = session.exec(select(Submission).order_by(col(Submission.id))).first()
    person = session.exec(select(Person)).first()
    session.add(Link(submission_id=row.id, role="child", role_index=1, person_id=person.id, status="auto"))
    return str(row.id)


def emptied_by_hand(session: Any) -> str:
    row = session.exec(select(Submission).order_by(col(Submission.id))).first()
    row.erased_at = None
    session.add(row)
    return str(row.id)


BREAKS: dict[str, tuple[str, Callable[[Any], str]]] = {
    "a number is back": ("erased_hold_nothing", change(Submission, source_number="1")),
    "a page's text is back": ("erased_hold_nothing", page_again),
    "a link is back": ("erased_hold_nothing", link_again),
    "no longer erased": ("erased_as_told", emptied_by_hand),
    "a certificate lost": ("erasures_certified", change(Erasure, certificate=None)),
    "another erasure's number": ("erasures_certified", change(Erasure, number="R8-E9999")),
}


@pytest.mark.parametrize("ended", ["sqlite"], indirect=True)
@pytest.mark.parametrize("case", BREAKS)
def test_a_breach_is_named_with_its_place(ended: Runtime, case: str) -> None:
    erase_all(ended)
    assert audit(ended).breaches == ()
    rule, act = BREAKS[case]
    with write(ended.engine) as session:
        where = act(session)
    assert (rule, where) in {(breach.rule, breach.where) for breach in audit(ended).breaches}


def test_an_arrival_emptied_past_the_erasure_is_found(ended: Runtime) -> None:
    with write(ended.engine) as session:
        row = session.exec(select(Arrival).order_by(col(Arrival.id))).first()
        row.blob = ""
        session.add(row)
    assert ("erased_as_told", row.id) in {(breach.rule, breach.where) for breach in audit(ended).breaches}


def test_a_process_killed_while_it_erases(ended: Runtime) -> None:
    """SIGKILL at seeded moments; whoever goes on leaves nothing undone and certifies nothing twice."""
    chance = random.Random(20270401)
    url = ended.engine.url.render_as_string(hide_password=False)
    killed = 0
    for _ in range(2):
        command = [sys.executable, "-m", "tests.erasure_worker", url, str(ended.data_dir)]
        worker = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
        assert worker.stdout is not None and worker.stdout.readline() == "ready\n"
        time.sleep(chance.uniform(0.02, 0.5))
        worker.kill()
        killed += worker.wait() != 0
    report = erase_all(ended)
    assert killed and not report.waiting
    assert len(rows_in(ended, Erasure)) == 1 and rows_in(ended, Erasure)[0].finished_at is not None
    assert {row.erased_at is not None for row in rows_in(ended, Submission)} == {True}
    assert audit(ended).breaches == ()
