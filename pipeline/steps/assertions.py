"""本人確認 that a sending system vouches for, and the papers it stands for."""

from __future__ import annotations

from sqlmodel import Session, select

from pipeline.procedures.pack import Procedure
from pipeline.store.tables import IdentityAssertion


def find_assertion(session: Session, submission_id: str) -> IdentityAssertion | None:
    """Who vouches for the applicant of this submission; None when nobody does."""
    return session.exec(select(IdentityAssertion).where(IdentityAssertion.submission_id == submission_id)).first()


def asserted_kinds(session: Session, submission_id: str, pack: Procedure) -> set[str]:
    """The kinds of paper that an assertion stands for on this submission; none without one."""
    kinds = {spec.kind for spec in pack.attachments if spec.assertion}
    return kinds if kinds and find_assertion(session, submission_id) is not None else set()
