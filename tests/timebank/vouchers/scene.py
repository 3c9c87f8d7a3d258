"""A market where vouchers are made, used and taken back, and a way to see that the books are whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from ledger.audit import audit
from ledger.balances import trial_balance
from ledger.session import WriteTx
from ledger.values import Refused
from tests.api.cast import Cast
from tests.timebank.offers.scene import KEYS, NOW, Market, open_market
from timebank.access import Actor
from timebank.codes.rules import Ring
from timebank.database import Database
from timebank.jobs.release_holds import release_batch
from timebank.vouchers.actions import cancel_voucher, issue_voucher
from timebank.vouchers.keys import VoucherKeys
from timebank.vouchers.loading import prepared
from timebank.vouchers.queries import Voucher
from timebank.vouchers.using import Answer, take_uses

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@dataclass(slots=True)
class Booth(Market):
    """A market, and what happens to vouchers there."""

    ring: Ring = KEYS.ring

    @property
    def keys(self) -> VoucherKeys:
        """The bank's keys."""
        return VoucherKeys(self.ring, self.cast.bank.id)

    async def issue(
        self, name: str = "alice", *, offer: int = 0, key: str = "", at: datetime = NOW
    ) -> Voucher:
        """Make a voucher for somebody."""
        made = await self.act(
            name,
            lambda tx, actor: issue_voucher(
                tx,
                actor,
                self.keys,
                offer_id=offer or self.offer,
                person_id=self.cast.people[name],
                key=key or uuid4().hex,
                now=at,
            ),
        )
        assert isinstance(made, Voucher), made
        return made

    async def cancel(self, voucher: int, name: str = "alice", *, at: datetime = NOW) -> Voucher | Refused:
        """Take a voucher back."""

        async def work(tx: WriteTx, actor: Actor) -> Voucher | Refused:
            person_id = self.cast.people[name]
            return await cancel_voucher(tx, person_id=person_id, voucher_id=voucher, by=actor.text, now=at)

        return await self.act(name, work)

    def text(self, voucher: Voucher) -> str:
        """Return a voucher's text while it is open."""
        text = voucher.text(self.keys, self.cast.bank.id)
        assert text is not None
        return text

    async def hand_in(
        self, uses: Sequence[tuple[str, datetime]], *, merchant: int = 0, at: datetime = NOW
    ) -> list[Answer]:
        """Hand in uses of a merchant."""
        ready = prepared(self.keys, uses)
        return await self.act(
            "max",
            lambda tx, actor: take_uses(
                tx, ready, merchant_id=merchant or self.merchant, by=actor.text, now=at
            ),
        )

    async def use(
        self, text: str, *, used_at: datetime | None = None, merchant: int = 0, at: datetime = NOW
    ) -> str:
        """Hand in one use and return what became of it."""
        (answer,) = await self.hand_in([(text, used_at or at)], merchant=merchant, at=at)
        return answer.outcome

    async def lapse(self, at: datetime) -> int:
        """Run the job that lets go of what is over, and return how many vouchers lapsed."""
        batch = await self.act("adam", lambda tx, _: release_batch(tx, before=at, after_id=0, now=at))
        return batch.lapsed["vouchers"]

    async def states(self) -> list[str]:
        """Return the states of all vouchers, oldest first."""
        return [
            str(row["state"])
            for row in await self.rows("select state from vouchers where bank_id = $1 order by id")
        ]

    async def check_whole(self) -> None:
        """Find the books whole: nothing for the audit, what is held is what is open, what was taken what was used."""
        assert await self.read(audit) == []
        balances = (await self.read(trial_balance))["fufen"]
        assert sum(balances.values()) == 0
        (row,) = await self.rows(
            "select coalesce(sum(fufen) filter (where state = 'issued'), 0)::bigint as open,"
            " coalesce(sum(fufen) filter (where state = 'used'), 0)::bigint as used,"
            " (select coalesce(sum(fufen), 0)::bigint from acceptances where bank_id = $1) as accepted,"
            " (select count(*) from voucher_uses where bank_id = $1 and outcome = 'honoured') as honoured,"
            " count(*) filter (where state = 'used') as uses"
            " from vouchers where bank_id = $1"
        )
        assert balances.get("held", 0) == row["open"]
        assert balances.get("takings", 0) == row["used"] == row["accepted"]
        assert row["honoured"] == row["uses"]


async def open_booth(database: Database, cast: Cast) -> Booth:
    """Return a market with an active merchant and a published offer at 20 fufen, and Alice with 100."""
    market = await open_market(database, cast)
    return Booth(database, cast, market.merchant, market.offer, market.seeds)
