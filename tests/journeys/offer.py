"""A merchant for journeys: vetted, with Max at its counter, and an offer that is published."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from ledger.session import WriteTx
from ledger.values import ISSUANCE, WALLET, Draft, Move, Place
from tests.api.books import END_OF_2099, SPRING, adopt_pack, book
from tests.journeys.conftest import Site
from timebank.access import Actor, load_actor
from timebank.merchants.actions import enter_merchant, take_step
from timebank.merchants.queries import Plan
from timebank.merchants.staff import add_staff
from timebank.offers.publishing import draft_offer, publish_offer
from timebank.offers.rules import OfferPlan

NAMES = ("wen", "olga", "adam", "max")


async def open_offer(site: Site) -> int:
    """Set the scene: an offer of 20 fufen of Max's merchant; Alice has 100."""
    cast, now = site.cast, datetime.now(UTC)
    await adopt_pack(site.database, cast)
    move = Move(Place(ISSUANCE), Place(WALLET, cast.people["alice"], END_OF_2099), "fufen", 100)
    await book(site.database, cast, Draft("credit", "fufen", SPRING, "test", (move,)))
    day, today = timedelta(days=1), now.astimezone(cast.bank.zone).date()
    first, last = today - day, today + day  # a midnight may pass
    plan = OfferPlan("percent_off", "理发八折", "工作日", 20, 20, None, None, first, last, None, None, 30)

    async def work(tx: WriteTx) -> int:
        wen, olga, adam, max_ = [await load(tx, cast.sessions[name], now) for name in NAMES]
        place = Plan(cast.organisations["apple"], "测试理发店", "理发", "东门路 9 号", "L-1")
        merchant = (await enter_merchant(tx, wen, place, now=now)).id
        for by, step in ((olga, "vetted"), (adam, "activated")):
            await take_step(tx, by, merchant, step=step, reason="测试", expected_version=None, now=now)  # type: ignore[arg-type] # two of its words
        await add_staff(tx, wen, merchant_id=merchant, person_id=cast.people["max"], now=now)
        drafted = await draft_offer(tx, max_, merchant_id=merchant, plan=plan, now=now)
        await publish_offer(tx, max_, drafted.id, expected_version=None, now=now)
        return drafted.id

    found: int = await site.do(work)
    return found


async def load(tx: WriteTx, session: UUID, now: datetime) -> Actor:
    """Return one of the cast in their session."""
    return await load_actor(tx, session, now=now)
