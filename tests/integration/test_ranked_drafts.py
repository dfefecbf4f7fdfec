"""Where places are given by an order, a draft freezes points, rank and place; on both databases."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlmodel import col

from pipeline.domain.drafts import DraftScope, Placing, Proposal
from pipeline.domain.errors import NotAllowed
from pipeline.domain.statuses import (
    CaseStatus,
    DecisionKind,
    DraftStatus,
    Outcome,
    StaffRole,
    SubmissionStatus,
    TaskStatus,
)
from pipeline.procedures.pack import Procedure
from pipeline.procedures.registry import LoadedPack, digest_of
from pipeline.procedures.what_if import changed_rules
from pipeline.review.approvals import approve_draft
from pipeline.review.draft_cases import CasesMoved
from pipeline.review.draft_new import get_new_draft
from pipeline.review.draft_views import get_draft_view
from pipeline.review.drafts import (
    WholeOrderNeeded,
    WithoutPlace,
    examined_as,
    make_draft,
    make_draft_of_all,
    withdraw_draft,
)
from pipeline.review.ranking import rank_cases
from pipeline.steps.audit import audit
from pipeline.steps.export import export_decided
from pipeline.steps.packs import get_pack, install_pack
from pipeline.steps.placings import frozen_placing
from pipeline.store.access import Viewer, grants
from pipeline.store.engine import read, write
from pipeline.store.events import append_event
from pipeline.store.tables import Case, Decision, DraftCase, FieldValue, PackVersion, Person, ReviewTask, Submission
from tests.after_school import install_after_school, make_family
from tests.factories import DEPARTMENT, Store, make_store, make_task, make_user
from tests.runtime import rows_of
from tests.webclient import Browser

CLERK = Viewer("clerk", "山口", DEPARTMENT, grants(DEPARTMENT, StaffRole.REVIEWER), sees_protected=True)
CHIEF = Viewer("chief", "中村", DEPARTMENT, grants(DEPARTMENT, StaffRole.APPROVER))
HEAD = Viewer("head", "井上", DEPARTMENT, grants(DEPARTMENT, StaffRole.APPROVER))
SCOPE = DraftScope("after_school", DEPARTMENT)


Town = tuple[Store, dict[str, str]]
"""Five families for two places at the north club and one at the south, one protected; their cases by name."""


@pytest.fixture
def town(sqlite_database_url: str, tmp_path: Path) -> Town:
    return found_town(sqlite_database_url, tmp_path)


@pytest.fixture
def towns(database_url: str, tmp_path: Path) -> Town:
    """The same, on both databases."""
    return found_town(database_url, tmp_path)


def found_town(database_url: str, tmp_path: Path) -> Town:
    store = make_store(database_url, tmp_path)
    version, pack = install_after_school(store)
    install(store, changed_rules(pack, {}, {"north": 2, "south": 1}), "2027.2")
    cases = {
        "保護": make_family(store, version, "保護 四", single_parent="true", protected=True),
        "田中": make_family(store, version, "田中 二", single_parent="true", grade__1="4"),
        "鈴木": make_family(store, version, "鈴木 三", wish_2__1="south"),
        "佐藤": make_family(store, version, "佐藤 一", grade__1="4", wish_2__1="south"),
        "山本": make_family(store, version, "山本 五", grade__1="6", single_parent="false"),
    }
    examine(store, *cases.values())
    return store, cases


def install(store: Store, rules: Procedure, version: str) -> None:
    rules = rules.model_copy(update={"version": version})
    install_pack(store.runtime, LoadedPack(rules, digest_of(rules), ()))


def examine(store: Store, *case_ids: str) -> None:
    """As if clerks had accepted these applications."""
    with write(store.runtime.engine) as session:
        for case_id in case_ids:
            case = session.get_one(Case, case_id)
            case.status = CaseStatus.EXAMINED
            session.add(case)
            for kind in ("case_opened", "case_examined"):
                append_event(session, "case", case_id, kind, actor="system", at=store.now)
            submission = session.get_one(Submission, case.adopted_submission_id)
            submission.status, submission.due = SubmissionStatus.SETTLED, False
            session.add(submission)


def placings(store: Store) -> dict[str, Placing | None]:
    """What drafts have frozen, by case."""
    return {row.case_id: frozen_placing(row) for row in rows_of(store.runtime, DraftCase)}


def examined(store: Store, *case_ids: str) -> list[Proposal]:
    with read(store.runtime.engine) as session:
        return examined_as(session, case_ids)


def approve_twice(store: Store, draft_id: str) -> None:
    assert approve_draft(store.runtime, CHIEF, draft_id, 1) is DraftStatus.CIRCULATING
    assert approve_draft(store.runtime, HEAD, draft_id, 2) is DraftStatus.APPROVED


def exported(store: Store, viewer: Viewer = CLERK) -> dict[str, tuple[str, str, str, str]]:
    rows = csv.DictReader(io.StringIO(export_decided(store.runtime, viewer, "after_school").data.decode("cp932")))
    return {row["氏名"][:2]: (row["指数"], row["順位"], row["決定施設コード"], row["決定施設"]) for row in rows}


def mend(store: Store, case_id: str, key: str, text: str) -> None:
    """Another answer in the case's adopted application."""
    (case,) = rows_of(store.runtime, Case, id=case_id)
    with write(store.runtime.engine) as session:
        session.execute(
            update(FieldValue)
            .where(col(FieldValue.submission_id) == case.adopted_submission_id, col(FieldValue.key) == key)
            .values(raw=text, value=text)
        )


