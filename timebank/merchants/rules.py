"""What becomes of a merchant, step by step: pure."""

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from timebank.errors import RefusalError

State: TypeAlias = Literal["applied", "vetted", "active", "suspended", "rejected", "closed"]
Step: TypeAlias = Literal["vetted", "activated", "suspended", "resumed", "rejected", "closed"]

STEPS: Final[Mapping[Step, tuple[frozenset[State], State]]] = {
    "vetted": (frozenset({"applied"}), "vetted"),
    "activated": (frozenset({"vetted"}), "active"),
    "suspended": (frozenset({"active"}), "suspended"),
    "resumed": (frozenset({"suspended"}), "active"),
    "rejected": (frozenset({"applied", "vetted"}), "rejected"),
    "closed": (frozenset({"vetted", "active", "suspended"}), "closed"),
}
"""Step: in which states it may be taken, and the state after it."""

OVER: Final[frozenset[State]] = frozenset({"rejected", "closed"})
"""No step leads out of them, and nothing more is entered."""


def state_after(state: State, step: Step) -> State:
    """Return the state that a step leads to.

    Raises:
        RefusalError: `merchant_state_refused`.
    """
    since, then = STEPS[step]
    if state not in since:
        raise RefusalError("merchant_state_refused")
    return then


def check_lasting(state: State) -> None:
    """Refuse to enter anything for a merchant that was rejected or closed.

    Raises:
        RefusalError: `merchant_state_refused`.
    """
    if state in OVER:
        raise RefusalError("merchant_state_refused")
