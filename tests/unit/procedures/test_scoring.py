"""Points, ranking and what-if by the after-school pack; tables that would not run are refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from datetime import date
from typing import Any

import pytest
import yaml

from pipeline.procedures.checks import run_checks
from pipeline.procedures.pack import Procedure
from pipeline.procedures.ranking import Applicant, compare_rankings, explain, rank_applicants
from pipeline.procedures.registry import PackError, load_pack
from pipeline.procedures.rules_check import find_problems
from pipeline.procedures.scoring import Scorer
from pipeline.procedures.what_if import changed_rules
from tests.after_school import FOLDER, VALUES

PACK = load_pack(FOLDER).procedure
SCORER = Scorer(PACK)
SECOND = {
    "guardian_name.2": "髙橋 健",
    "guardian_relation.2": "father",
    "situation.2": "work",
    "work_days.2": "4",
    "work_start.2": "09:00",
    "work_end.2": "16:00",
    "commute_minutes.2": "10",
}


CONTENT = dict(yaml.safe_load((FOLDER / "procedure.yaml").read_text("utf-8")))


def scored(**changes: str) -> dict[str, tuple[int, bool]]:
    values = {**VALUES, **{key.replace("__", "."): value for key, value in changes.items()}}
    score = SCORER.subject({key: value for key, value in values.items() if value}, 1)
    return {f"{line.code}@{line.row}": (line.points, line.counted) for line in score.lines}


def total(values: dict[str, str], index: int = 1) -> int:
    return SCORER.subject(values, index).total


@pytest.mark.parametrize(
    ("changes", "expected", "why"),
    [
        ({}, {"base.1-1@1": 20, "home.2@1": 2, "adjust.3-1@0": 6}, "five days of nine hours, home at 17:50, grade 1"),
        ({"work_end__1": "16:29"}, {"base.1-2@1": 18, "home.3@1": 1, "adjust.3-1@0": 6}, "a minute short of 8 hours"),
        ({"work_end__1": "16:30"}, {"base.1-1@1": 20, "home.3@1": 1, "adjust.3-1@0": 6}, "exactly 8 hours"),
        ({"work_end__1": "17:40"}, {"base.1-1@1": 20, "home.1@1": 3, "adjust.3-1@0": 6}, "home at 18:00 sharp"),
        ({"work_start__1": "22:00", "work_end__1": "05:00"}, {"base.1-2@1": 18, "home.none@1": 0, "adjust.3-1@0": 6},
         "over midnight"),
        ({"work_days__1": "3", "work_end__1": "11:30"}, {"base.1-9@1": 6, "home.none@1": 0, "adjust.3-1@0": 6},
         "three hours"),
        ({"work_days__1": "2"}, {"base.none@1": 0, "home.2@1": 2, "adjust.3-1@0": 6}, "two days: no rule applies"),
        ({"situation__1": "illness", "work_days__1": "", "work_start__1": "", "work_end__1": ""},
         {"base.2-1@1": 18, "home.none@1": 0, "adjust.3-1@0": 6}, "ill: hours are not asked"),
        ({"situation__1": "study", "work_days__1": "2"}, {"base.4-2@1": 10, "home.2@1": 2, "adjust.3-1@0": 6}, "study"),
        ({"grade__1": "4", "disability__1": "true", "sibling_enrolled": "true", "grandparent_home": "true"},
         {"base.1-1@1": 20, "home.2@1": 2, "adjust.2@0": 3, "adjust.4@0": 2, "adjust.6@0": -3}, "adjustments add up"),
        ({"grade__1": "", "work_days__1": ""}, {"base.none@1": 0, "home.2@1": 2}, "what is missing earns nothing"),
    ],
)  # fmt: skip
def test_the_published_rules(changes: dict[str, str], expected: dict[str, int], why: str) -> None:
    assert {key: points for key, (points, _) in scored(**changes).items()} == expected, why


def test_of_two_guardians_the_lower_counts_in_each_table_and_the_other_is_told() -> None:
    both = scored(**{key.replace(".", "__"): value for key, value in SECOND.items()})
    assert both["base.1-1@1"] == (20, False) and both["base.1-5@2"] == (15, True)
    assert both["home.2@1"] == (2, False) and both["home.3@2"] == (1, True)
    assert total({**VALUES, **SECOND}) == 15 + 1 + 6


def test_every_child_has_points_of_their_own_and_each_line_its_reason_and_source() -> None:
    values = {**VALUES, "child_name.3": "髙橋 蓮", "grade.3": "5"}
    scores = SCORER.subjects(values)
    assert [(score.index, score.total) for score in scores] == [(1, 29), (3, 23)]
    for line in (line for score in scores for line in score.lines):
        assert line.reason.ja and line.reason.en and line.source
    assert Scorer(load_pack(FOLDER.parent / "child_benefit").procedure).subjects(values) == ()


def test_a_scorer_may_be_used_from_several_threads() -> None:
    changed = [{**VALUES, "work_days.1": str(days)} for days in (2, 3, 4, 5)] * 40
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(total, changed)) == [8, 20, 25, 28] * 40


def broken(*path: Any, value: Any) -> dict[str, Any]:
    made = deepcopy(CONTENT)
    node: Any = made
    for part in path[:-1]:
        node = node[part]
    node[path[-1]] = value
    return made


BASE = ("scores", "tables", 0)


@pytest.mark.parametrize(
    ("content", "place", "problem"),
    [
        (broken(*BASE, "rules", 0, "when", "days", value=">= >="), "rules.1-1.when.days", ""),
        (broken(*BASE, "rules", 0, "when", "days", value=">= work_dayz"), "rules.1-1.when.days", "work_dayz"),
        (broken(*BASE, "rules", 0, "when", "days", value=">= 'five'"), "rules.1-1.when.days", ""),
        (broken(*BASE, "rules", 0, "when", "situation", value="wrok"), "rules.1-1.when.situation", "wrok"),
        (broken(*BASE, "columns", 1, "value", value="work_dayz"), "columns.days", "work_dayz"),
        (broken(*BASE, "columns", 2, "value", value="work_end -"), "columns.hours", ""),
        (broken(*BASE, "columns", 2, "value", value="work_end + situation"), "columns.hours", ""),
        (broken("scores", "tables", 2, "rules", 0, "when", "single", value="yes"), "when.single", "true or false"),
        (broken("scores", "ranking", "ties", 0, "value", value="number(grad)"), "ties.1", "grad"),
        (broken("scores", "ranking", "wishes", 0, value="grade"), "wishes.grade", "places"),
        (broken("checks", 4, "when", value="wish_1 == wish_9"), "checks.wish_repeated", "wish_9"),
        (broken("checks", 2, "when", value="guardian_count"), "checks.no_guardian", "true or false"),
    ],
)
def test_rules_that_would_not_run_are_refused_with_their_place(
    content: dict[str, Any], place: str, problem: str
) -> None:
    found = list(find_problems(Procedure.model_validate(content)))
    assert found and all(place in where and problem in said for where, said in found), found


def test_installing_a_bad_table_names_file_and_place(tmp_path: Any) -> None:
    made = broken(*BASE, "rules", 3, "when", "hours", value="[6..8")
    (tmp_path / "procedure.yaml").write_text(yaml.safe_dump(made, allow_unicode=True), "utf-8")
    with pytest.raises(PackError, match=r"pack_invalid: procedure.yaml: scores.tables.base.rules.1-4.when.hours: "):
        load_pack(tmp_path)


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({}, set()),
        ({"single_parent": "true", **SECOND}, {"single_parent_two"}),
        ({"single_parent": "true"}, set()),
        ({"grade.1": "3"}, {"grade_differs"}),
        ({"wish_2.1": "north"}, {"wish_repeated"}),
        ({"work_end.1": ""}, {"work_missing"}),
        ({"situation.1": "care", "work_end.1": ""}, set()),
        ({"work_start.1": "02:00"}, {"hours_long"}),
        ({key: "" for key in VALUES if (key.endswith(".1") and "guardian" in key) or "work" in key or "situ" in key
          or "commute" in key}, {"no_guardian"}),
    ],
)  # fmt: skip
def test_contradictions_that_change_points_are_found(changes: dict[str, str], codes: set[str]) -> None:
    values = {key: value for key, value in {**VALUES, **changes}.items() if value}
    found = run_checks(PACK, values, date(2026, 11, 20), ["employment"])
    assert {finding.code for finding in found} == codes


def applicant(key: str, **changes: str) -> Applicant:
    values = {**VALUES, **{name.replace("__", "."): value for name, value in changes.items()}}
    return Applicant(key, {name: value for name, value in values.items() if value}, 1)


def with_places(north: int, south: int = 0) -> Scorer:
    return Scorer(changed_rules(PACK, {}, {"north": north, "south": south, "east": 0, "west": 0}))


def test_places_go_by_points_then_tie_breaks_then_wishes() -> None:
    order = rank_applicants(
        with_places(1, 1),
        [
            applicant("grade4", grade__1="4"),
            applicant("grade2", grade__1="2", sibling_enrolled="true", wish_2__1="south"),
            applicant("grade1"),
        ],
    )
    # grade1 and grade2 have 28 points each (6, or 4 and 2): the lower grade goes first.
    assert [(one.key, one.score.total, one.rank, one.place, one.wish) for one in order] == [
        ("grade1", 28, 1, "north", 1),
        ("grade2", 28, 2, "south", 2),
        ("grade4", 22, 3, None, None),
    ]
    assert order[1].before is not None and order[1].before.source == "第5条第1号"
    assert order[2].before is None and not any(one.tied for one in order)
    assert explain(PACK, order[1]).ja == "第2希望の南児童クラブ(北児童クラブは満員)"
    assert explain(PACK, order[2]).ja == "北児童クラブは上位の申込みで満員。"


def test_whom_no_rule_tells_apart_share_a_rank_and_the_last_place_is_drawn() -> None:
    order = rank_applicants(with_places(1), [applicant("a"), applicant("b"), applicant("c", wish_1__1="west")])
    assert [(one.key, one.rank, one.tied, one.drawn) for one in order] == [
        ("a", 1, True, True), ("b", 1, True, True), ("c", 1, True, False),
    ]  # fmt: skip
    enough = rank_applicants(with_places(2), [applicant("a"), applicant("b")])
    assert not any(one.drawn for one in enough)


def test_what_if_says_who_moves_and_why() -> None:
    families = [
        applicant("single", single_parent="true", work_days__1="4", grade__1="4"),
        applicant("worker", grade__1="4", disability__1="true"),
        applicant("other", grade__1="5", work_days__1="3"),
    ]
    before = rank_applicants(with_places(1), families)
    rules = changed_rules(with_places(1).procedure, {"adjust.1": 0}, {})
    moves = {move.key: move for move in compare_rankings(before, rank_applicants(Scorer(rules), families))}
    assert [one.key for one in before] == ["single", "worker", "other"]
    assert moves["single"].up == -1 and moves["single"].matters and moves["single"].changed == (("adjust.1", 10, 0),)
    assert moves["worker"].up == 1 and moves["worker"].matters and moves["worker"].changed == ()
    assert moves["other"].up == 0 and not moves["other"].matters


def test_what_if_knows_its_rules() -> None:
    for points, places in (({"adjust.9": 1}, {}), ({}, {"moon": 1})):
        with pytest.raises(KeyError):
            changed_rules(PACK, points, places)
    assert changed_rules(PACK, {}, {}) == PACK
