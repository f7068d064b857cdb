"""What of compliance needs attention, as tiles: each answers one question and leads to its page."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext, ngettext

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.accounts.queries import training_lines
from apps.alerts.models import Alert, Assessment
from apps.audit.queries import latest_checks
from apps.evidence.models import EvidenceItem, EvidenceKind, Hold
from apps.oversight.models import SystemIncident
from apps.oversight.queries.register import register_of
from apps.oversight.queries.stops import stop_lines
from apps.subject_requests.models import SubjectRequest
from apps.triage.states import SUBJECT_REQUEST, AlertState, HoldState, SystemIncidentState

_LEFT_ANALYSIS = (
    *(AlertState.AWAITING_REVIEW, AlertState.ARCHIVED),
    *(AlertState.MODEL_REVIEW, AlertState.RESOLVED),
)


@dataclass(frozen=True, kw_only=True)
class Tile:
    """A question, its answer, and where to go on. `attention`: somebody should do something."""

    title: str
    figure: str
    words: str
    attention: bool = False
    url: str = ""


def tiles_for(user: User, *, now: datetime) -> list[Tile]:
    """The tiles of what this person may see."""
    tenant = user.tenant_id
    tiles = [_stops(user), _risks(tenant, now), _incidents(tenant, now)]
    if user.may(Permission.VIEW_AUDIT):
        tiles += [_audit(tenant, now), _records(tenant), _dossiers(tenant)]
    if user.may(Permission.MANAGE_RETENTION):
        tiles.append(_retention(tenant, now))
    if user.may(Permission.HANDLE_SUBJECT_REQUESTS):
        tiles.append(_requests(tenant, now))
    if user.may(Permission.MANAGE_TRAINING_RECORDS):
        tiles.append(_training(tenant, now))
    return tiles


def _stops(user: User) -> Tile:
    lines = stop_lines(user)
    held = sum(line.held for line in lines)
    return Tile(
        title=gettext("Is anything stopped?"),
        figure=str(len(lines)),
        words=ngettext("%(count)s alert held", "%(count)s alerts held", held) % {"count": held}
        if lines
        else gettext("Nothing is stopped where you work."),
        attention=bool(lines),
        url=reverse("stop"),
    )


def _risks(tenant: UUID, now: datetime) -> Tile:
    register = register_of(tenant)
    due = len(register.due(now.date()))
    return Tile(
        title=gettext("Which risks are due for review?"),
        figure=str(due),
        words=gettext("of %(count)s in %(register)s")
        % {"count": len(register.risks), "register": register.name},
        attention=due > 0,
        url=reverse("risks"),
    )


def _incidents(tenant: UUID, now: datetime) -> Tile:
    rows = SystemIncident.objects.filter(tenant_id=tenant, state=SystemIncidentState.OPEN)
    first = rows.filter(due_at__isnull=False).order_by("due_at").first()
    words = gettext("No clock runs.")
    if first is not None and first.due_at is not None:
        apart = _days(abs(first.due_at - now))
        is_late = first.due_at < now
        said = (
            gettext("%(name)s is %(span)s late") if is_late else gettext("%(name)s: %(span)s left")
        )
        words = said % {"name": first.reference, "span": apart}
    count = rows.count()
    return Tile(
        title=gettext("Which incidents of the system are open?"),
        figure=str(count),
        words=words,
        attention=count > 0,
        url=reverse("system-incidents"),
    )


def _days(span: timedelta) -> str:
    """A span in whole days, or in hours below two days."""
    hours = int(span.total_seconds() // 3600)
    if span.days >= 2:
        return ngettext("%(count)s day", "%(count)s days", span.days) % {"count": span.days}
    return ngettext("%(count)s hour", "%(count)s hours", hours) % {"count": hours}


def _audit(tenant: UUID, now: datetime) -> Tile:
    checks = [one for one in latest_checks(tenant_id=tenant, limit=1) if one.ended_at]
    if not checks:
        words = gettext("The chain of this tenant has not been verified yet.")
        return Tile(
            title=gettext("When was the chain verified?"),
            figure=gettext("not known yet"),
            words=words,
            attention=True,
            url=reverse("audit"),
        )
    found = checks[0]
    assert found.ended_at is not None
    old = now - found.ended_at > timedelta(days=2)
    return Tile(
        title=gettext("When was the chain verified?"),
        figure=f"{found.ended_at:%Y-%m-%d %H:%M} UTC",
        words=gettext(found.get_state_display()) if hasattr(found, "get_state_display") else "",
        attention=old,
        url=reverse("audit"),
    )


def _records(tenant: UUID) -> Tile:
    recorded = Assessment.objects.filter(alert=OuterRef("pk"))
    left = Alert.objects.filter(tenant_id=tenant, state__in=_LEFT_ANALYSIS)
    without = left.exclude(Exists(recorded)).count()
    return Tile(
        title=gettext("Which alerts have no record?"),
        figure=str(without),
        words=gettext("They left analysis without one.")
        if without
        else gettext("Every alert that left analysis has its canonical record."),
        attention=without > 0,
    )


def _dossiers(tenant: UUID) -> Tile:
    written = EvidenceItem.objects.filter(alert=OuterRef("pk"), kind=EvidenceKind.DOSSIER)
    resolved = Alert.objects.filter(tenant_id=tenant, state=AlertState.RESOLVED)
    waiting = resolved.exclude(Exists(written)).count()
    return Tile(
        title=gettext("How many decided alerts wait for their dossier?"),
        figure=str(waiting),
        words=gettext("Dossiers are written in the background, or when somebody asks."),
    )


def _retention(tenant: UUID, now: datetime) -> Tile:

    holds = Hold.objects.filter(tenant_id=tenant, state=HoldState.IN_FORCE).count()
    return Tile(
        title=gettext("What is kept on hold?"),
        figure=str(holds),
        words=gettext("holds in force; what they cover is not deleted."),
        url=_address("retention"),
    )


def _requests(tenant: UUID, now: datetime) -> Tile:
    rows = SubjectRequest.objects.filter(tenant_id=tenant).exclude(
        state__in=SUBJECT_REQUEST.terminal
    )
    late = rows.filter(due_at__lt=now + timedelta(days=7)).count()
    return Tile(
        title=gettext("Which requests of people are open?"),
        figure=str(rows.count()),
        words=gettext("%(count)s due within a week") % {"count": late}
        if late
        else gettext("None is due within a week."),
        attention=late > 0,
        url=_address("subject-requests"),
    )


def _training(tenant: UUID, now: datetime) -> Tile:
    lines = training_lines(tenant, now)
    missing = sum(not line.standing.is_covered for line in lines)
    return Tile(
        title=gettext("Who cannot decide for want of training?"),
        figure=str(missing),
        words=gettext("of %(count)s who need it for the release in use") % {"count": len(lines)},
        attention=missing > 0,
        url=reverse("training"),
    )


def _address(route: str) -> str:
    try:
        return reverse(route)
    except NoReverseMatch:
        return ""
