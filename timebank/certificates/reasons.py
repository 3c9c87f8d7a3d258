"""Why a certificate was revoked, in a word: free text could describe somebody."""

from typing import Literal

RevokeReason = Literal["mistake", "records_corrected", "recognition_revoked", "misuse", "replaced", "other"]
