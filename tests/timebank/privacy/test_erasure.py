"""Erasing a person: nothing that identifies them is left, and the books do not notice."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from ledger.proof.document import verify_document
from ledger.proof.note import VerifierKey
from ledger.session import ReadTx, WriteTx
from tests.timebank.offices import CIPHER, NOW, new_office, take_in
from tests.timebank.workbook import generator
from timebank.access import Actor
from timebank.database import Bank, Database
from timebank.errors import RefusalError
from timebank.privacy.erasure import Erased, erase_person
from timebank.privacy.export import Collected, collect
from timebank.proof.actions import audit_bank, prove_record, seal_bank
from timebank.vault.actions import replace_fields, take_fields
from timebank.vault.blind import BlindIndex, find
from timebank.vault.cipher import Cipher

if TYPE_CHECKING:
    import asyncpg

SIZE = generator.Size(volunteers=6, activities=12, attendances=80, awards=4, items=4, slips=10)
PERSONAL = {
    "name": "司徒测试甲",
    "gender": "女",
    "born_on": "1959-03-21",
    "id_number": "990000195903217777",
    "phone": "19900007777",
    "employer": "测试第七纺织厂",
    "area": "测试七号院",
    "skills": "测试修理钟表",
}
WISH = "腿脚不便，想有人陪着去医院"
BLIND = BlindIndex(CIPHER.ring)
LATER = datetime(2026, 3, 1, tzinfo=UTC)
_COLUMNS = """
select table_name, column_name from information_schema.columns c
where table_schema = 'timebank' and udt_name in ('text', 'bytea', '_text', 'jsonb', 'json', 'varchar', 'date')
  and exists (select from information_schema.tables t
    where t.table_schema = 'timebank' and t.table_name = c.table_name and t.table_type = 'BASE TABLE')
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


async def put(tx: WriteTx, table: str, **values: object) -> None:
    """Put a row into a table."""
    places = ", ".join(f"${number}" for number in range(1, len(values) + 2))
    statement = f"insert into {table} (bank_id, {', '.join(values)}) values ({places})"
    await tx.connection.execute(statement, tx.bank_id, *values.values())


async def leave_traces(tx: WriteTx, who: UUID, other: UUID) -> None:
    """Let somebody have whatever a person can have, their name or phone wherever there is room for text."""
    name, phone = PERSONAL["name"], PERSONAL["phone"]
    await replace_fields(tx, CIPHER, who, PERSONAL)
    place = await tx.connection.fetchval("select min(id) from organisations where bank_id = $1", tx.bank_id)
    session, task, digest, until = uuid4(), uuid4(), bytes(32), LATER + timedelta(days=90)
    sealed = f"sealed {phone}".encode()
    await put(
        tx,
        "credentials",
        person_id=who,
        password_hash=f"hash {name}",
        totp_sealed=sealed,
        totp_key_id="k",
        changed_at=NOW,
    )
    phone_digest = BLIND.digest(tx.bank_id, "phone", phone)
    await put(tx, "login_codes", phone_digest=phone_digest, code_digest=digest, sent_at=NOW, expires_at=until)
    await put(tx, "login_links", digest=sealed, person_id=who, made_at=NOW, expires_at=until)
    lost = f"lost by {name}"
    await put(
        tx,
        "cards",
        person_id=who,
        digest=digest,
        issued_at=NOW,
        issued_by="test",
        revoked_at=NOW,
        revoked_for=lost,
    )
    await put(tx, "notifications", person_id=who, kind="x", params=json.dumps({"name": name}))
    times = {"began_at": NOW, "seen_at": NOW, "expires_at": until}
    await put(tx, "sessions", id=session, person_id=who, method="code", client=f"of {name}", **times)
    await put(tx, "refresh_tokens", digest=digest, session_id=session, issued_at=NOW, expires_at=until)
    await put(
        tx,
        "role_grants",
        person_id=who,
        role="steward",
        organisation_id=place,
        from_at=NOW,
        granted_by="test",
    )
    for principal, agent in ((who, other), (other, who)):
        await put(
            tx,
            "proxies",
            principal_id=principal,
            agent_id=agent,
            scopes=["standing"],
            reason=f"{name} is ill",
            from_at=NOW,
            until_at=until,
            made_by="test",
        )
    by = {"recorded_by": "test"}
    await put(
        tx,
        "memberships",
        person_id=who,
        organisation_id=place,
        kind="party_unit",
        from_on=date(2027, 1, 1),
        **by,
    )
    await put(
        tx,
        "guardianships",
        minor_id=other,
        guardian_id=who,
        relation="mother",
        from_on=date(2025, 1, 1),
        **by,
    )
    word = {"purpose": "publication", "is_given": True, "text_version": "1", "actor": "test"}
    await put(tx, "consents", person_id=who, declared_by=who, **word)
    told = json.dumps({"id": str(who), "name": name})
    await put(tx, "replies", actor="person:x", key="k", fingerprint=digest, status=201, body=told)
    await put(tx, "replies", actor=f"person:{who}", key="k", fingerprint=digest, status=201, body="{}")
    asked = {"requested_by": "test", "requested_at": NOW, "finished_at": NOW, "outcome": "succeeded"}
    await put(tx, "tasks", id=task, kind="import", params="{}", **asked)
    file = {"name": "report.xlsx", "media_type": "x", "key_id": "k", "sealed": f"register: {name}".encode()}
    await put(tx, "task_files", task_id=task, role="report", **file)
    await leave_objections(tx, who, other)
    await leave_disputes(tx, who)
    await leave_wishes(tx, who, other)
    await leave_scans(tx, who)
    await leave_complaints(tx, who)


