"""What the start page of the demo bank offers: whom one click logs in, and where there is something to do.

The command that booked the demo says it to the processes that serve it. A service that no such command started knows
of no demo and logs nobody in by a click, whatever its banks are called.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from uuid import UUID

VARIABLE = "TIMEBANK_DEMO"
"""The environment variable in which the serving processes find it."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The demo's people by what they are, today's meeting, a card with its PIN, a certificate, lists of recognition.

    `organisation` is where its staff work.
    """

    bank: str
    people: Mapping[str, UUID]
    organisation: int
    station: int
    session: int
    card: str = field(repr=False)
    pin: str = field(repr=False)
    barcode: str
    certificate: str
    to_approve: int

    def text(self) -> str:
        """Return it as the environment carries it."""
        return json.dumps(asdict(self) | {"people": {who: str(id_) for who, id_ in self.people.items()}})


def read_shown(text: str) -> Shown:
    """Return what `Shown.text` wrote."""
    said = json.loads(text)
    people = {who: UUID(id_) for who, id_ in said.pop("people").items()}
    return Shown(people=people, **said)
