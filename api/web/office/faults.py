"""What went wrong with a job or a task, in words: of a kept code or an error's name, and of what was passed over."""

import re
from dataclasses import dataclass
from typing import Final

from api.web.visit import Visit
from timebank.words import plain_words

_OF_THE_DATABASE: Final = re.compile(r"[0-9A-Z]{5}(:.*)?")
"""SQLSTATE, and the constraint where there is one; see `jobs.run.problem_of`."""
ITEMS: Final = frozenset(
    {"goods", "hold", "lot", "merchant", "record", "round", "session", "shop", "volunteer"}
)


@dataclass(frozen=True, slots=True)
class Fault:
    """A sentence for the office, and the name that who looks after the machine asks for, if the sentence lacks it."""

    sentence: str
    name: str


def fault_of(visit: Visit, problem: str) -> Fault:
    """Return a problem of a run or task in words: a refusal's own if they need no figures, which are not kept."""
    for code in (f"page.fault.{problem}", problem):
        if plain_words(code, visit.language) is not None:
            return Fault(visit.say(code), "")
    if _OF_THE_DATABASE.fullmatch(problem):
        return Fault(visit.say("page.fault.database"), problem)
    kind = "refused" if problem.islower() else "unexpected"
    return Fault(visit.say(f"page.fault.{kind}"), problem)


def item_of(visit: Visit, item: str) -> str:
    """Return what a run passed over in words: `lot 12`, `round:3`."""
    thing, _, number = item.replace(":", " ", 1).partition(" ")
    return visit.say(f"page.jobs.item.{thing}", number=number) if thing in ITEMS else item
