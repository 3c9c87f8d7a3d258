"""What a person leaves in every table that can name them."""

import json
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

from ledger.session import WriteTx
from tests.timebank.offices import CIPHER, NOW
from timebank.vault.actions import replace_fields
from timebank.vault.blind import BlindIndex

PERSONAL = {
    "name": "司徒测试甲",
    "gender": "女",
    "born_on": "1959-03-21",
    "id_number": "990000195903217777",
    "phone": "19900007777",
    "employer": "测试第七纺织厂",
    "area": "测试七号院",
    "skills": "测试修理钟表",
    "email": "si.tu.jia@mail.example.org",
}
BLIND = BlindIndex(CIPHER.ring)
LATER = datetime(2026, 3, 1, tzinfo=UTC)
WISH = "腿脚不便，想有人陪着去医院"


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
    await put(
        tx,
        "expiry_warnings",
        owner=who,
        unit="point",
        expires_on=date(2026, 12, 31),
        days=7,
        amount=5,
        warned_at=NOW,
    )
    await leave_messages(tx, who)
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
    await leave_recognition(tx, who, other)
    await leave_disputes(tx, who)
    await leave_wishes(tx, who, other)
    await leave_scans(tx, who)
    await leave_complaints(tx, who)
    await leave_certificate(tx, who)


async def leave_messages(tx: WriteTx, who: UUID) -> None:
    """Let somebody be told by mail, and a program be told of them; one of the messages is on its way."""
    told = await tx.connection.fetchval("select max(id) from notifications where bank_id = $1", tx.bank_id)
    endpoint = await tx.connection.fetchval(
        "insert into webhook_endpoints (bank_id, url, kinds, key_id, sealed_secret, made_by, made_at)"
        " values ($1, 'https://hooks.example.org/', '{*}', 'k', '', 'test', $2) returning id",
        tx.bank_id,
        NOW,
    )
    await put(tx, "channel_choices", person_id=who, channel="email", chosen_at=NOW)
    said = {"person_id": who, "notification_id": told, "kind": "x", "made_at": NOW, "again_at": NOW}
    params = json.dumps({"name": PERSONAL["name"]})
    await put(tx, "messages", **said, channel="email", params=params, state="sending")
    await put(tx, "messages", **said, channel="webhook", endpoint_id=endpoint, params=params, state="sent")


async def leave_scans(tx: WriteTx, who: UUID) -> None:
    """Let somebody scan an old code: of the phone only a digest is kept, of them only ids."""
    volunteer = await tx.connection.fetchval(
        "select id from volunteers where bank_id = $1 and owner = $2", tx.bank_id, who
    )
    scan = {"kind": "in", "mode": "station_code", "outcome": "code_expired", "actor": f"person:{who}"}
    times = {"happened_at": NOW, "received_at": NOW}
    await put(tx, "scans", digest=b"d", phone=b"p", volunteer_id=volunteer, **scan, **times)


async def leave_certificate(tx: WriteTx, who: UUID) -> None:
    """Let somebody have a certificate, which names them in full."""
    days = {"from_on": date(2025, 1, 1), "until_on": date(2025, 12, 31)}
    counts = {"minutes": 60, "records": 1, "digest": bytes(32)}
    sealed = {"key_id": "k", "sealed": f"certificate of {PERSONAL['name']}".encode()}
    number = "1-0000-0000-0000-00000"
    kept = {"number": number, "kind": "service", "issued_at": NOW, "issued_by": "test"}
    await put(tx, "certificates", person_id=who, **kept, **days, **counts, **sealed)


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


async def leave_recognition(tx: WriteTx, who: UUID, other: UUID) -> None:
    """Put somebody on a list, write something about them, and let them and another object to a line of it."""
    name, phone = PERSONAL["name"], PERSONAL["phone"]
    volunteer = await tx.connection.fetchval(
        "select v.id from volunteers v where v.bank_id = $1 and v.owner = $2", tx.bank_id, who
    )
    place = await tx.connection.fetchval("select min(id) from organisations where bank_id = $1", tx.bank_id)
    round_id = await tx.connection.fetchval(
        "insert into recognition_rounds (bank_id, scheme, title, organisation_id, from_on, until_on, policy_version,"
        " criteria, tree_size, checkpoint, opened_at, opened_by, state, digest)"
        " values ($1, 'annual', 'list', $2, '2025-01-01', '2025-12-31', 1, '{}', 1, 'x', $3, $4, 'notice', 'x')"
        " returning id",
        tx.bank_id,
        place,
        NOW,
        other,
    )
    reached = {"minutes": 600, "points": 0, "records": 1, "evidence": "{}"}
    counted = {**reached, "any_minutes": 600, "bars": []}
    await put(tx, "recognition_subjects", round_id=round_id, subject=who, volunteer_id=volunteer, **counted)
    member = {"organisation_id": place, "person_id": who, "from_on": date(2025, 1, 1)}
    await put(tx, "recognition_members", round_id=round_id, **member)
    line = {"round_id": round_id, "number": 1}
    found = {
        "subject": "volunteer",
        "level": 1,
        "place": 1,
        "tied": 1,
        "finding": "named",
        "state": "objected",
    }
    await put(
        tx, "recognition_candidates", **line, volunteer_id=volunteer, masked_name=name, **found, **reached
    )
    said = {"decision": "include", "reason": "other", "note": f"{name} is good"}
    await put(tx, "recognition_decisions", **line, **said, decided_by=other, decided_at=NOW)
    contact = {"contact_sealed": f"sealed {phone}".encode(), "contact_key_id": "k"}
    raised = {"ground": f"I am {name}", "raised_by": who, "raised_at": NOW}
    await put(tx, "recognition_objections", **line, **raised, **contact)
    decided = {"decided_at": NOW, "decision": "dismissed", "reason": f"{name} was seen"}
    raised = {"ground": f"{name} was absent", "raised_by": other, "raised_at": NOW}
    await put(tx, "recognition_objections", **line, **raised, **decided)