def test_a_draft_holds_who_gets_which_place_and_the_file_says_so(towns: Town) -> None:
    store, cases = towns
    view = get_new_draft(store.runtime, CLERK, SCOPE)
    assert (view.total, view.clear, view.refusals, view.ranked) == (4, 4, 2, True)
    draft = make_draft_of_all(store.runtime, CLERK, SCOPE, 4, refusals=2)
    frozen = placings(store)
    assert frozen == {
        cases["田中"]: Placing(32, 2, "north"),  # second: the protected child is first, and in no list of others
        cases["鈴木"]: Placing(28, 3, "south"),
        cases["佐藤"]: Placing(22, 4, ""),
        cases["山本"]: Placing(22, 5, ""),
    }
    grounds = {row.case_id: row.ground for row in rows_of(store.runtime, DraftCase)}
    assert grounds[cases["佐藤"]] == "指数22点、順位4位。北児童クラブ、南児童クラブは上位の申込みで満員。"
    assert grounds[cases["山本"]] == "指数22点、順位5位。北児童クラブは上位の申込みで満員。"
    assert grounds[cases["田中"]] == ""
    approve_twice(store, draft)
    assert exported(store) == {
        "田中": ("32", "2", "north", "北児童クラブ"), "鈴木": ("28", "3", "south", "南児童クラブ"),
    }  # fmt: skip
    assert audit(store.runtime).breaches == ()


def test_a_frozen_placing_altered_is_found(town: Town) -> None:
    store, cases = town
    make_draft(store.runtime, CLERK, SCOPE, [Proposal(cases["鈴木"])])
    assert audit(store.runtime).breaches == ()
    with write(store.runtime.engine) as session:
        session.execute(update(DraftCase).values(place="north"))
    assert {breach.rule for breach in audit(store.runtime).breaches} == {"drafts_unaltered"}


@pytest.mark.parametrize(
    ("who", "key", "text", "stopped"),
    [
        ("鈴木", "work_end.1", "12:00", True),  # fewer points of its own
        ("保護", "wish_1.1", "south", True),  # somebody else takes the place
        ("山本", "grade.1", "4", False),  # others below change their ranks
        ("山本", "single_parent", "true", False),  # one more above, who finds the north club full: another rank alone
    ],
)
def test_a_later_score_stops_the_draft_or_is_shown(town: Town, who: str, key: str, text: str, stopped: bool) -> None:
    store, cases = town
    draft = make_draft(store.runtime, CLERK, SCOPE, [Proposal(cases["鈴木"])])
    assert not get_draft_view(store.runtime, CHIEF, draft).moved
    mend(store, cases[who], key, text)
    view = get_draft_view(store.runtime, CHIEF, draft)
    (line,) = view.lines
    assert (line.moved, view.may_approve) == (stopped, not stopped)
    if stopped:
        assert line.out_of_place
        with pytest.raises(CasesMoved):
            approve_draft(store.runtime, CHIEF, draft, 1)
        withdraw_draft(store.runtime, CLERK, draft, 1)
        assert {case.status for case in rows_of(store.runtime, Case)} == {CaseStatus.EXAMINED}
    else:
        assert line.placing is not None and line.placing.rank == 3
        assert line.out_of_place == (key == "single_parent")
        approve_draft(store.runtime, CHIEF, draft, 1)


def test_new_rules_after_drafting_stop_the_draft(town: Town) -> None:
    store, cases = town
    draft = make_draft(store.runtime, CLERK, SCOPE, [Proposal(cases["鈴木"])])
    (version,) = {row.id for row in rows_of(store.runtime, PackVersion, version="2027.2")}
    with read(store.runtime.engine) as session:
        rules = get_pack(session, version)
    store.now += timedelta(days=1)
    install(store, changed_rules(rules, {"adjust.1": 0}, {}), "2027.3")  # nothing more for single parents
    with pytest.raises(CasesMoved):
        approve_draft(store.runtime, CHIEF, draft, 1)


