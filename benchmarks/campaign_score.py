"""What a finished campaign run came to, against the truth: what passed without a person, and what of it is wrong."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from benchmarks.demo_score import score, submission_ids
from benchmarks.stores import PROCEDURE
from benchmarks.truth import Truth
from pipeline.domain.statuses import LinkStatus
from pipeline.procedures.pack import Procedure
from pipeline.procedures.values import normalise_value
from pipeline.score.bounds import clopper_pearson, ratio, upper_bound
from pipeline.score.rows import same_text
from pipeline.steps.packs import latest_pack
from pipeline.store.tables import FieldValue, Link, Person, ReviewReason, ReviewTask, Submission

Role = tuple[str, int]


@dataclass(frozen=True)
class Judged:
    """One submission of the truth. errors: kinds of what is wrong with it; empty unless it passed without a person."""

    truth_id: str
    channel: str
    passed: bool
    planted: bool
    errors: tuple[str, ...]


def score_campaign(session: Session, truth: Truth) -> dict[str, Any]:
    """Shares, errors by kind and their bounds, by channel and in all; with the demo's own figures beside."""
    ids = submission_ids(session, truth)
    _, pack = latest_pack(session, PROCEDURE)
    judged = [_judge(session, pack, row, ids[row["id"]]) for row in truth.submissions if row["id"] in ids]
    judged = _with_missed_duplicates(judged, truth)
    by_channel: dict[str, list[Judged]] = defaultdict(list)
    for one in judged:
        by_channel["paper" if one.channel == "paper" else "online"].append(one)
    figures = score(session, truth)
    return {
        "submissions": len(truth.submissions),
        "not_found_in_store": len(truth.submissions) - len(judged),
        "without_a_person": {name: accepted(part) for name, part in (*by_channel.items(), ("all", judged))},
        "reasons": _reasons(session),
        "duplicates": figures["duplicates"],
        "links": figures["links"],
        "fields_on_paper": figures["fields"],
        "pages": figures["pages"],
    }


def accepted(judged: Iterable[Judged]) -> dict[str, Any]:
    """How many passed without a person, of all and of those in which nothing was planted for a person to see, and
    how many of those that passed are wrong, with exact (Clopper-Pearson) bounds at 95 %."""
    every = list(judged)
    passed = [one for one in every if one.passed]
    clean = [one for one in every if not one.planted]
    wrong = [one for one in passed if one.errors]
    low, high = clopper_pearson(len(passed), len(every))
    return {
        "of": len(every),
        "accepted": len(passed),
        "share": ratio(len(passed), len(every)),
        "share_bounds_95": [round(low, 4), round(high, 4)],
        "clean": len(clean),
        "share_of_clean": ratio(sum(one.passed for one in clean), len(clean)),
        "wrong": len(wrong),
        "wrong_at_most_95": round(upper_bound(len(wrong), len(passed)), 5),
        "errors": dict(sorted(Counter(kind for one in wrong for kind in one.errors).items())),
    }


def _judge(session: Session, pack: Procedure, row: dict[str, Any], submission_id: str) -> Judged:
    submission = session.get_one(Submission, submission_id)
    planted = bool(row["findings"]) or row["applicant"] is None
    errors = _errors(session, pack, row, submission_id) if submission.straight_through else ()
    return Judged(row["id"], row["channel"], bool(submission.straight_through), planted, tuple(errors))


def _errors(session: Session, pack: Procedure, row: dict[str, Any], submission_id: str) -> list[str]:
    found = []
    if row["findings"]:
        found.append("deficiency_passed")
    if linked(session, submission_id) != wanted(row):
        found.append("person")
    values = session.exec(select(FieldValue).where(FieldValue.submission_id == submission_id)).all()
    said = {value.key: value.value for value in values}
    truth = {key: known["value"] for key, known in row["fields"].items()}
    if any(not agrees(pack, key, said.get(key), truth.get(key)) for key in {*said, *truth} if key in said):
        found.append("value")
    return found


def wanted(row: Mapping[str, Any]) -> dict[Role, str | None]:
    """Who is truly meant, by role and place. Children are a set of people: their order on a form says nothing."""
    children = sorted(str(child["resident_number"]) for child in row["children"])
    return {("applicant", 0): row["applicant"], **{("child", n): one for n, one in enumerate(children, start=1)}}


def linked(session: Session, submission_id: str) -> dict[Role, str | None]:
    """Whom the store links, in the same form."""
    rows = session.exec(
        select(Link.role, Person.resident_number)
        .join(Person, col(Person.id) == Link.person_id)
        .where(Link.submission_id == submission_id, Link.status != LinkStatus.UNDONE)
    ).all()
    children = sorted(str(number) for role, number in rows if role == "child")
    others = {(role, 0): number for role, number in rows if role != "child"}
    return {**others, **{("child", n): one for n, one in enumerate(children, start=1)}}


def agrees(pack: Procedure, key: str, value: str | None, truth: str | None) -> bool:
    """Both in the field's normal form; nothing and an unticked box are one."""
    if not value or value == "false":
        return not truth or truth == "false"
    if same_text(value, truth):
        return True
    normal = normalise_value(pack.field(key.split(".")[0]), truth).value if truth else None
    return normal is not None and same_text(value, normal)


def _with_missed_duplicates(judged: list[Judged], truth: Truth) -> list[Judged]:
    """Of a planted group one may pass without a person; every further one that does is an error."""
    passed = {one.truth_id for one in judged if one.passed}
    missed = {name for group in truth.duplicates for name in [n for n in group["submissions"] if n in passed][1:]}
    planted = {name for group in truth.duplicates for name in group["submissions"]}
    return [
        Judged(
            one.truth_id,
            one.channel,
            one.passed,
            one.planted or one.truth_id in planted,
            (*one.errors, "duplicate_passed") if one.truth_id in missed else one.errors,
        )
        for one in judged
    ]


def _reasons(session: Session) -> dict[str, int]:
    """How many submissions were given to a person for each reason, the commonest first."""
    rows = session.exec(
        select(ReviewReason.code, ReviewTask.submission_id)
        .join(ReviewTask, col(ReviewTask.id) == ReviewReason.task_id)
        .where(col(ReviewTask.submission_id).is_not(None))
        .distinct()
    ).all()
    return dict(Counter(code.value for code, _ in rows).most_common())
