"""What lies about at the demo's counters: a card, points, goods set aside, a voucher, an objection, a dispute."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from ledger.session import WriteTx
from timebank.access import Actor
from timebank.awards.actions import award
from timebank.codes.rules import CodeKeys
from timebank.conversions.actions import convert
from timebank.demo.market import ITEMS, SHOP
from timebank.demo.meeting import holder_at
from timebank.notices.objections import Objection, raise_objection
from timebank.people.cards import cards_of, issue_card, reissue_card
from timebank.people.pins import set_pin
from timebank.permissions import Role
from timebank.records.disputes import raise_dispute
from timebank.reservations.actions import reserve
from timebank.vouchers.actions import issue_voucher
from timebank.vouchers.keys import VoucherKeys

if TYPE_CHECKING:
    from timebank.vault.cipher import Cipher

ACTOR: Final = "demo"
PIN: Final = "2580"
POINTS, CONVERTED = 600, 200
TOWEL: Final = next(item for item in ITEMS if item.sku == "TOWEL")

_SHOP = "select id from shops where bank_id = $1 and code = $2"
_GOODS = """
select g.id from goods g join shops s on s.bank_id = $1 and s.id = g.shop_id
where g.bank_id = $1 and s.code = $2 and g.sku = $3
"""
_OFFER = "select id from offers where bank_id = $1 and state = 'published' order by id limit 1"
_RESERVED = "select exists (select from reservations where bank_id = $1 and person_id = $2)"
_LAST = """
select r.id from service_records r
join volunteers v on v.bank_id = $1 and v.id = r.volunteer_id and v.owner = $2
where r.bank_id = $1 and r.state = 'credited' order by r.id desc limit 1
"""
_NOTICE = "select max(n.id) from notices n where n.bank_id = $1 and n.closed_at is null"


async def lay_out(
    tx: WriteTx, cipher: "Cipher", people: Mapping[str, UUID], *, volunteer_id: UUID, at: str, now: datetime
) -> None:
    """Once: endow the volunteer, set goods aside for them, make a voucher, and have a line and a record disputed."""
    if await tx.connection.fetchval(_RESERVED, tx.bank_id, volunteer_id):
        return
    volunteer = Actor(None, volunteer_id)
    office, _ = await holder_at(tx, people[Role.OFFICE], at, Role.OFFICE)
    await _endow(tx, office, volunteer, volunteer_id, now=now)
    codes = CodeKeys(cipher.ring.keys)
    shop_id = await tx.connection.fetchval(_SHOP, tx.bank_id, SHOP)
    goods_id = await tx.connection.fetchval(_GOODS, tx.bank_id, SHOP, TOWEL.sku)
    await reserve(
        tx,
        person_id=volunteer_id,
        shop_id=shop_id,
        wanted=[(goods_id, 2)],
        key_id=codes.key_id,
        by=volunteer.text,
        now=now,
    )
    await issue_voucher(
        tx,
        volunteer,
        VoucherKeys(cipher.ring, tx.bank_id),
        offer_id=await tx.connection.fetchval(_OFFER, tx.bank_id),
        person_id=volunteer_id,
        key="demo:voucher",
        now=now,
    )
    record_id = await tx.connection.fetchval(_LAST, tx.bank_id, volunteer_id)
    await raise_dispute(
        tx,
        volunteer,
        record_id=record_id,
        statement="那天我留下来收拾到最后，少记了半小时。",
        now=now,
    )
    notice_id = await tx.connection.fetchval(_NOTICE, tx.bank_id)
    if notice_id is not None:
        said = Objection("这位邻居那天提前走了，请核对签退时间。")
        await raise_objection(tx, volunteer, cipher, notice_id=notice_id, line=1, objection=said, now=now)


async def _endow(tx: WriteTx, office: Actor, volunteer: Actor, volunteer_id: UUID, *, now: datetime) -> None:
    """Award the volunteer some points, and let them turn a part into fufen."""
    await award(
        tx,
        office,
        key="demo:award",
        person_id=volunteer_id,
        unit="point",
        amount=POINTS,
        reason="示例奖励",
        now=now,
    )
    await convert(
        tx,
        person_id=volunteer_id,
        from_unit="point",
        to_unit="fufen",
        amount=CONVERTED,
        key="demo:conversion",
        by=volunteer.text,
        now=now,
    )


async def print_card(tx: WriteTx, person_id: UUID, *, pin_hash: str, now: datetime) -> str:
    """Return what is printed on a new card of a person, which replaces the last, with its PIN set."""
    known = [card for card in await cards_of(tx, person_id) if card.revoked_at is None]
    made = (
        await reissue_card(tx, person_id, reason="replaced", now=now, actor=ACTOR)
        if known
        else await issue_card(tx, person_id, now=now, actor=ACTOR)
    )
    await set_pin(tx, person_id, pin_hash=pin_hash, now=now)
    return made.token
