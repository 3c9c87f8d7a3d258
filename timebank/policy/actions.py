"""Adopting policy packs: each adoption is a new version from a day on; none is ever changed."""

from dataclasses import dataclass
from datetime import date

from ledger.accounts import declare_units
from ledger.exchanges import set_exchanges
from ledger.session import ReadTx, WriteTx
from timebank.errors import RefusalError
from timebank.policy.rules import PolicyPack, parse_pack

_VERSIONS = """
select version, effective_from, body::text as body from policy_packs where bank_id = $1 order by effective_from
"""
_INSERT = """
insert into policy_packs (bank_id, version, effective_from, body, adopted_by)
values ($1, $2, $3, $4::jsonb, $5)
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


async def load_history(tx: ReadTx) -> PolicyHistory:
    """Return all versions of the bank."""
    rows = await tx.connection.fetch(_VERSIONS, tx.bank_id)
    return PolicyHistory(
        tuple(PolicyVersion(row["version"], row["effective_from"], parse_pack(row["body"])) for row in rows)
    )


async def adopt(tx: WriteTx, pack: PolicyPack, *, effective_from: date, actor: str) -> PolicyVersion:
    """Adopt a pack from a day on: declare its units, set the exchanges it allows, keep it for ever.

    Raises:
        RefusalError: `policy_backdated` if a version in force from that day or later stands already.
    """
    history = await load_history(tx)
    if history.versions and history.versions[-1].effective_from >= effective_from:
        raise RefusalError(
            "policy_backdated",
            effective_from=effective_from.isoformat(),
            latest=history.versions[-1].effective_from.isoformat(),
        )
    version = PolicyVersion(len(history.versions) + 1, effective_from, pack)
    await declare_units(tx, [(unit.code, unit.class_, unit.spendable) for unit in pack.units])
    await set_exchanges(tx, pack.exchanges, effective_from=tx.start_of(effective_from))
    body = pack.model_dump_json(by_alias=True)
    await tx.connection.execute(_INSERT, tx.bank_id, version.version, effective_from, body, actor)
    return version
