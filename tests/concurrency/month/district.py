"""The district: four shops with twelve tills, three merchants, and members some of whose points end in the month."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from uuid import UUID, uuid4

from ledger.posting import post
from ledger.session import WriteTx
from ledger.values import ISSUANCE, WALLET, Draft, Move, Place, Posted
from tests.api.books import END_OF_2099
from tests.api.cast import SINCE, Cast
from tests.concurrency.month.hand import Hand, Line
from tests.concurrency.month.recount import Item, Member, Purse, Recount
from tests.serving import VAULT_KEY
from timebank.codes.rules import CodeKeys, pass_seed
from timebank.database import Database
from timebank.policy.actions import adopt
from timebank.policy.rules import default_pack
from timebank.policy.spending import RedemptionRule
from timebank.shops.actions import add_goods, open_shop
from timebank.shops.queries import Terms
from timebank.vault.cipher import Cipher

MONTH = date(2025, 4, 1)
MID_MONTH = date(2025, 4, 20)
"""The last day of half of what members have."""
MEMBERS, TILLS_A_SHOP = 900, 5
RULE = RedemptionRule(member_day_points=110, member_month_points=700)
CATALOGUE = (
    ("RICE", 24, None),
    ("OIL", 18, 2),
    ("SALT", 3, None),
    ("SOAP", 5, 3),
    ("TEA", 12, None),
    ("EGGS", 8, None),
)
"""SKU, price, and how many a member may have a day."""
SHOPS = (("S1", "apple"), ("S2", "apple"), ("S3", "birch"), ("S4", "south"))

_MERCHANT = """
insert into merchants (bank_id, organisation_id, name, category, address, licence, state, created_at)
values ($1, $2, $3, '理发', '东门路 9 号', $3, 'active', $4) returning id
"""
_STAFF = """
insert into merchant_staff (bank_id, merchant_id, person_id, since_at, added_by) values ($1, $2, $3, $4, 'test')
"""
_GRANT = """
insert into role_grants (bank_id, person_id, role, organisation_id, from_at, granted_by)
values ($1, $2, $3, $4, $5, 'test')
"""
_PERSON = "insert into people (bank_id, id) values ($1, $2)"
_PASSES = """
insert into passes (bank_id, person_id, key_id, issued_at)
select $1, x.id, $3, $4 from unnest($2::uuid[]) as x (id) returning id, person_id
"""
_DEVICE = """
insert into devices (bank_id, id, kind, name, organisation_id, enrolled_at, enrolled_by)
values ($1, $2, 'till', '收银台', $3, $4, 'test')
"""
_SESSION = """
insert into sessions (bank_id, id, person_id, device_id, method, began_at, seen_at, expires_at)
values ($1, $2, $3, $4, $5, $6, $6, $7)
"""
LONG_AFTER = datetime(2099, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Counter:
    """A device at which a cashier sells for a shop, and the till that is open there."""

    shop: int
    device: UUID
    hand: Hand
    id: int = 0


@dataclass(slots=True)
class District:
    """Who and what there is, how it is asked, and the sums beside it."""

    line: Line
    recount: Recount
    shops: Mapping[int, Sequence[Item]]
    counters: Sequence[Counter]
    merchants: Sequence[int]
    members: Sequence[Member]
    people: Mapping[str, Hand]
    root: int
    offers: dict[int, list[tuple[int, int]]] = field(default_factory=dict)

    @property
    def day(self) -> date:
        """The day by the bank's calendar."""
        return self.line.clock().astimezone(self.line.bank.zone).date()

    def set(self, day: date, hour: int) -> None:
        """Let it be so late on a day."""
        self.line.clock.set(datetime.combine(day, time(hour), self.line.bank.zone))

    def hand(self, session: UUID) -> Hand:
        """Return who asks in a session."""
        return Hand(self.line, session, Random(session.int))

    def close(self) -> None:
        """Close every connection."""
        for hand in (*self.people.values(), *(counter.hand for counter in self.counters)):
            hand.close()


async def settle_in(database: Database, cast: Cast, line: Line) -> District:
    """Open shops, enrol tills, let cashiers and members in, and give them points and fufen."""
    pack = default_pack().model_copy(update={"redemption": RULE})
    root = cast.organisations["root"]

    async def work(tx: WriteTx) -> District:
        await adopt(tx, pack, effective_from=date(2021, 1, 1), actor="test")
        for name, role in (
            ("mia", "shop_manager"),
            ("wen", "office"),
            ("adam", "office"),
            ("max", "merchant"),
        ):
            await tx.connection.execute(_GRANT, tx.bank_id, cast.people[name], role, root, SINCE)
        shops: dict[int, Sequence[Item]] = {}
        counters: list[Counter] = []
        for code, place in SHOPS:
            shop = await open_shop(
                tx, code=code, name=f"超市{code}", organisation_id=cast.organisations[place], now=SINCE
            )
            shops[shop] = await _catalogue(tx, shop, code)
            organisation = cast.organisations[place]
            counters += [await _counter(tx, line, shop, organisation) for _ in range(TILLS_A_SHOP)]
        merchants = [await _merchant(tx, cast, name) for name in ("理发店", "家政店", "餐馆")]
        members = await _members(tx, Random(MEMBERS))
        people = {
            name: Hand(line, cast.sessions[name], Random(name))
            for name in ("mia", "wen", "olga", "adam", "max", "audrey")
        }
        return District(line, Recount(RULE), shops, counters, merchants, members, people, root)

    district = await database.write(cast.bank, work)
    for member in district.members:
        district.recount.gave(member)
    await asyncio.gather(*(_offer(district, merchant) for merchant in district.merchants))
    return district


