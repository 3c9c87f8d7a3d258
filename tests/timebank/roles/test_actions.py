"""Granting and revoking at the same moment."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

from ledger.session import WriteTx
from tests.api.cast import Cast, enter
from timebank.access import Actor, load_actor
from timebank.database import Bank, Database
from timebank.errors import RefusalError
from timebank.permissions import Role
from timebank.roles.actions import grant_role, revoke_role
from timebank.roles.queries import RoleGrant, role_grants


def now() -> datetime:
    return datetime.now(UTC)


async def granting(database: Database, cast: Cast, by: str, to: UUID, role: Role, at: str) -> RoleGrant | str:
    async def work(tx: WriteTx) -> RoleGrant:
        actor: Actor = await load_actor(tx, cast.sessions[by], now=now())
        return await grant_role(
            tx,
            actor,
            person_id=to,
            role=role,
            organisation_id=cast.organisations[at],
            from_at=None,
            until_at=None,
            now=now(),
        )

    try:
        return await database.write(cast.bank, work)
    except RefusalError as refusal:
        return refusal.code


async def revoking(database: Database, cast: Cast, by: str, grant_id: int) -> str:
    async def work(tx: WriteTx) -> str:
        actor = await load_actor(tx, cast.sessions[by], now=now())
        await revoke_role(tx, actor, grant_id=grant_id, now=now())
        return "revoked"

    try:
        return await database.write(cast.bank, work)
    except RefusalError as refusal:
        return refusal.code


async def test_nobody_gets_a_role_at_a_closed_organisation(database: Database, bank: Bank) -> None:
    cast = await enter(database, bank)
    bob, grid = cast.people["bob"], cast.organisations["grid"]
    closing = "update organisations set closed_on = $3 where bank_id = $1 and id = $2"
    await database.write(bank, lambda tx: tx.connection.execute(closing, bank.id, grid, tx.day(now())))
    refused = await granting(database, cast, "adam", bob, Role.STEWARD, "grid")
    assert refused == "organisation_closed"
    assert isinstance(await granting(database, cast, "adam", bob, Role.STEWARD, "apple"), RoleGrant)


async def test_two_who_grant_the_same_at_once_make_one_grant(database: Database, bank: Bank) -> None:
    cast = await enter(database, bank)
    bob = cast.people["bob"]
    outcomes = await asyncio.gather(
        *(granting(database, cast, by, bob, Role.STEWARD, "apple") for by in ("adam", "ada") * 4)
    )
    assert sorted(outcome for outcome in outcomes if isinstance(outcome, str)) == ["already_granted"] * 7


async def test_administrators_who_revoke_each_other_at_once_leave_one(database: Database, bank: Bank) -> None:
    cast = await enter(database, bank)
    other = await granting(database, cast, "adam", cast.people["bob"], Role.ADMINISTRATOR, "root")
    assert isinstance(other, RoleGrant)
    root = {"organisation_id": cast.organisations["root"], "role": Role.ADMINISTRATOR}

    async def administrators() -> list[RoleGrant]:
        return await database.read(
            bank,
            lambda tx: role_grants(tx, after_id=0, limit=10, in_force_at=now(), **root),  # type: ignore[arg-type]  # arguments of many types
        )

    adams, bobs = await administrators()
    outcomes = await asyncio.gather(
        revoking(database, cast, "adam", bobs.id), revoking(database, cast, "bob", adams.id)
    )
    assert outcomes.count("revoked") == 1
    assert set(outcomes) - {"revoked"} <= {"last_administrator", "forbidden"}
    assert len(await administrators()) == 1
