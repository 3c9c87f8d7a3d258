"""Vouchers of one member at one merchant in the hands of everybody, beside a plain model of what comes of each."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import ClassVar, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ledger.balances import wallet
from ledger.session import ReadTx
from tests.api.cast import enter
from tests.conftest import new_bank
from tests.timebank.offers.scene import HAIRCUT, LATER, NOW, TODAY
from tests.timebank.vouchers.scene import DAY, open_booth
from timebank.database import Database
from timebank.errors import RefusalError
from timebank.jobs.running import run_now
from timebank.vouchers.queries import Voucher

T = TypeVar("T")

PRICE, VOUCHER_DAYS, UPLOAD_DAYS = 20, 10, 7
PICK = st.integers(0, 50)
"""Which voucher: of so many as there are, by turns."""


@dataclass(slots=True)
class Made:
    """What the model knows of a voucher."""

    voucher: Voucher
    text: str
    taken: dict[date, int]
    expires_on: date
    state: str = "issued"


class VoucherMachine(RuleBasedStateMachine):
    """Alice's vouchers of one offer. The clock stands at noon and moves by days."""

    loop: ClassVar[asyncio.AbstractEventLoop]
    database: ClassVar[Database]

    def run(self, work: Awaitable[T]) -> T:
        """Return what the work returns."""
        return self.loop.run_until_complete(work)

    def do(self, work: Awaitable[T]) -> T | str:
        """Return what the work returns, or the code of its refusal."""
        try:
            return self.run(work)
        except RefusalError as refusal:
            return refusal.code

    @initialize()
    def open(self) -> None:
        """Open a booth where vouchers live ten days."""

        async def work() -> None:
            bank = await new_bank(self.database)
            self.booth = await open_booth(self.database, await enter(self.database, bank))
            plan = replace(HAIRCUT, voucher_days=VOUCHER_DAYS, ends_on=LATER)
            self.offer = await self.booth.publish(plan)

        self.run(work())
        self.lots: dict[date, int] = {LATER: 100}
        self.made: list[Made] = []
        self.uses: dict[tuple[int, datetime], str] = {}
        self.days, self.is_active = 0, True
        for _ in range(3):
            self.issue()

    @property
    def now(self) -> datetime:
        return NOW + self.days * DAY

    @property
    def today(self) -> date:
        return TODAY + timedelta(days=self.days)

    def change(self, lots: dict[date, int], sign: int) -> None:
        for expires_on, amount in lots.items():
            self.lots[expires_on] = self.lots.get(expires_on, 0) + sign * amount

    @rule(days=st.sampled_from([1, 5, 10, 18]))
    def wait(self, days: int) -> None:
        """Let days pass."""
        self.days = min(self.days + days, 200)

    @rule(amount=st.integers(1, 50), lives_days=st.integers(0, 20))
    def give(self, amount: int, lives_days: int) -> None:
        """Credit fufen that end soon."""
        expires_on = self.today + timedelta(days=lives_days)
        self.run(self.booth.give("alice", amount, expires_on=expires_on))
        self.change({expires_on: amount}, 1)

    @rule()
    def suspend_or_resume(self) -> None:
        """Take the merchant off the whitelist, or put it back."""
        self.run(self.booth.step("olga", "suspended" if self.is_active else "resumed", at=self.now))
        self.is_active = not self.is_active

    @rule()
    def issue(self) -> None:
        """Make a voucher: of the lots that live, those that end first."""
        answer = self.do(self.booth.issue(offer=self.offer, at=self.now))
        live = {end: left for end, left in sorted(self.lots.items()) if end >= self.today and left}
        if not self.is_active:
            assert answer == "merchant_not_active"
        elif sum(live.values()) < PRICE:
            assert answer == "insufficient"
        else:
            assert isinstance(answer, Voucher)
            self._made(answer, live)

    def _made(self, voucher: Voucher, live: dict[date, int]) -> None:
        left, taken = PRICE, dict[date, int]()
        for end, amount in live.items():
            if left:
                taken[end] = min(amount, left)
                left -= taken[end]
        self.change(taken, -1)
        expires_on = min(self.today + timedelta(days=VOUCHER_DAYS), *taken)
        assert voucher.expires_on == expires_on
        self.made.append(Made(voucher, self.booth.text(voucher), taken, expires_on))

    @rule(pick=PICK, device=st.integers(0, 3))
    def use(self, pick: int, device: int) -> None:
        """Hand in a use of now, by one of four devices."""
        self._use(pick, self.now + timedelta(seconds=device))

    @rule(pick=PICK, days=st.sampled_from([-1, 1, 2, 5, 9, 12, 18, 30]))
    def use_offline(self, pick: int, days: int) -> None:
        """Hand in a use of some days ago, or of a clock that is ahead."""
        self._use(pick, self.now - days * DAY)

    @precondition(lambda self: self.uses)
    @rule(pick=PICK)
    def hand_in_again(self, pick: int) -> None:
        """Hand in a use that was answered before."""
        number, used_at = list(self.uses)[pick % len(self.uses)]
        self._use(number, used_at)

    def _use(self, pick: int, used_at: datetime) -> None:
        number = pick % len(self.made)
        one = self.made[number]
        assert self.run(self.booth.use(one.text, used_at=used_at, at=self.now)) == self._used(
            number, one, used_at
        )

    def _used(self, number: int, one: Made, used_at: datetime) -> str:
        told = self.uses.get((number, used_at))
        if told is not None:
            return "repeat" if told == "honoured" else told
        used_on = min(
            used_at, self.now
        ).date()  # noon in the zone and four in the morning in UTC are of one day
        if not self.is_active:
            return "merchant_not_active"
        outcome = "honoured"
        if one.state == "cancelled":
            outcome = "voucher_cancelled"
        elif one.state == "used":
            outcome = "voucher_used_before"
        elif used_on > one.expires_on:
            outcome = "voucher_expired"
        elif one.state == "lapsed" or self.today > one.expires_on + timedelta(days=UPLOAD_DAYS):
            outcome = "voucher_late"
        if outcome == "honoured":
            one.state = "used"
        self.uses[number, used_at] = outcome
        return outcome

    @rule(pick=PICK, at=st.integers(2, 177), letter=st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"))
    def forge(self, pick: int, at: int, letter: str) -> None:
        """Hand in a text with another letter."""
        text = self.made[pick % len(self.made)].text
        altered = text[:at] + letter + text[at + 1 :]
        if altered != text:
            answer = self.run(self.booth.use(altered, used_at=self.now, at=self.now))
            assert answer in {"voucher_forged", "voucher_unreadable", "voucher_of_other_bank"}

    @rule(pick=PICK)
    def cancel(self, pick: int) -> None:
        """Take a voucher back."""
        one = self.made[pick % len(self.made)]
        answer = self.do(self.booth.cancel(one.voucher.id, at=self.now))
        if one.state == "issued":
            assert isinstance(answer, Voucher)
            one.state = "cancelled"
            self.change(one.taken, 1)
        else:
            assert answer == f"already_{one.state}_voucher"

    @rule()
    def lapse(self) -> None:
        """Let go of what is over."""
        assert self.run(self.booth.lapse(self.now)) == self._lapsed(UPLOAD_DAYS)

    def _lapsed(self, days: int) -> int:
        over = [
            one
            for one in self.made
            if one.state == "issued" and self.today > one.expires_on + timedelta(days=days)
        ]
        for one in over:
            one.state = "lapsed"
            self.change(one.taken, 1)
        return len(over)

    @rule()
    def expire(self) -> None:
        """Let lots end that are over, those too that come back now after their day: of what was over at midnight."""
        self.run(run_now(self.database, self.booth.cast.bank, "expire", as_of=self.today, now=self.now))
        self._lapsed(UPLOAD_DAYS + 1)
        self.lots = {end: left for end, left in self.lots.items() if end >= self.today}

    @invariant()
    def everything_is_as_the_model_says(self) -> None:
        """Hold lots, held lots and states against the model."""
        if not hasattr(self, "booth"):
            return
        free, held = (
            self.run(self.booth.read(partial(self._lots, kind=kind))) for kind in ("wallet", "held")
        )
        states = self.run(self.booth.states())
        assert free == [(end, left) for end, left in sorted(self.lots.items()) if left]
        expected: dict[date, int] = {}
        for one in self.made:
            if one.state == "issued":
                for end, amount in one.taken.items():
                    expected[end] = expected.get(end, 0) + amount
        assert held == sorted(expected.items())
        assert states == [one.state for one in self.made]

    async def _lots(self, tx: ReadTx, *, kind: str) -> list[tuple[date | None, int]]:
        lots = await wallet(tx, self.booth.cast.people["alice"], "fufen", kind=kind)
        return [(lot.expires_on, lot.balance) for lot in lots]

    def teardown(self) -> None:
        """Find the books whole after whatever happened."""
        if hasattr(self, "booth"):
            self.run(self.booth.check_whole())
