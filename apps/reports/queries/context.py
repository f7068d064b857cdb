"""Facts of the context: earlier alerts of the same cameras, face leads, people of the case."""

from datetime import timedelta
from typing import Final

from django.db.models import Count, Q

from apps.alerts.models import Alert, Disposition
from apps.cases.models import Case
from apps.reports.drafting.facts import Facts
from apps.reports.drafting.sentences import AsOf
from apps.reports.queries.words import moment, plain_words, staff
from apps.triage.states import LeadState, Verdict
from apps.watchlists.models import SightingLead

DAYS_BEFORE: Final = 90
_FALSE = (Verdict.FALSE_ALARM, Verdict.BENIGN_EXPLAINED)


def add_context(facts: Facts, case: Case, *, as_of: AsOf) -> None:
    incidents = case.incidents.select_related("alert__camera").order_by("occurred_at", "id")
    for incident in incidents:
        _add_earlier(facts, incident.alert, as_of=as_of)
        _add_leads(facts, incident.alert, zone=case.site.timezone)


def _add_earlier(facts: Facts, alert: Alert, *, as_of: AsOf) -> None:
    """What became of the alerts of this camera in the days before, by the verdicts that stand."""
    before = Disposition.objects.filter(
        alert__camera_id=alert.camera_id,
        alert__camera_at__lt=alert.camera_at,
        alert__camera_at__gte=alert.camera_at - timedelta(days=DAYS_BEFORE),
        alert__is_drill=alert.is_drill,
        decided_at__lte=as_of.at,
        superseded_by__isnull=True,
    ).exclude(alert=alert)
    same = Q(alert__label=alert.label)
    counts = before.aggregate(
        all=Count("id"),
        thefts=Count("id", filter=Q(verdict=Verdict.THEFT_CONFIRMED)),
        alike=Count("id", filter=same),
        alike_false=Count("id", filter=same & Q(verdict__in=_FALSE)),
    )
    facts.add(
        "earlier",
        alert.id,
        page=f"alert:{alert.id}",
        camera=alert.camera_id,
        decided=counts["all"],
        thefts=counts["thefts"],
        alike=counts["alike"],
        alike_false=counts["alike_false"],
    )


def _add_leads(facts: Facts, alert: Alert, *, zone: str) -> None:
    """Settled leads only: an open one may still be judged by somebody who must not know."""
    settled = SightingLead.objects.filter(
        alert=alert, state__in=[LeadState.CONFIRMED, LeadState.CLOSED]
    ).order_by("raised_at", "id")
    for lead in settled.prefetch_related("judgements"):
        judges = [staff(one.user_id) for one in lead.judgements.all()]
        facts.add(
            "lead",
            lead.id,
            page=f"watchlist-lead:{lead.id}",
            alert=alert.id,
            reference=lead.reference,
            score=(lead.score, f"{lead.score:.3f}"),
            threshold=(lead.threshold, f"{lead.threshold:.3f}"),
            quality=(lead.quality, f"{lead.quality:.2f}"),
            error_rate=(lead.error_rate, f"{100 * lead.error_rate:.4g} of 100"),
            error_rate_source=lead.error_rate_source,
            compared=lead.entries_compared,
            model=f"{lead.model_id}, SHA-256 {lead.model_sha256}",
            state=(lead.state, plain_words(lead.state)),
            judged=(len(judges), f"{len(judges)} people"),
            raised_at=(lead.raised_at, moment(lead.raised_at, zone)),
        )
