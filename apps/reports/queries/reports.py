"""Reading reports: whose they are, how they stand, and what they rest on."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext, gettext_noop

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.alerts.models import Disposition
from apps.audit.models import Checkpoint
from apps.cases.models import Case
from apps.reports.drafting.comparing import Fallen, fallen, undisclosed
from apps.reports.drafting.kinds import FormField, missing_fields
from apps.reports.drafting.sentences import AsOf, Content, Origin, Sentence, from_json
from apps.reports.models import Report, ReportVersion
from apps.reports.queries.record import facts_of
from apps.sites.queries import allows, people_of_site, sites_visible_to

NOT_YOURS: Final = gettext_noop("Only the person whose statement it is can sign it.")
NO_LONGER_OPEN: Final = gettext_noop("This report is not a draft any more.")


def reports_visible_to(user: User) -> QuerySet[Report]:
    """The reports of the cases of the person's sites, newest first."""
    visible = Report.objects.filter(tenant_id=user.tenant_id, case__site__in=sites_visible_to(user))
    return visible.select_related("case__site", "item").order_by("-created_at", "-id")


def authors_of(case: Case) -> list[User]:
    """The people who may sign a statement at the case's site."""
    return people_of_site(case.site, Permission.SIGN_REPORTS)


def newest(report: Report) -> ReportVersion:
    """The wording that counts: the signed one, or the last one written."""
    signature = getattr(report, "signature", None)
    if signature is not None:
        signed: ReportVersion = signature.version
        return signed
    return report.versions.order_by("-number")[0]


def content_of(version: ReportVersion) -> Content:
    return from_json(version.content)


def record_now(case: Case, *, now: datetime) -> AsOf:
    """This moment, with the newest checkpoint of the tenant's audit chain."""
    checkpoints = Checkpoint.objects.filter(tenant_id=case.tenant_id, signed_at__lte=now)
    return AsOf(
        at=now,
        tree_size=checkpoints.order_by("-tree_size").values_list("tree_size", flat=True).first(),
    )


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A wording against the record as it is now; `corrected` are superseded verdicts that it rests on."""

    version: ReportVersion
    content: Content
    fallen: list[Fallen]
    undisclosed: list[Sentence]
    missing: list[FormField]
    corrected: list[Disposition]

    @property
    def is_current(self) -> bool:
        """Whether the record supports every word of it and it keeps nothing back."""
        return not self.fallen and not self.undisclosed


def standing_of(report: Report, *, version: ReportVersion | None = None) -> Standing:
    """How a wording (the newest unless given) stands. Inside the tenant's scope."""
    chosen = version or newest(report)
    content = content_of(chosen)
    facts = facts_of(report.case, as_of=content.as_of)
    return Standing(
        version=chosen,
        content=content,
        fallen=fallen(content, facts),
        undisclosed=undisclosed(content, facts),
        missing=missing_fields(content.kind, dict(content.fields)),
        corrected=corrected_in([content]),
    )


def corrected_in(contents: Iterable[Content]) -> list[Disposition]:
    """The verdicts that these wordings rest on and that were superseded later."""
    ids = {
        UUID(source.id)
        for content in contents
        for one in content.included
        for source in one.sources
        if source.kind == "disposition"
        # A wording that tells of the correction itself rests on nothing that was corrected.
        and f"contrary.corrected.{source.id}" not in {other.key for other in content.included}
    }
    superseded = Disposition.objects.filter(id__in=ids, superseded_by__isnull=False)
    return list(superseded.order_by("decided_at"))


def resting_on(disposition: Disposition) -> list[Report]:
    """The signed reports that quote this verdict: what a correction of it puts in doubt."""
    signed = Report.objects.filter(
        case__incidents__alert_id=disposition.alert_id, signature__isnull=False
    ).distinct()
    found = signed.select_related("case", "signature__version")
    quoted = str(disposition.id)
    return [report for report in found if quoted in _places(newest(report), "disposition")]


def reports_naming(person_id: UUID) -> list[Report]:
    """The reports with a wording that names this person."""
    versions = ReportVersion.objects.filter(content__icontains=f"[[person:{person_id}]]")
    ids = versions.values_list("report_id", flat=True).distinct()
    return list(Report.objects.filter(id__in=list(ids)).select_related("case", "item"))


def objections(report: Report, user: User, standing: Standing) -> list[str]:
    """Why this person cannot sign this wording now, in words; empty when they can."""
    found = []
    if not report.is_open:
        return [gettext(NO_LONGER_OPEN)]
    if report.author_id != user.id or not allows(
        user, Permission.SIGN_REPORTS, report.case.site_id
    ):
        found.append(gettext(NOT_YOURS))
    if standing.version.lost_a_name:
        found.append("A name was erased from this wording. Draft it again.")
    if standing.fallen:
        found.append(
            f"{len(standing.fallen)} sentence(s) rest on something that was removed or has changed. Draft it again."
        )
    if standing.undisclosed:
        found.append(
            f"{len(standing.undisclosed)} fact(s) that speak against it are new. Draft it again."
        )
    if standing.missing:
        names = ", ".join(one.label for one in standing.missing)
        found.append(f"To be filled in first: {names}.")
    return found


def own_statements(content: Content) -> list[Sentence]:
    return [one for one in content.sentences if one.origin is Origin.OPERATOR]


def _places(version: ReportVersion, kind: str) -> set[str]:
    content = content_of(version)
    return {s.id for one in content.included for s in one.sources if s.kind == kind}
