"""Who had a star by the last count before 0007 holds it from then on; nobody is told, and each bank has its own."""

import pytest

from tests.timebank.migrations.conftest import connect
from timebank.database import Address
from timebank.migrations import runner
from timebank.migrations.runner import migrate

_COUNTED = """
insert into banks (code, name, zone) values ('one', '测试一', 'Asia/Shanghai'), ('two', '测试二', 'Asia/Shanghai');
insert into people (bank_id, id) select id, owner from banks;
insert into volunteers (bank_id, code, owner, is_party_member) select id, 'V', owner, false from banks;
insert into policy_packs (bank_id, version, effective_from, body, adopted_by)
  select id, 1, '2020-01-01', '{}', 'test' from banks;
insert into recognitions (bank_id, scheme, as_of, volunteer_id, level, minutes, policy_version)
select v.bank_id, c.scheme, c.as_of, v.id, c.level + v.bank_id, c.minutes, 1 from volunteers v, (values
  ('star', date '2025-01-01', 1, 60), ('star', date '2026-01-01', 2, 120), ('annual', date '2026-01-02', 7, 60)
) as c (scheme, as_of, level, minutes)
"""
_HELD = "select bank_id, from_level, to_level, minutes, as_of::text, changed_by from star_changes order by bank_id"


async def test_a_star_counted_before_is_held(empty: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as of_before:
        of_before.setattr(runner, "HEAD", "0006")
        await migrate(empty, logins=True)
    connection = await connect(empty)
    await connection.execute(_COUNTED)
    assert await migrate(empty, logins=True) == ["0007", "0008"]
    banks = [row["id"] for row in await connection.fetch("select id from banks order by id")]
    assert [tuple(row) for row in await connection.fetch(_HELD)] == [
        (bank, 0, 2 + bank, 120, "2026-01-01", "upgrade") for bank in banks
    ]
    assert await connection.fetchval("select count(*) from notifications") == 0
    await connection.close()
