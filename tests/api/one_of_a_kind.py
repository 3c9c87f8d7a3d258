"""A filter for Schemathesis: of systematic cases that are of one kind, the first, and then one in four.

`SCHEMATHESIS_HOOKS` names this module. Most of those cases differ in nothing but what stands where something else
should: a number, a list, nothing, in the same field of the same operation. Which of them are left out is another for
each field. A policy pack is taken by three operations, whose other fields are few; what may stand in a pack is tried
with one of them.
"""

import itertools
from typing import Any

import schemathesis
from schemathesis.generation.meta import CoveragePhaseData

ONE_IN = 4
LIKE_ANOTHER = ("POST /api/v1/policy/diff", "POST /api/v1/policy/simulate")
"""What takes a pack like `POST /api/v1/policy/versions`."""

seen: set[tuple[object, ...]] = set()
repeated = itertools.count()


@schemathesis.hook
def filter_case(_context: schemathesis.HookContext, case: schemathesis.Case[Any]) -> bool:
    """Tell whether to send it."""
    how = case.meta.phase.data if case.meta else None
    if not isinstance(how, CoveragePhaseData):
        return True
    label = case.operation.label
    if label in LIKE_ANOTHER and (
        how.description.startswith("pack ->") or "'pack' value:" in how.description
    ):
        return False
    kind = (label, how.scenario, how.parameter_location, how.parameter, how.location, how.description)
    if kind not in seen:
        seen.add(kind)
        return True
    return next(repeated) % ONE_IN == 0
