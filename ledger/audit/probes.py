"""Probes: set-based statements that return findings, with parameters by name."""

import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from ledger.audit.violations import FINDINGS_LIMIT, Finding
from ledger.session import ReadTx

WRITER_LIMIT = timedelta(hours=1)
"""No write stays open for longer: by so much may what was written first be recorded last, or go unseen."""

CLOCK_SLACK = timedelta(seconds=5)
"""How far the server's clock may step back without that being called a rewriting of times."""

_LIMITED = """
select code, subject, found, expected from (
  select q.*, row_number() over (partition by q.code order by length(q.subject), q.subject) as nth
  from ({sql}) q (code, subject, found, expected)
) numbered where nth <= {limit} order by code, nth
"""


@dataclass(frozen=True, slots=True)
class Probe:
    """A statement that selects (code, subject, found, expected), all texts.

    `$bank`, `$zone`, `$base`, `$slack` and `$writer_limit` stand for the values of the audit.
    """

    sql: str

    async def run(self, tx: ReadTx) -> list[Finding]:
        """Return what the probe finds, at most `FINDINGS_LIMIT` of each code."""
        parameters = _Parameters(
            bank=tx.bank_id, zone=tx.zone.key, base=tx.base, slack=CLOCK_SLACK, writer_limit=WRITER_LIMIT
        )
        sql = string.Template(self.sql).substitute(parameters)
        rows = await tx.connection.fetch(_LIMITED.format(sql=sql, limit=FINDINGS_LIMIT), *parameters.used)
        return [Finding(*row) for row in rows]


class _Parameters(Mapping[str, str]):
    """Gives each name its number when it is first asked for, and keeps the values in that order."""

    def __init__(self, **values: object) -> None:
        self._values = values
        self._numbers: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        if name not in self._values:
            raise KeyError(name)
        return self._numbers.setdefault(name, f"${len(self._numbers) + 1}")

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    @property
    def used(self) -> list[object]:
        """The values of the names asked for, by number."""
        return [self._values[name] for name in self._numbers]
