"""Sessions: one that was cancelled leaves its hour to another.

Revision ID: 0008
Revises: 0007
"""

from timebank.migrations.statements import IrreversibleMigrationError, execute_each

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

STARTS = """
alter table activity_sessions drop constraint activity_sessions_starts_key;
create unique index activity_sessions_starts_key on activity_sessions (bank_id, activity_id, starts_at)
  where state <> 'cancelled';
"""


def upgrade() -> None:
    execute_each(STARTS)


def downgrade() -> None:
    """Refuse: the books are append-only, so a schema is only ever left by restoring a backup."""
    raise IrreversibleMigrationError
