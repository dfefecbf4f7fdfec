"""Weights in the store: versions, what clerks judged, learning from it, and who put what in force."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

import pytest
import yaml
from sqlmodel import select

from matchers.compare import weigh
from matchers.records import Comparison, FieldEvidence
from matchers.weights import load_weights
from pipeline.domain.statuses import LinkStatus, Verdict, WeightsOrigin
from pipeline.review.persons import not_same_person, same_person, undo_link
from pipeline.runtime import Runtime
from pipeline.steps import retraining
from pipeline.steps.evidence import evidence_json
from pipeline.steps.judgements import forget_judgement, judgements, keep_accepted, keep_judgement
from pipeline.steps.retraining import TooFewJudgements, compare_versions, judgements_kept, retrain
from pipeline.steps.weights import (
    UnknownWeights,
    UnusableWeights,
    adopt,
    back,
    export_weights,
    import_weights,
    list_weights,
    weights_in_force,
    weights_of,
)
from pipeline.store.engine import read, write
from pipeline.store.tables import Candidate, Judgement, Link, Person, ReviewTask, Submission
from tests.desk import UNKNOWN, at
from tests.runtime import NOW, REVIEWER, event_kinds, rows_of, task_of

FEW = 60
SHIPPED = load_weights().version


def judged(store: Runtime) -> dict[Verdict, int]:
    return {verdict: count for verdict, count in judgements_kept(store).items() if count}


def drawn(rng: random.Random, same: bool) -> Comparison:
    """A pair as it may have been compared. Here given names are misread far more often than the weights expect."""
    exact = {"family": 0.9, "given": 0.4, "birth_date": 0.97, "address": 0.8}
    chance = exact if same else {"family": 0.3, "given": 0.02, "birth_date": 0.02, "address": 0.1}
    found = [FieldEvidence(field, "exact" if rng.random() < chance[field] else "else", 0.0) for field in exact]
    return weigh(found, {}, load_weights())


def judge_many(store: Runtime, count: int) -> None:
    """Judgements as clerks would have made them, on applications that are there."""
    rng = random.Random(5)
    with write(store.engine) as session:
        submissions = session.exec(select(Submission.id)).all()
        people = session.exec(select(Person.id)).all()
        for number in range(count):
            right = rng.randrange(3)
            pairs = [drawn(rng, place == right) for place in range(3)]
            session.add(
                Judgement(
                    submission_id=submissions[number % len(submissions)],
                    role="child",
                    role_index=number,
                    person_id=people[0],
                    verdict=Verdict.SAME,
                    evidence=json.dumps([json.loads(evidence_json(pair)) for pair in pairs]),
                    right_place=right,
                    made_by="reviewer",
                    made_at=NOW + timedelta(seconds=number),
                )
            )


def test_the_shipped_weights_are_in_force_until_others_are_adopted(small: Runtime) -> None:
    assert [(row.version, row.in_force) for row in list_weights(small)] == [(SHIPPED, True)]
    data = yaml.safe_load(export_weights(small, SHIPPED))
    data["fields"]["given"]["exact"]["weight"] = 9.5
    del data["fields"]["phone"]["area_missing"]  # declared after that file was made
    row = import_weights(small, yaml.safe_dump(data), "cli:test")
    assert (row.version, row.origin, row.in_force) == ("local-1", WeightsOrigin.IMPORTED, False)
    assert import_weights(small, yaml.safe_dump(data), "cli:test").version == "local-1", "the same once"
    with read(small.engine) as session:
        assert weights_in_force(session).version == SHIPPED
    assert adopt(small, "local-1", "cli:chief").adopted_by == "cli:chief"
    with read(small.engine) as session:
        found = weights_in_force(session)
        assert (found.version, found.table["given"]["exact"]) == ("local-1", 9.5)
        assert found.table["phone"]["area_missing"] == load_weights().table["phone"]["area_missing"]
        assert weights_of(session, SHIPPED) == load_weights() and weights_of(session, "local-2") is None
    assert back(small, "cli:chief").version == SHIPPED
    assert [row.in_force for row in list_weights(small)] == [True, False]
    assert back(small, "cli:chief").version == "local-1"
    assert event_kinds(small, "in_force") == ["weights_adopted"] * 3


def test_what_is_no_weights_file_is_refused(small: Runtime) -> None:
    for document in ("", "version: 1", "{", "fields: {given: 3}", yaml.safe_dump({"version": "x", "fields": {}})):
        with pytest.raises(UnusableWeights):
            import_weights(small, document, "cli:test")
    with pytest.raises(UnknownWeights):
        adopt(small, "local-7", "cli:test")
    with pytest.raises(UnknownWeights):
        back(small, "cli:test")
    assert len(list_weights(small)) == 1


def test_learning_wants_judgements_and_takes_effect_by_adoption_alone(
    small: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(TooFewJudgements):
        retrain(small, "cli:test")
    monkeypatch.setattr(retraining, "FEWEST", FEW)
    judge_many(small, FEW)
    row = retrain(small, "cli:test")
    assert (row.version, row.origin, row.judgements, row.in_force) == ("local-1", WeightsOrigin.RETRAINED, FEW, False)
    assert retrain(small, "cli:test").version == "local-1", "nothing new was decided"
    found = compare_versions(small, SHIPPED, "local-1")
    with read(small.engine) as session:
        kept = list(judgements(session, small.secrets))
        old, new = weights_in_force(session), weights_of(session, "local-1")
    assert old.version == SHIPPED and new is not None
    assert new.table["given"]["else"] > old.table["given"]["else"], "a misread given name says less here"
    assert new.table["sex"] == pytest.approx(old.table["sex"], abs=0.01), "nobody decided on that"
    assert new.thresholds.link_score >= old.thresholds.link_score
    assert 0 < found.judgements < FEW and found.judgements == sum(not one.fitting for one in kept)
    assert found.judged.old.links + found.judged.old.reviews + found.judged.old.news == found.judgements
    assert found.decided == len({(row.submission_id, row.role, row.role_index) for row in rows_of(small, Candidate)})
    same = compare_versions(small, SHIPPED, SHIPPED)
    assert same.changed == () and same.judged.flips == () and same.judged.levels == ()
    for one, other in pairwise(sorted(kept, key=lambda one: one.submission_id)):
        assert one.submission_id != other.submission_id or one.fitting == other.fitting


def test_versions_say_which_links_they_would_change(small: Runtime) -> None:
    data = yaml.safe_load(export_weights(small, SHIPPED))
    data["thresholds"]["link_score"] = 1000.0
    import_weights(small, yaml.safe_dump(data), "cli:test")
    linked = [row for row in rows_of(small, Link, status=LinkStatus.AUTO) if row.evidence != "[]"]
    stricter = compare_versions(small, SHIPPED, "local-1")
    assert len(linked) > 5 and stricter.lost_links == len(linked) and stricter.new_links == stricter.other_links == 0
    laxer = compare_versions(small, "local-1", SHIPPED)
    assert laxer.new_links == len(linked) and laxer.lost_links == 0


def candidates(store: Runtime, submission_id: str, role: str) -> Sequence[Candidate]:
    return rows_of(store, Candidate, submission_id=submission_id, role=role)


def said_of(store: Runtime, place: tuple[str, str, int]) -> list[Judgement]:
    submission_id, role, role_index = place
    return rows_of(store, Judgement, submission_id=submission_id, role=role, role_index=role_index)


def test_what_a_clerk_decides_is_kept_and_what_is_taken_back_is_gone(small: Runtime) -> None:
    linked = next(row for row in rows_of(small, Link, status=LinkStatus.AUTO) if row.evidence != "[]")
    place = (linked.submission_id, linked.role, linked.role_index)
    with write(small.engine) as session:
        keep_accepted(session, linked.submission_id, by="reviewer", at=NOW)
    assert judged(small)[Verdict.LET_STAND] >= 1
    with write(small.engine) as session:
        keep_judgement(session, *place, linked.person_id, Verdict.SAME, by="reviewer", at=NOW)
    (row,) = [
        row for row in rows_of(small, Judgement, submission_id=place[0], role=place[1]) if row.role_index == place[2]
    ]
    said = json.loads(row.evidence)
    assert row.verdict is Verdict.SAME and {item["field"] for item in said[row.right_place]} >= {"given", "birth_date"}
    with write(small.engine) as session:
        keep_judgement(session, *place, linked.person_id, Verdict.NOT_SAME, by="reviewer", at=NOW)
    (row,) = [
        row for row in rows_of(small, Judgement, submission_id=place[0], role=place[1]) if row.role_index == place[2]
    ]
    assert (row.verdict, row.right_place, len(json.loads(row.evidence))) == (Verdict.NOT_SAME, None, 1)
    with write(small.engine) as session:
        forget_judgement(session, *place, linked.person_id)
    assert not [
        row for row in rows_of(small, Judgement, submission_id=place[0], role=place[1]) if row.role_index == place[2]
    ]


def test_decisions_at_the_desk_are_learned_from(small: Runtime) -> None:
    one = next(
        row.submission_id for row in rows_of(small, Link, status=LinkStatus.AUTO)
        if len(candidates(small, row.submission_id, "applicant")) and task_open(small, row.submission_id)
    )  # fmt: skip
    somebody = candidates(small, one, "applicant")[0].person_id
    same_person(small, REVIEWER, task_of(small, one).id, "applicant", 0, somebody, task_of(small, one).version)
    assert [row.verdict for row in rows_of(small, Judgement, submission_id=one)] == [Verdict.SAME]
    first, *_ = candidates(small, one, "applicant")
    assert first.person_id == somebody, "what the machine said stays"
    undo_link(small, REVIEWER, task_of(small, one).id, "applicant", 0, task_of(small, one).version)
    assert rows_of(small, Judgement, submission_id=one) == []
    not_same_person(small, REVIEWER, task_of(small, one).id, "applicant", 0, somebody, task_of(small, one).version)
    assert [row.verdict for row in rows_of(small, Judgement, submission_id=one)] == [Verdict.NOT_SAME]
    assert somebody not in [row.person_id for row in candidates(small, one, "applicant")]


def task_open(store: Runtime, submission_id: str) -> bool:
    return bool([row for row in rows_of(store, ReviewTask, submission_id=submission_id) if row.closed_at is None])


def test_nobody_among_the_candidates_is_nothing_to_learn_from(small: Runtime) -> None:
    one, task, version = at(small, UNKNOWN)
    somebody = rows_of(small, Person, source="roster")[0]
    same_person(small, REVIEWER, task, "applicant", 0, somebody.id, version)
    assert rows_of(small, Judgement, submission_id=one) == []
