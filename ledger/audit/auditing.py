"""The audit itself: every check in the order of its invariants, on one repeatable view of the bank."""

from collections.abc import Sequence

from ledger.audit import books, promises, seals
from ledger.audit.guards import check_guards
from ledger.audit.lots import check_order_of_lots
from ledger.audit.violations import Violation, violation
from ledger.proof.note import VerifierKey
from ledger.session import ReadTx

# Each probe reads whole tables: a nested loop, chosen on stale statistics, would be quadratic. The walk along
# the tree reads page by page and needs it.
_WHOLE_TABLES = """
set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0;
set local jit = off;
set local enable_nestloop = off
"""
_PAGES = "set local enable_nestloop = on"


async def audit(
    tx: ReadTx, *, verifier: VerifierKey | None = None, anchors: Sequence[str] = ()
) -> list[Violation]:
    """Re-derive everything in the books and return every violation of the ten invariants, by number.

    With `verifier` the checkpoints' signatures are checked too; with `anchors` (notes kept outside the
    database) also that no tail was cut off and history was not rewritten and sealed anew. Of each code at
    most `FINDINGS_LIMIT` are listed. Memory is bounded, whatever the size of the bank.
    """
    await tx.connection.execute(_WHOLE_TABLES)
    findings = await check_guards(tx)
    for probe in (*books.PROBES, *promises.PROBES, *seals.PROBES):
        findings += await probe.run(tx)
    findings += await check_order_of_lots(tx)
    await tx.connection.execute(_PAGES)
    findings += await seals.check_tree(tx, verifier, anchors)
    return sorted(map(violation, dict.fromkeys(findings)), key=lambda found: found.invariant)
