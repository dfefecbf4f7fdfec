"""Who works here, who sends to us, and what they may."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from pipeline.domain.statuses import StaffRole
from pipeline.store.columns import UtcDateTime, new_id, now_utc, word


class User(SQLModel, table=True):
    """A member of staff. department is where they belong; what they may do stands in their grants.

    must_change_password: somebody else chose it, so the first thing to do is to choose another.
    """

    __tablename__ = "staff_user"

    id: str = Field(default_factory=new_id, primary_key=True)
    login: str = Field(unique=True)
    display_name: str
    password_hash: str
    department: str
    sees_protected: bool = False
    active: bool = True
    must_change_password: bool = False
    failed_sign_ins: int = 0
    locked_until: datetime | None = Field(default=None, sa_type=UtcDateTime)


class StaffGrant(SQLModel, table=True):
    """A role held in one department, for one procedure or (procedure_id "") for all of them.

    deputy_for: the approver whose place is taken when they are away (代決); None for a role in one's own right.
    """

    __tablename__ = "staff_grant"
    __table_args__ = (UniqueConstraint("user_id", "role", "department", "procedure_id"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    user_id: str = Field(foreign_key="staff_user.id", index=True)
    role: StaffRole = word(StaffRole)
    department: str
    procedure_id: str = ""
    deputy_for: str | None = Field(default=None, foreign_key="staff_user.id")


class UserSession(SQLModel, table=True):
    """A signed-in browser: only the digest of its token is kept."""

    __tablename__ = "user_session"

    token_digest: str = Field(primary_key=True)
    user_id: str = Field(foreign_key="staff_user.id", index=True)
    csrf_token: str
    language: str = "ja"
    expires_at: datetime = Field(sa_type=UtcDateTime)


class ApiClient(SQLModel, table=True):
    """A sending system. Only the digest of its key is kept; the secrets that sign its webhooks are sealed.

    previous_key_digest: the key before the present one, good until previous_key_until, so that a sender can change
    over without a gap. webhook_url: "" when it wants none.
    """

    __tablename__ = "api_client"

    id: str = Field(default_factory=new_id, primary_key=True)
    name: str = Field(unique=True)
    key_digest: str = Field(unique=True)
    previous_key_digest: str = ""
    previous_key_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    active: bool = True
    webhook_url: str = ""
    webhook_secret_token: str = ""
    created_by: str
    created_at: datetime = Field(default_factory=now_utc, sa_type=UtcDateTime)
    last_used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ApiScope(SQLModel, table=True):
    """A procedure that a sending system may send for, and the channel of its pack that maps its records.

    One channel is one sending system: receipt numbers are counted per channel, and nobody else may ask for them.
    """

    __tablename__ = "api_scope"
    __table_args__ = (UniqueConstraint("procedure_id", "channel_id"),)

    client_id: str = Field(foreign_key="api_client.id", primary_key=True)
    procedure_id: str = Field(primary_key=True)
    channel_id: str


class IdentityAssertion(SQLModel, table=True):
    """本人確認 as the sending system asserts it: who vouches (issuer), how (method, level), when.

    subject_digest: keyed digest of the issuer's name for the person; the name itself is not kept.
    """

    __tablename__ = "identity_assertion"

    id: str = Field(default_factory=new_id, primary_key=True)
    submission_id: str = Field(foreign_key="submission.id", unique=True)
    client_id: str | None = Field(default=None, foreign_key="api_client.id")
    issuer: str
    method: str
    level: str = ""
    subject_digest: str = ""
    asserted_at: datetime = Field(sa_type=UtcDateTime)
    kept_at: datetime = Field(default_factory=now_utc, sa_type=UtcDateTime)
