"""Strategies for drafts in a small world: few owners, few days and small amounts, so that they meet often.

Keys are `?` and earlier transactions are small numbers until the machine puts real ones in.
"""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ledger.values import (
    BUDGET,
    CAPTURE,
    CARRY_OVER,
    CONVERTED,
    EXPIRE,
    EXPIRED,
    HANDED_OUT,
    HELD,
    HOLD,
    ISSUANCE,
    MAX_AMOUNT,
    RELEASE,
    REVERSAL,
    SHELF,
    SUPPLY,
    TAKINGS,
    VARIANCE,
    WALLET,
    Draft,
    Move,
    Place,
    Settlement,
    Twin,
    Wallet,
)

FIRST_DAY = date(2025, 3, 5)
LAST_OFFSET = 9
ANNA, BO, SHOP, TOWN = (UUID(int=n) for n in (0xA, 0xB, 0x5, 0x7))
PEOPLE = (ANNA, BO)
RICE = "goods/rice"
VALUES = ("point", "fufen", "timecoin")

days = st.integers(0, LAST_OFFSET).map(lambda n: FIRST_DAY + timedelta(days=n))
# Chinese midnight is 16:00 UTC of the day before: the first, a middle and the last instant of a day.
moments = st.builds(
    lambda day, part: datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=8) + part,
    days,
    st.sampled_from((timedelta(0), timedelta(hours=12), timedelta(days=1, microseconds=-1))),
)
expiries = st.sampled_from((None, *(FIRST_DAY + timedelta(days=n) for n in (1, 3, 5, 8))))
amounts = st.integers(0, 40).map(lambda n: MAX_AMOUNT if n == 40 else n % 9 + 1)
plenty = st.integers(3, 12)
people = st.sampled_from((ANNA, ANNA, BO))
values = st.sampled_from(("point", "point", "point", "fufen"))
never_spent = st.sampled_from(("minute", "party_score"))
memos = st.sampled_from(("", "", "谢谢", "a 'quoted' \\ memo"))
numbers = st.integers(0, 15)


def lots(owners: SearchStrategy[UUID] = people) -> SearchStrategy[Place]:
    """Lots of the people."""
    return st.builds(lambda owner, day: Place(WALLET, owner, day), owners, expiries)


def _drafts(kind: str, *moves: SearchStrategy[Move]) -> SearchStrategy[Draft]:
    return st.builds(
        lambda moment, memo, moved: Draft(
            kind, "?", moment, "machine", moved, memo=memo, metadata={"n": [1, {}]}
        ),
        moments,
        memos,
        st.tuples(*moves),
    )


def _move(
    source: SearchStrategy[Place] | SearchStrategy[Wallet] | SearchStrategy[Place | Wallet],
    target: SearchStrategy[Place] | SearchStrategy[Place | Twin],
    unit: SearchStrategy[str] = values,
    amount: SearchStrategy[int] = amounts,
) -> SearchStrategy[Move]:
    return st.builds(Move, source, target, unit, amount)


wallets = st.builds(Wallet, people)
issuance, takings, shelf = st.just(Place(ISSUANCE)), st.just(Place(TAKINGS)), st.just(Place(SHELF, SHOP))
budget = st.just(Place(BUDGET, TOWN))

SEEDS = tuple(
    Draft(
        "award", "?", datetime(2025, 3, 4, 16, tzinfo=UTC), "machine", (Move(source, target, unit, amount),)
    )
    for source, target, unit, amount in (
        (Place(ISSUANCE), Place(WALLET, ANNA, FIRST_DAY + timedelta(days=5)), "point", 5),
        (Place(ISSUANCE), Place(WALLET, ANNA, FIRST_DAY + timedelta(days=3)), "point", 4),
        (Place(ISSUANCE), Place(WALLET, ANNA), "point", 6),
        (Place(ISSUANCE), Place(WALLET, ANNA, FIRST_DAY + timedelta(days=8)), "fufen", 8),
        (Place(ISSUANCE), Place(WALLET, BO, FIRST_DAY + timedelta(days=8)), "point", 7),
        (Place(SUPPLY), Place(SHELF, SHOP), RICE, 9),
        (Place(ISSUANCE), Place(BUDGET, TOWN), "point", 20),
    )
)
"""Something to spend at the start of every run."""

