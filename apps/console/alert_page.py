"""The alert page as one value: everything on the screen beside the decision, ready for the template."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.alerts.models import Alert, Assessment, Clip, Disposition
from apps.alerts.stopped import stop_holding
from apps.cases.models import Incident
from apps.console.queue import is_blind
from apps.evidence.models import EvidenceItem, EvidenceKind
from apps.reviews.footage_queries import Blur, Footage, footage_for
from apps.reviews.item_queries import ItemCard, item_card
from apps.reviews.models import HumanTask
from apps.reviews.queries import Standing, marked_span, standing_before
from apps.sites.models import Stop, Zone
from apps.sites.queries import allows
from apps.triage.assessment import AssessmentRecord, RecordAltered, read_record
from apps.triage.decoding import UnableToDecode
from apps.triage.explanation import Explanation, SignalLine, explain
from apps.triage.states import ClipState, EvidenceState
from apps.triage.vocabulary import label_words

CLIP_WORDS = {
    None: (
        "video-off",
        gettext_noop("No clip came with this alert"),
        gettext_noop("Theft cannot be confirmed without footage that was watched."),
    ),
    ClipState.PENDING: (
        "clock",
        gettext_noop("Clip pending"),
        gettext_noop("The clip was announced and is not here yet."),
    ),
    ClipState.SPOOLED: (
        "clock",
        gettext_noop("Clip pending"),
        gettext_noop("The clip has arrived and is being stored."),
    ),
    ClipState.REFUSED: (
        "video-off",
        gettext_noop("The clip cannot be read"),
        gettext_noop("It was kept as it came; nothing was decoded from it."),
    ),
    ClipState.MISSING: (
        "video-off",
        gettext_noop("The announced clip did not come"),
        gettext_noop("Theft cannot be confirmed without it."),
    ),
    ClipState.DELETED: (
        "archive",
        gettext_noop("The footage was deleted when its period was over"),
        gettext_noop("Its digests, and the record of what was decided on it, stay."),
    ),
    ClipState.STORED: (
        "clock",
        gettext_noop("Clip stored, not playable yet"),
        gettext_noop("A copy the browser can play is being made."),
    ),
}

_ONLY_REVEALED = gettext_noop(
    "The footage is shown only to people who may reveal faces, for a reason they state."
)


@dataclass(frozen=True, kw_only=True)
class ClipNotice:
    """What stands in the player's place while there is nothing to play."""

    icon: str
    title: str
    words: str
    waits: bool = False


@dataclass(frozen=True, kw_only=True)
class RevealControl:
    """What the player offers to a person who may see faces: to reveal them, or until when they are revealed."""

    until: datetime | None
    seconds_left: int


@dataclass(frozen=True, kw_only=True)
class Assessed:
    """The machine's part; `record` and `explanation` are None where the stored record was altered."""

    row: Assessment
    record: AssessmentRecord | None
    explanation: Explanation | None


@dataclass(frozen=True, kw_only=True)
class AlertPage:
    """One alert as one person sees it."""

    alert: Alert
    observed: str
    clip_notice: ClipNotice | None
    player: dict[str, Any] | None
    reveal: RevealControl | None
    may_reveal: bool
    assessed: Assessed | None
    is_blind: bool
    standing: Standing
    incident: Incident | None
    dossier_id: UUID | None
    item: ItemCard | None
    may_view_clips: bool
    held_by: Stop | None

    @property
    def task(self) -> HumanTask | None:
        return self.standing.task

    @property
    def disposition(self) -> Disposition | None:
        return self.standing.disposition

    @property
    def zone(self) -> str:
        return self.alert.site.timezone

    @property
    def follows(self) -> str:
        """The parts that replace themselves when the alert changes; never what a person is using.

        This list is one of them: a player that has come must not be replaced while it plays.
        """
        parts = ["#alert-follower", "#alert-head"]
        if self.alert.is_waiting and not (self.item and self.item.may_act):
            parts.append("#alert-item")
        if self.assessed is None:
            parts.append("#alert-side")
        if self.player is None:
            parts.append("#alert-player")
        if not self.alert.is_waiting and self.disposition is None:
            parts.append("#decision")
        return ",".join(parts)


def with_page(alerts: QuerySet[Alert]) -> QuerySet[Alert]:
    """Join what the page of an alert shows of other tables, so that it is one query."""
    dossiers = EvidenceItem.objects.filter(
        alert=OuterRef("pk"), kind=EvidenceKind.DOSSIER, state=EvidenceState.KEPT
    )
    zones = Zone.objects.filter(camera=OuterRef("camera")).order_by("name")
    shape = JSONObject(name="name", kind="kind", polygon="polygon")
    joined = ("site", "camera", "clip", "incident__case", "membership__item__lead")
    return alerts.select_related(*joined).annotate(
        zones=ArraySubquery(zones.values(shape=shape)),
        dossier_id=Subquery(dossiers.order_by("-acquired_at").values("pk")[:1]),
    )


