"""Who applied: weights, households, what lists say of a person, traces of an application, people who are one."""

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Everything of release 0004; not released yet, so that it may still change."""
