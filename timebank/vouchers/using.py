"""Taking in what a merchant used, online or without network: the first use is honoured, each is kept and answered.

Statements of a batch, whatever its size: the merchant for share, so that its suspension comes before or after; the
vouchers, by id; what was handed in before; then the ledger's own; then one for each table.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Final

from ledger.posting import post
from ledger.session import WriteTx
from ledger.values import CAPTURE, TAKINGS, Draft, Place, Posted, Settlement
from timebank.notifications.actions import tell, tell_each
from timebank.offers.actions import FUFEN
from timebank.permissions import Role
from timebank.roles.queries import who_reaches
from timebank.vouchers.loading import Earlier, Held, Payee, earlier_uses, lock_payee, lock_vouchers
from timebank.vouchers.rules import (
    HONOURED,
    LATE,
    NOT_ACTIVE,
    OFFLINE_FROM,
    REPEAT,
    REPORTED,
    USED,
    Use,
    effective_at,
    outcome_of,
)

MAX_USES: Final = 500

_RESOLVE = """
update vouchers set state = 'used', resolved_at = $3 where bank_id = $1 and id = any($2::bigint[])
"""
_ACCEPT = """
insert into acceptances (bank_id, merchant_id, offer_id, voucher_id, person_id, fufen, via, transaction_id,
  policy_version, accepted_at, accepted_on, accepted_by)
select $1, $2, x.offer_id, x.voucher_id, x.person_id, x.fufen, 'voucher', x.transaction_id, x.policy_version,
  x.accepted_at, x.accepted_on, $3
from unnest($4::bigint[], $5::bigint[], $6::uuid[], $7::bigint[], $8::bigint[], $9::bigint[], $10::timestamptz[],
    $11::date[])
  as x (offer_id, voucher_id, person_id, fufen, transaction_id, policy_version, accepted_at, accepted_on)
"""
# Texts that name no voucher have no row whose lock two batches could meet at: the same one twice is kept once.
_KEEP = """
insert into voucher_uses (bank_id, digest, voucher_id, merchant_id, outcome, used_at, received_at, is_offline, actor)
select $1, x.digest, x.voucher_id, $2, x.outcome, x.used_at, $3, x.is_offline, $4
from unnest($5::bytea[], $6::bigint[], $7::text[], $8::timestamptz[], $9::boolean[])
  as x (digest, voucher_id, outcome, used_at, is_offline)
