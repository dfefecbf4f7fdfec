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
)
from pipeline.store.tables.drafts import Approval, Draft, DraftCase
from pipeline.store.tables.people import Candidate, Distinction, Link, MatchKey, Person, Roster, RosterRow
from pipeline.store.tables.staff import ApiClient, ApiScope, IdentityAssertion, StaffGrant, User, UserSession
from pipeline.store.tables.submissions import (
    Attachment,
    Counter,
    Entry,
    FieldValue,
    Finding,
    PackVersion,
    ScoreLine,
    Submission,
)
from pipeline.store.tables.work import DoomedBlob, Erasure, RetentionHold, Worker, WorkLease

__all__ = [
    "ApiClient",
    "ApiScope",
    "Approval",
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
    "DoomedBlob",
    "Draft",
    "DraftCase",
    "Entry",
    "Erasure",
    "Event",
    "FieldValue",
    "Finding",
    "IdentityAssertion",
    "Link",
    "MatchKey",
    "Outbound",
    "PackVersion",
    "Page",
    "Person",
    "RetentionHold",
    "ReviewReason",
    "ReviewTask",
    "Roster",
    "RosterRow",
    "ScoreLine",
    "Seal",
    "StaffGrant",
    "Submission",
    "User",
    "UserSession",
    "WorkLease",
    "Worker",
]
