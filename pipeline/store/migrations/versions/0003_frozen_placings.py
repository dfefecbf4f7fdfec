"""Points, rank and place of a case as it was drafted"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, kind in (("points", sa.Integer()), ("rank", sa.Integer()), ("place", sa.String())):
        op.add_column("draft_case", sa.Column(name, kind, nullable=True))
