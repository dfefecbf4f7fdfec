"""All tables of the case store, by noun."""

from pipeline.store.tables.arrivals import Arrival, ArrivalIdentity, Batch, Document, Page
from pipeline.store.tables.cases import (
    Case,
    CorrectionRequest,
    Decision,
    Deficiency,
    Event,
    Outbound,
    ReviewReason,
    ReviewTask,
    Seal,
    User,
    UserSession,
)
from pipeline.store.tables.people import Candidate, Distinction, Link, MatchKey, Person, Roster, RosterRow
from pipeline.store.tables.submissions import (
    Attachment,
    Counter,
    Entry,
    FieldValue,
    Finding,
    PackVersion,
    Submission,
)

__all__ = [
    "Arrival",
    "ArrivalIdentity",
    "Attachment",
    "Batch",
    "Candidate",
    "Case",
    "CorrectionRequest",
    "Counter",
    "Decision",
    "Deficiency",
    "Distinction",
    "Document",
    "Entry",
    "Event",
    "FieldValue",
    "Finding",
    "Link",
    "MatchKey",
    "Outbound",
    "PackVersion",
    "Page",
    "Person",
    "ReviewReason",
    "ReviewTask",
    "Roster",
    "RosterRow",
    "Seal",
    "Submission",
    "User",
    "UserSession",
]
