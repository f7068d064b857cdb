"""Facts of what is kept: sealed exhibits with their digests and custody, stills, the audit chain and its checkpoint."""

from uuid import UUID

from django.db.models import Count, Max, Min

from apps.audit.models import Checkpoint, Leaf
from apps.cases.models import Case, Exhibit
from apps.cases.queries import exhibits_of
from apps.evidence.models import EvidenceItem, EvidenceKind
from apps.evidence.queries import custody_of
from apps.reports.drafting.facts import Facts
from apps.reports.drafting.sentences import AsOf
from apps.reports.queries.words import moment, utc

STILL_NAME = "report-still"
_NO_CHECKPOINT = "not known because the audit chain had not been signed yet"


def add_evidence(facts: Facts, case: Case, *, as_of: AsOf) -> None:
    exhibits = list(exhibits_of(case))
    facts.add("exhibits", case.id, page=f"case:{case.id}", count=len(exhibits))
    for exhibit in exhibits:
        _add_exhibit(facts, exhibit, zone=case.site.timezone)
        _add_custody(facts, exhibit, as_of=as_of)
    alerts = list(case.incidents.values_list("alert_id", flat=True))
    for alert_id in alerts:
        _add_still(facts, alert_id)
    _add_chain(facts, case, alerts, exhibits, as_of=as_of)


def _add_exhibit(facts: Facts, exhibit: Exhibit, *, zone: str) -> None:
    item = exhibit.item
    facts.add(
        "exhibit",
        exhibit.id,
        page=f"evidence-item:{item.id}",
        number=exhibit.number,
        title=exhibit.title,
        alert=item.alert_id,
        item=item.id,
        sha256=item.sha256,
        sha512=_sha512(item),
        size=(item.size_bytes, f"{item.size_bytes:,} bytes"),
        media_type=item.media_type,
        original_name=(item.original_name, item.original_name or "no name was delivered with it"),
        acquired_at=(item.acquired_at, moment(item.acquired_at, zone)),
        deleted_at=(item.deleted_at, moment(item.deleted_at, zone) if item.deleted_at else ""),
        sealed_at=(exhibit.sealed_at, moment(exhibit.sealed_at, zone)),
        locked_until=(
            item.retain_until,
            moment(item.retain_until, zone)
            if item.retain_until
            else "not known because it is not locked",
        ),
    )


def _sha512(item: EvidenceItem) -> tuple[str | None, str]:
    if item.sha512:
        return item.sha512, item.sha512
    return None, "not known because only SHA-256 was worked out when the file was acquired"


def _add_custody(facts: Facts, exhibit: Exhibit, *, as_of: AsOf) -> None:
    steps = list(custody_of(exhibit.item).filter(happened_at__lte=as_of.at))
    if not steps:
        return
    others = sorted({step.action for step in steps if step.sha256 != exhibit.item.sha256})
    facts.add(
        "custody",
        exhibit.item_id,
        page=f"evidence-item:{exhibit.item_id}",
        exhibit=exhibit.id,
        steps=len(steps),
        first=(steps[0].happened_at, utc(steps[0].happened_at)),
        last=(steps[-1].happened_at, utc(steps[-1].happened_at)),
        agrees=(not others, "the same" if not others else "not the same"),
    )


def _add_still(facts: Facts, alert_id: UUID) -> None:
    """The newest still that was cut for a report of this alert, if there is one."""
    stills = EvidenceItem.objects.filter(
        alert_id=alert_id,
        kind=EvidenceKind.STILL,
        original_name__startswith=STILL_NAME,
        deleted_at__isnull=True,
    )
    still = stills.order_by("-acquired_at", "-id").first()
    if still is not None:
        facts.add(
            "still",
            still.id,
            page=f"evidence-item:{still.id}",
            alert=alert_id,
            sha256=still.sha256,
            key=still.key,
        )


def _add_chain(
    facts: Facts, case: Case, alerts: list[UUID], exhibits: list[Exhibit], *, as_of: AsOf
) -> None:
    """The entries about the case among those the checkpoint covers, and the checkpoint."""
    found = Checkpoint.objects.filter(tenant_id=case.tenant_id, tree_size=as_of.tree_size or -1)
    checkpoint = found.first()
    if checkpoint is None:
        facts.add("audit", case.id, page=f"case:{case.id}", span=(None, _NO_CHECKPOINT))
        return
    covered = Leaf.objects.filter(
        tenant_id=case.tenant_id,
        index__lt=checkpoint.tree_size,
        subject_id__in=list(map(str, _subjects(case, alerts, exhibits))),
    ).aggregate(first=Min("index"), last=Max("index"), entries=Count("index"))
    span = None if covered["first"] is None else [covered["first"], covered["last"]]
    words = "not known because none of them was signed yet"
    facts.add(
        "audit",
        case.id,
        page=f"case:{case.id}",
        span=(span, words if span is None else f"{span[0]} to {span[1]}"),
        entries=covered["entries"],
    )
    facts.add(
        "checkpoint",
        checkpoint.tree_size,
        size=checkpoint.tree_size,
        root=bytes(checkpoint.root_hash).hex(),
        key=checkpoint.key_id,
        signed_at=(checkpoint.signed_at, utc(checkpoint.signed_at)),
    )


def _subjects(case: Case, alerts: list[UUID], exhibits: list[Exhibit]) -> list[UUID]:
    incidents = list(case.incidents.values_list("id", flat=True))
    items = [exhibit.item_id for exhibit in exhibits]
    return [case.id, *incidents, *alerts, *(exhibit.id for exhibit in exhibits), *items]
