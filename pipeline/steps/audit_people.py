"""What must always hold of who is who: merges that fit their records, keys of the living, traces of what is there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from typing import Any

import sqlalchemy
from sqlmodel import Session, col

from pipeline.domain.statuses import CaseStatus, LinkStatus, RegroupingKind, TraceKind
from pipeline.runtime import Runtime
from pipeline.steps.merged import keys_of_people, survivors
from pipeline.steps.packs import get_pack
from pipeline.steps.traces import account_digest
from pipeline.store.tables import Case, FieldValue, Link, MatchKey, Person, Regrouping, Submission, Trace

select: Callable[..., Any] = sqlalchemy.select

Findings = Iterator[tuple[str, bool]]


def merged_are_empty(session: Session) -> Findings:
    """Who was merged has nothing left, lives on in somebody, and exactly one record says since when."""
    into: dict[str, str] = {}
    pairs = session.execute(select(Person.id, Person.merged_into).where(col(Person.merged_into).is_not(None)))
    into.update((gone, kept) for gone, kept in pairs)
    told = _told(session)
    lives, holding = survivors(session), _holding(session, into)
    for person_id in sorted({*into, *told}):
        ends = lives.get(person_id)
        alive = ends is not None and ends not in into and session.get(Person, ends) is not None
        yield person_id, told[person_id] == [into.get(person_id)] and alive and person_id not in holding


def _told(session: Session) -> defaultdict[str, list[str]]:
    """Into whom the merges that stand, and the splits that were undone, say that somebody went."""
    told: defaultdict[str, list[str]] = defaultdict(list)
    made = session.execute(select(Regrouping.kind, Regrouping.from_id, Regrouping.to_id, Regrouping.undone_at))
    for kind, source, target, undone in made:
        if kind is RegroupingKind.MERGE and undone is None:
            told[source].append(target)
        elif kind is RegroupingKind.SPLIT and undone is not None:
            told[target].append(source)
    return told


def _holding(session: Session, person_ids: Collection[str]) -> set[str]:
    """Those of these persons who still have keys, links or cases; a withdrawn case may stay behind."""
    linked = select(Link.person_id).where(col(Link.person_id).in_(person_ids), Link.status != LinkStatus.UNDONE)
    subjects = select(Case.subject_id).where(col(Case.subject_id).in_(person_ids), Case.status != CaseStatus.WITHDRAWN)
    keys = select(MatchKey.person_id).where(col(MatchKey.person_id).in_(person_ids))
    return {one for query in (linked, subjects, keys) for one in session.execute(query).scalars()}


def keys_are_of_the_living(runtime: Runtime, session: Session) -> Findings:
    """Whom only applications named has the keys they are to have, and none once nothing means them."""
    query = select(Person).where(Person.source == "application", col(Person.merged_into).is_(None))
    for person in session.execute(query.order_by(col(Person.id))).scalars().all():
        (wanted,) = keys_of_people(session, [person], runtime.secrets.key).values()
        held = session.execute(select(MatchKey.key).where(MatchKey.person_id == person.id)).scalars().all()
        yield person.id, set(held) == wanted


def traces_fit(runtime: Runtime, session: Session) -> Findings:
    """An account's trace is of the account that the application gives now."""
    rows = session.execute(
        select(Trace.id, Trace.digest, Trace.submission_id, Submission.pack_version_id)
        .join(Submission, col(Submission.id) == Trace.submission_id)
        .where(Trace.kind == TraceKind.ACCOUNT)
        .order_by(col(Trace.id))
    ).all()
    for trace_id, digest, submission_id, pack_version_id in rows:
        pack = get_pack(session, pack_version_id)
        pairs = session.execute(
            select(FieldValue.key, FieldValue.value).where(
                FieldValue.submission_id == submission_id, col(FieldValue.key).in_(pack.matching.account)
            )
        )
        yield trace_id, digest == account_digest(runtime.secrets, pack, {key: value for key, value in pairs})
