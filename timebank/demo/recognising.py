"""Lists of recognition of the demo bank: one published with its certificates, one whose notice is over."""

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar
from uuid import UUID

from timebank.certificates.awarding import Edition, award
from timebank.certificates.issuing import Signatory
from timebank.certificates.numbers import RANDOM_BYTES, new_number
from timebank.certificates.queries import certificates_of
from timebank.certificates.storing import link_to
from timebank.demo.meeting import holder_at
from timebank.demo.people import VOLUNTEER
from timebank.permissions import Role
from timebank.policy.rules import ANNUAL
from timebank.proof.actions import signing_key
from timebank.recognition.approving import approve_round, publish_round
from timebank.recognition.computing import compute_round
from timebank.recognition.noticing import open_notice
from timebank.recognition.opening import Wanted, open_round, seal_for_round

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from ledger.session import ReadTx, WriteTx
    from timebank.database import Bank, Database
    from timebank.vault.cipher import Cipher

    T = TypeVar("T")

SIGNATORY: Final = Signatory("示主任", "示经办", "0000-0000000")
NEWEST: Final = 2**63 - 1

_KNOWN = "select id from recognition_rounds where bank_id = $1 and title = $2 order by id limit 1"


@dataclass(frozen=True, slots=True)
class Recognised:
    """The number of a certificate that can be looked up, and the list that waits for approval."""

    certificate: str
    to_approve: int


@dataclass(frozen=True, slots=True)
class _List:
    """A list of a year at an organisation, and how many days ago it came so far."""

    at: str
    title: str
    opened: int
    noticed: int
    approved: int | None


async def recognise_year(
    database: "Database",
    bank: "Bank",
    home: Path,
    cipher: "Cipher",
    people: "Mapping[str, UUID]",
    *,
    site: str | None,
    now: datetime,
) -> Recognised:
    """Draw up the lists of the last year that was over two months ago, once, and certify the published one.

    The certificates' symbols lead to `site`, where it is known.
    """
    year = (now - timedelta(days=60)).year - 1
    whole = _List("Q01", f"{year}年度志愿服务嘉许名单", 50, 49, 30)
    part = _List("S01", f"{year}年度春风社区嘉许名单", 40, 39, None)
    for each in (whole, part):
        if await database.read(bank, lambda tx, each=each: _known(tx, each)) is None:  # type: ignore[misc] # bound now
            await _draw_up(database, bank, home, cipher, people, each, year=year, site=site, now=now)

    async def found(tx: "ReadTx") -> Recognised:
        own = await certificates_of(tx, people[VOLUNTEER], before_id=NEWEST, limit=1)
        waiting = await _known(tx, part)
        return Recognised(own[0].number if own else "", waiting or 0)

    return await database.read(bank, found)


async def _known(tx: "ReadTx", each: _List) -> int | None:
    found: int | None = await tx.connection.fetchval(_KNOWN, tx.bank_id, each.title)
    return found


async def _draw_up(  # noqa: PLR0913 -- what of the installation, who, which and when
    database: "Database",
    bank: "Bank",
    home: Path,
    cipher: "Cipher",
    people: "Mapping[str, UUID]",
    each: _List,
    *,
    year: int,
    site: str | None,
    now: datetime,
) -> None:
    """Take a list through its steps, each on its day and by whom the rules ask for."""

    async def write(work: "Callable[[WriteTx], Awaitable[T]]") -> "T":
        return await database.write(bank, work)

    def ago(days: int) -> datetime:
        return now - timedelta(days=days)

    async def open_(tx: "WriteTx") -> int:
        office, _ = await holder_at(tx, people[Role.OFFICE], "Q01", Role.OFFICE)
        _, organisation_id = await holder_at(tx, people[Role.OFFICE], each.at)
        days = date(year, 1, 1), date(year, 12, 31)
        return await open_round(
            tx, office, Wanted(organisation_id, ANNUAL, *days, each.title), now=ago(each.opened)
        )

    async def show(tx: "WriteTx") -> None:
        office, _ = await holder_at(tx, people[Role.OFFICE], "Q01", Role.OFFICE)
        await open_notice(tx, office, cipher, round_id=round_id, now=ago(each.noticed))

    async def publish(tx: "WriteTx") -> None:
        assert each.approved is not None  # noqa: S101 -- asked before
        second, _ = await holder_at(tx, people["office_2"], "Q01", Role.OFFICE)
        office, _ = await holder_at(tx, people[Role.OFFICE], "Q01", Role.OFFICE)
        await approve_round(tx, second, round_id=round_id, now=ago(each.approved))
        done = await publish_round(tx, office, round_id=round_id, now=ago(each.approved))
        edition = Edition(
            SIGNATORY,
            signing_key(home, bank),
            lambda: link_to(site, new_number(bank.id, secrets.token_bytes(RANDOM_BYTES))),
        )
        await award(tx, cipher, done, edition, after=0, by=office.text, now=ago(each.approved))

    await seal_for_round(database, bank, home, now=ago(each.opened))
    round_id = await write(open_)
    await compute_round(write, round_id)
    await write(show)
    if each.approved is not None:
        await write(publish)
