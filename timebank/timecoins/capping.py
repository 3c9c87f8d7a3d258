"""The storage cap where time-coins are earned: what goes beyond it is given to the care fund that is nearest.

Whoever adds time-coins to what somebody has holds that person's row before asking how many they have; so two at once
never fill the same room. What is beyond the cap has no room anywhere without a fund, and is then not issued.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from ledger.session import WriteTx
from ledger.values import WALLET, Draft, Move, Place
from timebank.timecoins.locking import hold_nearest_care_funds, hold_people
from timebank.timecoins.queries import CareFund, stored_of
from timebank.timecoins.rules import TIMECOIN, Share, share


@dataclass(frozen=True, slots=True)
class Earning:
    """A draft that may issue time-coins to one owner, and the most that the owner may keep; None: no cap."""

    draft: Draft
    owner: UUID
    cap: int | None

    @property
    def coins(self) -> int:
        """The time-coins that it would issue."""
        return sum(move.amount for move in self.draft.moves if move.unit == TIMECOIN)


@dataclass(frozen=True, slots=True)
class Capped:
    """The draft as it may be posted, and what to say of it: nothing, if all was kept."""

    draft: Draft
    note: Mapping[str, object]


async def within_cap(tx: WriteTx, earnings: Sequence[Earning], *, now: datetime) -> list[Capped]:
    """Return the drafts, in the same order, with what is beyond somebody's cap given to a care fund, or left out.

    The note says how many went beyond (`timecoins_beyond_cap`) and to which fund (`care_fund`; None: to none, they are
    not issued). Several drafts of one owner fill the room in their order, each as if those before it were posted.
    """
    owners = {earning.owner for earning in earnings if earning.cap is not None and earning.coins}
    if not owners:
        return [Capped(earning.draft, {}) for earning in earnings]
    await hold_people(tx, owners)
    today = tx.day(now)
    kept = {owner: stored.total for owner, stored in (await stored_of(tx, owners, on=today)).items()}
    shares = [_share(earning, kept) for earning in earnings]
    pairs = list(zip(earnings, shares, strict=True))
    beyond = {earning.owner for earning, part in pairs if part.beyond}
    funds = await hold_nearest_care_funds(tx, beyond, on=today) if beyond else {}
    return [
        _capped(earning.draft, part, funds.get(earning.owner)) if part.beyond else Capped(earning.draft, {})
        for earning, part in pairs
    ]


def _share(earning: Earning, kept: dict[UUID, int]) -> Share:
    """Return what an owner keeps of an earning, and count it as kept."""
    if earning.cap is None or not earning.coins:
        return Share(earning.coins, 0)
    part = share(earning.coins, stored=kept[earning.owner], cap=earning.cap)
    kept[earning.owner] += part.kept
    return part


def _capped(draft: Draft, part: Share, fund: CareFund | None) -> Capped:
    moves: list[Move] = []
    left = part.kept
    for move in draft.moves:
        if move.unit != TIMECOIN:
            moves.append(move)
            continue
        own = min(move.amount, left)
        left -= own
        if own:
            moves.append(replace(move, amount=own))
        if fund is not None and move.amount > own and isinstance(move.target, Place):
            # The lot of the fund ends when the owner's would have: nobody gains time by having enough.
            lot = Place(WALLET, fund.owner, move.target.expires_on)
            moves.append(Move(move.source, lot, TIMECOIN, move.amount - own))
    note = {"timecoins_beyond_cap": part.beyond, "care_fund": None if fund is None else fund.id}
    return Capped(replace(draft, moves=tuple(moves)), note)
