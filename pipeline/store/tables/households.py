"""世帯 and what a list says of its people: kept apart from `person`, since families move and lists are wrong."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from pipeline.domain.statuses import LinkStatus, RosterMarkKind, RosterProblemCode
from pipeline.store.columns import UtcDateTime, new_id, now_utc, word


class Household(SQLModel, table=True):
    """世帯 as registered. roster_id: the list that told of it last, by the first of its rows that did."""

    __tablename__ = "household"

    id: str = Field(default_factory=new_id, primary_key=True)
    number: str | None = Field(default=None, unique=True)
    postal_code: str | None = None
    address: str | None = None
    phone: str | None = None
    roster_id: str | None = Field(default=None, foreign_key="roster.id")


class HouseholdMember(SQLModel, table=True):
    """Who lives in a household, from and to (both days included); valid_to None: as far as is known still there."""

    __tablename__ = "household_member"
    __table_args__ = (UniqueConstraint("person_id", "valid_from"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    household_id: str = Field(foreign_key="household.id", index=True)
    person_id: str = Field(foreign_key="person.id")
    valid_from: date
    valid_to: date | None = None


class HouseholdLink(SQLModel, table=True):
    """This application comes from this household, also where nobody can say which member. It identifies nobody.

    At most one not undone per application, history kept. evidence: as in `candidate`; "[]" where a member is linked.
    undone_by: the clerk who said that it is not this household, "" where only matching found another.
    """

    __tablename__ = "household_link"

    id: str = Field(default_factory=new_id, primary_key=True)
    submission_id: str = Field(foreign_key="submission.id", index=True)
    household_id: str = Field(foreign_key="household.id", index=True)
    status: LinkStatus = word(LinkStatus)
    total: float = 0.0
    evidence: str = "[]"
    made_by: str = "system"
    undone_by: str = ""
    made_at: datetime = Field(default_factory=now_utc, sa_type=UtcDateTime)


class RosterMark(SQLModel, table=True):
    """What a list says of one of its people: 転出, 死亡, 支給済, 申請済; day: since when, where it says."""

    __tablename__ = "roster_mark"

    roster_row_id: str = Field(foreign_key="roster_row.id", primary_key=True)
    kind: RosterMarkKind = word(RosterMarkKind, primary_key=True)
    day: date | None = None


class RosterProblem(SQLModel, table=True):
    """What was wrong with a line of a list; `header` of the column where one is to blame. Never what stood there."""

    __tablename__ = "roster_problem"

    roster_id: str = Field(foreign_key="roster.id", primary_key=True)
    line: int = Field(primary_key=True)
    code: RosterProblemCode = word(RosterProblemCode, primary_key=True)
    header: str = Field(default="", primary_key=True)
