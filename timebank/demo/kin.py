"""Time-coins of the demo bank: some to give away, a spouse to give them to, and a care fund for elders."""

from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from ledger.posting import post
from ledger.session import WriteTx
from ledger.values import ISSUANCE, WALLET, Draft, Move, Place
from timebank.demo.meeting import holder_at
from timebank.funds.actions import open_fund
from timebank.kinships.actions import confirm_kinship, declare_kinship
from timebank.permissions import Role
from timebank.policy.rules import PolicyPack, UnitRule
from timebank.policy.spending import TimecoinRule
from timebank.timecoins.rules import TIMECOIN

if TYPE_CHECKING:
    from collections.abc import Mapping

ACTOR: Final = "demo"
FUND: Final = "DEMO-CARE"
COINS, CAP = 40, 1_500

_KNOWN = "select exists (select from funds where bank_id = $1 and code = $2)"
_NEIGHBOUR = """
select v.owner from volunteers v join people p on p.bank_id = $1 and p.id = v.owner and p.erased_at is null
join organisations o on o.bank_id = $1 and o.id = v.organisation_id
where v.bank_id = $1 and v.owner <> $2 and o.code = $3 order by v.id desc limit 1
"""


async def bring_kin(
    tx: WriteTx, people: "Mapping[str, UUID]", *, volunteer_id: UUID, at: str, now: datetime
) -> None:
    """Once: give the volunteer some time-coins, and confirm who their spouse is."""
    if await tx.connection.fetchval(_KNOWN, tx.bank_id, FUND):
        return
    worker, organisation_id = await holder_at(tx, people[Role.COMMUNITY_WORKER], at)
    await open_fund(tx, code=FUND, name="春风关爱基金", kind="care", organisation_id=organisation_id, now=now)
    # Earned in earlier years, before the books were here.
    move = Move(Place(ISSUANCE), Place(WALLET, volunteer_id, None), TIMECOIN, COINS)
    await post(tx, [Draft("credit", "demo:timecoins", now, ACTOR, (move,))])
    neighbour = await tx.connection.fetchval(_NEIGHBOUR, tx.bank_id, volunteer_id, at)
    declared = await declare_kinship(
        tx, worker, person_id=volunteer_id, kin_id=neighbour, relation="spouse", now=now
    )
    await confirm_kinship(tx, worker, person_id=volunteer_id, kinship_id=declared.id, now=now)


def with_timecoins(pack: PolicyPack) -> PolicyPack:
    """Return a pack with time-coins, if it had none."""
    coin = UnitRule.model_validate({"code": "timecoin", "class": "value", "spendable": True})
    units = pack.units if any(unit.code == coin.code for unit in pack.units) else (*pack.units, coin)
    return pack.model_copy(update={"units": units, "timecoins": TimecoinRule(storage_cap=CAP)})
