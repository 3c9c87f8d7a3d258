"""The schema keeps the rules that let it shard by bank (docs on scale), and those that keep banks apart.

Each rule is a query that lists offenders. One test runs it on the migrated schema, another on a schema with
an offender planted, so that no rule can be blind.
"""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from tests.timebank.migrations.conftest import connect
from timebank.database import Address

if TYPE_CHECKING:
    import asyncpg

_TABLES = """
with tables as (
  select c.oid, c.relname as name, c.relrowsecurity, c.relforcerowsecurity, c.relowner, b.attnum as bank_column
  from pg_class c left join pg_attribute b on b.attrelid = c.oid and b.attname = 'bank_id'
  where c.relnamespace = 'timebank'::regnamespace and c.relkind in ('r', 'p')
), tenant as (select * from tables where bank_column is not null)
"""

BANK_FIRST_KEY = """
select n.conname from pg_constraint n join tenant t on t.oid = n.conrelid
where n.contype in ('p', 'u', 'x') and n.conkey[1] <> t.bank_column
"""

RULES = {
    "every table but the shared ones belongs to a bank": """
        select name from tables
        where bank_column is null and name not in ('banks', 'epochs', 'schema_version')
    """,
    "bank_id is a bigint that is never null": """
        select t.name from tenant t join pg_attribute a on a.attrelid = t.oid and a.attnum = t.bank_column
        where not a.attnotnull or a.atttypid <> 'bigint'::regtype
    """,
    "every tenant table has a primary key": """
        select name from tenant t
        where not exists (select from pg_constraint n where n.conrelid = t.oid and n.contype = 'p')
    """,
    "bank_id comes first in every key": BANK_FIRST_KEY,
    "bank_id comes first in every index": """
        select i.indexrelid::regclass from pg_index i join tenant t on t.oid = i.indrelid
        where i.indkey[0] <> t.bank_column
    """,
    "tenant tables point to each other by bank": """
        select n.conname from pg_constraint n
        join tenant t on t.oid = n.conrelid join tenant f on f.oid = n.confrelid
        where n.contype = 'f' and (n.conkey[1] <> t.bank_column or n.confkey[1] <> f.bank_column)
    """,
    "tenant tables point to no shared table but the banks": """
        select n.conname from pg_constraint n join tenant t on t.oid = n.conrelid
        join tables f on f.oid = n.confrelid
        where n.contype = 'f' and f.bank_column is null
          and (f.name <> 'banks' or n.conkey <> array[t.bank_column])
    """,
    "shared tables point to no tenant table": """
        select n.conname from pg_constraint n join tables s on s.oid = n.conrelid
        join tenant t on t.oid = n.confrelid
        where n.contype = 'f' and s.bank_column is null
    """,
    "foreign keys do nothing but refuse": """
        select conname from pg_constraint
        where connamespace = 'timebank'::regnamespace and contype = 'f'
          and (confupdtype <> 'a' or confdeltype <> 'a' or condeferrable)
    """,
    "row-level security is on, for the owner too": """
        select name from tenant where not (relrowsecurity and relforcerowsecurity)
    """,
    "one policy shows and takes the rows of the bank that is set": """
        select t.name from tenant t left join pg_policy p on p.polrelid = t.oid
        group by t.name
        having count(*) <> 1 or bool_or(not p.polpermissive or p.polcmd <> '*' or p.polroles <> '{0}'
          or p.polwithcheck is not null or pg_get_expr(p.polqual, p.polrelid) <>
            '(bank_id = (NULLIF(current_setting(''timebank.bank_id''::text, true), ''''::text))::bigint)')
          or bool_or(p.oid is null)
    """,
    "ids are bigint or uuid": """
        select t.name || '.' || a.attname from tables t join pg_attribute a on a.attrelid = t.oid
        where (a.attname = 'id' or a.attname like '%\\_id') and a.attnum > 0
          and a.atttypid in ('smallint'::regtype, 'integer'::regtype)
    """,
    "ids are numbered by identity columns, never by defaults": """
        select t.name || '.' || a.attname from tables t join pg_attribute a on a.attrelid = t.oid
        left join pg_attrdef d on d.adrelid = t.oid and d.adnum = a.attnum
        where a.attidentity = 'd' or pg_get_expr(d.adbin, d.adrelid) like 'nextval%'
    """,
    "constraints are named after their table and kind": """
        select n.conname from pg_constraint n join tables t on t.oid = n.conrelid
        where t.name <> 'schema_version' and n.conname !~ case n.contype
          when 'p' then '^' || t.name || '_pkey$'
          when 'u' then '^' || t.name || '_[a-z_]+_key$'
          when 'f' then '^' || t.name || '_[a-z_]+_fkey$'
          when 'c' then '^' || t.name || '_[a-z_]+_check$'
          else '' end
    """,
    "indexes are named after their table and kind": """
        select i.indexrelid::regclass from pg_index i
        join pg_class c on c.oid = i.indexrelid join tables t on t.oid = i.indrelid
        where not exists (select from pg_constraint n where n.conindid = i.indexrelid and n.contype <> 'f')
          and c.relname !~ ('^' || t.name || case when i.indisunique then '_[a-z_]+_key$' else '_[a-z_]+_idx$' end)
    """,
    "functions are PL/pgSQL and ask for no table's name": """
        select p.proname from pg_proc p join pg_language l on l.oid = p.prolang
        where p.pronamespace = 'timebank'::regnamespace
          and (l.lanname <> 'plpgsql' or p.prosecdef or p.prosrc ~* 'tg_table_name')
    """,
    "everything belongs to the owner role": """
        select name from tables where relowner <> 'timebank_owner'::regrole
    """,
    "append-only tables let the server's role add and nothing else": """
        select t.name from tables t where exists (
          select from pg_trigger g where g.tgrelid = t.oid and g.tgname = t.name || '_append_only')
        and (has_any_column_privilege('timebank_app', t.oid, 'update')
          or has_table_privilege('timebank_app', t.oid, 'delete, truncate'))
    """,
    "the books are append-only": """
        select t.name from tables t where t.name in ('transactions', 'postings', 'leaves', 'nodes', 'checkpoints')
        and not exists (select from pg_trigger g where g.tgrelid = t.oid and g.tgname = t.name || '_append_only'
          and g.tgenabled in ('O', 'A') and g.tgtype & 56 = 56)
    """,
    "the reader reads": """
        select name from tables
        where has_any_column_privilege('timebank_reader', oid, 'insert, update, references')
          or has_table_privilege('timebank_reader', oid, 'delete, truncate, trigger')
    """,
    "nobody truncates, and nobody else has any right": """
        select t.name from tables t, aclexplode((select relacl from pg_class where oid = t.oid)) a
        where a.grantee not in ('timebank_owner'::regrole, 'timebank_app'::regrole, 'timebank_reader'::regrole)
          or (a.grantee <> 'timebank_owner'::regrole
            and a.privilege_type in ('TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN'))
    """,
}

