"""Slowing down who guesses: a try is counted in a transaction of its own, so that no refusal takes the count back."""

from collections.abc import Sequence

from fastapi import Request

from api.service import Service
from ledger.session import WriteTx
from timebank.database import Bank
from timebank.errors import RefusalError
from timebank.throttles.actions import Limit, give_back, limits_of, take
from timebank.throttles.rules import ADDRESS, Bucket, site_of


def address_of(request: Request) -> str:
    """Return the client's address as limits count it."""
    return site_of(request.client.host) if request.client else "local"


def limits_at(
    service: Service, bank: Bank, request: Request, buckets: Sequence[Bucket] = ADDRESS
) -> list[Limit]:
    """Return the limits of the client's address."""
    return limits_of(service.blind, bank.id, buckets, address_of(request))


async def take_or_refuse(service: Service, bank: Bank, limits: Sequence[Limit]) -> None:
    """Count a try.

    Raises:
        RefusalError: `throttled` with the seconds to wait; it is then no try.
    """

    async def work(tx: WriteTx) -> int:
        return await take(tx, limits, now=service.now())

    refuse_if(await service.database.write(bank, work))


async def forgive(service: Service, bank: Bank, limits: Sequence[Limit]) -> None:
    """Take a try back that was right."""

    async def work(tx: WriteTx) -> None:
        await give_back(tx, limits, now=service.now())

    await service.database.write(bank, work)


def refuse_if(wait: int) -> None:
    """Refuse who has to wait.

    Raises:
        RefusalError: `throttled`.
    """
    if wait:
        raise RefusalError("throttled", retry_after=wait)
