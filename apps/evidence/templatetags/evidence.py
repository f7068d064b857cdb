"""`{% kept_until item zone %}`, `{% footage_kept alert zone %}`: when something is deleted, and because of what."""

from typing import Any

from django import template

from apps.accounts.permissions import Permission
from apps.alerts.models import Alert
from apps.evidence.models import EvidenceItem
from apps.evidence.queries.shown import footage_of, standing_shown, tombstone_of
from apps.sites.queries import allows

register = template.Library()


@register.inclusion_tag("evidence/_countdown.html")
def kept_until(item: EvidenceItem, zone: str = "UTC") -> dict[str, Any]:
    """One sentence about one file, and every ground in order of precedence."""
    return {
        "item": item,
        "standing": standing_shown(item),
        "tombstone": tombstone_of(item) if item.deleted_at else None,
        "zone": zone,
    }


@register.inclusion_tag("evidence/_footage_kept.html", takes_context=True)
def footage_kept(context: dict[str, Any], alert: Alert, zone: str = "UTC") -> dict[str, Any]:
    """The same about an alert's footage, with a link for those who may hold it."""
    user = context["request"].user
    return {
        "alert": alert,
        "item": footage_of(alert),
        "zone": zone,
        "may_see": user.may(Permission.VIEW_EVIDENCE),
        "may_hold": allows(user, Permission.HOLD_EVIDENCE, alert.site_id),
    }