credits_ = st.one_of(
    _drafts("award", _move(issuance, lots(), values, plenty)),
    _drafts("award", _move(issuance, lots()), _move(issuance, lots(), values, plenty)),
    _drafts("award", _move(issuance, lots(), st.sampled_from(("minute", "party_score", "timecoin")))),
    _drafts("stock", _move(st.just(Place(SUPPLY)), shelf, st.just(RICE), plenty)),
)
budgeted = st.one_of(
    _drafts("award", _move(budget, lots(), values, plenty)),
    _drafts("award", _move(issuance, lots(), never_spent), _move(budget, lots(), st.just("point"), plenty)),
    _drafts("ceiling", _move(issuance, budget, values, plenty)),
    _drafts("ceiling", _move(budget, issuance, values, plenty)),
)
"""Issuing within a ceiling, raising and lowering it."""

spends = st.one_of(
    _drafts("spend", _move(wallets, takings)),
    _drafts("spend", _move(wallets, takings)),
    _drafts("spend", _move(wallets, takings, never_spent)),
    _drafts("loss", _move(shelf, st.just(Place(VARIANCE)), st.sampled_from((RICE, RICE, "goods/nothing")))),
)
gifts = st.builds(
    lambda draft, giver, taker, amount, unit: Draft(
        "gift", "?", draft.effective_at, "machine", (Move(Wallet(giver), taker(WALLET, giver), unit, amount),)
    ),
    _drafts("gift", _move(wallets, takings)),
    people,
    st.sampled_from(
        (
            lambda kind, giver: Twin(kind, BO if giver == ANNA else ANNA),
            lambda kind, giver: Place(kind, BO if giver == ANNA else ANNA, FIRST_DAY + timedelta(days=3)),
        )
    ),
    amounts,
    values,
)
# Both sides of an exchange, and drafts whose last move fails after the first ones went through.
exchanges = st.one_of(
    _drafts(
        "redemption",
        _move(wallets, takings, st.sampled_from(("point", "point", "timecoin"))),
        _move(shelf, st.just(Place(HANDED_OUT)), st.just(RICE)),
    ),
    _drafts(
        "conversion",
        _move(wallets, st.just(Place(CONVERTED)), st.sampled_from(("point", "fufen"))),
        _move(st.just(Place(CONVERTED)), lots(), st.sampled_from(("fufen", "timecoin"))),
    ),
    _drafts("mixed", _move(issuance, lots()), _move(wallets, takings), _move(wallets, takings)),
)
carries = st.builds(
    lambda draft, owner, old, new, kind: Draft(
        kind,
        "?",
        draft.effective_at,
        "machine",
        (
            Move(
                Place(WALLET, owner, old),
                Place(EXPIRED) if kind == EXPIRE or old == new else Place(WALLET, owner, new),
                draft.moves[0].unit,
                draft.moves[0].amount,
            ),
        ),
    ),
    _drafts("spend", _move(wallets, takings)),
    people,
    expiries,
    expiries,
    st.sampled_from((EXPIRE, CARRY_OVER)),
)


@st.composite
def holds(draw: st.DrawFn) -> Draft:
    """Draw a hold of one or two units, of the shop's goods too, until some hours or days later."""
    moment = draw(moments)
    moves: list[Move] = []
    for _ in range(draw(st.integers(1, 2))):
        owner = draw(people)
        if draw(st.integers(0, 3)) == 0:
            moves.append(Move(Place(SHELF, SHOP), Twin(HELD, SHOP), RICE, draw(st.integers(1, 6))))
        else:
            moves.append(Move(Wallet(owner), Twin(HELD, owner), draw(values), draw(st.integers(1, 6))))
    until = moment + timedelta(hours=draw(st.sampled_from((1, 6, 240))))
    return Draft(HOLD, "?", moment, "machine", tuple(moves), hold_until=until)


@st.composite
def captures(draw: st.DrawFn) -> Draft:
    """Draw a capture of all units in some order, all or part of each, to takings, to somebody or handed out."""
    settle = []
    for unit in draw(st.permutations(("point", "fufen", RICE))):
        amount = draw(st.one_of(st.none(), st.integers(1, 3), st.integers(1, 6)))
        target = Place(HANDED_OUT) if unit == RICE else draw(st.one_of(takings, takings, lots()))
        settle.append(Settlement(unit, target, amount))
    return Draft(CAPTURE, "?", draw(moments), "machine", resolves=draw(numbers), settle=tuple(settle))


releases = st.builds(lambda moment, n: Draft(RELEASE, "?", moment, "machine", resolves=n), moments, numbers)
reversals = st.builds(
    lambda moment, n, grace: Draft(REVERSAL, "?", moment, "machine", reverses=n, grace_on=grace),
    moments,
    numbers,
    st.one_of(st.none(), days),
)
drafts = st.one_of(
    credits_, credits_, budgeted, spends, gifts, exchanges, carries, holds(), captures(), releases, reversals
)
