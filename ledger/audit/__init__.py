"""Audit: everything in the books re-derived, and every violation of the ten invariants named."""

from ledger.audit.auditing import audit
from ledger.audit.violations import FINDINGS_LIMIT, Violation

__all__ = ["FINDINGS_LIMIT", "Violation", "audit"]
