"""Spans of days in queries: `from` and `until`, both included, by the bank's calendar."""

from datetime import date, datetime
from typing import Annotated

from fastapi import Query

from api.fields import Day
from ledger.session import ReadTx

FromDay = Annotated[Day | None, Query(alias="from", description="The first day, by the bank's calendar.")]
UntilDay = Annotated[Day | None, Query(alias="until", description="The last day, included.")]


def moments(tx: ReadTx, first: date | None, last: date | None) -> tuple[datetime | None, datetime | None]:
    """Return the instant at which the first day begins and that at which the last is over."""
    return (
        None if first is None else tx.start_of(first),
        None if last is None else tx.end_of(last),
    )
