"""The dossiers of a period as files of an archive: the newest of each alert that was assessed or decided in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from apps.alerts.models import Alert, Assessment, Disposition
from apps.cases.case_file.bag import Part
from apps.cases.case_file.contents import stored_part
from apps.evidence.models import EvidenceItem, EvidenceKind
from apps.triage.states import EvidenceState

_SLICE = 500


@dataclass(frozen=True, kw_only=True)
class PeriodDossier:
    """An alert of the period with its newest dossier as it is kept; None while none is rendered."""

    alert: Alert
    item: EvidenceItem | None

    @property
    def path(self) -> str:
        """Where it lies in the archive."""
        return f"data/dossiers/{self.alert.id}.pdf"

    def as_json(self) -> dict[str, Any]:
        """Its line in the list of the archive; `path` is null where there is no dossier."""
        item = self.item
        return {
            "alert": self.alert.id,
            "reference": self.alert.reference,
            "path": self.path if item else None,
            "sha256": item.sha256 if item else None,
            "size_bytes": item.size_bytes if item else None,
            "rendered_at": item.acquired_at if item else None,
        }


def dossiers_of_period(*, tenant_id: UUID, since: datetime, until: datetime) -> list[PeriodDossier]:
    """Every alert assessed or decided in [since, until), the oldest first. Inside the tenant's scope."""
    newest = {
        item.alert_id: item
        for item in EvidenceItem.objects.filter(
            alert__in=_alerts(tenant_id, since, until).values("id"),
            kind=EvidenceKind.DOSSIER,
            state=EvidenceState.KEPT,
        ).order_by("acquired_at", "id")
    }
    alerts = _alerts(tenant_id, since, until).order_by("received_at", "id")
    return [
        PeriodDossier(alert=alert, item=newest.get(alert.id))
        for alert in alerts.iterator(chunk_size=_SLICE)
    ]


def parts_of(dossiers: list[PeriodDossier]) -> Iterator[Part]:
    """The rendered ones as they are stored, each read when its turn comes."""
    for one in dossiers:
        if one.item is not None:
            yield stored_part(item=one.item, path=one.path)


def _alerts(tenant_id: UUID, since: datetime, until: datetime) -> QuerySet[Alert]:
    own = {"alert": OuterRef("pk"), "tenant_id": tenant_id}
    assessed = Assessment.objects.filter(**own, created_at__gte=since, created_at__lt=until)
    decided = Disposition.objects.filter(**own, decided_at__gte=since, decided_at__lt=until)
    return Alert.objects.filter(Exists(assessed) | Exists(decided), tenant_id=tenant_id)
