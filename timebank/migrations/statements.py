"""The few DDL phrases that every migration shares: isolation by bank, append-only tables, grants.

One statement goes to the server per call, so that the same migrations run on Citus (SCALE rule 10).
"""

import re
from collections.abc import Mapping, Sequence

from alembic import op

_STATEMENT = re.compile(r"(?:\$\$.*?\$\$|[^;])+;", re.DOTALL)


class IrreversibleMigrationError(Exception):
    """Raised by every downgrade: leaving a schema version means restoring the backup taken before it."""


def execute_each(script: str) -> None:
    """Run the statements of a script one by one; `$$` quotes and `--` comments on own lines are understood."""
    bare = "\n".join(line for line in script.splitlines() if not line.lstrip().startswith("--"))
    for statement in _STATEMENT.findall(bare):
        op.get_bind().exec_driver_sql(statement.strip().removesuffix(";"))


def isolate(*tables: str) -> None:
    """Let each table show and take only rows of the bank that the transaction has set; unset shows nothing."""
    for table in tables:
        execute_each(f"""
            alter table {table} enable row level security;
            alter table {table} force row level security;
            create policy {table}_bank on {table}
              using (bank_id = nullif(current_setting('timebank.bank_id', true), '')::bigint);
        """)


def append_only(*tables: str) -> None:
    """Refuse UPDATE, DELETE and TRUNCATE of the tables to everybody, their owner included."""
    for table in tables:
        execute_each(f"""
            create trigger {table}_append_only before update or delete or truncate
              on {table} for each statement execute function refuse_change();
        """)


def grant(privileges: str, role: str, *tables: str) -> None:
    """Grant privileges on tables to a role."""
    for table in tables:
        execute_each(f"grant {privileges} on {table} to {role};")


def admit(
    tables: Sequence[str],
    *,
    append_only_tables: Sequence[str] = (),
    updates: Mapping[str, str],
    deletes: Sequence[str],
    unread: Sequence[str] = (),
) -> None:
    """Isolate new tables of the banks, and let the roles at them.

    The program reads and inserts, changes the named columns of `updates` and deletes from `deletes`; the reader reads
    all but `unread`.
    """
    append_only(*append_only_tables)
    isolate(*tables)
    grant("select, insert", "timebank_app", *tables)
    for table, columns in updates.items():
        grant(f"update ({columns})", "timebank_app", table)
    grant("delete", "timebank_app", *deletes)
    grant("select", "timebank_reader", *(table for table in tables if table not in unread))