def alert_page(*, alert: Alert, user: User, session: str, csrf: str, now: datetime) -> AlertPage:
    """Read everything the page shows of an alert read by `with_page`. `session` names this viewing for the playback
    record."""
    standing = standing_before(user, alert)
    blind = is_blind(alert)
    assessed = None if blind else _assessed(alert)
    may_watch = user.may(Permission.VIEW_CLIPS)
    footage = footage_for(user=user, alert=alert, now=now) if may_watch else None
    plays = footage is not None and footage.version is not None
    return AlertPage(
        alert=alert,
        observed=label_words(alert.label),
        clip_notice=None if plays else _clip_notice(alert, footage, may_watch=may_watch),
        player=_player(alert, assessed, standing, session, csrf) if plays else None,
        reveal=_reveal_control(footage, now=now),
        may_reveal=may_watch and allows(user, Permission.REVEAL_FACES, alert.site_id),
        assessed=assessed,
        is_blind=blind,
        standing=standing,
        incident=getattr(alert, "incident", None),
        item=item_card(user=user, alert=alert),
        may_view_clips=may_watch,
        held_by=stop_holding(alert),
        dossier_id=None if blind or not user.may(Permission.VIEW_EVIDENCE) else alert.dossier_id,  # type: ignore[attr-defined]
    )


def _assessed(alert: Alert) -> Assessed | None:
    row = alert.assessments.order_by("-created_at").first()
    if row is None:
        return None
    try:
        record = read_record(row.record)
    except (RecordAltered, UnableToDecode):
        return Assessed(row=row, record=None, explanation=None)
    return Assessed(row=row, record=record, explanation=explain(record))


def _clip(alert: Alert) -> Clip | None:
    return alert.clip if hasattr(alert, "clip") else None


def _clip_notice(alert: Alert, footage: Footage | None, *, may_watch: bool) -> ClipNotice:
    if not may_watch:
        return ClipNotice(
            icon="lock",
            title=gettext("Footage is not part of your role"),
            words=gettext("You see what was recorded about it."),
        )
    clip = _clip(alert)
    if footage is not None and clip is not None:
        return _blur_notice(footage, analysed=bool(clip.analysis_key))
    icon, title, words = CLIP_WORDS[ClipState(clip.state) if clip else None]
    why = (clip.refused_reason or clip.pending_reason) if clip else ""
    why = gettext(why) if why else ""
    return ClipNotice(icon=icon, title=gettext(title), words=f"{why} {gettext(words)}".strip())


def _blur_notice(footage: Footage, *, analysed: bool) -> ClipNotice:
    """Why footage that is here is not played: its faces are not blurred yet, or could not be."""
    if footage.blur is Blur.FAILED:
        return ClipNotice(
            icon="video-off",
            title=gettext("Faces could not be blurred"),
            words=f"{footage.blur_note} {gettext(_ONLY_REVEALED)}",
        )
    words = gettext("The copy with blurred faces is being made; it appears here by itself.")
    if not analysed:
        words = gettext(
            "The clip is analysed first; the copy with blurred faces then appears by itself."
        )
    return ClipNotice(
        icon="clock", title=gettext("Faces are being blurred"), words=words, waits=True
    )


def _reveal_control(footage: Footage | None, *, now: datetime) -> RevealControl | None:
    if footage is None or not footage.may_reveal:
        return None
    until = footage.revealed.expires_at if footage.revealed else None
    seconds = int((until - now).total_seconds()) + 1 if until else 0
    return RevealControl(until=until, seconds_left=seconds)


def _player(
    alert: Alert, assessed: Assessed | None, standing: Standing, session: str, csrf: str
) -> dict[str, Any]:
    """The facts player.js reads from the page."""
    clip = alert.clip
    return {
        "clip_url": reverse("clip", args=[alert.id]),
        "analysis_url": reverse("analysis", args=[alert.id]) if clip.analysis_key else "",
        "playback_url": reverse("playback", args=[alert.id]),
        "before_url": reverse("clip-before", args=[alert.id]) if clip.before_key else "",
        "before_words": _before_words(clip),
        "has_stated_map": bool(alert.saliency_grid),
        "session": session,
        "csrf": csrf,
        "marked": _marked(marked_span(clip)),
        "signals": _lanes(assessed),
        "zones": alert.zones,  # type: ignore[attr-defined]
        "played": [
            {"from": start / 1000, "to": end / 1000} for start, end in standing.played[-500:]
        ],
    }


def _before_words(clip: Clip) -> str:
    """What the button plays, or why it plays nothing."""
    if clip.before_key:
        return gettext("%(seconds)s s before") % {"seconds": f"{clip.before_seconds or 0:.0f}"}
    return (
        gettext(clip.before_note)
        if clip.before_note
        else gettext("The time before the clip is not cut yet.")
    )


def _marked(span: tuple[int, int] | None) -> dict[str, float] | None:
    return {"from": span[0] / 1000, "to": span[1] / 1000} if span else None


def _lane_order(line: SignalLine) -> tuple[bool, bool]:
    """What counts first, what cannot be measured last."""
    return not line.counts, line.value is None


def _lanes(assessed: Assessed | None) -> list[dict[str, Any]]:
    """One lane a signal; of one that was measured on somebody, only where it was measured."""
    if assessed is None or assessed.explanation is None:
        return []
    lines = assessed.explanation.signals
    measured = {line.name for line in lines if line.value is not None}
    shown = [line for line in lines if line.value is not None or line.name not in measured]
    return [
        {
            "label": line.words,
            "weight": line.weight,
            "weighs": line.counts,
            "measurable": line.value is not None,
            "start_seconds": line.start_seconds,
            "end_seconds": line.end_seconds,
        }
        for line in sorted(shown, key=_lane_order)
    ]
