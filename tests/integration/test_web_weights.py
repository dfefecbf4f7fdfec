"""照合の重み: operators and administrators look at versions, compare them, put one in force and go back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from matchers.weights import load_weights, write_weights
from pipeline.domain.statuses import StaffRole, Verdict
from pipeline.steps.weights import import_weights, list_weights, weights_in_force
from pipeline.store.engine import read, write
from pipeline.store.tables import Judgement
from tests.factories import Store, make_person, make_store, make_submission, make_user
from tests.webclient import Browser


@pytest.fixture
def store(sqlite_database_url: str, tmp_path: Path) -> Iterator[Store]:
    made = make_store(sqlite_database_url, tmp_path)
    make_user(made, roles=[StaffRole.OPERATOR])
    yield made


def other_weights() -> str:
    """The shipped weights with one level changed."""
    return write_weights(load_weights()).replace("link_score:", "link_score: 40.0 #")


def judged(store: Store, count: int) -> None:
    """So many decisions that may be learned from."""
    person = make_person(store, "髙橋 陽菜", "タカハシ ヒナ")
    submission = make_submission(store)
    evidence = json.dumps([[{"field": "given", "level": "exact", "weight": 6.5}]])
    with write(store.runtime.engine) as session:
        for index in range(count):
            session.add(
                Judgement(
                    submission_id=submission, role="child", role_index=index, person_id=person,
                    verdict=Verdict.SAME, evidence=evidence, right_place=0, made_by="x",
                )
            )  # fmt: skip


def in_force(store: Store) -> str:
    with read(store.runtime.engine) as session:
        return weights_in_force(session).version


def test_a_version_is_compared_adopted_and_taken_back(store: Store) -> None:
    import_weights(store.runtime, other_weights(), "x")
    browser = Browser(store)
    page = browser.text("/weights")
    assert "ファイルから登録" in page and "使用中" in page and "/weights/local-1" in page
    assert "前の版に戻す" not in page, "nothing was put in force yet"
    compared = browser.text("/weights/local-1")
    assert "比べられる職員の判断がまだありません" in compared and "この版を使う" in compared
    answer = browser.post("/weights/local-1/adopt", page=compared)
    assert answer.headers["location"] == "/weights?done=weights_adopted"
    assert in_force(store) == "local-1"
    after = browser.text("/weights")
    assert "山口 花子" in after, "who put it in force stays"
    browser.post("/weights/back", page=after)
    assert in_force(store) == load_weights().version
    assert len(list_weights(store.runtime)) == 2


def test_too_few_decisions_are_refused_by_name(store: Store) -> None:
    judged(store, 3)
    browser = Browser(store)
    page = browser.text("/weights")
    assert "200件の判断が必要です" in page and "新しい版を作る" not in page
    answer = browser.post("/weights/retrain", page=page)
    assert answer.status_code == 422 and 'data-error="too_few_judgements"' in answer.text


def test_decisions_are_learned_from_and_shown_before_they_count(store: Store) -> None:
    judged(store, 201)
    browser = Browser(store)
    page = browser.text("/weights")
    assert "201" in page and "新しい版を作る" in page
    made = browser.post("/weights/retrain", page=page)
    assert made.headers["location"] == "/weights/local-1?done=weights_made"
    assert in_force(store) == load_weights().version, "a version is not in force before somebody says so"
    assert "職員の判断から学習" in browser.text("/weights")


def test_there_is_no_page_for_a_version_that_is_none(store: Store) -> None:
    answer = Browser(store).client.get("/weights/local-9")
    assert answer.status_code == 422 and 'data-error="unknown_weights"' in answer.text
