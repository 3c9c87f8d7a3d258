"""Putting a workbook's rows into the registers: one transaction, every row once, whoever brings it again.

Registers keep the first row of a code. Attendances, awards and slips are kept by a digest of their content
and of how often it stood before in the same workbook, so the same line is the same line in every later file.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from ledger.accounts import declare_units
from ledger.session import WriteTx
from timebank.shops.rules import goods_unit
from timebank.vault.actions import put_fields
from timebank.vault.cipher import Cipher
from timebank.workbook.district import District
from timebank.workbook.sheets import ActivityRow, GoodsRow, OrganisationRow, TeamRow, VolunteerRow

LEVELS: Mapping[str, str] = {"区": "district", "街道": "street", "社区": "community", "网格": "grid"}

_ORGANISATIONS = """
insert into organisations (bank_id, code, name, level, parent_id)
select $1, o.code, o.name, o.level,
  (select p.id from organisations p where p.bank_id = $1 and p.code = o.parent and p.level <> 'team' limit 1)
from unnest($2::text[], $3::text[], $4::text[], $5::text[]) as o (code, name, level, parent)
on conflict on constraint organisations_code_key do nothing
"""
_ORGANISATION_IDS = "select level = 'team' as is_team, code, id from organisations where bank_id = $1"

_PEOPLE = """
insert into people (bank_id, id)
select $1, v.owner from unnest($2::text[], $3::uuid[]) as v (code, owner)
where not exists (select from volunteers k where k.bank_id = $1 and k.code = v.code)
on conflict do nothing returning id
"""
_VOLUNTEERS = """
insert into volunteers (bank_id, code, owner, organisation_id, team_id, is_party_member, registered_on)
select $1, v.code, v.owner, v.organisation_id, v.team_id, v.is_party_member, v.registered_on
from unnest($2::text[], $3::uuid[], $4::bigint[], $5::bigint[], $6::bool[], $7::date[])
  as v (code, owner, organisation_id, team_id, is_party_member, registered_on)
where exists (select from people p where p.bank_id = $1 and p.id = v.owner)
on conflict on constraint volunteers_code_key do nothing
returning code
"""
_VOLUNTEER_KEYS = "select code, id, owner, is_party_member from volunteers where bank_id = $1"

_ACTIVITIES = """
insert into activities (bank_id, code, name, category, is_volunteer_service, organisation_id, team_id,
  leader_code, place, starts_at, ends_at, rest_minutes, difficulty_permille, capacity)
select $1, a.*
from unnest($2::text[], $3::text[], $4::text[], $5::bool[], $6::bigint[], $7::bigint[], $8::text[], $9::text[],
  $10::timestamptz[], $11::timestamptz[], $12::bigint[], $13::bigint[], $14::bigint[]) as a
