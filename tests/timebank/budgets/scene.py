"""What a budget needs: the notices' scene, whose records are credited without a notice, and who raises ceilings."""

from datetime import datetime
from itertools import count

from ledger.balances import balance
from ledger.session import WriteTx
from ledger.values import BUDGET, Place
from tests.timebank.notices.scene import OVER, Scene
from timebank.access import Actor
from timebank.budgets.actions import Changed, change_ceiling
from timebank.budgets.queries import WaitingCredit, waiting_credits
from timebank.notices.crediting import By, Credited, credit_records

_KEYS = count()
BY = By("job:credit")


async def change(
    scene: Scene, at: str, by: int, who: str = "adam", *, unit: str = "point", now: datetime = OVER
) -> Changed:
    """Let somebody raise or lower a ceiling."""

    async def work(tx: WriteTx, actor: Actor) -> Changed:
        return await change_ceiling(
            tx,
            actor,
            key=f"change {next(_KEYS)}",
            organisation_id=scene.cast.organisations[at],
            unit=unit,
            change=by,
            reason="测试：年度额度",
            now=now,
        )

    return await scene.do(who, work)


async def left(scene: Scene, at: str, unit: str = "point") -> int:
    """Return what is left of an organisation's own budget."""
    owner = await scene.read(
        lambda tx: tx.connection.fetchval(
            "select owner from organisations where bank_id = $1 and id = $2",
            tx.bank_id,
            scene.cast.organisations[at],
        )
    )
    return await scene.read(lambda tx: balance(tx, Place(BUDGET, owner), unit))


async def credit(scene: Scene, *records: int, now: datetime = OVER) -> Credited:
    """Credit approved records as the job does."""
    return await scene.write(
        lambda tx: credit_records(tx, record_ids=records, state="approved", by=BY, now=now)
    )


async def waiting(scene: Scene, *, at: str | None = None) -> list[WaitingCredit]:
    """Return what waits, of all or of an organisation alone."""
    nodes = None if at is None else [scene.cast.organisations[at]]
    return await scene.read(lambda tx: waiting_credits(tx, organisations=nodes, after=0, limit=100))
