"""Invariant 1: what the database itself refuses. Triggers, privileges, isolation, constraints and indexes.

The audit re-derives the rest from the rows, so it need not trust what is found here; but a guard that is gone
is told before anything comes of it.
"""

from ledger.audit.violations import FINDINGS_LIMIT, Finding
from ledger.session import ReadTx

APP, READER = "timebank_app", "timebank_reader"

APPEND_ONLY = (
    "units",
    "transactions",
    "postings",
    "closures",
    "exchange_rules",
    "leaves",
    "nodes",
    "checkpoints",
)
TENANT = (*APPEND_ONLY, "accounts", "folds")

_BEFORE, _DELETE, _UPDATE, _TRUNCATE, _INSERT = 2, 8, 16, 32, 4
_REFUSE = "raise exception 'ledger rows are append-only' using errcode = 'TB001';"

TRIGGERS = {
    **{
        f"{table}_append_only": (table, _BEFORE | _UPDATE | _DELETE | _TRUNCATE, "refuse_change")
        for table in APPEND_ONLY
    },
    "accounts_identity": ("accounts", _BEFORE | _UPDATE, "refuse_change"),
    "accounts_keep": ("accounts", _BEFORE | _DELETE | _TRUNCATE, "refuse_change"),
    "transactions_closed_period": ("transactions", _INSERT, "refuse_closed_period"),
}
"""Trigger: its table, what it fires for (bits of pg_trigger.tgtype), its function."""

FUNCTIONS = {
    "refuse_change": f"begin {_REFUSE} end",
    "refuse_closed_period": (
        "begin if exists ( select 1 from added t where t.refusal is null and t.effective_at < ("
        " select max(c.closed_before) from closures c where c.bank_id = t.bank_id) ) then"
        " raise exception 'the period is closed' using errcode = 'TB002'; end if; return null; end"
    ),
}
"""Function: its body, with single spaces."""

IDENTITY_COLUMNS = ("bank_id", "id", "owner", "unit_id", "kind", "guarded", "expires_on", "floor")
UPDATABLE = {"accounts": ("balance", "last_seq", "folded_before"), "folds": ("received", "given")}
"""The only columns that the application may update."""

CONSTRAINTS = {
    "units": ("pkey", "code_key", "spendable_check"),
    "accounts": (
        "pkey", "unit_key", "place_key", "unit_id_fkey", "kind_check", "guarded_check", "expires_on_check",
        "balance_check", "last_seq_check",
    ),
    "transactions": (
        "pkey", "idempotency_key", "reverses_id_fkey", "resolves_id_fkey", "refusal_check",
        "fingerprint_check", "salt_check", "hold_until_check",
    ),
    "postings": (
        "pkey", "transaction_id_fkey", "from_account_id_fkey", "to_account_id_fkey", "amount_check",
        "line_check", "sides_check", "from_seq_check", "to_seq_check",
    ),
    "folds": ("pkey", "account_id_fkey", "amounts_check"),
    "closures": ("pkey",),
    "exchange_rules": ("pkey",),
    "leaves": ("pkey", "transaction_id_key", "transaction_id_fkey", "leaf_index_check", "hash_check"),
    "nodes": ("pkey", "level_check", "hash_check"),
    "checkpoints": ("pkey", "root_check", "tree_size_check"),
}  # fmt: skip

UNIQUE_INDEXES = (
    "postings_from_seq_key",
    "postings_to_seq_key",
    "transactions_reverses_id_key",
    "transactions_resolves_id_key",
)

