"""Erasing a person: nothing that identifies them is left, and the books do not notice."""

import json
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from ledger.proof.document import verify_document
from ledger.proof.note import VerifierKey
from ledger.session import ReadTx, WriteTx
from tests.ledger.proof.history import until_decided
from tests.timebank.offices import CIPHER, NOW, new_office, take_in
from tests.timebank.privacy.traces import BLIND, LATER, PERSONAL, WISH, leave_traces
from tests.timebank.workbook import generator
from timebank.access import Actor
from timebank.database import Bank, Database
from timebank.errors import RefusalError
from timebank.privacy.erasure import Erased, erase_person
from timebank.privacy.export import Collected, collect
from timebank.proof.actions import audit_bank, prove_record, seal_settled
from timebank.vault.actions import replace_fields, take_fields
from timebank.vault.blind import find
from timebank.vault.cipher import Cipher

if TYPE_CHECKING:
    import asyncpg

SIZE = generator.Size(volunteers=6, activities=12, attendances=80, awards=4, items=4, slips=10)
_COLUMNS = """
select table_name, array_agg(column_name::text) as columns,
  (select exists (select from information_schema.columns b where b.table_schema = 'timebank'
    and b.table_name = c.table_name and b.column_name = 'bank_id')) as is_a_banks
from information_schema.columns c
where table_schema = 'timebank' and udt_name in ('text', 'bytea', '_text', 'jsonb', 'json', 'varchar', 'date')
  and exists (select from information_schema.tables t
    where t.table_schema = 'timebank' and t.table_name = c.table_name and t.table_type = 'BASE TABLE')
group by table_name
"""


@pytest.fixture
async def bank(database: Database, tmp_path: Path) -> Bank:
    """Return a bank with a year of service in its books."""
    bank = await new_office(database)
    generator.write(tmp_path / "small.xlsx", generator.district(59, SIZE))
    await take_in(database, bank, tmp_path / "small.xlsx")
    return bank


async def somebody_else(database: Database, bank: Bank) -> UUID:
    """Return a person without anything."""

    async def work(tx: WriteTx) -> UUID:
        id_: UUID = await tx.connection.fetchval(
            "insert into people (bank_id) values ($1) returning id", tx.bank_id
        )
        return id_

    return await database.write(bank, work)


async def busiest(database: Database, bank: Bank) -> tuple[UUID, int]:
    """Return the volunteer of most credited records, and one of those."""
    row = await database.read(
        bank,
        lambda tx: tx.connection.fetchrow(
            "select v.owner, max(r.id) as record from service_records r"
            " join volunteers v on v.bank_id = $1 and v.id = r.volunteer_id"
            " where r.bank_id = $1 and r.outcome = 'accepted' group by v.owner order by count(*) desc, 1 limit 1",
            tx.bank_id,
        ),
    )
    assert row is not None
    return row["owner"], row["record"]


async def erase(
    database: Database, bank: Bank, who: UUID, *, cipher: Cipher = CIPHER, by: UUID | None = None
) -> Erased:
    """Erase somebody, as an administrator does."""
    actor = Actor(None, by or uuid4())
    return await database.write(bank, lambda tx: erase_person(tx, cipher, actor, who, now=LATER))


async def found_in(superuser: "asyncpg.Connection[asyncpg.Record]", bank: Bank, *texts: str) -> set[str]:
    """Return every column of every table of the bank in which one of the texts stands, as text, JSON or bytes."""
    found = set()
    forms = {form for text in texts for form in (text, json.dumps(text)[1:-1], text.encode().hex())}
    for table, columns, is_a_banks in await superuser.fetch(_COLUMNS):
        there = "coalesce(bool_or(exists (select from unnest($1::text[]) f where strpos(x.{}::text, f) > 0)), false)"
        asked = ", ".join(there.format(column) for column in columns)
        rows = f"timebank.{table} x" + (f" where x.bank_id = {bank.id}" if is_a_banks else "")
        answer = await superuser.fetchrow(f"select {asked} from {rows}", sorted(forms))
        found |= {
            f"{table}.{column}" for column, is_there in zip(columns, answer or (), strict=True) if is_there
        }
    return found


