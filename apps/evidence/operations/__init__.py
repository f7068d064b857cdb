"""Writing evidence: each module one act, each act one transaction with its custody and audit events."""

from apps.evidence.operations.custody import (
    acquire_item,
    copy_sealed,
    record_sealed,
    record_step,
    record_viewed,
)

__all__ = ["acquire_item", "copy_sealed", "record_sealed", "record_step", "record_viewed"]
