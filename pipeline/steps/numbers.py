"""Numbers that people say aloud: R8-000231."""

from __future__ import annotations

from datetime import date

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from japan.era import from_date
from pipeline.store.tables import Counter


def fiscal_year(day: date) -> int:
    """The western year in which the fiscal year (from 1 April, 地方自治法第208条) of a day began."""
    return day.year if day.month >= 4 else day.year - 1


def next_number(session: Session, name: str) -> int:
    """The next number under this name, from 1; without gaps, since it rolls back with the caller."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    # Two who want the first number of a day at once: the row is there for both.
    session.execute(insert(Counter).values(name=name, value=0).on_conflict_do_nothing())
    raised = (
        update(Counter)
        .where(col(Counter.name) == name)
        .values(value=col(Counter.value) + 1)
        .returning(col(Counter.value))
        .execution_options(synchronize_session=False)
    )
    return int(session.execute(raised).scalar_one())


def receipt_number(session: Session, day: date) -> str:
    """A fresh 受付番号 such as R8-000231, counted within the Japanese fiscal year of `day`."""
    prefix = _year_word(day)
    return f"{prefix}-{next_number(session, f'receipt:{prefix}'):06d}"


def batch_number(session: Session, day: date) -> str:
    """A fresh batch number such as 2026-11-22-03, counted within the day."""
    return f"{day.isoformat()}-{next_number(session, f'batch:{day.isoformat()}'):02d}"


def case_number(session: Session, day: date) -> str:
    """A fresh case number such as R8-C000017."""
    prefix = _year_word(day)
    return f"{prefix}-C{next_number(session, f'case:{prefix}'):06d}"


def draft_number(session: Session, day: date) -> str:
    """A fresh number of a draft (文書番号) such as R8-D000005, counted within the fiscal year of `day`."""
    prefix = _year_word(day)
    return f"{prefix}-D{next_number(session, f'draft:{prefix}'):06d}"


def erasure_number(session: Session, day: date) -> str:
    """A fresh number of an erasure such as R8-E0003."""
    prefix = _year_word(day)
    return f"{prefix}-E{next_number(session, f'erasure:{prefix}'):04d}"


def _year_word(day: date) -> str:
    era = from_date(date(fiscal_year(day), 4, 1))
    return f"{era.letter}{era.year}"