async def leave_scans(tx: WriteTx, who: UUID) -> None:
    """Let somebody scan an old code: of the phone only a digest is kept, of them only ids."""
    volunteer = await tx.connection.fetchval(
        "select id from volunteers where bank_id = $1 and owner = $2", tx.bank_id, who
    )
    scan = {"kind": "in", "mode": "station_code", "outcome": "code_expired", "actor": f"person:{who}"}
    times = {"happened_at": NOW, "received_at": NOW}
    await put(tx, "scans", digest=b"d", phone=b"p", volunteer_id=volunteer, **scan, **times)


async def leave_wishes(tx: WriteTx, who: UUID, other: UUID) -> None:
    """Let somebody have kin, give them time-coins, and wish for service for themselves and be wished something."""
    await put(
        tx, "kinships", person_id=other, kin_id=who, relation="child", declared_at=NOW, declared_by="test"
    )
    given = {"kind": "gift", "from_person_id": who, "to_person_id": other, "amount": 1, "reason": ""}
    await put(tx, "gifts", **given, transaction_id=1, policy_version=1, made_at=NOW, made_by="test")
    place = await tx.connection.fetchval("select min(id) from organisations where bank_id = $1", tx.bank_id)
    asked = {"organisation_id": place, "category": "errands", "wanted_at": NOW, "minutes": 60, "coins": 1}
    ordered = {"state": "ordered", "policy_version": 1, "ordered_at": NOW, "ordered_by": "test"}
    for hold_id, (person, served) in enumerate(((who, who), (other, who))):
        wish = f"{PERSONAL['name']} cannot walk"
        of = {"person_id": person, "served_id": served, "wish": wish, "hold_id": hold_id}
        await put(tx, "service_orders", **asked, **ordered, **of, until_at=LATER)
    said = json.dumps({"person_id": str(who), "wish": WISH})
    await put(tx, "replies", actor="person:y", key="k", fingerprint=bytes(32), status=201, body=said)
    wished = {"person_id": who, "served_id": who, "wish": WISH, "hold_id": 9}
    await put(tx, "service_orders", **asked, **ordered, **wished, until_at=LATER)


async def leave_complaints(tx: WriteTx, who: UUID) -> None:
    """Let somebody accept for a merchant, give fufen there, complain about it and be answered."""
    place = await tx.connection.fetchval("select min(id) from organisations where bank_id = $1", tx.bank_id)
    merchant = await tx.connection.fetchval(
        "insert into merchants (bank_id, organisation_id, name, category, address, licence, state, created_at)"
        " values ($1, $2, '测试店', '理发', '东门', 'L-1', 'active', $3) returning id",
        tx.bank_id,
        place,
        NOW,
    )
    await put(tx, "merchant_staff", merchant_id=merchant, person_id=who, since_at=NOW, added_by="test")
    offer = await tx.connection.fetchval(
        "insert into offers (bank_id, merchant_id, kind, title, terms, price_fufen, percent, starts_on, ends_on,"
        " voucher_days, state) values ($1, $2, 'percent_off', '八折', '', 1, 20, $3, $3, 1, 'published')"
        " returning id",
        tx.bank_id,
        merchant,
        NOW.date(),
    )
    taken = {"merchant_id": merchant, "offer_id": offer, "person_id": who, "fufen": 1, "via": "member_code"}
    booked = {"transaction_id": 1, "policy_version": 1, "accepted_at": NOW, "accepted_on": NOW.date()}
    await put(tx, "acceptances", **taken, **booked, accepted_by="test")
    acceptance = await tx.connection.fetchval(
        "select max(id) from acceptances where bank_id = $1", tx.bank_id
    )
    said = {"statement": f"I am {PERSONAL['name']}", "answer": f"call {PERSONAL['phone']}"}
    decided = {"raised_at": NOW, "decided_at": NOW, "decision": "dismissed"}
    await put(tx, "complaints", acceptance_id=acceptance, person_id=who, **said, **decided)