_TRIGGERS = """
select t.tgname::text as name, c.relname::text as "table", t.tgtype::int as fires,
  t.tgenabled::text as enabled, p.proname::text as function, t.tgqual is not null as conditional,
  array(select a.attname::text from pg_attribute a
    where a.attrelid = t.tgrelid and a.attnum = any(t.tgattr::int2[])) as columns
from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_proc p on p.oid = t.tgfoid
where c.relnamespace = $1::regnamespace and c.relname = any($2)
"""
_FUNCTIONS = """
select proname::text as name, prosrc as body from pg_proc
where pronamespace = $1::regnamespace and proname = any($2)
"""
_PRIVILEGES = """
select r.rolname::text as role, c.relname::text as "table", a.attname::text as "column", k.privilege
from pg_roles r
cross join pg_class c
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
cross join unnest(array['INSERT', 'UPDATE']) as k (privilege)
where r.rolname = any($3) and c.relnamespace = $1::regnamespace and c.relname = any($2)
  and has_column_privilege(r.oid, c.oid, a.attnum, k.privilege)
union all
select r.rolname::text, c.relname::text, null, k.privilege
from pg_roles r
cross join pg_class c
cross join unnest(array['DELETE', 'TRUNCATE', 'TRIGGER']) as k (privilege)
where r.rolname = any($3) and c.relnamespace = $1::regnamespace and c.relname = any($2)
  and has_table_privilege(r.oid, c.oid, k.privilege)
"""
_ROLES = """
select r.rolname::text from pg_roles r where r.rolname = any($3) and (r.rolsuper or r.rolbypassrls or exists (
  select from pg_class c where c.relnamespace = $1::regnamespace and c.relname = any($2)
    and pg_has_role(r.oid, c.relowner, 'member')))
"""
_ISOLATION = """
select c.relname::text as "table", c.relrowsecurity and c.relforcerowsecurity and count(p.oid) = 1
  and bool_and(p.polpermissive and p.polcmd = '*' and p.polroles = '{0}' and p.polwithcheck is null
    and pg_get_expr(p.polqual, p.polrelid) =
      '(bank_id = (NULLIF(current_setting(''timebank.bank_id''::text, true), ''''::text))::bigint)')
  as is_isolated
from pg_class c left join pg_policy p on p.polrelid = c.oid
where c.relnamespace = $1::regnamespace and c.relname = any($2)
group by c.oid, c.relname, c.relrowsecurity, c.relforcerowsecurity
"""
# Before PostgreSQL 18 there is no column conenforced; read as JSON its absence is null.
_CONSTRAINTS = """
select c.relname || '.' || k.conname from pg_constraint k join pg_class c on c.oid = k.conrelid
where c.relnamespace = $1::regnamespace and c.relname = any($2) and k.convalidated
  and coalesce((to_jsonb(k) ->> 'conenforced')::boolean, true)
"""
_INDEXES = """
select i.relname::text
from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class c on c.oid = x.indrelid
where c.relnamespace = $1::regnamespace and c.relname = any($2)
  and x.indisunique and x.indisvalid and x.indisready and x.indislive
"""


async def check_guards(tx: ReadTx) -> list[Finding]:
    """Return what is missing, disabled or too generous around the ledger's tables."""
    schema: str = await tx.connection.fetchval("select current_schema()::text")
    findings = [
        *await _triggers(tx, schema),
        *await _privileges(tx, schema),
        *await _isolation(tx, schema),
        *await _constraints(tx, schema),
    ]
    return findings[: FINDINGS_LIMIT * 2]


async def _triggers(tx: ReadTx, schema: str) -> list[Finding]:
    rows = await tx.connection.fetch(_TRIGGERS, schema, TENANT)
    found = {
        row["name"]: (row["table"], row["fires"], row["function"])
        for row in rows
        if not row["conditional"]
        and sorted(row["columns"]) == (sorted(IDENTITY_COLUMNS) if row["name"] == "accounts_identity" else [])
        and row["enabled"] in ("O", "A")
    }
    findings = [
        Finding("trigger_missing", f"table {expected[0]}.{name}")
        for name, expected in TRIGGERS.items()
        if found.get(name) != expected
    ]
    findings += [
        Finding("trigger_disabled", f"table {row['table']}.{row['name']}")
        for row in rows
        if row["enabled"] not in ("O", "A") and row["name"] not in TRIGGERS
    ]
    rows = await tx.connection.fetch(_FUNCTIONS, schema, list(FUNCTIONS))
    bodies = {row["name"]: row["body"] for row in rows}
    for name, body in FUNCTIONS.items():
        if " ".join(bodies.get(name, "").split()) != body:
            tables = sorted({table for table, _, function in TRIGGERS.values() if function == name})
            findings += [Finding("function_altered", f"table {table}.{name}") for table in tables]
    return findings


async def _privileges(tx: ReadTx, schema: str) -> list[Finding]:
    findings = []
    for role, table, column, privilege in await tx.connection.fetch(
        _PRIVILEGES, schema, TENANT, [APP, READER]
    ):
        is_due = role == APP and (
            privilege == "INSERT" or (privilege == "UPDATE" and column in UPDATABLE.get(table, ()))
        )
        if not is_due:
            name = table if column is None else f"{table}.{column}"
            findings.append(Finding("privilege_excessive", f"role {role} {privilege} {name}"))
    rows = await tx.connection.fetch(_ROLES, schema, TENANT, [APP, READER])
    return findings + [Finding("role_too_powerful", f"role {role}") for (role,) in rows]


async def _isolation(tx: ReadTx, schema: str) -> list[Finding]:
    rows = await tx.connection.fetch(_ISOLATION, schema, TENANT)
    isolated = {row["table"] for row in rows if row["is_isolated"]}
    return [Finding("isolation_missing", f"table {table}") for table in TENANT if table not in isolated]


async def _constraints(tx: ReadTx, schema: str) -> list[Finding]:
    constraints = {name for (name,) in await tx.connection.fetch(_CONSTRAINTS, schema, TENANT)}
    indexes = {name for (name,) in await tx.connection.fetch(_INDEXES, schema, TENANT)}
    return [
        *(
            Finding("constraint_missing", f"table {table}.{table}_{name}")
            for table, names in CONSTRAINTS.items()
            for name in names
            if f"{table}.{table}_{name}" not in constraints
        ),
        *(Finding("index_missing", f"table {name}") for name in UNIQUE_INDEXES if name not in indexes),
    ]
