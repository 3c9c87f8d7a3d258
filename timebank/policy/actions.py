"""Adopting policy packs: each adoption is a new version from a day on; none is ever changed."""

from dataclasses import dataclass
from datetime import date

from ledger.accounts import declare_units, load_units
from ledger.exchanges import set_exchanges
from ledger.session import ReadTx, WriteTx
from timebank.errors import RefusalError
from timebank.policy.diff import changes
from timebank.policy.rules import PolicyPack, parse_pack

_VERSIONS = """
select version, effective_from, body::text as body from policy_packs where bank_id = $1 order by effective_from
"""
_INSERT = """
insert into policy_packs (bank_id, version, effective_from, body, adopted_by, note)
values ($1, $2, $3, $4::jsonb, $5, $6)
"""
# Whether anybody holds something of a unit that would be left out; goods and money are in no pack.
_IN_USE = """
select u.code from units u
where u.bank_id = $1 and u.code = any($2::text[])
  and exists (select from accounts a where a.bank_id = $1 and a.unit_id = u.id and a.guarded and a.balance <> 0)
order by u.code limit 1
"""


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """A pack as adopted: the version that transactions carry, and the first day it prices."""

    version: int
    effective_from: date
    pack: PolicyPack


@dataclass(frozen=True, slots=True)
class PolicyHistory:
    """Every version of a bank, oldest first day first."""

    versions: tuple[PolicyVersion, ...]

    def on(self, day: date) -> PolicyVersion:
        """Return the version in force on a day.

        Raises:
            RefusalError: `policy_missing` before the first version's first day.
        """
        for version in reversed(self.versions):
            if version.effective_from <= day:
                return version
        raise RefusalError("policy_missing", day=day.isoformat())

    def numbered(self, version: int) -> PolicyPack:
        """Return the pack of a version that there is."""
        return next(found.pack for found in self.versions if found.version == version)


async def load_history(tx: ReadTx) -> PolicyHistory:
    """Return all versions of the bank."""
    rows = await tx.connection.fetch(_VERSIONS, tx.bank_id)
    return PolicyHistory(
        tuple(PolicyVersion(row["version"], row["effective_from"], parse_pack(row["body"])) for row in rows)
    )


async def adopt(
    tx: WriteTx,
    pack: PolicyPack,
    *,
    effective_from: date,
    actor: str,
    note: str = "",
    today: date | None = None,
) -> PolicyVersion:
    """Adopt a pack from a day on: declare its units, set the exchanges it allows, keep it for ever.

    With `today` the day must be a later one: what is under way today was begun by the rules of today. Without it a bank
    is set up.

    Raises:
        RefusalError: `policy_backdated` if a version in force from that day or later stands already;
            `policy_not_ahead` if the day is not after `today`; `policy_unchanged` if the latest version says the same;
            `policy_unit_differs` if a unit would get another class; `policy_unit_in_use` if one is left out of which
            somebody still has something.
    """
    history = await load_history(tx)
    latest = history.versions[-1] if history.versions else None
    if latest and latest.effective_from >= effective_from:
        raise RefusalError(
            "policy_backdated",
            effective_from=effective_from.isoformat(),
            latest=latest.effective_from.isoformat(),
        )
    if today is not None and effective_from <= today:
        raise RefusalError("policy_not_ahead", effective_from=effective_from.isoformat())
    if latest:
        if not changes(latest.pack, pack):
            raise RefusalError("policy_unchanged")
        await _check_left_out(tx, latest.pack, pack)
    await _check_units(tx, pack)
    version = PolicyVersion(len(history.versions) + 1, effective_from, pack)
    await declare_units(tx, [(unit.code, unit.class_, unit.spendable) for unit in pack.units])
    await set_exchanges(tx, pack.exchanges, effective_from=tx.start_of(effective_from))
    body = pack.model_dump_json(by_alias=True)
    await tx.connection.execute(_INSERT, tx.bank_id, version.version, effective_from, body, actor, note)
    return version


async def _check_units(tx: WriteTx, pack: PolicyPack) -> None:
    """Refuse to call a unit something else: the ledger keeps each as it was first declared."""
    await load_units(tx, [unit.code for unit in pack.units])
    for unit in pack.units:
        known = tx.catalogue.units.get(unit.code)
        if known is not None and (known.class_, known.spendable) != (unit.class_, unit.spendable):
            raise RefusalError("policy_unit_differs", unit=unit.code)


async def _check_left_out(tx: WriteTx, before: PolicyPack, after: PolicyPack) -> None:
    left_out = {unit.code for unit in before.units} - {unit.code for unit in after.units}
    if left_out and (unit := await tx.connection.fetchval(_IN_USE, tx.bank_id, sorted(left_out))):
        raise RefusalError("policy_unit_in_use", unit=unit)
