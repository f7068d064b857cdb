"""Template words of the shell: icons, times in the site's timezone, durations, pills."""

import json
import zoneinfo
from datetime import UTC, datetime, timedelta
from functools import cache
from uuid import UUID

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from apps.accounts.queries import name_of
from apps.triage.explanation import CostLine
from apps.triage.states import (
    AlertState,
    CaseState,
    EntryState,
    ReportState,
    Strategy,
    Verdict,
)

register = template.Library()

STRATEGY_ICONS = {
    Strategy.ESCALATE: "bell-ring",
    Strategy.VERIFY: "eye",
    Strategy.ARCHIVE: "archive",
}
PILLS: dict[str, tuple[str, str, str]] = {
    Strategy.ESCALATE: ("bell-ring", "Escalate", "escalate"),
    Strategy.VERIFY: ("eye", "Verify first", "verify"),
    Strategy.ARCHIVE: ("archive", "Archive", "archive"),
    AlertState.RECEIVED: ("inbox", "Received", "archive"),
    AlertState.ANALYSING: ("loader-circle", "Analysing", "archive"),
    AlertState.AWAITING_REVIEW: ("hourglass", "Awaiting review", "verify"),
    AlertState.ARCHIVED: ("archive", "Archived", "archive"),
    AlertState.MODEL_REVIEW: ("scan-search", "Model review", "escalate"),
    AlertState.RESOLVED: ("circle-check", "Resolved", "confirmed"),
    Verdict.THEFT_CONFIRMED: ("circle-check", "Theft confirmed", "confirmed"),
    Verdict.FALSE_ALARM: ("circle-x", "False alarm", "archive"),
    Verdict.INCONCLUSIVE: ("circle-help", "Inconclusive", "archive"),
    Verdict.BENIGN_EXPLAINED: ("handshake", "Explained, benign", "archive"),
    CaseState.OPEN: ("briefcase", "Open", "verify"),
    CaseState.UNDER_INVESTIGATION: ("scan-search", "Under investigation", "verify"),
    CaseState.SUBMITTED_FOR_APPROVAL: ("hourglass", "Submitted for approval", "escalate"),
    CaseState.APPROVED: ("circle-check", "Approved", "confirmed"),
    CaseState.REPORTED: ("flag", "Reported", "confirmed"),
    CaseState.CLOSED: ("archive", "Closed", "archive"),
    CaseState.REOPENED: ("refresh-cw", "Reopened", "verify"),
    "clock_running": ("clock", "Running", "archive"),
    "clock_soon": ("clock", "Soon", "amber"),
    "clock_over": ("triangle-alert", "Over", "refused"),
    EntryState.PROPOSED: ("inbox", "Proposed", "archive"),
    EntryState.CHECKING: ("loader-circle", "Being checked", "archive"),
    EntryState.AWAITING_APPROVAL: ("hourglass", "Awaiting approval", "escalate"),
    EntryState.ACTIVE: ("circle-check", "In force", "confirmed"),
    EntryState.SUSPENDED: ("pause", "Suspended", "amber"),
    EntryState.EXPIRED: ("clock", "Expired", "archive"),
    EntryState.DISABLED: ("ban", "Disabled", "archive"),
    EntryState.REFUSED: ("circle-x", "Refused", "archive"),
    ReportState.DRAFT: ("file-text", "Draft", "verify"),
    ReportState.EDITED: ("file-text", "Draft, edited", "verify"),
    ReportState.SIGNED: ("file-check", "Signed", "confirmed"),
    ReportState.SUPERSEDED: ("archive", "Superseded", "archive"),
    "requested": ("loader-circle", "Being written", "verify"),
    "ready": ("hourglass", "Waits for release", "escalate"),
    "released": ("circle-check", "Released", "confirmed"),
    "failed": ("triangle-alert", "Not written", "red"),
    "withdrawn": ("ban", "Withdrawn", "archive"),
    "expired": ("clock", "Expired", "archive"),
    "searching": ("scan-search", "Being searched", "verify"),
    "prepared": ("hourglass", "Waits for a second person", "escalate"),
    "disclosed": ("circle-check", "Disclosed", "confirmed"),
    "answered": ("circle-check", "Answered", "confirmed"),
    "erased": ("circle-check", "Erased", "confirmed"),
    "green": ("circle-check", "Reliable", "green"),
    "amber": ("circle-alert", "Watch", "amber"),
    "red": ("triangle-alert", "Unreliable", "red"),
    "unknown": ("circle-help", "Not known yet", "outline"),
    "within": ("circle-check", "Within thresholds", "green"),
    "beyond": ("triangle-alert", "Beyond thresholds", "red"),
    "insufficient_n": ("circle-help", "Insufficient n", "outline"),
    "not_reliable": ("triangle-alert", "Not reliable", "amber"),
    "training_missing": ("ban", "Not recorded", "red"),
    "training_ended": ("clock", "Ended", "red"),
    "training_ends_soon": ("clock", "Ends soon", "amber"),
    "training_covered": ("circle-check", "Trained", "confirmed"),
    "simulated": ("circle-dashed", "Simulated", "outline"),
}
_AGO = ((timedelta(days=1), "d"), (timedelta(hours=1), "h"), (timedelta(minutes=1), "min"))


