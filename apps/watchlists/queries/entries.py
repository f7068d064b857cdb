"""Reading entries: who may see which, what an approval is about, and which are in force where."""

from uuid import UUID

from django.db.models import Count, Q, QuerySet

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.alerts.models import Alert, Disposition
from apps.reviews.queries import standing_disposition
from apps.triage.canonical import canonical_digest
from apps.triage.states import EntryState, Verdict
from apps.watchlists.models import EntryRenewal, WatchlistEntry

IN_FORCE = (EntryState.ACTIVE, EntryState.SUSPENDED)
OPEN = (EntryState.PROPOSED, EntryState.CHECKING, EntryState.AWAITING_APPROVAL, *IN_FORCE)


def entries_visible_to(user: User) -> QuerySet[WatchlistEntry]:
    """Every entry of the tenant for those who may see watchlists, else none."""
    if not user.may(Permission.VIEW_WATCHLIST):
        return WatchlistEntry.objects.none()
    return (
        WatchlistEntry.objects.filter(tenant_id=user.tenant_id)
        .select_related("alert__site", "name_row__person", "gate", "disposition")
        .prefetch_related("sites")
    )


def active_entries_at(site_id: UUID) -> QuerySet[WatchlistEntry]:
    """The entries in force that apply to a site and have a vector to compare with."""
    return WatchlistEntry.objects.filter(
        state=EntryState.ACTIVE, site_links__site_id=site_id, embeddings__is_active=True
    ).distinct()


def awaiting_approval(user: User) -> QuerySet[WatchlistEntry]:
    """Checked proposals that wait for a person, oldest first."""
    found = entries_visible_to(user).filter(state=EntryState.AWAITING_APPROVAL)
    return found.order_by("proposed_at")


def renewals_awaiting(user: User) -> QuerySet[EntryRenewal]:
    """Renewals that wait for a person, oldest first."""
    found = EntryRenewal.objects.filter(entry__in=entries_visible_to(user), settled_at__isnull=True)
    return found.select_related("entry").order_by("proposed_at")


def waiting_approvals(user: User) -> int:
    """How many approvals wait that this person could give."""
    if not user.may(Permission.APPROVE_WATCHLIST):
        return 0
    mine = Q(proposed_by=user.id)
    return (
        awaiting_approval(user).exclude(mine).count()
        + renewals_awaiting(user).exclude(mine).count()
    )


def standing_theft(alert: Alert | UUID) -> Disposition | None:
    """The theft confirmation of an alert that no correction has superseded; None for every other verdict."""
    found = standing_disposition(alert)
    return found if found and found.verdict == Verdict.THEFT_CONFIRMED else None


def has_open_objection(entry: WatchlistEntry) -> bool:
    """Whether somebody objected against this entry, or one of the same alert, and nobody has decided."""
    return WatchlistEntry.objects.filter(
        alert_id=entry.alert_id, objections__isnull=False, objections__decided_at__isnull=True
    ).exists()


def entry_digest(entry: WatchlistEntry) -> str:
    """SHA-256 of exactly what an approval is about. Sites and pictures are part of it."""
    return canonical_digest(
        {
            "action": "watchlist.approve",
            "tenant": entry.tenant_id,
            "entry": entry.id,
            "version": entry.version,
            "alert": entry.alert_id,
            "disposition": entry.disposition_id,
            "gate": entry.gate_id,
            "category": entry.category,
            "seriousness": entry.seriousness,
            "necessity": entry.necessity,
            "valid_days": entry.valid_days,
            "review_days": entry.review_days,
            "declared": [
                entry.declared_adult,
                entry.declared_not_vulnerable,
                entry.declared_not_staff,
            ],
            "sites": sorted(str(link.site_id) for link in entry.site_links.all()),
            "images": sorted(image.sha256 for image in entry.images.all()),
        }
    )


def renewal_digest(renewal: EntryRenewal, entry: WatchlistEntry) -> str:
    """SHA-256 of exactly what the approval of a renewal is about."""
    return canonical_digest(
        {
            "action": "watchlist.renew",
            "entry": entry_digest(entry),
            "renewal": renewal.id,
            "necessity": renewal.necessity,
            "valid_days": renewal.valid_days,
            "review_days": renewal.review_days,
        }
    )


def counts_by_state(user: User) -> dict[str, int]:
    """How many entries the person may see, by state."""
    rows = entries_visible_to(user).order_by().values_list("state").annotate(n=Count("id"))
    return {str(state): count for state, count in rows}
