"""Everything about a person, in one ZIP: JSON for programs, a page for people, proofs for whoever checks (PIPL Art 45).

No secret is handed out: no card's token, no password's hash, no key. Collecting is a read of one moment; packing
needs no database and can be done elsewhere.
"""

import html
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import TypeAlias
from uuid import UUID
from zoneinfo import ZoneInfo

from ledger.proof.proving import NoProofError, prove
from ledger.session import ReadTx
from ledger.statements import PAGE_LIMIT, wallet_statement
from timebank.errors import RefusalError
from timebank.privacy.queries import look_ups_of
from timebank.vault.actions import take_fields
from timebank.vault.cipher import Cipher
from timebank.words import words

Row: TypeAlias = Mapping[str, object]

MAX_ROWS = 100_000
"""Of all parts together, some 100 MB in memory: more than anybody earns in a hundred years."""

MAX_PROOFS = 200
"""Proofs of the newest sealed transactions; any other is had one by one."""

LAST = 2**63 - 1

PARTS: Mapping[str, str] = {
    "person": "select p.id, p.created_at, p.erased_at from people p where p.bank_id = $1 and p.id = $2",
    "volunteer": """
select v.code, o.name as organisation, t.name as team, v.is_party_member, v.registered_on
from volunteers v
left join organisations o on o.bank_id = $1 and o.id = v.organisation_id
left join organisations t on t.bank_id = $1 and t.id = v.team_id
where v.bank_id = $1 and v.owner = $2
""",
    "memberships": """
select m.kind, o.name as organisation, m.from_on, m.until_on, m.recorded_by
from memberships m join organisations o on o.bank_id = $1 and o.id = m.organisation_id
where m.bank_id = $1 and m.person_id = $2 order by m.id
""",
    "guardianships": """
select g.minor_id, g.guardian_id, g.relation, g.from_on, g.until_on, g.recorded_by
from guardianships g where g.bank_id = $1 and (g.minor_id = $2 or g.guardian_id = $2) order by g.id
""",
    "consents": """
select c.purpose, c.is_given, c.text_version, c.declared_by, c.recorded_at, c.actor
from consents c where c.bank_id = $1 and c.person_id = $2 order by c.id
""",
    "cards": """
select c.issued_at, c.issued_by, c.revoked_at, c.revoked_for
from cards c where c.bank_id = $1 and c.person_id = $2 order by c.id
""",
    "passes": """
select p.issued_at, p.revoked_at from passes p where p.bank_id = $1 and p.person_id = $2 order by p.id
""",
    "credentials": """
select c.password_hash is not null as has_password, c.totp_confirmed_at is not null as has_second_factor, c.changed_at
from credentials c where c.bank_id = $1 and c.person_id = $2
""",
    "sessions": """
select s.method, s.client, s.began_at, s.seen_at, s.expires_at, s.ended_at, s.ended_for
from sessions s where s.bank_id = $1 and s.person_id = $2 order by s.began_at, s.id
""",
    "roles": """
select g.role, o.name as organisation, g.from_at, g.until_at, g.granted_by, g.granted_at, g.revoked_at, g.revoked_by
from role_grants g join organisations o on o.bank_id = $1 and o.id = g.organisation_id
where g.bank_id = $1 and g.person_id = $2 order by g.id
""",
    "proxies": """
select x.principal_id, x.agent_id, x.scopes, x.reason, x.from_at, x.until_at, x.made_by, x.made_at, x.ended_at,
  x.ended_by
from proxies x where x.bank_id = $1 and (x.principal_id = $2 or x.agent_id = $2) order by x.id
""",
    "records": """
select r.id, a.code as activity, a.name, a.category, coalesce(s.place, a.place) as place, r.check_in_at, r.check_out_at,
  r.served_from, r.served_until, r.minutes, r.points, r.policy_version, r.outcome, r.state, r.grade, r.origin,
  r.evaluation, r.recorded_at
from volunteers v join service_records r on r.bank_id = $1 and r.volunteer_id = v.id
join activities a on a.bank_id = $1 and a.id = r.activity_id
left join activity_sessions s on s.bank_id = $1 and s.id = r.session_id
where v.bank_id = $1 and v.owner = $2 order by r.id
""",
    "sign_ups": """
select a.code as activity, a.name, s.place, s.starts_at, s.ends_at, t.name as team, u.state, u.queued_at, u.changed_at,
  u.changed_by
from volunteers v join sign_ups u on u.bank_id = $1 and u.volunteer_id = v.id
join activity_sessions s on s.bank_id = $1 and s.id = u.session_id
join activities a on a.bank_id = $1 and a.id = s.activity_id
left join organisations t on t.bank_id = $1 and t.id = u.team_id
where v.bank_id = $1 and v.owner = $2 order by u.id
""",
    "notice_lines": """
select l.notice_id, l.line, l.masked_name, l.state, n.opened_on, n.closes_on, l.record_id
from volunteers v join service_records r on r.bank_id = $1 and r.volunteer_id = v.id
join notice_lines l on l.bank_id = $1 and l.record_id = r.id
join notices n on n.bank_id = $1 and n.id = l.notice_id
where v.bank_id = $1 and v.owner = $2 order by l.notice_id, l.line
""",
    "objections": """
select o.id, o.notice_id, o.ground, o.contact_sealed is not null as has_contact, o.raised_at, o.decided_at, o.decision
from objections o where o.bank_id = $1 and o.raised_by = $2 order by o.id
""",
    "record_entries": """
select e.record_id, e.kind, e.actor, e.detail::text as detail, e.entered_at
from volunteers v join service_records r on r.bank_id = $1 and r.volunteer_id = v.id
join record_entries e on e.bank_id = $1 and e.record_id = r.id
where v.bank_id = $1 and v.owner = $2 order by e.id
""",
    "disputes": """
select d.record_id, d.statement, d.raised_at, d.decision, d.answer, d.decided_at
from disputes d where d.bank_id = $1 and d.person_id = $2 order by d.id
""",
    "attendances": """
select t.activity_code as activity, t.check_in_at, t.check_out_at, t.method, t.outcome
from volunteers v join attendances t on t.bank_id = $1 and t.volunteer_code = v.code
where v.bank_id = $1 and v.owner = $2 order by t.check_in_at, t.digest
""",
    "scans": """
select a.name as activity, s.kind, s.mode, s.outcome, s.happened_at, s.received_at, t.name as station, s.nearness,
  s.is_doubtful, s.evidence, s.actor
from volunteers v join scans s on s.bank_id = $1 and s.volunteer_id = v.id
left join activity_sessions e on e.bank_id = $1 and e.id = s.session_id
left join activities a on a.bank_id = $1 and a.id = e.activity_id
left join stations t on t.bank_id = $1 and t.id = s.station_id
where v.bank_id = $1 and v.owner = $2 order by s.id
""",
    "awards": """
select w.title, w.points, w.awarded_on, w.outcome
from volunteers v join awards w on w.bank_id = $1 and w.volunteer_id = v.id
where v.bank_id = $1 and v.owner = $2 order by w.awarded_on, w.digest
""",
    "recognitions": """
select r.scheme, r.as_of, r.level, r.minutes, r.policy_version
from volunteers v join recognitions r on r.bank_id = $1 and r.volunteer_id = v.id
where v.bank_id = $1 and v.owner = $2 order by r.as_of, r.scheme
""",
    "redemptions": """
select r.receipt, r.shop_code as shop, r.sku, r.quantity, r.points, r.redeemed_at, r.outcome
from volunteers v join redemption_slips r on r.bank_id = $1 and r.volunteer_id = v.id
where v.bank_id = $1 and v.owner = $2 order by r.redeemed_at, r.digest
""",
    "balances": """
select u.code as unit, a.kind, a.expires_on, a.balance
from accounts a join units u on u.bank_id = $1 and u.id = a.unit_id
where a.bank_id = $1 and a.owner = $2 and a.guarded order by u.code, a.kind, a.expires_on nulls last
""",
    "notifications": """
select n.kind, n.params::text as params, n.made_at, n.read_at
from notifications n where n.bank_id = $1 and n.person_id = $2 order by n.id
""",
    "acts": """
select a.action, a.subject, a.person_id, a.principal_id, a.acted_at
from acts a where a.bank_id = $1 and (a.person_id = $2 or a.principal_id = $2) order by a.id
""",
}
"""Part: what it is read by. Fields, looks and statements are read by the same functions as everywhere else."""


