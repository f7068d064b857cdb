"""Reading evidence and its chain of custody."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.accounts.models import User
from apps.alerts.models import Alert, Clip
from apps.evidence.models import CustodyEvent, EvidenceItem, EvidenceKind
from apps.sites.queries import sites_visible_to
from apps.triage.states import EvidenceState


def items_visible_to(user: User) -> QuerySet[EvidenceItem]:
    return EvidenceItem.objects.filter(
        tenant_id=user.tenant_id, alert__site__in=sites_visible_to(user)
    ).select_related("alert")


def master_of(alert_id: UUID) -> EvidenceItem | None:
    """The original footage of an alert as it was acquired, if it is (still) there."""
    items = EvidenceItem.objects.filter(alert_id=alert_id, kind=EvidenceKind.MASTER)
    return items.filter(retain_until__isnull=True, state=EvidenceState.KEPT).first()


def shows_faces(item: EvidenceItem) -> bool:
    """Whether an item is a moving picture made from the footage in which faces were not blurred."""
    if item.kind != EvidenceKind.WORKING or not item.media_type.startswith("video/"):
        return False
    blurred = Q(blurred_key=item.key) | Q(before_key=item.key)
    return not Clip.objects.filter(blurred, alert_id=item.alert_id).exists()


def latest_dossier(alert: Alert) -> EvidenceItem | None:
    items = EvidenceItem.objects.filter(
        alert=alert, kind=EvidenceKind.DOSSIER, state=EvidenceState.KEPT
    )
    return items.order_by("-acquired_at").first()


def custody_of_each(items: Iterable[EvidenceItem]) -> dict[UUID, list[CustodyEvent]]:
    """The same of several files, by id, in two queries."""
    wanted = list(items)
    asked = Q(alert_id__in={one.alert_id for one in wanted})
    asked &= Q(sha256__in={one.sha256 for one in wanted})
    same = EvidenceItem.objects.filter(asked).values_list("id", "alert_id", "sha256")
    bytes_of = {id_: (alert_id, sha256) for id_, alert_id, sha256 in same}
    steps: dict[tuple[UUID, str], list[CustodyEvent]] = {}
    for step in CustodyEvent.objects.filter(evidence_item_id__in=bytes_of).order_by("id"):
        steps.setdefault(bytes_of[step.evidence_item_id], []).append(step)
    return {one.id: steps.get((one.alert_id, one.sha256), []) for one in wanted}


def custody_of(item: EvidenceItem) -> QuerySet[CustodyEvent]:
    """Every step of a file's custody, oldest first; a sealed copy's story begins with its master."""
    same_bytes = EvidenceItem.objects.filter(alert_id=item.alert_id, sha256=item.sha256)
    ids = same_bytes.values_list("id", flat=True)
    return CustodyEvent.objects.filter(evidence_item_id__in=ids).order_by("id")
