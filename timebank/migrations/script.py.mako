"""${message}

Revision ID: ${up_revision}
Revises: ${down_revision | comma,n}

Rules: one statement a call (statements.execute_each); every constraint named; bank_id first in every key;
expand before contract (a release must run on the schema before and after); no rewrite of a large table
under a lock: add columns nullable or with a constant default, constraints NOT VALID and validated later.
"""

from timebank.migrations.statements import IrreversibleMigrationError, execute_each

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    execute_each("""
    """)


def downgrade() -> None:
    """Refuse: the books are append-only, so a schema is only ever left by restoring a backup."""
    raise IrreversibleMigrationError
