"""Taking a scan at a station: what a member showed, once for the form, with the look at their name on record."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from api.v1.stations import station_in_reach
from api.web.station.loading import SHOW, TAKE
from api.web.visit import Visit
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, reach
from timebank.people.cards import PREFIX
from timebank.people.rules import NAME
from timebank.privacy.actions import record_look_up
from timebank.scans.requests import ScanAnswer, ScanRequest


@dataclass(frozen=True, slots=True)
class Shown:
    """What a member showed, a code or a card; `once` is of the form that it came by."""

    text: str
    kind: Literal["in", "out"]
    once: str

    @property
    def is_card(self) -> bool:
        """Tell whether it is a card."""
        return is_card(self.text)


def is_card(text: str) -> bool:
    """Tell whether what was scanned is a card's token."""
    return text.strip().upper().startswith(PREFIX)


async def take(visit: Visit, station_id: int, session_id: int, shown: Shown) -> ScanAnswer:
    """Check a member in or out by what they showed.

    Raises:
        RefusalError: `forbidden`, `unknown_station`, and as `Visit.read`.
    """

    async def work(tx: ReadTx, actor: Actor) -> ScanRequest:
        await station_in_reach(tx, actor, SHOW, station_id)
        nodes = await reach(tx, actor, TAKE)
        assert visit.claims is not None  # noqa: S101 -- who reads is logged in
        form = f"{session_id}\0{station_id}\0{shown.kind}\0{shown.once}"
        # A form that comes again with another member's card, by the back button, is not the first one's.
        said = f"screen\0{visit.claims.session_id}\0{form}\0{shown.text.strip().upper()}"
        return ScanRequest(
            digest=sha256(said.encode()).digest(),
            kind=shown.kind,
            received_at=visit.now,
            actor=actor.text,
            session_id=session_id,
            station_id=station_id,
            card=shown.text if shown.is_card else None,
            member_code=None if shown.is_card else shown.text,
            within=None if nodes is None else frozenset(nodes),
        )

    request = await visit.read(work)
    answer = await visit.service.scan_queue(visit.banks_own).submit(request)
    if answer.is_good and answer.person_id is not None:
        who = answer.person_id

        async def look(tx: WriteTx, actor: Actor) -> None:
            await record_look_up(tx, actor, who, purpose="scan", fields=[NAME])

        await visit.write(look, action="scans.take", subject=str(session_id))
    return answer
