"""What matching has learned: weights and their versions, what reviewers judged, and how common names are."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from pipeline.domain.statuses import Verdict, WeightsOrigin
from pipeline.store.columns import UtcDateTime, new_id, now_utc, word


class MatchWeights(SQLModel, table=True):
    """Weights of matching that were made here; their content never changes. At most one version is in force; where
    none is, the shipped ones are.

    document: a weights file, see `matchers.weights`. judgements: on how many they were fitted, 0 for imported ones.
    report: JSON, what was measured when they were made.
    """

    __tablename__ = "match_weights"

    id: str = Field(default_factory=new_id, primary_key=True)
    version: str = Field(unique=True)
    origin: WeightsOrigin = word(WeightsOrigin)
    document: str
    judgements: int = 0
    report: str = "{}"
    made_by: str
    made_at: datetime = Field(default_factory=now_utc, sa_type=UtcDateTime)
    in_force: bool = False
    adopted_by: str = ""
    adopted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Judgement(SQLModel, table=True):
    """What a clerk decided of one role, with how the candidates compared then: what weights are learned from.

    evidence: JSON, for each candidate its evidence as in `candidate`, levels and no values. right_place: which of
    them it is (0-based), None when it is none of them. One that was taken back is gone.
    """

    __tablename__ = "judgement"
    __table_args__ = (UniqueConstraint("submission_id", "role", "role_index", "person_id"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    submission_id: str = Field(foreign_key="submission.id", index=True)
    role: str
    role_index: int
    person_id: str = Field(foreign_key="person.id", index=True)
    verdict: Verdict = word(Verdict)
    evidence: str
    right_place: int | None = None
    made_by: str
    made_at: datetime = Field(default_factory=now_utc, sa_type=UtcDateTime)


class NameCounting(SQLModel, table=True):
    """One count of all people's names. The newest complete one is in force.

    rule: the version of the rules that names were made comparable by. shares: JSON, per kind its total and the chance
    that two people share a value.
    """

    __tablename__ = "name_counting"

    id: str = Field(default_factory=new_id, primary_key=True)
    rule: str
    people: int = 0
    shares: str = "{}"
    complete: bool = False
    made_at: datetime = Field(default_factory=now_utc, sa_type=UtcDateTime)


class NameCount(SQLModel, table=True):
    """How many people bear a part of a name. digest: a keyed one of kind and part, so that the table holds no names."""

    __tablename__ = "name_count"

    counting_id: str = Field(foreign_key="name_counting.id", primary_key=True)
    digest: str = Field(primary_key=True)
    kind: str
    people: int
