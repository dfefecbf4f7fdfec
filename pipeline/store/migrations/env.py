"""Alembic's entry: the engine comes from `pipeline.store.migrate`, never from a file."""

from alembic import context
from sqlalchemy import text
from sqlmodel import SQLModel

import pipeline.store.tables  # noqa: F401  fills the metadata

# Any number: every process that migrates must use the same.
_MIGRATING = 20261122

engine = context.config.attributes["engine"]
# One transaction around everything, the look at where the store stands included. SQLite takes its write lock at the
# start of it (`ichimado_write`), PostgreSQL a lock of its own, so that processes that start at once follow one another.
with engine.connect().execution_options(ichimado_write=True) as connection, connection.begin():
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _MIGRATING})
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
    )
    context.run_migrations()