async def test_nothing_that_identifies_them_is_left_and_the_books_are_whole(
    database: Database, bank: Bank, superuser: "asyncpg.Connection[asyncpg.Record]", tmp_path: Path
) -> None:
    who, record = await busiest(database, bank)
    other = await somebody_else(database, bank)
    await database.write(bank, lambda tx: leave_traces(tx, who, other))
    await until_decided(database, bank)
    sealed = await seal_settled(database, bank, tmp_path, now=NOW)
    proof = (await prove_record(database, bank, str(record))).to_json()
    before = await collected(database, bank, who)
    texts = [PERSONAL["name"], PERSONAL["phone"]]
    # The search finds what is there: else it would prove nothing.
    assert await found_in(superuser, bank, *texts) >= {
        "credentials.password_hash",
        "credentials.totp_sealed",
        "cards.revoked_for",
        "certificates.sealed",
        "complaints.answer",
        "complaints.statement",
        "disputes.answer",
        "disputes.statement",
        "notice_lines.masked_name",
        "notifications.params",
        "objections.contact_sealed",
        "objections.ground",
        "objections.reason",
        "proxies.reason",
        "recognition_candidates.masked_name",
        "recognition_decisions.note",
        "recognition_objections.contact_sealed",
        "recognition_objections.ground",
        "recognition_objections.reason",
        "replies.body",
        "service_orders.wish",
        "sessions.client",
        "task_files.sealed",
    }

    assert await erase(database, bank, who) == Erased(who, LATER)

    longer = [WISH, *(value for value in PERSONAL.values() if len(value) > 1)]
    assert await found_in(superuser, bank, *longer) == set()
    for digest in BLIND.digests(bank.id, "phone", PERSONAL["phone"]):
        assert (
            await superuser.fetchval("select count(*) from login_codes where phone_digest = $1", digest) == 0
        )
    assert await database.read(bank, lambda tx: take_fields(tx, CIPHER, who)) == {}
    for field in ("phone", "id_number"):
        value = PERSONAL[field]
        assert await database.read(bank, lambda tx, f=field, v=value: find(tx, BLIND, f, v)) == []  # type: ignore[misc]  # a lambda with a default has no type

    after = await collected(database, bank, who)
    for kept in (
        "volunteer",
        "records",
        "attendances",
        "awards",
        "redemptions",
        "statements",
        "consents",
        "balances",
        "warnings",
    ):
        assert after.parts[kept] == before.parts[kept]
    assert len(after.parts["records"]) > 1
    for gone in ("fields", "cards", "credentials", "sessions", "notifications"):
        assert before.parts[gone]
        assert not after.parts[gone]
    for ended, column in (
        ("roles", "revoked_at"),
        ("proxies", "ended_at"),
        ("kinships", "ended_at"),
        ("merchant_staff", "until_at"),
        ("memberships", "until_on"),
    ):
        assert after.parts[ended]
        assert all(row[column] for row in after.parts[ended])
    assert all(row["until_on"] for row in after.parts["guardianships"])

    await until_decided(database, bank)
    await seal_settled(database, bank, tmp_path, now=LATER)
    assert await audit_bank(database, bank, tmp_path) == []
    key = VerifierKey.parse(sealed.verifier)
    origin = f"timebank/{bank.code}"
    verify_document(proof, key, origin=origin)
    verify_document((await prove_record(database, bank, str(record))).to_json(), key, origin=origin)
    # An answer that says nothing personal is still given again.
    assert await count(database, bank, "replies") == 1


async def collected(database: Database, bank: Bank, who: UUID) -> Collected:
    return await database.read(bank, lambda tx: collect(tx, CIPHER, who, now=NOW))


async def count(database: Database, bank: Bank, table: str) -> int:
    async def work(tx: ReadTx) -> int:
        rows: int = await tx.connection.fetchval(
            f"select count(*) from {table} where bank_id = $1", tx.bank_id
        )
        return rows

    return await database.read(bank, work)


async def test_others_keep_what_is_theirs(database: Database, bank: Bank) -> None:
    who, _ = await busiest(database, bank)
    fields = await count(database, bank, "vault")
    own = len(await database.read(bank, lambda tx: take_fields(tx, CIPHER, who)))
    await erase(database, bank, who)
    assert own > 0
    assert await count(database, bank, "vault") == fields - own


async def test_erasing_again_oneself_or_nobody_is_refused(database: Database, bank: Bank) -> None:
    who, _ = await busiest(database, bank)
    with pytest.raises(RefusalError, match="erasure_of_self"):
        await erase(database, bank, who, by=who)
    assert await database.read(bank, lambda tx: take_fields(tx, CIPHER, who))
    await erase(database, bank, who)
    with pytest.raises(RefusalError, match="already_erased"):
        await erase(database, bank, who)
    with pytest.raises(RefusalError, match="unknown_person"):
        await erase(database, bank, uuid4())


async def test_nothing_comes_back_afterwards(database: Database, bank: Bank, tmp_path: Path) -> None:
    who, _ = await busiest(database, bank)
    await erase(database, bank, who)
    with pytest.raises(RefusalError, match="person_erased"):
        await database.write(bank, lambda tx: replace_fields(tx, CIPHER, who, PERSONAL))
    await take_in(database, bank, tmp_path / "small.xlsx")
    assert await database.read(bank, lambda tx: take_fields(tx, CIPHER, who)) == {}


async def test_a_lost_key_does_not_keep_anybody_in_the_vault(database: Database, bank: Bank) -> None:
    who, _ = await busiest(database, bank)
    other = await somebody_else(database, bank)
    await database.write(bank, lambda tx: leave_traces(tx, who, other))
    await erase(database, bank, who, cipher=Cipher(bytes(32)))
    assert await database.read(bank, lambda tx: take_fields(tx, CIPHER, who)) == {}
    assert await count(database, bank, "replies") == 0
    assert await count(database, bank, "login_codes") == 0
