"""対象者: who there is, and who is meant."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from pipeline.domain.statuses import LinkStatus
from pipeline.store.columns import UtcDateTime, new_id, now_utc, word


class Roster(SQLModel, table=True):
    """対象者名簿: the eligible list of a procedure as of a reference date. complete: every row of it was written;
    until then the list before it stays in force. rows: lines of the list; done: how many of them were dealt with."""

    __tablename__ = "roster"

    id: str = Field(default_factory=new_id, primary_key=True)
    procedure_id: str = Field(index=True)
    digest: str = Field(unique=True)
    base_date: date
    imported_at: datetime = Field(default_factory=now_utc, sa_type=UtcDateTime)
    rows: int = 0
    done: int = 0
    complete: bool = False


class Person(SQLModel, table=True):
    """対象者. Registered characters are kept exactly; variants are folded only in `match_key`.

    source: "roster" or "application" (a person nobody had registered). merged_into: the person that this one turned
    out to be (統合); None for the living.
    """

    __tablename__ = "person"

    id: str = Field(default_factory=new_id, primary_key=True)
    resident_number: str | None = Field(default=None, unique=True)
    household_number: str | None = Field(default=None, index=True)
    reference_number: str | None = Field(default=None, index=True)
    name: str
    kana: str = ""
    former_name: str | None = None
    birth_date: date | None = None
    postal_code: str | None = None
    address: str | None = None
    phone: str | None = None
    protected: bool = False
    source: str = "roster"
    merged_into: str | None = Field(default=None, index=True)


class RosterRow(SQLModel, table=True):
    """One person on one list, valid from and to; eligible says whether a benefit may be granted for them."""

    __tablename__ = "roster_row"
    __table_args__ = (UniqueConstraint("roster_id", "person_id"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    roster_id: str = Field(foreign_key="roster.id", index=True)
    person_id: str = Field(foreign_key="person.id", index=True)
    eligible: bool = False
    valid_from: date
    valid_to: date | None = None


class MatchKey(SQLModel, table=True):
    """Blocking keys: keyed digests, so that the table holds no names. rule is the version of the key rules."""

    __tablename__ = "match_key"

    key: str = Field(primary_key=True)
    person_id: str = Field(foreign_key="person.id", primary_key=True, index=True)
    rule: str


class Candidate(SQLModel, table=True):
    """候補 for "who is this?", with the evidence as JSON: [{"field", "level", "weight"}]."""

    __tablename__ = "candidate"
    __table_args__ = (UniqueConstraint("submission_id", "role", "role_index", "person_id"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    submission_id: str = Field(foreign_key="submission.id", index=True)
    role: str
    role_index: int
    person_id: str = Field(foreign_key="person.id", index=True)
    rank: int
    total: float
    person_evidence: float
    evidence: str
    contradictions: str = ""
    weights_version: str = ""


class Link(SQLModel, table=True):
    """紐付け: this role of this submission is this person; at most one active per role, history kept.

    data_digest: of what was said of the role when a clerk confirmed the link, where it was enough to tell a person by;
    another application that says the same means the same person.
    """

    __tablename__ = "link"

    id: str = Field(default_factory=new_id, primary_key=True)
    submission_id: str = Field(foreign_key="submission.id", index=True)
    role: str
    role_index: int
    person_id: str = Field(foreign_key="person.id", index=True)
    status: LinkStatus = word(LinkStatus)
    total: float = 0.0
    evidence: str = "[]"
    weights_version: str = ""
    made_by: str = "system"
    made_at: datetime = Field(default_factory=now_utc, sa_type=UtcDateTime)
    data_digest: str | None = Field(default=None, index=True)


class Distinction(SQLModel, table=True):
    """A clerk's "not the same person". Asked again only when `data_digest` no longer fits the data.

    whole: what was said is enough to tell a person by, so that it holds for other applications that say the same.
    """

    __tablename__ = "distinction"
    __table_args__ = (UniqueConstraint("submission_id", "role", "role_index", "person_id"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    submission_id: str = Field(foreign_key="submission.id", index=True)
    role: str
    role_index: int
    person_id: str = Field(foreign_key="person.id", index=True)
    data_digest: str = Field(index=True)
    whole: bool = False
    made_by: str
    made_at: datetime = Field(default_factory=now_utc, sa_type=UtcDateTime)
