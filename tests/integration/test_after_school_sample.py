"""The after-school sample's online part from arrival to the ranking, on both databases, against its truth."""

from __future__ import annotations

from pathlib import Path

from sqlmodel import col, select

from benchmarks.demo_score import submission_ids
from benchmarks.points import points_and_ranking
from benchmarks.truth import load_truth
from pipeline.domain.drafts import DraftScope
from pipeline.domain.statuses import ReasonCode
from pipeline.outbound.csv_export import CsvExport
from pipeline.review.approvals import approve_draft
from pipeline.review.drafts import clear_cases, make_draft_of_all
from pipeline.runtime import Runtime
from pipeline.steps.audit import audit
from pipeline.steps.export import export_decided
from pipeline.steps.intake_online import store_export, take_records
from pipeline.steps.packs import install_pack, latest_pack
from pipeline.steps.roster import import_roster
from pipeline.store.engine import read
from pipeline.store.tables import Finding, ReviewReason, ReviewTask
from tests.after_school import FOLDER
from tests.packs import loaded_pack
from tests.runtime import CHIEF, DEPARTMENT, DIRECTOR, REVIEWER, TRUSTED, advance_all

SAMPLE = Path(__file__).parents[2] / "fixtures" / "sample_after_school"
PROCEDURE = "after_school"


def _take_in(runtime: Runtime) -> None:
    install_pack(runtime, loaded_pack(FOLDER))
    import_roster(runtime, PROCEDURE, (SAMPLE / "roster.csv").read_bytes())
    for channel, name in (("portal", "portal_20261118.csv"), ("city_site", "applications_20261118.json")):
        folder = SAMPLE / "online" / channel
        files = [(f"attachments/{path.name}", path.read_bytes()) for path in sorted((folder / "attachments").iterdir())]
        arrival = store_export(runtime, PROCEDURE, channel, name, (folder / name).read_bytes(), files)
        assert take_records(runtime, arrival).problems == ()
    advance_all(runtime)


def test_every_child_gets_its_true_points_and_the_file_of_the_admitted_says_so(runtime: Runtime) -> None:
    _take_in(runtime)
    _the_points_are_true_and_the_order_is_theirs(runtime)
    _the_export_has_the_columns_that_the_pack_declares(runtime)


def _the_points_are_true_and_the_order_is_theirs(runtime: Runtime) -> None:
    truth = load_truth("sample_after_school")
    with read(runtime.engine) as session:
        ids = submission_ids(session, truth, PROCEDURE)
        _, pack = latest_pack(session, PROCEDURE)
        figures = points_and_ranking(session, pack, truth, ids)
        planted = {row["id"]: row["findings"] for row in truth.submissions if row["id"] in ids and row["findings"]}
        found = {
            name: {row.code for row in session.exec(select(Finding).where(Finding.submission_id == ids[name]))}
            for name in ids
        }
        duplicates = session.exec(
            select(ReviewReason.code)
            .join(ReviewTask, col(ReviewTask.id) == ReviewReason.task_id)
            .where(ReviewReason.code == ReasonCode.DUPLICATE)
        ).all()
    online = [row for row in truth.submissions if row["channel"] != "paper"]
    assert len(ids) == len(online) == 12
    entries = sum(len(row["children"]) for row in online)
    assert figures["scores"]["online"] == {"entries": entries, "correct": entries}
    assert figures["ranking"]["cases"] == figures["ranking"]["with_place"] > 5
    assert figures["ranking"]["out_of_order"] == 0
    for name, codes in found.items():
        wanted = {item["code"].replace("attachment", "attachment_employment") for item in planted.get(name, [])}
        assert codes == wanted, name
    assert planted and not duplicates  # the other half of each planted duplicate came on paper
    assert audit(runtime).breaches == ()


def _the_export_has_the_columns_that_the_pack_declares(runtime: Runtime) -> None:
    scope = DraftScope(PROCEDURE, DEPARTMENT)
    with read(runtime.engine) as session:
        clear = len(clear_cases(session, TRUSTED, scope))
    draft = make_draft_of_all(runtime, TRUSTED, scope, clear)
    for version, superior in enumerate((CHIEF, DIRECTOR), start=1):
        approve_draft(runtime, superior, draft, version)
    made: CsvExport = export_decided(runtime, REVIEWER, PROCEDURE)
    header, *rows = made.data.decode("cp932").splitlines()
    assert header == "宛名番号,世帯番号,氏名,年度,学年,第1希望,第2希望,第3希望,指数,順位,決定施設コード,決定施設,決定"
    truth = load_truth("sample_after_school")
    known = {
        child["resident_number"]: (row["fields"][f"grade.{child['index']}"]["value"], child["points"]["total"])
        for row in truth.submissions
        for child in row["children"]
        if row["channel"] != "paper"
    }
    assert len(rows) == clear > 5
    ranks = []
    for row in rows:
        number, _, _, year, grade, first, second, third, points, rank, code, place, outcome = row.split(",")
        assert (f"{known[number][0]}年", str(known[number][1])) == (grade, points)
        assert place in {first, second, third} and place.endswith("児童クラブ") and code.isascii()
        assert (year, outcome) == ("2027", "入会承認")
        ranks.append((int(rank), -int(points)))
    assert sorted(ranks) == sorted(ranks, key=lambda pair: pair[1]), "more points, an earlier rank"
    assert audit(runtime).breaches == ()
