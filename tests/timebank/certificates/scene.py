"""Somebody who served, in books that are sealed, and a certificate of it."""

import functools
import secrets
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

from ledger.proof.note import SigningKey
from ledger.session import WriteTx
from tests.api.books import add_activity, add_record, adopt_pack
from tests.api.cast import Cast
from tests.sealing import seal_everything, unsealed
from timebank.access import Actor
from timebank.certificates.document import Certificate
from timebank.certificates.issuing import Certified, Wish, issue
from timebank.certificates.numbers import new_number
from timebank.certificates.queries import certificate, documents_of
from timebank.certificates.storing import link_to
from timebank.certificates.verifying import verify
from timebank.database import Database
from timebank.notices.crediting import settle_credit
from timebank.proof.actions import signing_key
from timebank.vault.actions import replace_fields
from timebank.vault.cipher import Cipher

CIPHER = Cipher(b"v" * 32)
NOW = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)
FIRST, LAST = date(2025, 1, 1), date(2025, 12, 31)
URL = "https://tb.example.org"
FIELDS = {"name": "测试王小明", "id_number": "990000195903217777", "phone": "19900007777"}
BEGAN = datetime(2025, 3, 5, 6, 30, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Scene:
    """A bank with its key and somebody in it, by default Alice of the cast."""

    database: Database
    cast: Cast
    home: Path
    person: UUID

    @property
    def key(self) -> SigningKey:
        """The key that signs for the bank."""
        return signing_key(self.home, self.cast.bank)

    def wish(self, *, first: date = FIRST, last: date = LAST, full_id_number: bool = False) -> Wish:
        """Return what is usually wished for."""
        return Wish(self.person, first, last, full_id_number)

    async def seal(self) -> None:
        """Seal what is in the books."""
        await seal_everything(self.database, self.cast.bank, self.home, now=NOW)

    async def unsealed(self) -> int:
        """Return how many transactions are in no leaf."""
        return await unsealed(self.database, self.cast.bank)

    async def issue(self, wish: Wish | None = None, *, by: Actor | None = None) -> Certified:
        """Issue a certificate, by default to who asks for themselves."""
        link = link_to(URL, new_number(self.cast.bank.id, secrets.token_bytes(10)))

        async def work(tx: WriteTx) -> Certified:
            actor = by or Actor(None, self.person)
            return await issue(tx, actor, CIPHER, wish or self.wish(), link=link, key=self.key, now=NOW)

        return await self.database.write(self.cast.bank, work)

    async def document(self, certificate_id: int) -> str:
        """Return the signed document of a certificate."""

        async def work(tx: WriteTx) -> str:
            found = await certificate(tx, self.person, certificate_id)
            return (await documents_of(tx, CIPHER, [found]))[found.id]

        return await self.database.read(self.cast.bank, work)  # type: ignore[arg-type]  # it only reads

    async def issued(self, wish: Wish | None = None) -> str:
        """Issue a certificate and return its signed document."""
        return await self.document((await self.issue(wish)).id)

    def opened(self, document: str) -> Certificate:
        """Return what a document says, which is valid."""
        verdict = verify(document.encode(), [self.key.verifier])
        assert verdict.is_valid, verdict.code
        assert verdict.certificate is not None
        return verdict.certificate


async def serve(database: Database, cast: Cast, *, times: int, name: str = "alice") -> list[int]:
    """Have somebody serve two hours so many times, credited."""
    records = []
    for number in range(times):
        began = BEGAN + timedelta(days=number)
        code = f"A{secrets.token_hex(4)}"
        activity = await add_activity(database, cast, code, "apple", starts_at=began)
        record = await add_record(database, cast, activity, name)
        await database.write(
            cast.bank, functools.partial(settle_credit, record_id=record, actor="test", now=NOW)
        )
        records.append(record)
    return records


async def enter_scene(database: Database, cast: Cast, home: Path, *, times: int = 3) -> Scene:
    """Have Alice serve, and seal the books."""
    await adopt_pack(database, cast)
    await serve(database, cast, times=times)
    who = cast.people["alice"]
    await database.write(cast.bank, lambda tx: replace_fields(tx, CIPHER, who, FIELDS))
    scene = Scene(database, cast, home, who)
    await scene.seal()
    return scene
