"""What the model remembers: accounts by what they are, the steps between them, and the entries of its book."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from ledger.values import Draft, Place, Twin

NOTHING_BELOW_ZERO = ("wallet", "held", "shelf", "budget")


@dataclass(frozen=True)
class Spot:
    """An account by what it is."""

    unit: str
    kind: str
    owner: UUID
    expires_on: date | None

    @property
    def is_guarded(self) -> bool:
        """Whether its balance may not fall below 0."""
        return self.kind in NOTHING_BELOW_ZERO


@dataclass(frozen=True)
class Step:
    """One posting: so much from here to there, and the balances of both after it."""

    source: Spot
    target: Spot
    amount: int
    source_after: int = 0
    target_after: int = 0


@dataclass
class Entry:
    """A decided draft as the model remembers it; its id is told by the ledger afterwards."""

    draft: Draft
    steps: list[Step]
    code: str | None = None
    details: tuple[dict[str, object], ...] = ()
    id: int = 0


@dataclass(frozen=True)
class Expected:
    """What the ledger must answer: this entry, fresh or replayed, a named difference, or that it is short."""

    entry: Entry
    is_replay: bool = False
    differs: str | None = None
    is_short: bool = False


class No(Exception):  # noqa: N818 -- an answer
    """The draft is refused with a code and one of these details."""

    def __init__(self, code: str, *details: dict[str, object]) -> None:
        super().__init__(code)
        self.code = code
        self.details = details


def home(held: Spot) -> Spot:
    """Where what is held came from: goods from a shelf, everything else from a wallet."""
    if held.kind != "held":
        return held
    if held.unit.startswith("goods/"):
        return Spot(held.unit, "shelf", held.owner, None)
    return Spot(held.unit, "wallet", held.owner, held.expires_on)


def aim(target: Place | Twin, source: Spot) -> Spot:
    expires_on = source.expires_on if isinstance(target, Twin) else target.expires_on
    return Spot(source.unit, target.kind, target.owner, expires_on)


def first_difference(old: Draft, new: Draft) -> str:
    names = ("kind", "effective_at", "actor", "memo", "metadata", "hold_until")
    for name in names:
        if getattr(old, name) != getattr(new, name):
            return name
    if old.reverses != new.reverses:
        return "reverses_id"
    if old.resolves != new.resolves:
        return "resolves_id"
    return "moves"