on conflict on constraint voucher_uses_digest_key do nothing
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a use: the voucher's number if it is one of this merchant's, its fufen if it is honoured now."""

    outcome: str
    voucher_id: int | None = None
    fufen: int | None = None


@dataclass(frozen=True, slots=True)
class _Decided:
    """A use that is new, the voucher it is of, and what becomes of it."""

    use: Use
    held: Held | None
    outcome: str

    @property
    def voucher_id(self) -> int | None:
        return None if self.held is None else self.held.promise.said.number


async def take_uses(
    tx: WriteTx, uses: Sequence[Use], *, merchant_id: int, by: str, now: datetime
) -> list[Answer]:
    """Honour each voucher that is good, once; keep all uses; tell the members, and the office what it is to look at.

    Uses are decided in the order they come in. One that was handed in before has its answer again (`repeat` if it was
    honoured). While the merchant is suspended each is refused, and may be handed in again later.

    Raises:
        RefusalError: `unknown_merchant`.
    """
    payee = await lock_payee(tx, merchant_id)
    held = await lock_vouchers(tx, uses, merchant_id)
    earlier = await earlier_uses(tx, uses, merchant_id)
    new = list({use.digest: use for use in uses if use.digest not in earlier}.values())
    decided = await _honour(tx, _decided(tx, new, held, payee, now=now), payee, by=by, now=now)
    await _keep(tx, decided, payee, by=by, now=now)
    await _report(tx, decided, payee, now=now)
    told = dict(earlier)
    answers = []
    fresh = {one.use.digest: one for one in decided}
    for use in uses:
        before = told.get(use.digest)
        if before is not None:
            answers.append(
                Answer(REPEAT if before.outcome == HONOURED else before.outcome, before.voucher_id)
            )
            continue
        one = fresh[use.digest]
        fufen = one.held.promise.said.fufen if one.held and one.outcome == HONOURED else None
        answers.append(Answer(one.outcome, one.voucher_id, fufen))
        told[use.digest] = Earlier(one.outcome, one.voucher_id)
    return answers


def _decided(
    tx: WriteTx, uses: Sequence[Use], held: Mapping[int, Held], payee: Payee, *, now: datetime
) -> list[_Decided]:
    """Decide each use by the rows under their locks; of one voucher the first use is honoured."""
    decided = []
    taken = set[int]()
    for use in uses:
        number = use.number_for(payee.id)
        found = None if number is None else held.get(number)
        outcome = outcome_of(
            use,
            None if found is None else found.promise,
            bank_id=tx.bank_id,
            merchant_id=payee.id,
            is_active=payee.is_active,
            used_on=tx.day(min(use.used_at, now)),
            now=now,
        )
        if outcome == HONOURED and number is not None:
            outcome = USED if number in taken else HONOURED
            taken.add(number)
        decided.append(_Decided(use, found, outcome))
    return decided


async def _honour(
    tx: WriteTx, decided: Sequence[_Decided], payee: Payee, *, by: str, now: datetime
) -> list[_Decided]:
    """Post what is honoured, and return all: what the ledger refuses comes too late for it.

    Under the voucher's lock only one thing is left to refuse: what it holds has ended, and the books of the day of its
    use are closed.
    """
    honoured = [(one.use, one.held) for one in decided if one.outcome == HONOURED and one.held is not None]
    moments = [effective_at(use, held.promise, today=tx.day(now), now=now) for use, held in honoured]
    drafts = [
        _draft(use, held, payee, moment, by=by) for (use, held), moment in zip(honoured, moments, strict=True)
    ]
    posted: list[tuple[Held, int, datetime]] = []
    refused: set[bytes] = set()
    for (use, held), moment, outcome in zip(honoured, moments, await post(tx, drafts), strict=True):
        if isinstance(outcome, Posted):
            posted.append((held, outcome.transaction_id, moment))
        else:
            refused.add(use.digest)
    if posted:
        await _accept(tx, posted, payee, by=by, now=now)
    return [replace(one, outcome=LATE) if one.use.digest in refused else one for one in decided]


def _draft(use: Use, held: Held, payee: Payee, moment: datetime, *, by: str) -> Draft:
    """Return the capture of what a voucher holds. A use has its own key: one that is refused bars no other."""
    number = held.promise.said.number
    return Draft(
        CAPTURE,
        f"voucher-used:{number}:{use.digest.hex()[:32]}",
        moment,
        by,
        metadata={"voucher": number, "offer": held.offer_id, "policy": held.policy_version},
        resolves=held.hold_id,
        settle=(Settlement(FUFEN, Place(TAKINGS, payee.owner)),),
    )


async def _accept(
    tx: WriteTx, posted: Sequence[tuple[Held, int, datetime]], payee: Payee, *, by: str, now: datetime
) -> None:
    """Mark vouchers as used, enter what the merchant took, and tell the members."""
    vouchers = [held for held, _, _ in posted]
    numbers = [held.promise.said.number for held in vouchers]
    await tx.connection.execute(_RESOLVE, tx.bank_id, numbers, now)
    await tx.connection.execute(
        _ACCEPT,
        tx.bank_id,
        payee.id,
        by,
        [held.offer_id for held in vouchers],
        numbers,
        [held.person_id for held in vouchers],
        [held.promise.said.fufen for held in vouchers],
        [transaction_id for _, transaction_id, _ in posted],
        [held.policy_version for held in vouchers],
        [moment for _, _, moment in posted],
        [tx.day(moment) for _, _, moment in posted],
    )
    said = [(held.person_id, held.promise.said) for held in vouchers]
    await tell_each(
        tx, [(who, {"voucher": one.number, "amount": one.fufen}) for who, one in said], "voucher_used"
    )


async def _keep(tx: WriteTx, decided: Sequence[_Decided], payee: Payee, *, by: str, now: datetime) -> None:
    """Keep every use. One that came while the merchant was suspended must not answer for the next."""
    again = now.isoformat().encode()
    await tx.connection.execute(
        _KEEP,
        tx.bank_id,
        payee.id,
        now,
        by,
        [
            sha256(one.use.digest + again).digest() if one.outcome == NOT_ACTIVE else one.use.digest
            for one in decided
        ],
        [one.voucher_id for one in decided],
        [one.outcome for one in decided],
        [one.use.used_at for one in decided],
        [now - one.use.used_at > OFFLINE_FROM for one in decided],
    )


async def _report(tx: WriteTx, decided: Iterable[_Decided], payee: Payee, *, now: datetime) -> None:
    """Tell the offices that the merchant belongs to what somebody tried, if they did."""
    counts = Counter(one.outcome for one in decided if one.outcome in REPORTED)
    if counts:
        office = await who_reaches(tx, Role.OFFICE, [payee.organisation_id], now=now)
        await tell(tx, office, "voucher_uses_refused", merchant=payee.id, **counts)
