"""What of compliance needs attention, as tiles: each answers one question and leads to its page."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef
from django.urls import NoReverseMatch, reverse

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
        title="Is anything stopped?",
        figure=str(len(lines)),
        words=f"{held} alerts held" if lines else "Nothing is stopped where you work.",
        attention=bool(lines),
        url=reverse("stop"),
    )


def _risks(tenant: UUID, now: datetime) -> Tile:
    register = register_of(tenant)
    due = len(register.due(now.date()))
    return Tile(
        title="Which risks are due for review?",
        figure=str(due),
        words=f"of {len(register.risks)} in {register.name}",
        attention=due > 0,
        url=reverse("risks"),
    )


def _incidents(tenant: UUID, now: datetime) -> Tile:
    rows = SystemIncident.objects.filter(tenant_id=tenant, state=SystemIncidentState.OPEN)
    first = rows.filter(due_at__isnull=False).order_by("due_at").first()
    words = "No clock runs."
    if first is not None and first.due_at is not None:
        apart = _days(abs(first.due_at - now))
        is_late = first.due_at < now
        words = (
            f"{first.reference} is {apart} late" if is_late else f"{first.reference}: {apart} left"
        )
    count = rows.count()
    return Tile(
        title="Which incidents of the system are open?",
        figure=str(count),
        words=words,
        attention=count > 0,
        url=reverse("system-incidents"),
    )


def _days(span: timedelta) -> str:
    """A span in whole days, or in hours below two days."""
    hours = int(span.total_seconds() // 3600)
    return f"{span.days} days" if span.days >= 2 else f"{hours} hour{'' if hours == 1 else 's'}"


def _audit(tenant: UUID, now: datetime) -> Tile:
    checks = [one for one in latest_checks(tenant_id=tenant, limit=1) if one.ended_at]
    if not checks:
        words = "The chain of this tenant has not been verified yet."
        return Tile(
            title="When was the chain verified?",
            figure="not known yet",
            words=words,
            attention=True,
            url=reverse("audit"),
        )
    found = checks[0]
    assert found.ended_at is not None
    old = now - found.ended_at > timedelta(days=2)
    return Tile(
        title="When was the chain verified?",
        figure=f"{found.ended_at:%Y-%m-%d %H:%M} UTC",
        words=found.get_state_display() if hasattr(found, "get_state_display") else "",
        attention=old,
        url=reverse("audit"),
    )


def _records(tenant: UUID) -> Tile:
    recorded = Assessment.objects.filter(alert=OuterRef("pk"))
    left = Alert.objects.filter(tenant_id=tenant, state__in=_LEFT_ANALYSIS)
    without = left.exclude(Exists(recorded)).count()
    return Tile(
        title="Which alerts have no record?",
        figure=str(without),
        words="Every alert that left analysis has its canonical record."
        if not without
        else "They left analysis without one.",
        attention=without > 0,
    )


def _dossiers(tenant: UUID) -> Tile:
    written = EvidenceItem.objects.filter(alert=OuterRef("pk"), kind=EvidenceKind.DOSSIER)
    resolved = Alert.objects.filter(tenant_id=tenant, state=AlertState.RESOLVED)
    waiting = resolved.exclude(Exists(written)).count()
    return Tile(
        title="How many decided alerts wait for their dossier?",
        figure=str(waiting),
        words="Dossiers are written in the background, or when somebody asks.",
    )


def _retention(tenant: UUID, now: datetime) -> Tile:

    holds = Hold.objects.filter(tenant_id=tenant, state=HoldState.IN_FORCE).count()
    return Tile(
        title="What is kept on hold?",
        figure=str(holds),
        words="holds in force; what they cover is not deleted.",
        url=_address("retention"),
    )


def _requests(tenant: UUID, now: datetime) -> Tile:
    rows = SubjectRequest.objects.filter(tenant_id=tenant).exclude(
        state__in=SUBJECT_REQUEST.terminal
    )
    late = rows.filter(due_at__lt=now + timedelta(days=7)).count()
    return Tile(
        title="Which requests of people are open?",
        figure=str(rows.count()),
        words=f"{late} due within a week" if late else "None is due within a week.",
        attention=late > 0,
        url=_address("subject-requests"),
    )


def _training(tenant: UUID, now: datetime) -> Tile:
    lines = training_lines(tenant, now)
    missing = sum(not line.standing.is_covered for line in lines)
    return Tile(
        title="Who cannot decide for want of training?",
        figure=str(missing),
        words=f"of {len(lines)} who need it for the release in use",
        attention=missing > 0,
        url=reverse("training"),
    )


def _address(route: str) -> str:
    try:
        return reverse(route)
    except NoReverseMatch:
        return ""
