"""What people are told of: every kind there is, and which of its params its words speak of.

The words are `told.KIND.title` and `told.KIND` in the locale files. A kind that is missing here is a mistake of ours;
tests hold the code to this list.
"""

from collections.abc import Mapping
from typing import Final

KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    # serving
    "activity_approved": (),
    "activity_cancelled": (),
    "activity_changed": (),
    "activity_session_cancelled": (),
    "activity_session_changed": (),
    "sign_up_moved_up": (),
    "records_made": (),
    "record_corrected": (),
    "record_credited": ("minutes", "points"),
    "record_objected": (),
    "record_rejected": (),
    "record_voided": (),
    "dispute_decided": (),
    "objection_decided": (),
    "objection_dismissed": (),
    "objection_raised": (),
    "objection_upheld": (),
    # what one has
    "awarded": ("amount", "unit"),
    "converted": ("from_amount", "from_unit", "to_amount", "to_unit"),
    "expiring": ("amount", "days", "expires_on", "unit"),
    "redeemed": ("points",),
    "refunded": ("points",),
    "reversed": (),
    "reservation_lapsed": (),
    # merchants
    "complaint_decided": (),
    "fufen_taken": ("amount",),
    "merchant_activated": (),
    "merchant_closed": (),
    "merchant_rejected": (),
    "merchant_resumed": (),
    "merchant_suspended": (),
    "merchant_vetted": (),
    "voucher_cancelled": (),
    "voucher_issued": ("amount",),
    "voucher_lapsed": (),
    "voucher_used": ("amount",),
    "voucher_uses_refused": (),
    # time-coins
    "kinship_confirmed": (),
    "kinship_declared": (),
    "kinship_ended": (),
    "service_order_assigned": (),
    "service_order_cancelled": (),
    "service_order_done": ("amount",),
    "service_order_lapsed": (),
    "service_ordered": (),
    "timecoins_donated": ("amount",),
    "timecoins_given": ("amount",),
    "timecoins_granted": ("amount",),
    "timecoins_received": ("amount",),
    # recognition
    "certificate_awarded": (),
    "certificate_issued": (),
    "certificate_revoked": (),
    "recognition_noticed": (),
    "recognition_objected": (),
    "recognition_objection_decided": (),
    "recognition_objection_raised": (),
    "recognition_published": (),
    "recognition_revoked": (),
    "star_lowered": ("star",),
    "star_raised": ("star",),
    # access
    "pin_locked": (),
    "pin_set": (),
    "acted_for_you": (),
    "proxy_ended": (),
    "proxy_made": (),
    "role_granted": (),
    "role_revoked": (),
    # the office's
    "job_failed": ("job", "period"),
    "low_stock": ("count",),
    "records_overdue": ("sessions",),
}
