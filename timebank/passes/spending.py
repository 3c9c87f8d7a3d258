"""A member's code that pays, at a till or at a merchant: once, and nowhere if it checked somebody in.

Whoever scanned a code holds a picture of it that is good for a minute still.
"""

from hashlib import sha256

from ledger.session import ReadTx, WriteTx
from timebank.codes.rules import MemberCode
from timebank.errors import RefusalError
from timebank.scans.reading import member_proof

_IS_USED = """
select exists (select from unnest($3::bytea[]) as x (proof), lateral (
    select from scans s where s.bank_id = $1 and s.proof = x.proof and s.outcome = 'accepted' offset 0) s)
  or exists (select from quotes q where q.bank_id = $1 and q.proof = $2)
  or exists (select from acceptances a where a.bank_id = $1 and a.proof = $2)
"""
_LOCK = "select pg_advisory_xact_lock($1)"
_IS_KEPT = """
select exists (select from quotes q where q.bank_id = $1 and q.proof = $2)
  or exists (select from acceptances a where a.bank_id = $1 and a.proof = $2)
"""


def spending_proof(code: MemberCode) -> bytes:
    """Return what a code uses up when it pays; the same at a till and at a merchant."""
    return sha256(f"spend\0{code.pass_id}\0{code.window}".encode()).digest()


async def unused_proof(tx: ReadTx, code: MemberCode) -> bytes:
    """Return what a code uses up when it pays now; whoever keeps it calls `hold_proof` before.

    Raises:
        RefusalError: `code_used`.
    """
    proof = spending_proof(code)
    scans = [member_proof(code, kind) for kind in ("in", "out")]
    if await tx.connection.fetchval(_IS_USED, tx.bank_id, proof, scans):
        raise RefusalError("code_used")
    return proof


async def hold_proof(tx: WriteTx, proof: bytes) -> None:
    """Hold what a code uses up until the transaction that keeps it ends.

    A till and a merchant keep it in tables of their own, whose unique indices know nothing of each other: whoever comes
    second at the same instant waits here, and then sees the first.

    Raises:
        RefusalError: `code_used`.
    """
    await tx.connection.execute(_LOCK, int.from_bytes(proof[:8], signed=True))
    if await tx.connection.fetchval(_IS_KEPT, tx.bank_id, proof):
        raise RefusalError("code_used")
