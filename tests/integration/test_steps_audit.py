"""`audit` on both databases: a clean store is clean, and each rule, broken on purpose, is the one named."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from pipeline.domain.statuses import CaseStatus, DraftStatus, LinkStatus, OutboundKind, PageFate
from pipeline.runtime import Runtime
from pipeline.steps.advance import advance_batch
from pipeline.steps.audit import RULES, audit
from pipeline.steps.intake_paper import receive_files
from pipeline.store.engine import read, write
from pipeline.store.events import append_event
from pipeline.store.tables import (
    Approval,
    Arrival,
    Attachment,
    Case,
    Draft,
    DraftCase,
    Entry,
    Event,
    Household,
    HouseholdLink,
    HouseholdMember,
    Link,
    MatchKey,
    Outbound,
    PackVersion,
    Page,
    Person,
    ReviewTask,
    Roster,
    Seal,
    Submission,
    Trace,
)
from tests.integration.test_steps_paper import SLIP
from tests.papers import application, tiff
from tests.runtime import advance_all, rows_of


def one(session: Any, model: type[Any], **where: Any) -> Any:
    query = select(model)
    for name, value in where.items():
        query = query.where(getattr(model, name) == value)
    return session.exec(query.order_by(model.id)).first()


def forget_blob(runtime: Runtime, digest: str) -> None:
    (path,) = (runtime.data_dir / "blobs").rglob(digest)
    path.unlink()


def lose_arrival(runtime: Runtime, session: Any) -> str:
    row = one(session, Arrival, source="scanner")
    forget_blob(runtime, row.blob)
    return str(row.id)


def lose_page(runtime: Runtime, session: Any) -> str:
    row = one(session, Page, position=1)
    forget_blob(runtime, row.blob)
    return str(row.id)


def lose_view(runtime: Runtime, session: Any) -> str:
    row = one(session, Page, position=1)
    forget_blob(runtime, row.view)
    return str(row.id)


def alter_page(runtime: Runtime, session: Any) -> str:
    """The same size, one bit changed: what a look at names and sizes would not find."""
    digest = str(one(session, Page, position=1).blob)
    (path,) = (runtime.data_dir / "blobs").rglob(digest)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    return digest


def lose_letter(runtime: Runtime, session: Any) -> str:
    row = Outbound(kind=OutboundKind.CASE_EXPORT, idempotency_key="x", department="kodomo", blob="ab" * 32)
    session.add(row)
    return row.id


def lose_attachment(runtime: Runtime, session: Any) -> str:
    row = one(session, Attachment)
    row.blob = "cd" * 32
    session.add(row)
    return str(row.id)


def change(model: type[Any], where: dict[str, Any], **values: Any) -> Callable[[Runtime, Any], str]:
    def act(runtime: Runtime, session: Any) -> str:
        row = one(session, model, **where)
        for name, value in values.items():
            setattr(row, name, value)
        session.add(row)
        return str(row.id)

    return act


def drop_page_from_document(runtime: Runtime, session: Any) -> str:
    row = one(session, Page, position=2)
    row.document_id = None
    session.add(row)
    return str(row.id)


def second_link(runtime: Runtime, session: Any) -> str:
    row = one(session, Link, role="child")
    copy = {"submission_id", "role", "role_index", "person_id", "status"}
    session.add(Link(**row.model_dump(include=copy)))
    return str(row.submission_id)


def orphan_entry(runtime: Runtime, session: Any) -> str:
    row = one(session, Entry, status="in_case")
    row.status = "in_review"
    session.add(row)
    return str(row.id)


def close_task_alone(runtime: Runtime, session: Any) -> str:
    # That of the paper application, of which nothing could be read: it has no entry to miss the task.
    row = session.exec(
        select(ReviewTask).where(ReviewTask.submission_id.is_not(None), ReviewTask.batch_id.is_not(None))
    ).one()  # type: ignore[union-attr]
    row.status, row.open_key = "done", None
    session.add(row)
    return str(row.submission_id)


def altered_event(runtime: Runtime, session: Any) -> str:
    row = one(session, Event, kind="submission_settled")
    row.actor = "somebody"
    session.add(row)
    return str(row.aggregate_id)


def cut_chain(runtime: Runtime, session: Any) -> str:
    row = session.exec(select(Event).order_by(Event.id.desc())).first()  # type: ignore[union-attr]
    session.delete(row)
    return str(one(session, Seal).id)


def forged_seal(runtime: Runtime, session: Any) -> str:
    row = one(session, Seal)
    row.events -= 1
    session.add(row)
    return str(row.id)


def end_draft_alone(runtime: Runtime, session: Any) -> str:
    draft = one(session, Draft, status="circulating")
    draft.status = DraftStatus.WITHDRAWN
    session.add(draft)
    return str(one(session, DraftCase, draft_id=draft.id).case_id)


def another_ground(runtime: Runtime, session: Any) -> str:
    row = one(session, DraftCase, outcome="refuse")
    row.ground = "別の理由"
    session.add(row)
    return str(row.draft_id)


def approved_by_drafter(runtime: Runtime, session: Any) -> str:
    row = one(session, Approval, kind="approve")
    row.made_by = one(session, Draft, id=row.draft_id).made_by
    session.add(row)
    return str(row.draft_id)


def approval_gone(runtime: Runtime, session: Any) -> str:
    row = one(session, Approval, kind="approve")
    session.delete(row)
    return str(row.draft_id)


def granted_alone(runtime: Runtime, session: Any) -> str:
    """With its event, so that the history itself is in order."""
    row = one(session, Case, status="examined")
    row.status = CaseStatus.GRANTED
    session.add(row)
    append_event(session, "case", row.id, "case_granted", actor="somebody", at=runtime.clock())
    return str(row.id)


def merged_by_hand(runtime: Runtime, session: Any) -> str:
    gone, kept = session.exec(select(Person).order_by(col(Person.id)).limit(2)).all()
    gone.merged_into = kept.id
    session.add(gone)
    return str(gone.id)


def somebody_unmeant_with_keys(runtime: Runtime, session: Any) -> str:
    person = Person(name="誰か", source="application")
    session.add(person)
    session.flush()
    session.add(MatchKey(key="k", person_id=person.id, rule="1"))
    return person.id


def second_household(runtime: Runtime, session: Any) -> str:
    link = session.exec(select(HouseholdLink).where(HouseholdLink.status != "undone")).first()
    other = session.exec(select(Household).where(Household.id != link.household_id)).first()
    session.add(HouseholdLink(submission_id=link.submission_id, household_id=other.id, status=LinkStatus.AUTO))
    return str(link.submission_id)


def in_two_households(runtime: Runtime, session: Any) -> str:
    stay = session.exec(select(HouseholdMember)).first()
    other = session.exec(select(Household).where(Household.id != stay.household_id)).first()
    later = stay.valid_from + timedelta(days=1)
    session.add(HouseholdMember(household_id=other.id, person_id=stay.person_id, valid_from=later))
    return str(stay.person_id)


MERGING = {"merged_are_empty", "keys_are_of_the_living"}
"""Rules that only people who were registered or merged by a clerk give something to look at."""

ERASURE = {"erased_hold_nothing", "erased_as_told", "erasures_certified"}
"""Rules that only an erasure gives something to look at; test_erasure_audit.py breaks them."""

BREAKS: dict[str, tuple[str, Callable[[Runtime, Any], str]]] = {
    "a fate taken back": ("pages_accounted", change(Page, {"position": 3}, fate=PageFate.PENDING)),
    "a page out of its document": ("pages_accounted", drop_page_from_document),
    "a scan file lost": ("arrivals_have_blobs", lose_arrival),
    "a page picture lost": ("pictures_have_blobs", lose_page),
    "a page picture altered": ("blobs_unaltered", alter_page),
    "a view lost": ("pictures_have_blobs", lose_view),
    "a letter lost": ("pictures_have_blobs", lose_letter),
    "an attachment lost": ("pictures_have_blobs", lose_attachment),
    "a task closed alone": ("submissions_have_a_place", close_task_alone),
    "forgotten by the flows": (
        "submissions_have_a_place",
        change(Submission, {"status": "settled"}, due=True),
    ),
    "an entry nowhere": ("entries_in_one_place", orphan_entry),
    "a second link": ("one_active_link_each", second_link),
    "a second household": ("one_household_each", second_household),
    "in two households": ("one_household_at_a_time", in_two_households),
    "a list not read to its end": ("lists_are_whole", change(Roster, {}, done=1)),
    "nobody adopted": ("cases_have_one_adopted", change(Case, {}, adopted_submission_id=None)),
    "a status by hand": ("cases_replay", change(Case, {"status": "examined"}, status="open")),
    "an event altered": ("chains_whole", altered_event),
    "a chain cut short": ("seals_hold", cut_chain),
    "a forged seal": ("seals_hold", forged_seal),
    "a draft taken back by hand": ("drafted_in_one", end_draft_alone),
    "another total": ("drafts_unaltered", change(Draft, {"status": "circulating"}, total_yen=1)),
    "another ground": ("drafts_unaltered", another_ground),
    "approved by its drafter": ("approved_by_others", approved_by_drafter),
    "an approval taken away": ("approved_by_others", approval_gone),
    "granted past the draft": ("determined_by_approval", granted_alone),
    "merged by hand": ("merged_are_empty", merged_by_hand),
    "keys of nobody": ("keys_are_of_the_living", somebody_unmeant_with_keys),
    "another account": ("traces_fit", change(Trace, {"kind": "account"}, digest="another")),
    "a task left behind": ("protected_are_whole", change(ReviewTask, {"kind": "intake"}, protected=True)),
}


def test_every_rule_is_broken_here() -> None:
    assert {rule for rule, _ in BREAKS.values()} == set(RULES) - ERASURE


@pytest.mark.parametrize("case", BREAKS)
def test_a_breach_is_named_with_its_place(decided: Runtime, case: str) -> None:
    rule, act = BREAKS[case]
    with write(decided.engine) as session:
        where = act(decided, session)
    found = {(breach.rule, breach.where) for breach in audit(decided).breaches}
    assert (rule, where) in found
    assert {name for name, _ in found} == {rule}


def test_a_quick_look_misses_what_was_altered_but_not_what_is_gone(both: Runtime) -> None:
    with read(both.engine) as session:
        alter_page(both, session)
    assert audit(both, content=False).breaches == ()
    with read(both.engine) as session:
        where = lose_view(both, session)
    assert [breach.where for breach in audit(both, content=False).breaches] == [where]


def test_every_rule_looked_at_something(decided: Runtime) -> None:
    checked = audit(decided).checked
    assert set(checked) == set(RULES)
    assert {rule for rule, count in checked.items() if count} == set(RULES) - ERASURE - MERGING


def test_a_clean_store_is_sealed_and_a_broken_one_is_not(both: Runtime) -> None:
    seals = len(rows_of(both, Seal))
    audit(both)
    assert len(rows_of(both, Seal)) == seals + 1
    audit(both, seal=False)
    with write(both.engine) as session:
        session.execute(text("UPDATE event SET actor = 'x' WHERE seq = 1"))
    audit(both)
    assert len(rows_of(both, Seal)) == seals + 1


def test_seals_hold_while_the_store_grows(both: Runtime) -> None:
    received = receive_files(both, SLIP, [("b.tif", tiff(application(5)))], actor="test")
    assert received.batch_id is not None
    advance_batch(both, received.batch_id)
    advance_all(both)
    report = audit(both)
    assert report.breaches == () and report.checked["seals_hold"] == 1
    assert audit(both).checked["seals_hold"] == 2


def test_what_an_earlier_version_granted_without_approval_stays_granted(both: Runtime) -> None:
    with write(both.engine) as session:
        granted_alone(both, session)
        version = one(session, PackVersion)
        content = json.loads(version.content)
        del content["review"]["approvals"]  # as packs were before they could ask for any
        version.content, version.digest = json.dumps(content), "earlier"
        session.add(version)
    assert audit(both).breaches == ()


def test_an_empty_store_is_clean(runtime: Runtime) -> None:
    assert audit(runtime).breaches == () and audit(runtime).breaches == ()
