"""支援措置: every page is asked for everything that leads to a protected person, by everybody without that right.

Two stores, alike but for one: in it a protected person has applied, on paper and with everything that hangs on it. What
staff without the right see must be the same in both, byte for byte, and every address into the hidden part must answer
as an address of nothing does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from sqlmodel import SQLModel, col, select

from pipeline.domain.drafts import DraftScope, Proposal
from pipeline.domain.statuses import (
    CaseStatus,
    Channel,
    EntryStatus,
    OutboundKind,
    OutboundStatus,
    ReasonCode,
    RegroupingKind,
    StaffRole,
)
from pipeline.review.drafts import make_draft
from pipeline.steps.packs import get_pack
from pipeline.steps.people import index_person
from pipeline.steps.traces import trace_account
from pipeline.store.access import Viewer, grants
from pipeline.store.engine import read, write
from pipeline.store.events import append_event
from pipeline.store.tables import (
    Case,
    Entry,
    Event,
    Outbound,
    Person,
    Regrouping,
    ReviewReason,
    ReviewTask,
    Submission,
    User,
)
from tests.databases import Databases
from tests.factories import (
    DEPARTMENT,
    Store,
    make_attachment,
    make_candidate,
    make_link,
    make_person,
    make_store,
    make_submission,
    make_task,
    make_user,
)
from tests.integration.test_web_doors import DOORS, READERS
from tests.webclient import Browser, token_in

SECRETS = ("守山", "モリヤマ", "0455550199", "R8-000901", "R8-C000901", "2026-11-22-91", "7654321")
HIDDEN = {
    "applicant_name": "守山 静", "applicant_kana": "モリヤマ シズカ", "phone": "0455550199",
    "account_number": "7654321", "child_name.1": "守山 光", "child_kana.1": "モリヤマ ヒカル",
}  # fmt: skip

HINA = date(2019, 4, 9)

CURIOUS: dict[str, tuple[str, list[StaffRole]]] = {
    "reviewer": (DEPARTMENT, [StaffRole.REVIEWER]),
    "mailroom": (DEPARTMENT, [StaffRole.MAILROOM]),
    "approver": (DEPARTMENT, [StaffRole.APPROVER]),
    "everything": (DEPARTMENT, list(StaffRole)),
    "operator": (DEPARTMENT, [StaffRole.OPERATOR]),
    "administrator": (DEPARTMENT, [StaffRole.ADMINISTRATOR]),
    "elsewhere": ("zeimu", list(StaffRole)),
}


def make_case(store: Store, submission_id: str, person: str, number: str, **given: Any) -> str:
    """An examined case of this application."""
    case = Case(
        number=number, procedure_id="child_benefit", instance="2026", subject_id=person, department=DEPARTMENT,
        status=CaseStatus.EXAMINED, adopted_submission_id=submission_id, amount_yen=50_000,
        opened_at=store.now, **given,
    )  # fmt: skip
    with write(store.runtime.engine) as session:
        session.add(case)
        session.flush()
        for kind in ("case_opened", "case_examined"):
            append_event(session, "case", case.id, kind, actor="system", at=store.now)
        for entry in session.exec(select(Entry).where(Entry.submission_id == submission_id)).all():
            entry.case_id, entry.status = case.id, EntryStatus.IN_CASE
            session.add(entry)
    return case.id


def fill(store: Store) -> None:
    """Staff, and two applications that everybody of the department may see: one open, one drafted."""
    for login, (department, roles) in CURIOUS.items():
        make_user(store, login, display_name=f"職員 {login}", department=department, roles=roles)
    make_user(store, "trusted", display_name="岡田 恵", roles=sorted(READERS), sees_protected=True)
    child = make_person(store, "髙橋 陽菜", "タカハシ ヒナ", household_number="H1", birth_date=HINA)
    give_keys(store, child)
    for number in ("R8-000001", "R8-000002"):
        one = make_submission(store, channel=Channel.MAIL, receipt_number=number)
        give_account(store, one)
        make_candidate(store, one, child)
        make_link(store, one, child)
        make_attachment(store, one)
    make_task(store, one)
    other = make_person(store, "髙橋 翼", "タカハシ ツバサ", household_number="H1")
    settled = make_submission(store, status="settled", receipt_number="R8-000003")
    case = make_case(store, settled, other, "R8-C000001")
    drafter = Viewer("drafter", "", DEPARTMENT, grants(DEPARTMENT, StaffRole.REVIEWER))
    make_draft(store.runtime, drafter, DraftScope("child_benefit", DEPARTMENT), [Proposal(case)])


def give_keys(store: Store, person_id: str) -> None:
    """The person is found by who looks for somebody like them."""
    with write(store.runtime.engine) as session:
        index_person(session, session.get_one(Person, person_id), store.runtime.secrets.key)


def give_account(store: Store, submission_id: str) -> None:
    """The application is found by its account."""
    with write(store.runtime.engine) as session:
        pack = get_pack(session, store.pack_version_id)
        trace_account(session, store.runtime.secrets, submission_id, pack, store.now)


def one_of(store: Store, table: type[SQLModel], **known: str) -> str:
    """The id of the first row that is so."""
    with read(store.runtime.engine) as session:
        return str(session.exec(select(table.id).filter_by(**known)).first())  # type: ignore[attr-defined]


def known_pages(store: Store) -> list[str]:
    """Pages of what everybody of the department may see and what hidden rows point at, in the same order in any
    store."""
    visible = one_of(store, Submission, receipt_number="R8-000002")
    return [
        f"/tasks/{one_of(store, ReviewTask, submission_id=visible)}",
        f"/submissions/{visible}",
        f"/persons/{one_of(store, Person, name='髙橋 陽菜')}",
        f"/persons/{one_of(store, Person, name='髙橋 翼')}",
        f"/cases/{one_of(store, Case, number='R8-C000001')}",
    ]


def plant(store: Store) -> set[str]:
    """A protected person with everything; gives the ids of all rows that came with it."""
    before = all_ids(store)
    trusted = Viewer("drafter", "", DEPARTMENT, grants(DEPARTMENT, StaffRole.REVIEWER), sees_protected=True)
    child = make_person(store, "守山 光", "モリヤマ ヒカル", protected=True, household_number="H9")
    open_one = make_submission(store, channel=Channel.MAIL, values=HIDDEN, protected=True, receipt_number="R8-000901")
    with write(store.runtime.engine) as session:
        session.get_one(Submission, open_one).batch_id = None
    make_candidate(store, open_one, child)
    make_link(store, open_one, child)
    make_attachment(store, open_one)
    task = make_task(store, open_one, (ReasonCode.DUPLICATE, "R8-000902"))
    settled = make_submission(store, values=HIDDEN, protected=True, status="settled", receipt_number="R8-000902")
    sister = make_person(store, "守山 望", "モリヤマ ノゾミ", protected=True, household_number="H9")
    case = make_case(store, settled, sister, "R8-C000901", protected=True)
    make_draft(store.runtime, trusted, DraftScope("child_benefit", DEPARTMENT, True), [Proposal(case)])
    give_account(store, open_one)
    # Somebody hidden who would be taken for the visible child, and a merge of hidden people.
    give_keys(store, make_person(store, "髙橋 陽菜", "タカハシ ヒナ", birth_date=HINA, protected=True))
    with write(store.runtime.engine) as session:
        session.add(Regrouping(kind=RegroupingKind.SPLIT, from_id=child, to_id=sister, number=1, made_by="drafter"))
    with write(store.runtime.engine) as session:
        session.add(
            Outbound(
                kind=OutboundKind.CORRECTION_LETTER, idempotency_key="x", submission_id=open_one,
                department=DEPARTMENT, procedure_id="child_benefit", protected=True, status=OutboundStatus.READY,
                blob=store.runtime.blobs.put(b"%PDF-1.4 letter"), media_type="application/pdf",
            )
        )  # fmt: skip
        # The visible application of another child names the hidden one as its duplicate, and the child as a namesake.
        visible = session.exec(select(Submission.id).where(Submission.receipt_number == "R8-000002")).one()
    make_candidate(store, visible, child, rank=2)
    with write(store.runtime.engine) as session:
        there = session.exec(select(ReviewTask.id).where(ReviewTask.submission_id == visible)).one()
        session.add(ReviewReason(task_id=there, code=ReasonCode.DUPLICATE, about=open_one))
    assert task
    return all_ids(store) - before


def all_ids(store: Store, only: str = "") -> set[str]:
    """The key of every row of the store, or of one table, that could stand in an address."""
    found: set[str] = set()
    with read(store.runtime.engine) as session:
        for table in SQLModel.metadata.sorted_tables:
            if "id" in table.c and table.name not in ("event", "seal") and table.name in (only or table.name,):
                found |= {str(row[0]) for row in session.connection().execute(select(table.c.id))}
    return found


PAGES = (
    "/", "/queue", "/queue?kind=intake", "/queue?reason=duplicate", "/queue?awaiting=1", "/queue?due=overdue",
    "/search",
    "/cases", "/cases?status=examined", "/cases?status=drafted", "/cases?several=1", "/drafts",
    "/drafts/new?procedure=child_benefit&department=kodomo",
    "/drafts/new?procedure=child_benefit&department=kodomo&protected=1", "/ranking", "/staff", "/password", "/outbox",
    "/weights",
)  # fmt: skip


def plain(answer: Any) -> str:
    """An answer without what differs by chance: tokens, ids, the moment."""
    text = re.sub(r'name="(csrf|key|login_token)" value="[^"]*"', "", answer.text)
    text = re.sub(r'value="[A-Za-z0-9_-]{12}"', "", text)
    text = re.sub(r"\b[0-9a-f]{64}\b", "digest", text)
    return re.sub(r"\b[0-9a-f]{32}\b", "id", text)


@dataclass(frozen=True)
class Pair:
    """hidden: the ids of all rows that are in one store and not in the other."""

    planted: Store
    bare: Store
    hidden: set[str]


@pytest.fixture(scope="module")
def stores(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """For all tests of this file: what is asked here is refused, or changes nothing that the next one looks at."""
    folder = tmp_path_factory.mktemp("crawl")
    with databases.migrated("sqlite") as one, databases.migrated("sqlite") as two:
        planted, bare = make_store(one, folder / "with"), make_store(two, folder / "without")
        for store in (planted, bare):
            fill(store)
        yield Pair(planted, bare, plant(planted))
        for store in (planted, bare):
            store.runtime.engine.dispose()


@pytest.mark.parametrize("login", CURIOUS)
def test_what_staff_without_the_right_see_is_as_if_nothing_were_there(stores: Pair, login: str) -> None:
    planted, bare, hidden = stores.planted, stores.bare, stores.hidden
    with read(planted.runtime.engine) as session:
        assert hidden and session.exec(select(Event).where(col(Event.aggregate_id).in_(hidden))).first()
    curious, control = Browser(planted, login), Browser(bare, login)
    for path in PAGES:
        seen, wanted = curious.client.get(path), control.client.get(path)
        assert seen.status_code == wanted.status_code, path
        assert plain(seen) == plain(wanted), path
        _tells_nothing(seen, hidden, path)
    for path, same in zip(known_pages(planted), known_pages(bare), strict=True):
        seen, wanted = curious.client.get(path), control.client.get(same)
        assert (seen.status_code, plain(seen)) == (wanted.status_code, plain(wanted)), path
        _tells_nothing(seen, hidden, path)
    _batches_tell_only_their_sheets(curious, hidden)


def _batches_tell_only_their_sheets(curious: Browser, hidden: set[str]) -> None:
    """A stack of paper is counted whole; what is on a hidden sheet, and whose it is, is not told."""
    listed = curious.client.get("/batches")
    for batch in set(re.findall(r"/batches/([0-9a-f]{32})", listed.text)):
        answer = curious.client.get(f"/batches/{batch}")
        _tells_nothing(answer, hidden - {batch}, f"/batches/{batch}")


def _tells_nothing(answer: Any, hidden: set[str], path: str) -> None:
    said = answer.text + str(answer.headers)
    assert not [word for word in (*SECRETS[:5], SECRETS[6]) if word in said], path
    assert not [one for one in hidden if one in said], path


OPERATORS = {StaffRole.OPERATOR}
"""What leaves for whom is theirs to send again by its number alone, whomever it is about: they are shown no value."""
OF = {
    "task_id": "review_task", "draft_id": "draft", "outbound_id": "outbound", "batch_id": "batch",
    "regrouping_id": "regrouping",
}  # fmt: skip
"""What the parameters of the doors that change something name; pages are asked for every id there is."""


def test_every_address_into_it_answers_as_one_of_nothing(stores: Pair) -> None:
    planted, hidden = stores.planted, stores.hidden
    curious = Browser(planted, "everything")
    token = token_in(curious.client.get("/password").text)
    stack = {row for row in hidden if curious.client.get(f"/batches/{row}").status_code == 200}
    # Of each table at most three: the values of fields are many, and no address leads to one of them.
    names = [table.name for table in SQLModel.metadata.sorted_tables]
    few = {one for name in names for one in sorted(hidden & all_ids(planted, name))[:3]}
    doors = [door for door, roles in DOORS.items() if "{" in door and isinstance(roles, set) and roles != OPERATORS]
    with curious.client:  # one loop for all the requests, else each begins a thread of its own
        for door in doors:
            if not door.split(" ", 1)[1].startswith("/batches/"):
                _try_door(curious, door, token, planted, hidden, few - stack)
    assert len(stack) <= 1, "of the hidden rows only the stack of paper itself may be opened"


def _try_door(curious: Browser, door: str, token: str, planted: Store, hidden: set[str], few: set[str]) -> None:
    method, path = door.split(" ", 1)
    for name in re.findall(r"\{(\w+)\}", path):
        # Beside it stands somebody who may be seen, so that nothing else is the cause of the answer.
        start, end = path.split("{" + name + "}")
        places = [re.sub(r"\{\w+\}", one_of(planted, Person, name="髙橋 翼"), part) for part in (start, end)]
        tried = few if method == "GET" else few & all_ids(planted, OF.get(name, "person"))
        assert tried, door
        nothing = _ask(curious, method, ("0" * 32).join(places), token)
        for one in sorted(tried):
            answer = _ask(curious, method, one.join(places), token)
            assert answer.status_code == nothing.status_code != 200, (door, answer.status_code)
            assert plain(answer).replace(one, "") == plain(nothing), door
            assert set(answer.headers) == set(nothing.headers), door
            _tells_nothing(answer, hidden - {one}, door)


def _ask(curious: Browser, method: str, path: str, token: str) -> Any:
    if method == "GET":
        return curious.client.get(path)
    form = {
        "csrf": token, "version": "1", "action": "accept", "key": "phone", "raw": "1", "role": "child",
        "role_index": "1", "person_id": "x", "attachment": "x", "kind": "other", "note": "理由", "step": "send",
        "item": "1", "text_1": "不備", "grant": "x", "sees": "1", "active": "1", "password": "x" * 12,
        "department": DEPARTMENT,
    }  # fmt: skip
    return curious.client.post(path, data=form)


@pytest.mark.parametrize("login", CURIOUS)
def test_it_is_not_found_by_searching_claiming_or_exporting(stores: Pair, login: str) -> None:
    planted, hidden = stores.planted, stores.hidden
    curious = Browser(planted, login)
    token = token_in(curious.client.get("/password").text)
    for text in ("守山", "モリヤマ", "もりやま", "R8-000901", "R8-000902"):
        curious.client.post("/search", data={"csrf": token, "text": text})
        answer = curious.client.get("/search")
        assert "受付番号か整理番号は" in answer.text or answer.status_code == 403
        assert not [one for one in hidden if one in answer.text]
    export = curious.client.post("/cases/export", data={"csrf": token, "procedure": "child_benefit"})
    assert "守山" not in export.content.decode("cp932", errors="replace")
    for _ in range(4):
        given = curious.client.post("/queue/next", data={"csrf": token}).headers.get("location", "")
        assert not [one for one in hidden if one in given]
        if given.startswith("/tasks/"):
            curious.client.post(f"{given}/release", data={"csrf": token})
    for one in sorted(hidden):
        opened = curious.client.post("/queue/open", data={"csrf": token, "task_id": one})
        assert opened.status_code in (403, 404), "a hidden task is none"


def test_who_has_the_right_finds_all_of_it(stores: Pair) -> None:
    """Else the tests above would find nothing where nothing is."""
    planted = stores.planted
    browser = Browser(planted, "trusted")
    assert "守山 静" in browser.text("/queue") and "守山 望" in browser.text("/cases")
    assert "R8-D000002" in browser.text("/drafts")
    task, _, child, *_ = known_pages(planted)
    assert "R8-000901" in browser.text(task), "the account of a hidden application"
    assert "同じ人かもしれない記録" in browser.text(child)
    browser.post("/search", text="もりやま")
    assert "R8-000901" in browser.text("/search")
    with read(planted.runtime.engine) as session:
        assert session.exec(select(User).where(User.login == "trusted")).one().sees_protected