on conflict on constraint activities_code_key do nothing
"""
_ACTIVITY_IDS = "select code, id from activities where bank_id = $1"

_SHOPS = """
insert into shops (bank_id, code) select $1, s.code from unnest($2::text[]) as s (code)
on conflict on constraint shops_code_key do nothing
"""
_SHOP_KEYS = "select code, id, owner from shops where bank_id = $1"

_GOODS = """
insert into goods (bank_id, shop_id, sku, name, unit_code, price_points, opening_stock, opening_at)
select $1, g.shop_id, g.sku, g.name, g.unit_code, g.price_points, g.opening_stock, $2
from unnest($3::bigint[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[])
  as g (shop_id, sku, name, unit_code, price_points, opening_stock)
on conflict on constraint goods_sku_key do nothing
"""


@dataclass(frozen=True, slots=True)
class Person:
    """A volunteer as the books need one: the row's id, the pseudonymous owner of accounts, and what prices may ask."""

    id: int
    owner: UUID
    is_party_member: bool


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop: the row's id and the owner of its shelf and takings."""

    id: int
    owner: UUID


@dataclass(frozen=True, slots=True)
class Registers:
    """What the rows of a workbook refer to, by code, as it stands in the database."""

    volunteers: Mapping[str, Person]
    activity_ids: Mapping[str, int]
    shops: Mapping[str, Shop]


async def store_registers(
    tx: WriteTx, district: District, cipher: Cipher, *, opening_at: datetime
) -> Registers:
    """Store organisations, teams, volunteers with their vault, activities, shops and goods; return the keys."""
    await _store_organisations(tx, district.organisations, district.teams)
    rows = await tx.connection.fetch(_ORGANISATION_IDS, tx.bank_id)
    nodes = {row["code"]: row["id"] for row in rows if not row["is_team"]}
    teams = {row["code"]: row["id"] for row in rows if row["is_team"]}
    volunteers = await _store_volunteers(tx, district.volunteers, nodes, teams, cipher)
    await _store_activities(tx, district.activities, nodes, teams)
    activities = await tx.connection.fetch(_ACTIVITY_IDS, tx.bank_id)
    shops = await _store_goods(tx, district.goods, opening_at)
    return Registers(volunteers, {row["code"]: row["id"] for row in activities}, shops)


async def _store_organisations(
    tx: WriteTx, organisations: Sequence[OrganisationRow], teams: Sequence[TeamRow]
) -> None:
    """Store the tree generation by generation, so that each parent is there before its children."""
    depth: dict[str, int] = {}
    generations: dict[int, list[tuple[str, str, str, str]]] = {}
    for node in organisations:
        depth[node.code] = depth.get(node.parent, -1) + 1
        level = LEVELS.get(node.level, "other")
        generations.setdefault(depth[node.code], []).append((node.code, node.name, level, node.parent))
    last = len(generations)
    for team in teams:
        generations.setdefault(last, []).append((team.code, team.name, "team", team.community))
    for generation in range(len(generations)):
        columns = map(list, zip(*generations[generation], strict=True))
        await tx.connection.execute(_ORGANISATIONS, tx.bank_id, *columns)


async def _store_volunteers(
    tx: WriteTx,
    volunteers: Sequence[VolunteerRow],
    nodes: Mapping[str, int],
    teams: Mapping[str, int],
    cipher: Cipher,
) -> dict[str, Person]:
    codes, owners = [row.code for row in volunteers], [uuid4() for _ in volunteers]
    await tx.connection.fetch(_PEOPLE, tx.bank_id, codes, owners)
    added = await tx.connection.fetch(
        _VOLUNTEERS,
        tx.bank_id,
        codes,
        owners,
        [nodes.get(row.community) for row in volunteers],
        [teams.get(row.team) for row in volunteers],
        [bool(row.party_member) for row in volunteers],
        [row.registered_on for row in volunteers],
    )
    people = {
        row["code"]: Person(row["id"], row["owner"], row["is_party_member"])
        for row in await tx.connection.fetch(_VOLUNTEER_KEYS, tx.bank_id)
    }
    new = {row["code"] for row in added}
    await put_fields(
        tx,
        cipher,
        (
            (people[row.code].owner, field, value)
            for row in volunteers
            if row.code in new
            for field, value in _personal_fields(row)
        ),
    )
    return people


def _personal_fields(row: VolunteerRow) -> Iterable[tuple[str, str]]:
    return (
        ("name", row.name),
        ("gender", row.gender),
        ("born_on", row.born_on.isoformat() if row.born_on else ""),
        ("id_number", row.id_number or ""),
        ("phone", row.phone),
        ("employer", row.employer),
    )


async def _store_activities(
    tx: WriteTx, activities: Sequence[ActivityRow], nodes: Mapping[str, int], teams: Mapping[str, int]
) -> None:
    rows = [
        (
            row.code,
            row.name,
            row.category,
            row.plan.volunteer_service,
            nodes.get(row.organiser),
            teams.get(row.team),
            row.leader,
            row.place,
            row.plan.starts_at,
            row.plan.ends_at,
            row.plan.rest_minutes,
            row.plan.difficulty_thousandths,
            row.wanted,
        )
        for row in activities
    ]
    if rows:
        await tx.connection.execute(_ACTIVITIES, tx.bank_id, *map(list, zip(*rows, strict=True)))


async def _store_goods(tx: WriteTx, goods: Sequence[GoodsRow], opening_at: datetime) -> dict[str, Shop]:
    codes = sorted({row.shop for row in goods})
    await tx.connection.execute(_SHOPS, tx.bank_id, codes)
    shops = {
        row["code"]: Shop(row["id"], row["owner"])
        for row in await tx.connection.fetch(_SHOP_KEYS, tx.bank_id)
    }
    rows = [
        (shops[row.shop].id, row.sku, row.name, goods_unit(row.shop, row.sku), row.price, row.stock)
        for row in goods
    ]
    if rows:
        await declare_units(tx, [(unit, "goods", True) for _, _, _, unit, _, _ in rows])
        await tx.connection.execute(_GOODS, tx.bank_id, opening_at, *map(list, zip(*rows, strict=True)))
    return shops
