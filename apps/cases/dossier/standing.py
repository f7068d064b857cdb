"""Which alerts lack their chained record (there must be none), and which lack a current PDF."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import (
    CharField,
    DateTimeField,
    Exists,
    F,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)
from django.db.models.functions import Cast

from apps.accounts.models import User
from apps.alerts.models import Alert, Assessment, Disposition
from apps.audit.events import Event
from apps.audit.models import InboxEntry, Leaf
from apps.evidence.models import EvidenceItem, EvidenceKind
from apps.sites.queries import sites_visible_to
from apps.triage.states import AlertState, EvidenceState

IN_ANALYSIS: Final = (AlertState.RECEIVED, AlertState.ANALYSING)
SETTLED: Final = (AlertState.ARCHIVED, AlertState.RESOLVED)
# The workflow renders what it settles; what is still without a PDF after this long is rendered by the minute's task.
LEFT_ALONE: Final = timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True)
class RecordStanding:
    """How many alerts left analysis, how many of them without a chained record, and which (at most 20)."""

    checked: int
    missing: int
    examples: tuple[Alert, ...]


@dataclass(frozen=True, kw_only=True)
class Backlog:
    """Settled alerts without a current PDF. `oldest_at`: since when the longest waiting one is settled."""

    count: int
    oldest_at: datetime | None


def without_record(*, tenant_id: UUID, since: datetime | None = None) -> QuerySet[Alert]:
    """Alerts that left analysis (received since then, or ever) with no assessment, or with none in the audit chain."""
    chained = {
        "tenant_id": tenant_id,
        "subject_kind": "alert",
        "subject_id": Cast(OuterRef("id"), CharField()),
        "event": Event.ALERT_RECORD_CHAINED.value,
    }
    left = Alert.objects.filter(tenant_id=tenant_id).exclude(state__in=IN_ANALYSIS)
    if since is not None:
        left = left.filter(received_at__gte=since)
    assessed = Exists(Assessment.objects.filter(alert=OuterRef("id")))
    in_chain = Exists(Leaf.objects.filter(**chained)) | Exists(InboxEntry.objects.filter(**chained))
    return left.filter(~assessed | ~in_chain)


def record_standing(*, tenant_id: UUID, since: datetime | None = None) -> RecordStanding:
    """The live counter: `missing` must be 0, and is read anew every time."""
    left = Alert.objects.filter(tenant_id=tenant_id).exclude(state__in=IN_ANALYSIS)
    if since is not None:
        left = left.filter(received_at__gte=since)
    missing = without_record(tenant_id=tenant_id, since=since)
    return RecordStanding(
        checked=left.count(),
        missing=missing.count(),
        examples=tuple(missing.order_by("received_at")[:20]),
    )


def with_dossiers(alerts: QuerySet[Alert]) -> QuerySet[Alert]:
    """The alerts with `dossier_at` (newest PDF; None without one) and `settled_at` (last decision, or the routing)."""
    pdfs = EvidenceItem.objects.filter(
        alert=OuterRef("id"), kind=EvidenceKind.DOSSIER, state=EvidenceState.KEPT
    )
    decisions = Disposition.objects.filter(alert=OuterRef("id")).order_by("-decided_at")
    assessed = Assessment.objects.filter(alert=OuterRef("id")).order_by("-created_at")
    newest = Subquery(pdfs.order_by("-acquired_at").values("acquired_at")[:1])
    decided = Subquery(decisions.values("decided_at")[:1], output_field=DateTimeField(null=True))
    concluded = Subquery(assessed.values("created_at")[:1], output_field=DateTimeField(null=True))
    return alerts.annotate(dossier_at=newest, decided_at=decided, concluded_at=concluded)


def without_pdf(alerts: QuerySet[Alert]) -> QuerySet[Alert]:
    """Those whose newest PDF is missing or older than the last decision about them."""
    older = Q(dossier_at__lt=F("decided_at"))
    return with_dossiers(alerts).filter(Q(dossier_at__isnull=True) | older)


def waiting(*, tenant_id: UUID, before: datetime | None = None) -> QuerySet[Alert]:
    """Settled alerts without a current PDF; `before`: settled before then."""
    found = without_pdf(Alert.objects.filter(tenant_id=tenant_id, state__in=SETTLED))
    if before is not None:
        late = Q(decided_at__lt=before) | Q(decided_at__isnull=True, concluded_at__lt=before)
        found = found.filter(late)
    return found


def backlog_of(*, tenant_id: UUID) -> Backlog:
    found = waiting(tenant_id=tenant_id)
    oldest = found.aggregate(decided=Min("decided_at"), concluded=Min("concluded_at"))
    moments = [moment for moment in oldest.values() if moment is not None]
    return Backlog(count=found.count(), oldest_at=min(moments, default=None))


def alerts_with_records(user: User) -> QuerySet[Alert]:
    """The alerts whose records this person may see, newest first, with their newest PDF."""
    visible = Alert.objects.filter(tenant_id=user.tenant_id, site__in=sites_visible_to(user))
    left = visible.exclude(state__in=IN_ANALYSIS).select_related("site", "camera")
    return with_dossiers(left).order_by("-received_at", "-id")


def versions_of(alert: Alert) -> list[EvidenceItem]:
    """Every PDF that was made of the alert's record, newest first; older versions stay."""
    items = EvidenceItem.objects.filter(alert=alert, kind=EvidenceKind.DOSSIER)
    return list(items.order_by("-acquired_at", "-key"))


def newest_render(*, tenant_id: UUID) -> datetime | None:
    items = EvidenceItem.objects.filter(tenant_id=tenant_id, kind=EvidenceKind.DOSSIER)
    found: datetime | None = items.aggregate(at=Max("acquired_at"))["at"]
    return found