def test_who_was_given_a_place_keeps_it_when_others_come(towns: Town) -> None:
    store, cases = towns
    approve_twice(store, make_draft(store.runtime, CLERK, SCOPE, [Proposal(cases["田中"]), Proposal(cases["鈴木"])]))
    refused = Proposal(cases["佐藤"], Outcome.REFUSE, "満員のため")
    approve_twice(store, make_draft(store.runtime, CLERK, SCOPE, [refused]))
    (known,) = {row.pack_version_id for row in rows_of(store.runtime, Submission)}
    late = make_family(store, known, "遅刻 六", single_parent="true", work_end__1="18:30", wish_2__1="south")
    examine(store, late)
    mend(store, cases["鈴木"], "work_end.1", "12:00")
    order = {row.name[:2]: row.standing for row in rank_cases(store.runtime, CLERK, "after_school").rows}
    assert order["遅刻"].rank < order["田中"].rank
    assert {name: one.place for name, one in order.items()} == {
        "遅刻": "north", "保護": None, "田中": "north", "鈴木": "south", "佐藤": None, "山本": None,
    }  # fmt: skip
    with pytest.raises(WithoutPlace):
        make_draft(store.runtime, CLERK, replace(SCOPE, protected=True), [Proposal(cases["保護"])])
    assert exported(store)["鈴木"] == ("28", "3", "south", "南児童クラブ"), "as it was approved"


def test_who_is_found_to_be_refused_takes_no_place(town: Town) -> None:
    store, cases = town
    refuse(store, cases["田中"])
    ground = "市内に住所がないため"
    proposals = examined(store, cases["田中"], cases["鈴木"])
    assert proposals == [Proposal(cases["田中"], Outcome.REFUSE, ground), Proposal(cases["鈴木"])]
    draft = make_draft(store.runtime, CLERK, SCOPE, proposals)
    assert placings(store) == {cases["田中"]: None, cases["鈴木"]: Placing(28, 2, "north")}
    withdraw_draft(store.runtime, CLERK, draft, 1)
    # Somebody looks again and wants to grant it after all: then it competes.
    draft = make_draft(store.runtime, CLERK, SCOPE, [Proposal(cases["田中"])])
    (line,) = get_draft_view(store.runtime, CHIEF, draft).lines
    assert line.found_otherwise and not line.moved
    assert line.placing is not None and (line.placing.points, line.placing.rank) == (32, 2)


def refuse(store: Store, case_id: str) -> None:
    """As if a clerk had found it to be refused."""
    (case,) = rows_of(store.runtime, Case, id=case_id)
    task = make_task(store, case.adopted_submission_id)
    with write(store.runtime.engine) as session:
        row = session.get_one(ReviewTask, task)
        row.status, row.open_key = TaskStatus.DONE, None
        session.add(row)
        session.add(
            Decision(
                task_id=task, submission_id=case.adopted_submission_id, kind=DecisionKind.REJECT,
                note="市内に住所がないため", made_by="clerk",
            )
        )  # fmt: skip


def test_only_who_may_see_the_whole_order_drafts(town: Town) -> None:
    store, cases = town
    blind = replace(CLERK, sees_protected=False)
    with pytest.raises(WholeOrderNeeded):
        make_draft(store.runtime, blind, SCOPE, [Proposal(cases["鈴木"])])
    view = get_new_draft(store.runtime, blind, SCOPE)
    assert not view.whole_order and {row.placing for row in view.rows} == {None} and view.refusals == 0
    with write(store.runtime.engine) as session:  # the same where nobody is protected: nothing can be told from it
        session.execute(update(Case).values(protected=False))
        session.execute(update(Person).values(protected=False))
    with pytest.raises(NotAllowed):
        make_draft(store.runtime, blind, SCOPE, [Proposal(cases["鈴木"])])
    with pytest.raises(WithoutPlace) as stopped:
        make_draft(store.runtime, CLERK, SCOPE, [Proposal(cases["鈴木"]), Proposal(cases["山本"])])
    (case,) = rows_of(store.runtime, Case, id=cases["山本"])
    assert case.number in stopped.value.ja


def test_pages_show_what_was_frozen_and_what_is_now(town: Town) -> None:
    store, cases = town
    make_user(store, sees_protected=True)
    make_user(store, "chief", roles=[StaffRole.APPROVER])
    make_user(store, "blind")
    new = f"/drafts/new?procedure=after_school&department={DEPARTMENT}"
    assert "支援措置対象者も扱える職員が行います" in Browser(store, "blind").text(new)
    assert "指数22点、順位4位。" in Browser(store).text(new)
    draft = make_draft(store.runtime, CLERK, SCOPE, [Proposal(cases["鈴木"])])
    chief = Browser(store, "chief")
    assert "<strong>南児童クラブ</strong>" in chief.text(f"/drafts/{draft}")
    assert "いまの順位では" not in chief.text(f"/drafts/{draft}")
    assert "<strong>南児童クラブ</strong>" in chief.text(f"/drafts/{draft}/print")
    mend(store, cases["田中"], "work_end.1", "12:00")
    page = chief.text(f"/drafts/{draft}")
    assert "いまの順位では" in page and "2位 28点" in page