@dataclass(frozen=True, slots=True)
class Collected:
    """Everything about a person at a moment, part by part, and proofs by transaction."""

    bank: str
    zone: ZoneInfo
    collected_at: datetime
    parts: Mapping[str, Sequence[Row]]
    proofs: Mapping[int, str]


async def collect(tx: ReadTx, cipher: Cipher, person_id: UUID, *, now: datetime) -> Collected:
    """Read everything about a person.

    Raises:
        RefusalError: `unknown_person`, `export_too_large`, `vault_key_wrong`.
    """
    parts: dict[str, list[Row]] = {}
    left = MAX_ROWS
    for name, sql in PARTS.items():
        found = await tx.connection.fetch(f"{sql} limit {left + 1}", tx.bank_id, person_id)
        rows: list[Row] = [dict(row) for row in found]
        left = _less(left, len(rows))
        parts[name] = rows
        if name == "person":
            if not rows:
                raise RefusalError("unknown_person")
            fields = await take_fields(tx, cipher, person_id)
            parts["fields"] = [{"field": field, "value": value} for field, value in sorted(fields.items())]
    parts["look_ups"] = [
        {
            "looked_at": look.looked_at,
            "purpose": look.purpose,
            "fields": look.fields,
            "is_own": look.is_own,
            "viewer": [f"{role.role} · {role.organisation}" for role in look.roles],
        }
        for look in await look_ups_of(tx, person_id, before=LAST, limit=left + 1)
    ]
    left = _less(left, len(parts["look_ups"]))
    parts["statements"] = await _statements(tx, person_id, parts["balances"], left)
    return Collected(tx.bank_code, tx.zone, now, parts, await _proofs(tx, parts["statements"]))