_CUT = mark_safe('<line class="cut" x1="96%" x2="97%" y1="12" y2="0"/>')


@register.simple_tag
@cache
def icon(name: str, size: str = "") -> SafeString:
    """One symbol of the sprite, hidden from screen readers: the word beside it speaks."""
    css = f"icon icon-{size}" if size else "icon"
    return format_html(
        '<svg class="{}" aria-hidden="true"><use href="{}#{}"></use></svg>',
        css,
        static("console/icons.svg"),
        name,
    )


@register.simple_tag
@cache
def pill(word: str, title: str = "") -> SafeString:
    """A state, strategy, verdict or reliability as icon + word; an unknown word is shown as it is."""
    name, label, kind = PILLS.get(
        word, ("circle-help", word.replace("_", " ").capitalize(), "outline")
    )
    return format_html(
        '<span class="pill pill-{}" title="{}">{}{}</span>', kind, title or label, icon(name), label
    )


@register.simple_tag
@cache
def strategy_icon(strategy: str) -> SafeString:
    """The strategy as an icon with its word for screen readers; a clock while there is none yet."""
    name, label, _ = PILLS.get(strategy, ("clock", "Not assessed yet", ""))
    return format_html(
        '<span class="mark-{}" title="{}">{}<span class="unseen">{}</span></span>',
        strategy or "none",
        label,
        icon(name, "large"),
        label,
    )


@register.simple_tag
def local_time(at: datetime | None, zone: str = "UTC", form: str = "long") -> SafeString:
    """`at` in the site's timezone with UTC on hover; `form` is long, short or clock."""
    if at is None:
        return format_html('<span class="faint">{}</span>', "not known yet")
    local = at.astimezone(zoneinfo.ZoneInfo(zone))
    patterns = {"long": "%d %b %Y, %H:%M:%S", "short": "%d %b, %H:%M", "clock": "%H:%M:%S"}
    return _time(at, local.strftime(patterns[form]))


@register.simple_tag
def ago(at: datetime | None, zone: str = "UTC") -> SafeString:
    """How long ago `at` was; the exact local time and UTC on hover. Kept current by times.js."""
    if at is None:
        return format_html('<span class="faint">{}</span>', "not known yet")
    local = at.astimezone(zoneinfo.ZoneInfo(zone)).strftime("%d %b %Y, %H:%M:%S")
    return format_html(
        '<time datetime="{}" title="{} {} · {} UTC" data-ago>{}</time>',
        at.isoformat(),
        local,
        zone,
        _utc(at),
        in_words(timezone.now() - at),
    )


@register.simple_tag
def due_words(at: datetime) -> str:
    """When something is due, in full. A tag of its own: every row says it, and Django's date filter is slow."""
    return gettext("Due %(due_at)s UTC") % {"due_at": _utc(at)}


@register.simple_tag
def due_clock(at: datetime) -> str:
    """The time of day at which something is due, where times.js does not count down."""
    return gettext("%(due_at)s UTC") % {"due_at": at.astimezone(UTC).strftime("%H:%M")}


def in_words(age: timedelta) -> str:
    """A duration in its largest unit: 3 min, 2 h, 5 d; `now` below a minute."""
    for unit, name in _AGO:
        if age >= unit:
            return f"{age // unit} {name}"
    return "now"


@register.simple_tag
def cost_bar(line: CostLine) -> SafeString:
    """One cost as a bar from zero with its interval; what is longer than the lane is cut at its end."""
    return format_html(
        '<svg class="cost-bar" aria-hidden="true"><line class="zero" x1="0" x2="0" y1="0" y2="12"/>'
        '<rect class="amount" x="0" y="3" width="{}%" height="6" rx="1"/>'
        '<line class="interval" x1="{}%" x2="{}%" y1="6" y2="6"/>{}</svg>',
        *(f"{100 * share:.2f}" for share in (line.expected_share, line.low_share, line.high_share)),
        _CUT if line.expected_share == 1 and line.comparison_only else "",
    )


@register.filter
def seconds(value: float | None) -> str:
    """Seconds as m:ss.t, the way the player's clock writes them."""
    if value is None:
        return "not known yet"
    return f"{int(value // 60)}:{value % 60:04.1f}"


@register.filter
def translated(words: object) -> str:
    """Words marked with gettext_noop where they are kept, in the reader's language; nothing for nothing."""
    return gettext(str(words)) if words else ""


@register.filter
def person(user_id: UUID | None) -> str:
    """A person's name in place of the opaque id that records keep."""
    return name_of(user_id)


@register.filter
def as_json(value: object) -> str:
    """`value` as JSON text for a hidden field; the template escapes it."""
    return json.dumps(value, ensure_ascii=False)


@register.filter
def short_digest(value: str) -> str:
    """The first 12 hexadecimal digits, enough to compare by eye."""
    return value[:12]


def _time(at: datetime, text: str) -> SafeString:
    return format_html(
        '<time datetime="{}" title="{} UTC">{}</time>', at.isoformat(), _utc(at), text
    )


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