async def _catalogue(tx: WriteTx, shop: int, code: str) -> Sequence[Item]:
    items = []
    for sku, points, day_limit in CATALOGUE:
        terms = Terms(member_day_limit=day_limit)
        id_ = await add_goods(
            tx, shop_id=shop, sku=sku, name=sku, price_points=points, now=SINCE, terms=terms
        )
        items.append(Item(id_, shop, f"goods/{code}/{sku}", points, day_limit))
    return items


async def _counter(tx: WriteTx, line: Line, shop: int, organisation: int) -> Counter:
    cashier, device, login, device_login = uuid4(), uuid4(), uuid4(), uuid4()
    run = tx.connection
    await run.execute(_PERSON, tx.bank_id, cashier)
    await run.execute(_GRANT, tx.bank_id, cashier, "cashier", organisation, SINCE)
    await run.execute(_DEVICE, tx.bank_id, device, organisation, SINCE)
    await run.execute(_SESSION, tx.bank_id, login, cashier, None, "password", SINCE, LONG_AFTER)
    await run.execute(_SESSION, tx.bank_id, device_login, None, device, "device", SINCE, LONG_AFTER)
    return Counter(shop, device_login, Hand(line, login, Random(login.int)))


async def _merchant(tx: WriteTx, cast: Cast, name: str) -> int:
    id_: int = await tx.connection.fetchval(_MERCHANT, tx.bank_id, cast.organisations["apple"], name, SINCE)
    await tx.connection.execute(_STAFF, tx.bank_id, id_, cast.people["max"], SINCE)
    return id_


async def _members(tx: WriteTx, luck: Random) -> Sequence[Member]:
    ids = [uuid4() for _ in range(MEMBERS)]
    sessions = {id_: uuid4() for id_ in ids}
    keys = CodeKeys(Cipher(VAULT_KEY).ring)
    run = tx.connection
    await run.executemany(_PERSON, [(tx.bank_id, id_) for id_ in ids])
    await run.executemany(
        _SESSION,
        [(tx.bank_id, sessions[id_], id_, None, "password", SINCE, LONG_AFTER) for id_ in ids],
    )
    members = []
    for row in await run.fetch(_PASSES, tx.bank_id, ids, keys.key_id, SINCE):
        seed = pass_seed(keys, bank_id=tx.bank_id, pass_id=row["id"], key_id=keys.key_id)
        assert seed is not None
        early, late = luck.randrange(40, 200), luck.randrange(200, 900)
        purses = Purse({MID_MONTH: early, END_OF_2099: late}), Purse({END_OF_2099: 200})
        members.append(Member(row["person_id"], sessions[row["person_id"]], row["id"], seed, *purses))
    outcomes = await post(tx, [_credit(member) for member in members])
    assert all(isinstance(outcome, Posted) for outcome in outcomes)
    return members


def _credit(member: Member) -> Draft:
    moves = [
        Move(Place(ISSUANCE), Place(WALLET, member.id, until), unit, amount)
        for unit, purse in (("point", member.points), ("fufen", member.fufen))
        for until, amount in purse.lots.items()
    ]
    return Draft("award", f"begin:{member.id}", SINCE + timedelta(days=1), "test", tuple(moves))


async def _offer(district: District, merchant: int) -> None:
    """Publish two offers of a merchant."""
    max_ = district.people["max"]
    district.offers[merchant] = []
    for fufen in (6, 10):
        body = {
            "kind": "percent_off",
            "percent": fufen,
            "title": "测试优惠",
            "price_fufen": fufen,
            "starts_on": "2025-01-01",
            "ends_on": "2099-12-31",
        }
        drafted = await max_.ask("POST", f"/api/v1/merchants/{merchant}/offers", body)
        assert drafted.status == 201, drafted
        offer = int(str(drafted.json["id"]))
        path = f"/api/v1/offers/{offer}/publish"
        published = await max_.ask("POST", path, headers={"If-Match": "*"})
        assert published.status == 200, published
        district.offers[merchant].append((offer, fufen))