OFFENCES = {
    "every table but the shared ones belongs to a bank": "create table stray (id bigint)",
    "bank_id is a bigint that is never null": "create table stray (bank_id bigint)",
    "every tenant table has a primary key": "create table stray (bank_id bigint)",
    "bank_id comes first in every key": "alter table goods add constraint goods_x_key unique (id, bank_id)",
    "bank_id comes first in every index": "create index goods_sku_idx on goods (sku)",
    "tenant tables point to each other by bank": """
        create unique index units_other_key on units (id, bank_id);
        alter table goods add constraint goods_shop_fkey foreign key (id, bank_id) references units (id, bank_id)
          not valid
    """,
    "tenant tables point to no shared table but the banks": """
        alter table shops add constraint shops_code_fkey foreign key (code) references banks (code) not valid
    """,
    "shared tables point to no tenant table": """
        alter table banks add unit_id bigint;
        alter table banks add constraint banks_unit_id_fkey foreign key (id, unit_id) references units (bank_id, id)
    """,
    "foreign keys do nothing but refuse": """
        alter table goods add constraint goods_other_fkey foreign key (bank_id, shop_id)
          references shops (bank_id, id) on delete cascade
    """,
    "row-level security is on, for the owner too": "alter table units no force row level security",
    "one policy shows and takes the rows of the bank that is set": "create policy more on units using (true)",
    "ids are bigint or uuid": "create table stray (bank_id bigint, shop_id integer)",
    "ids are numbered by identity columns, never by defaults": "create table stray (bank_id bigint, id bigserial)",
    "constraints are named after their table and kind": "alter table units add constraint positive check (id > 0)",
    "indexes are named after their table and kind": "create index units_class on units (bank_id, class)",
    "functions are PL/pgSQL and ask for no table's name": """
        create function one() returns integer language sql as 'select 1'
    """,
    "everything belongs to the owner role": "create table stray (bank_id bigint)",
    "append-only tables let the server's role add and nothing else": """
        grant update (memo) on transactions to timebank_app
    """,
    "the books are append-only": "alter table postings disable trigger postings_append_only",
    "the reader reads": "grant insert on units to timebank_reader",
    "nobody truncates, and nobody else has any right": "grant select on units to public",
}


@pytest_asyncio.fixture
async def catalogue(address: Address) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
    """Return a connection whose changes are undone."""
    connection = await connect(address)
    transaction = connection.transaction()
    await transaction.start()
    yield connection
    await transaction.rollback()
    await connection.close()


@pytest.mark.parametrize("rule", RULES)
async def test_the_schema_keeps_the_rule(catalogue: "asyncpg.Connection[asyncpg.Record]", rule: str) -> None:
    assert [row[0] for row in await catalogue.fetch(_TABLES + RULES[rule])] == []


@pytest.mark.parametrize("rule", RULES)
async def test_the_rule_sees_an_offender(catalogue: "asyncpg.Connection[asyncpg.Record]", rule: str) -> None:
    await catalogue.execute(OFFENCES[rule])
    assert await catalogue.fetch(_TABLES + RULES[rule])


async def test_a_rule_that_lists_no_table_would_be_blind(
    catalogue: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    assert await catalogue.fetchval(_TABLES + "select count(*) from tenant") > 20