def pack(collected: Collected) -> bytes:
    """Return the ZIP: `index.html` for people, `data/*.json` for programs, `proofs/*.json` to be checked offline."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("index.html", page(collected))
        for name, rows in collected.parts.items():
            archive.writestr(
                f"data/{name}.json", json.dumps(rows, ensure_ascii=False, indent=1, default=_plain)
            )
        for transaction_id, proof in collected.proofs.items():
            archive.writestr(f"proofs/{transaction_id}.json", proof)
    return out.getvalue()


def page(collected: Collected) -> str:
    """Return the parts as one page of tables, in both languages."""
    at = _shown(collected.collected_at, collected.zone)
    body = [f"<h1>{_both('export_title')}</h1>", f"<p>{html.escape(collected.bank)} · {at}</p>"]
    body.append(f"<p>{_both('export_intro')}</p>")
    for name, rows in collected.parts.items():
        body.append(f"<h2>{_both(f'export_{name}')}</h2>")
        if not rows:
            body.append(f"<p>{_both('export_nothing')}</p>")
            continue
        columns = "".join(f"<th>{_both(f'export_column_{key}')}</th>" for key in rows[0])
        lines = (
            "".join(f"<td>{_shown(value, collected.zone)}</td>" for value in row.values()) for row in rows
        )
        body.append(f"<table><tr>{columns}</tr>")
        body.extend(f"<tr>{line}</tr>" for line in lines)
        body.append("</table>")
    return _PAGE.format(title=_both("export_title"), body="\n".join(body))


_PAGE = """<!doctype html>
<html lang="zh">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 18px/1.5 sans-serif; margin: 2em; }}
table {{ border-collapse: collapse; }}
th, td {{ border: 1px solid #888; padding: .3em .6em; text-align: left; vertical-align: top; }}
</style>
</head>
<body>
{body}
</body>
</html>
"""


async def _statements(tx: ReadTx, owner: UUID, balances: Sequence[Row], left: int) -> list[Row]:
    """Return every movement of the owner's accounts, unit by unit, newest first."""
    lines: list[Row] = []
    for unit, kind in sorted({(str(row["unit"]), str(row["kind"])) for row in balances}):
        cursor: str | None = None
        while True:
            found = await wallet_statement(tx, owner, unit, kind=kind, cursor=cursor, limit=PAGE_LIMIT)
            lines.extend({"unit": unit, "account": kind} | asdict(line) for line in found.lines)
            _less(left, len(lines))
            if found.next is None:
                break
            cursor = found.next
    return lines


async def _proofs(tx: ReadTx, statements: Sequence[Row]) -> dict[int, str]:
    """Return the proofs of the newest transactions; what is not sealed yet has none."""
    proofs: dict[int, str] = {}
    newest = sorted({int(str(line["transaction_id"])) for line in statements}, reverse=True)
    for transaction_id in newest[:MAX_PROOFS]:
        try:
            proof = await prove(tx, transaction_id, record=str(transaction_id))
        except NoProofError:
            continue
        proofs[transaction_id] = proof.to_json()
    return proofs


def _less(left: int, count: int) -> int:
    if count > left:
        raise RefusalError("export_too_large", limit=MAX_ROWS)
    return left - count


def _both(code: str) -> str:
    chinese, english = words(code)
    return f"{html.escape(chinese)} <small>{html.escape(english)}</small>"


def _shown(value: object, zone: ZoneInfo) -> str:
    """Return a value as a page shows it: times by the clock on the bank's wall."""
    if value is None:
        return "—"
    if isinstance(value, bool):
        return "是 / yes" if value else "否 / no"
    if isinstance(value, datetime):
        return f"{value.astimezone(zone):%Y-%m-%d %H:%M}"
    if isinstance(value, (list, tuple)):
        return html.escape("、".join(map(str, value)))
    if isinstance(value, Mapping):
        return html.escape(json.dumps(value, ensure_ascii=False)) if value else ""
    return html.escape(str(value))


def _plain(value: object) -> object:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    msg = f"{type(value).__name__} has no JSON form"
    raise TypeError(msg)
