"""Who awards nothing to whom they act for."""

from datetime import UTC, datetime, timedelta

import pytest

from ledger.session import WriteTx
from tests.api.books import adopt_pack
from tests.api.cast import Cast
from timebank.access import load_actor
from timebank.awards.actions import award
from timebank.database import Database
from timebank.errors import RefusalError

_PROXY = """
insert into proxies (bank_id, principal_id, agent_id, scopes, reason, from_at, until_at, made_by)
values ($1, $2, $3, '{profile}', '行动不便', $4, $5, 'test')
"""


async def test_nobody_awards_whom_they_act_for(database: Database, cast: Cast) -> None:
    await adopt_pack(database, cast)
    now, day = datetime.now(UTC), timedelta(days=1)
    alice, olga = cast.people["alice"], cast.people["olga"]

    async def work(tx: WriteTx) -> None:
        await tx.connection.execute(_PROXY, tx.bank_id, alice, olga, now - day, now + day)
        actor = await load_actor(tx, cast.sessions["olga"], now=now)
        await award(tx, actor, key="k", person_id=alice, unit="point", amount=5, reason="测试", now=now)

    with pytest.raises(RefusalError, match="award_to_oneself"):
        await database.write(cast.bank, work)