async def leave_disputes(tx: WriteTx, who: UUID) -> None:
    """Let somebody say something against one of their records, and be answered."""
    record = await tx.connection.fetchval(
        "select min(r.id) from service_records r join volunteers v on v.bank_id = $1 and v.id = r.volunteer_id"
        " where r.bank_id = $1 and v.owner = $2",
        tx.bank_id,
        who,
    )
    said = {"statement": f"I am {PERSONAL['name']}", "answer": f"call {PERSONAL['phone']}"}
    decided = {"raised_at": NOW, "decided_at": NOW, "decision": "dismissed"}
    await put(tx, "disputes", record_id=record, person_id=who, **said, **decided)
    entered = {"actor": "test", "detail": "{}", "entered_at": NOW}
    await put(tx, "record_entries", record_id=record, kind="made", **entered)


async def leave_objections(tx: WriteTx, who: UUID, other: UUID) -> None:
    """Show one of somebody's records on a notice, and let them and another object to it."""
    name, phone = PERSONAL["name"], PERSONAL["phone"]
    record = await tx.connection.fetchval(
        "select min(r.id) from service_records r join volunteers v on v.bank_id = $1 and v.id = r.volunteer_id"
        " where r.bank_id = $1 and v.owner = $2",
        tx.bank_id,
        who,
    )
    place = await tx.connection.fetchval("select min(id) from organisations where bank_id = $1", tx.bank_id)
    notice = await tx.connection.fetchval(
        "insert into notices (bank_id, organisation_id, opened_on, closes_on, working_days, opened_by, opened_at)"
        " values ($1, $2, '2026-01-05', '2026-01-08', 3, 'test', $3) returning id",
        tx.bank_id,
        place,
        NOW,
    )
    line = {"notice_id": notice, "record_id": record}
    await put(tx, "notice_lines", **line, line=1, masked_name=name, state="objected")
    contact = {"contact_sealed": f"sealed {phone}".encode(), "contact_key_id": "k"}
    await put(tx, "objections", **line, ground=f"I am {name}", raised_by=who, raised_at=NOW, **contact)
    decided = {"decided_at": NOW, "decision": "dismissed", "reason": f"{name} was seen"}
    await put(
        tx, "objections", **line, ground=f"{name} was absent", raised_by=other, raised_at=NOW, **decided
    )


async def erase(
    database: Database, bank: Bank, who: UUID, *, cipher: Cipher = CIPHER, by: UUID | None = None
) -> Erased:
    """Erase somebody, as an administrator does."""
    actor = Actor(None, by or uuid4())
    return await database.write(bank, lambda tx: erase_person(tx, cipher, actor, who, now=LATER))


async def found_in(superuser: "asyncpg.Connection[asyncpg.Record]", bank: Bank, *texts: str) -> set[str]:
    """Return every column of every table of the bank in which one of the texts stands, as text, JSON or bytes."""
    found = set()
    for table, column in await superuser.fetch(_COLUMNS):
        for text in texts:
            forms = (text, json.dumps(text)[1:-1], text.encode().hex())
            is_there = await superuser.fetchval(
                f"select exists (select from timebank.{table} x, unnest($1::text[]) as form (text)"
                f" where position(form.text in x.{column}::text) > 0"
                f" and coalesce((to_jsonb(x) ->> 'bank_id')::bigint, $2) = $2)",
                forms,
                bank.id,
            )
            if is_there:
                found.add(f"{table}.{column}")
    return found


async def test_nothing_that_identifies_them_is_left_and_the_books_are_whole(
    database: Database, bank: Bank, superuser: "asyncpg.Connection[asyncpg.Record]", tmp_path: Path
) -> None:
    who, record = await busiest(database, bank)
    other = await somebody_else(database, bank)
    await database.write(bank, lambda tx: leave_traces(tx, who, other))
    sealed = await seal_bank(database, bank, tmp_path, now=NOW)
    proof = (await prove_record(database, bank, str(record))).to_json()
    before = await collected(database, bank, who)
    texts = [PERSONAL["name"], PERSONAL["phone"]]
    # The search finds what is there: else it would prove nothing.
    assert await found_in(superuser, bank, *texts) >= {
        "credentials.password_hash",
        "credentials.totp_sealed",
        "cards.revoked_for",
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

    await seal_bank(database, bank, tmp_path, now=LATER)
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
