"""A merchant's queue without network, as a reference: check, note, tell, hand in later. It asks no server.

Queue and answers are lines of one file (`timebank.linefile`). `docs/vouchers.md` says what the answers mean.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from timebank.linefile import LineFile
from timebank.vouchers.offline import Said, check, plain

MAX_USES = 500
USED_HERE = "voucher_used_here"
AGAIN = frozenset({"merchant_not_active"})
"""Answers after which a use is handed in again."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """What a device is given once, with network: the bank's number, zone and public keys, and whose vouchers it takes.

    `GET /api/v1/banks/{bank}/voucher-keys` has it.
    """

    bank_id: int
    zone: ZoneInfo
    public_keys: Sequence[bytes]
    merchant_id: int


@dataclass(frozen=True, slots=True)
class NotedUse:
    """A use in the queue."""

    seq: int
    number: int
    text: str
    used_at: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Uses that are handed in together."""

    merchant_id: int
    uses: tuple[NotedUse, ...]

    @property
    def body(self) -> dict[str, object]:
        """The body of `POST /api/v1/vouchers/uses`."""
        return {
            "merchant_id": self.merchant_id,
            "uses": [{"text": use.text, "used_at": use.used_at} for use in self.uses],
        }


class VoucherQueue(LineFile):
    """The queue of one device."""

    def __init__(self, path: Path, issuer: Issuer) -> None:
        """Open the queue's file, or make it.

        Raises:
            BlockingIOError: another program has it open.
        """
        super().__init__(path)
        self._issuer = issuer
        self._uses: list[NotedUse] = []
        self._answers: dict[int, str] = {}
        for line in self.lines():
            self._follow(json.loads(line))

    @property
    def answers(self) -> Mapping[int, str]:
        """What the server said, by the number of the use in the queue."""
        return dict(self._answers)

    def use(self, text: str, *, now: datetime) -> Said | str:
        """Note the use of a voucher that is good and not used here yet, and return what it says; else why not.

        Raises:
            OSError: the disk did not take it: the member is told so, and nothing of it is left.
        """
        today = now.astimezone(self._issuer.zone).date()
        found = check(
            text,
            public_keys=self._issuer.public_keys,
            bank_id=self._issuer.bank_id,
            merchant_id=self._issuer.merchant_id,
            today=today,
        )
        if isinstance(found, str):
            return found
        if any(use.number == found.number for use in self._uses):
            return USED_HERE
        at = now.astimezone(UTC).isoformat()
        self._note(asdict(NotedUse(len(self._uses) + 1, found.number, plain(text), at)))
        return found

    def batches(self, *, size: int = MAX_USES) -> Iterator[Batch]:
        """Return what waits for an answer, batch by batch; each may be sent again, for the server knows it then."""
        waiting = [use for use in self._uses if self._answers.get(use.seq) in {None, *AGAIN}]
        for at in range(0, len(waiting), size):
            yield Batch(self._issuer.merchant_id, tuple(waiting[at : at + size]))

    def keep(self, batch: Batch, outcomes: Sequence[str]) -> None:
        """Note what the server answered to a batch, in the order of its uses."""
        for use, outcome in zip(batch.uses, outcomes, strict=True):
            self._note({"answer_to": use.seq, "outcome": outcome})

    def _note(self, line: Mapping[str, object]) -> None:
        self.append(json.dumps(line))
        self._follow(line)

    def _follow(self, line: Mapping[str, object]) -> None:
        if "answer_to" in line:
            self._answers[int(str(line["answer_to"]))] = str(line["outcome"])
        else:
            self._uses.append(
                NotedUse(
                    int(str(line["seq"])), int(str(line["number"])), str(line["text"]), str(line["used_at"])
                )
            )
