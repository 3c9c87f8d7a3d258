"""What the demo's merchant took in the two months before: vouchers honoured, statements paid and waiting for it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from ledger.session import WriteTx
from timebank.access import Actor
from timebank.conversions.actions import convert
from timebank.demo.market import FUND, LICENCE
from timebank.demo.meeting import holder_at, neighbours
from timebank.permissions import Role
from timebank.settlements.actions import (
    By,
    approve_statement,
    draft_statements,
    pay_statement,
    payees_of,
)
from timebank.settlements.queries import settlement
from timebank.settlements.rules import month_before, next_month
from timebank.vouchers.actions import issue_voucher
from timebank.vouchers.keys import VoucherKeys
from timebank.vouchers.loading import prepared
from timebank.vouchers.queries import Voucher
from timebank.vouchers.using import take_uses

if TYPE_CHECKING:
    from timebank.vault.cipher import Cipher

NEIGHBOURS: Final = 2
POINTS: Final = 50
"""Which give the fufen of one voucher."""
VISITS: Final = (timedelta(days=9, hours=10), timedelta(days=13, hours=15), timedelta(days=20, hours=11))
"""When in a month the volunteer and the neighbours use theirs."""
MADE_BEFORE: Final = timedelta(days=2)
DECIDED: Final = timedelta(days=1, hours=10)
"""When in the next month a statement is approved; it is paid a day later."""

# Of an offer that was there then: a bank whose market was opened later has no such months.
_OFFER = """
select o.id, m.id as merchant_id from merchants m
join offers o on o.bank_id = $1 and o.merchant_id = m.id and o.state = 'published' and o.starts_on <= $3
where m.bank_id = $1 and m.licence = $2
  and not exists (select from settlements s where s.bank_id = $1 and s.merchant_id = m.id)
order by o.id limit 1
"""
_FUND = "select id from funds where bank_id = $1 and code = $2"


def founded_at(now: datetime, zone: ZoneInfo) -> datetime:
    """Return when the demo's market was opened: the second month before this one, at its beginning."""
    month_on = month_before(month_before(now.astimezone(zone).date()))
    return datetime(month_on.year, month_on.month, 1, tzinfo=zone)


async def hold_months(
    tx: WriteTx, cipher: "Cipher", people: Mapping[str, UUID], *, volunteer_id: UUID, at: str, now: datetime
) -> None:
    """Once: have vouchers honoured in two months; the first one's statements are paid, one of the last is approved."""
    last = month_before(tx.day(now))
    months = (month_before(last), last)
    found = await tx.connection.fetchrow(_OFFER, tx.bank_id, LICENCE, months[0])
    if found is None:
        return
    merchant, organisation_id = await holder_at(tx, people[Role.MERCHANT], at, Role.MERCHANT)
    members = [volunteer_id, *await neighbours(tx, organisation_id, volunteer_id, limit=NEIGHBOURS)]
    approver, _ = await holder_at(tx, people["office_2"], at, Role.OFFICE)
    payer, _ = await holder_at(tx, people[Role.ADMINISTRATOR], at, Role.ADMINISTRATOR)
    fund_id = await tx.connection.fetchval(_FUND, tx.bank_id, FUND)
    keys = VoucherKeys(cipher.ring, tx.bank_id)
    for month_on in months:
        for person_id, visit in zip(members, VISITS, strict=False):
            used_at = tx.start_of(month_on) + visit
            voucher = await _voucher(tx, keys, person_id, found["id"], made_at=used_at - MADE_BEFORE)
            text = voucher.text(keys, tx.bank_id)
            assert text is not None  # noqa: S101 -- it was made just now
            uses = prepared(keys, [(text, used_at)])
            await take_uses(tx, uses, merchant_id=found["merchant_id"], by=merchant.text, now=used_at)
        over_at = tx.start_of(next_month(month_on))
        drafted = await draft_statements(
            tx, month_on=month_on, payees=await payees_of(tx, None), by=By("job"), now=over_at
        )
        decided_at = min(over_at + DECIDED, now)
        for id_ in drafted:
            if month_on != last:
                await approve_statement(tx, approver, settlement_id=id_, now=decided_at)
                await pay_statement(
                    tx, payer, settlement_id=id_, fund_id=fund_id, now=decided_at + timedelta(days=1)
                )
            elif (await settlement(tx, id_)).merchant_id:
                await approve_statement(tx, approver, settlement_id=id_, now=decided_at)


async def _voucher(
    tx: WriteTx, keys: VoucherKeys, person_id: UUID, offer_id: int, *, made_at: datetime
) -> Voucher:
    """Return a voucher of a member, who turned points into its fufen for it."""
    member, mark = Actor(None, person_id), f"{tx.day(made_at):%Y-%m}:{person_id}"
    await convert(
        tx,
        person_id=person_id,
        from_unit="point",
        to_unit="fufen",
        amount=POINTS,
        key=f"demo:conversion:{mark}",
        by=member.text,
        now=made_at,
    )
    made = await issue_voucher(
        tx, member, keys, offer_id=offer_id, person_id=person_id, key=f"demo:voucher:{mark}", now=made_at
    )
    assert isinstance(made, Voucher)  # noqa: S101 -- its fufen came just before
    return made
