"""Who applied: weights, households, what lists say of a person, traces of an application, people who are one."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Everything of release 0004; not released yet, so that it may still change."""
    _weights()
    _doubles()
    _households()
    _families()


def _weights() -> None:
    op.add_column("candidate", sa.Column("weights_version", sa.String(), server_default="", nullable=False))
    op.create_table(
        "match_weights",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("origin", sa.String(length=32), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("judgements", sa.Integer(), nullable=False),
        sa.Column("report", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("in_force", sa.Boolean(), nullable=False),
        sa.Column("adopted_by", sa.String(), nullable=False),
        sa.Column("adopted_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("version"),
    )
    op.create_table(
        "judgement",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("submission_id", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("role_index", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(length=32), nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("right_place", sa.Integer(), nullable=True),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("submission_id", "role", "role_index", "person_id"),
    )
    op.create_index("ix_judgement_person_id", "judgement", ["person_id"])
    op.create_index("ix_judgement_submission_id", "judgement", ["submission_id"])
    op.create_table(
        "name_counting",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("shares", sa.String(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "name_count",
        sa.Column("counting_id", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["counting_id"], ["name_counting.id"]),
        sa.PrimaryKeyConstraint("counting_id", "digest"),
    )


def _doubles() -> None:
    op.add_column("person", sa.Column("merged_into", sa.String(), nullable=True))
    op.create_index("ix_person_merged_into", "person", ["merged_into"])
    op.create_table(
        "trace",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("submission_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("submission_id", "kind", "about", "digest"),
    )
    op.create_index("ix_trace_digest", "trace", ["digest"])
    op.create_index("ix_trace_submission_id", "trace", ["submission_id"])
    op.create_table(
        "person_distinction",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("low_id", sa.String(), nullable=False),
        sa.Column("high_id", sa.String(), nullable=False),
        sa.Column("data_digest", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["low_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["high_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("low_id", "high_id"),
    )
    op.create_index("ix_person_distinction_low_id", "person_distinction", ["low_id"])
    op.create_index("ix_person_distinction_high_id", "person_distinction", ["high_id"])
    op.create_table(
        "regrouping",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("from_id", sa.String(), nullable=False),
        sa.Column("to_id", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("undone_by", sa.String(), nullable=True),
        sa.Column("undone_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["from_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["to_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("number"),
    )
    op.create_index("ix_regrouping_from_id", "regrouping", ["from_id"])
    op.create_index("ix_regrouping_to_id", "regrouping", ["to_id"])
    op.create_table(
        "regrouped_row",
        sa.Column("regrouping_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("row_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["regrouping_id"], ["regrouping.id"]),
        sa.PrimaryKeyConstraint("regrouping_id", "kind", "row_id"),
    )
    op.create_index("ix_regrouped_row_row_id", "regrouped_row", ["row_id"])
    op.add_column("distinction", sa.Column("whole", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index("ix_distinction_data_digest", "distinction", ["data_digest"])
    op.add_column("attachment", sa.Column("look", sa.String(), nullable=False, server_default=""))
    op.add_column("link", sa.Column("data_digest", sa.String(), nullable=True))
    op.create_index("ix_link_data_digest", "link", ["data_digest"])


def _households() -> None:
    op.create_table(
        "household",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("postal_code", sa.String(), nullable=True),
        sa.Column("address", sa.String(), nullable=True),
        sa.Column("phone", sa.String(), nullable=True),
        sa.Column("roster_id", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["roster_id"], ["roster.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("number"),
    )
    op.create_table(
        "household_member",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("household_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"]),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("person_id", "valid_from"),
    )
    op.create_index("ix_household_member_household_id", "household_member", ["household_id"])
    op.create_table(
        "household_link",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("submission_id", sa.String(), nullable=False),
        sa.Column("household_id", sa.String(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("total", sa.Float(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("undone_by", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"]),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_household_link_household_id", "household_link", ["household_id"])
    op.create_index("ix_household_link_submission_id", "household_link", ["submission_id"])
    op.create_table(
        "roster_mark",
        sa.Column("roster_row_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["roster_row_id"], ["roster_row.id"]),
        sa.PrimaryKeyConstraint("roster_row_id", "kind"),
    )
    op.create_table(
        "roster_problem",
        sa.Column("roster_id", sa.String(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("header", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["roster_id"], ["roster.id"]),
        sa.PrimaryKeyConstraint("roster_id", "line", "code", "header"),
    )
    op.add_column("roster", sa.Column("done", sa.Integer(), nullable=False, server_default="0"))
    op.execute(sa.text("UPDATE roster SET done = rows WHERE complete"))


def _families() -> None:
    """The households that the people of earlier lists name; their people have been there since the first list."""
    any_id = (
        "replace(gen_random_uuid()::text, '-', '')"
        if op.get_context().dialect.name == "postgresql"
        else ("lower(hex(randomblob(16)))")
    )
    op.execute(
        sa.text(
            f"INSERT INTO household (id, number, postal_code, address, phone) SELECT {any_id}, household_number,"
            " min(postal_code), min(address), min(phone) FROM person"
            " WHERE household_number IS NOT NULL AND household_number <> '' GROUP BY household_number"
        )
    )
    op.execute(
        sa.text(
            f"INSERT INTO household_member (id, household_id, person_id, valid_from) SELECT {any_id}, household.id,"
            " person.id, (SELECT min(roster_row.valid_from) FROM roster_row WHERE roster_row.person_id = person.id)"
            " FROM person JOIN household ON household.number = person.household_number"
            " WHERE EXISTS (SELECT 1 FROM roster_row WHERE roster_row.person_id = person.id)"
        )
    )
