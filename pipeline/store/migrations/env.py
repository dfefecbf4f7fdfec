"""Alembic's entry: the engine comes from `pipeline.store.migrate`, never from a file."""

from alembic import context
from sqlmodel import SQLModel

import pipeline.store.tables  # noqa: F401  fills the metadata

engine = context.config.attributes["engine"]
with engine.connect().execution_options(ichimado_write=True) as connection:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
