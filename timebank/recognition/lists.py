"""Lists as everybody reads them: on the notice board, and published. Names of people are masked, ids are left out."""

from dataclasses import dataclass
from typing import Final

from ledger.session import ReadTx
from timebank.errors import RefusalError
from timebank.recognition.queries import (
    CandidateState,
    Round,
    RoundState,
    candidates,
    round_of,
    rounds,
)

SHOWN: Final[tuple[RoundState, ...]] = ("notice", "approved", "published", "revoked")
_LISTED: Final[tuple[CandidateState, ...]] = ("proposed", "objected", "revoked")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a list: who, from where, at which level and place, by how many minutes."""

    number: int
    name: str
    community: str | None
    level: int
    label: str | None
    place: int
    tied: int
    minutes: int
    state: CandidateState


async def lists(tx: ReadTx, *, before_id: int, limit: int) -> list[Round]:
    """Return the rounds whose lists everybody may see, the newest first."""
    return await rounds(tx, before_id=before_id, limit=limit, states=SHOWN)


async def list_of(tx: ReadTx, round_id: int) -> Round:
    """Return one round whose list everybody may see.

    Raises:
        RefusalError: `unknown_round`, also while it is computed or reviewed, and once it is withdrawn.
    """
    found = await round_of(tx, round_id)
    if found.state not in SHOWN:
        raise RefusalError("unknown_round")
    return found


async def lines(tx: ReadTx, found: Round, *, after: int, limit: int) -> list[Line]:
    """Return the lines of a list in order; who was revoked stays on it as such."""
    labels = found.criteria.step_labels
    return [
        Line(
            one.number,
            one.masked_name or "",
            one.community,
            one.level,
            labels[one.level - 1].zh if labels else None,
            one.place,
            one.tied,
            one.minutes,
            one.state,
        )
        for one in await candidates(tx, found.id, after=after, limit=limit, states=_LISTED)
    ]
