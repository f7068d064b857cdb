"""Template words of the shell: icons, times in the site's timezone, durations, pills."""

import json
import zoneinfo
from datetime import UTC, datetime, timedelta
from functools import cache
from uuid import UUID

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.dates import MONTHS_3
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext, gettext_noop

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
    Strategy.ESCALATE: ("bell-ring", gettext_noop("Escalate"), "escalate"),
    Strategy.VERIFY: ("eye", gettext_noop("Verify first"), "verify"),
    Strategy.ARCHIVE: ("archive", gettext_noop("Archive"), "archive"),
    AlertState.RECEIVED: ("inbox", gettext_noop("Received"), "archive"),
    AlertState.ANALYSING: ("loader-circle", gettext_noop("Analysing"), "archive"),
    AlertState.AWAITING_REVIEW: ("hourglass", gettext_noop("Awaiting review"), "verify"),
    AlertState.ARCHIVED: ("archive", gettext_noop("Archived"), "archive"),
    AlertState.MODEL_REVIEW: ("scan-search", gettext_noop("Model review"), "escalate"),
    AlertState.RESOLVED: ("circle-check", gettext_noop("Resolved"), "confirmed"),
    Verdict.THEFT_CONFIRMED: ("circle-check", gettext_noop("Theft confirmed"), "confirmed"),
    Verdict.FALSE_ALARM: ("circle-x", gettext_noop("False alarm"), "archive"),
    Verdict.INCONCLUSIVE: ("circle-help", gettext_noop("Inconclusive"), "archive"),
    Verdict.BENIGN_EXPLAINED: ("handshake", gettext_noop("Explained, benign"), "archive"),
    CaseState.OPEN: ("briefcase", gettext_noop("Open"), "verify"),
    CaseState.UNDER_INVESTIGATION: ("scan-search", gettext_noop("Under investigation"), "verify"),
    CaseState.SUBMITTED_FOR_APPROVAL: (
        "hourglass",
        gettext_noop("Submitted for approval"),
        "escalate",
    ),
    CaseState.APPROVED: ("circle-check", gettext_noop("Approved"), "confirmed"),
    CaseState.REPORTED: ("flag", gettext_noop("Reported"), "confirmed"),
    CaseState.CLOSED: ("archive", gettext_noop("Closed"), "archive"),
    CaseState.REOPENED: ("refresh-cw", gettext_noop("Reopened"), "verify"),
    "clock_running": ("clock", gettext_noop("Running"), "archive"),
    "clock_soon": ("clock", gettext_noop("Soon"), "amber"),
    "clock_over": ("triangle-alert", gettext_noop("Over"), "refused"),
    EntryState.PROPOSED: ("inbox", gettext_noop("Proposed"), "archive"),
    EntryState.CHECKING: ("loader-circle", gettext_noop("Being checked"), "archive"),
    EntryState.AWAITING_APPROVAL: ("hourglass", gettext_noop("Awaiting approval"), "escalate"),
    EntryState.ACTIVE: ("circle-check", gettext_noop("In force"), "confirmed"),
    EntryState.SUSPENDED: ("pause", gettext_noop("Suspended"), "amber"),
    EntryState.EXPIRED: ("clock", gettext_noop("Expired"), "archive"),
    EntryState.DISABLED: ("ban", gettext_noop("Disabled"), "archive"),
    EntryState.REFUSED: ("circle-x", gettext_noop("Refused"), "archive"),
    ReportState.DRAFT: ("file-text", gettext_noop("Draft"), "verify"),
    ReportState.EDITED: ("file-text", gettext_noop("Draft, edited"), "verify"),
    ReportState.SIGNED: ("file-check", gettext_noop("Signed"), "confirmed"),
    ReportState.SUPERSEDED: ("archive", gettext_noop("Superseded"), "archive"),
    "requested": ("loader-circle", gettext_noop("Being written"), "verify"),
    "ready": ("hourglass", gettext_noop("Waits for release"), "escalate"),
    "released": ("circle-check", gettext_noop("Released"), "confirmed"),
    "failed": ("triangle-alert", gettext_noop("Not written"), "red"),
    "withdrawn": ("ban", gettext_noop("Withdrawn"), "archive"),
    "expired": ("clock", gettext_noop("Expired"), "archive"),
    "searching": ("scan-search", gettext_noop("Being searched"), "verify"),
    "prepared": ("hourglass", gettext_noop("Waits for a second person"), "escalate"),
    "disclosed": ("circle-check", gettext_noop("Disclosed"), "confirmed"),
    "answered": ("circle-check", gettext_noop("Answered"), "confirmed"),
    "erased": ("circle-check", gettext_noop("Erased"), "confirmed"),
    "green": ("circle-check", gettext_noop("Reliable"), "green"),
    "amber": ("circle-alert", gettext_noop("Watch"), "amber"),
    "red": ("triangle-alert", gettext_noop("Unreliable"), "red"),
    "unknown": ("circle-help", gettext_noop("Not known yet"), "outline"),
    "within": ("circle-check", gettext_noop("Within thresholds"), "green"),
    "beyond": ("triangle-alert", gettext_noop("Beyond thresholds"), "red"),
    "insufficient_n": ("circle-help", gettext_noop("Insufficient n"), "outline"),
    "not_reliable": ("triangle-alert", gettext_noop("Not reliable"), "amber"),
    "training_missing": ("ban", gettext_noop("Not recorded"), "red"),
    "training_ended": ("clock", gettext_noop("Ended"), "red"),
    "training_ends_soon": ("clock", gettext_noop("Ends soon"), "amber"),
    "training_covered": ("circle-check", gettext_noop("Trained"), "confirmed"),
    "simulated": ("circle-dashed", gettext_noop("Simulated"), "outline"),
}
# What choices and steps are called: records keep these words in English, screens show them `translated`.
CHOICE_WORDS = (
    gettext_noop("received"),
    gettext_noop("analysing"),
    gettext_noop("awaiting review"),
    gettext_noop("archived"),
    gettext_noop("model review"),
    gettext_noop("resolved"),
    gettext_noop("theft confirmed"),
    gettext_noop("false alarm"),
    gettext_noop("inconclusive"),
    gettext_noop("benign explained"),
    gettext_noop("operator"),
    gettext_noop("store manager"),
    gettext_noop("lp lead"),
    gettext_noop("compliance"),
    gettext_noop("administrator"),
    gettext_noop("ops"),
    gettext_noop("Received"),
    gettext_noop("Waiting for the clip"),
    gettext_noop("Clip pending"),
    gettext_noop("Waiting for the analysis"),
    gettext_noop("Analysing the clip"),
    gettext_noop("Assessing"),
    gettext_noop("Waiting for a person"),
    gettext_noop("Opening the case"),
    gettext_noop("Sealing the exhibits"),
    gettext_noop("Writing the dossier"),
    gettext_noop("Done"),
)
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
def pill(word: str, title: str = "") -> SafeString:
    """A state, strategy, verdict or reliability as icon + word; an unknown word is shown as it is."""
    return _pill(word, str(title), get_language())


@cache
def _pill(word: str, title: str, language: str | None) -> SafeString:
    name, label, kind = PILLS.get(
        word, ("circle-help", word.replace("_", " ").capitalize(), "outline")
    )
    label = gettext(label)
    return format_html(
        '<span class="pill pill-{}" title="{}">{}{}</span>', kind, title or label, icon(name), label
    )


@register.simple_tag
def strategy_icon(strategy: str) -> SafeString:
    """The strategy as an icon with its word for screen readers; a clock while there is none yet."""
    return _strategy_icon(strategy, get_language())


@cache
def _strategy_icon(strategy: str, language: str | None) -> SafeString:
    name, label, _ = PILLS.get(strategy, ("clock", gettext_noop("Not assessed yet"), ""))
    label = gettext(label)
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
        return format_html('<span class="faint">{}</span>', gettext("not known yet"))
    local = at.astimezone(zoneinfo.ZoneInfo(zone))
    return _time(at, _written(local, form))


@register.simple_tag
def ago(at: datetime | None, zone: str = "UTC") -> SafeString:
    """How long ago `at` was; the exact local time and UTC on hover. Kept current by times.js."""
    if at is None:
        return format_html('<span class="faint">{}</span>', gettext("not known yet"))
    local = _written(at.astimezone(zoneinfo.ZoneInfo(zone)), "long")
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
    return gettext("now")


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
        return gettext("not known yet")
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


def _written(local: datetime, form: str) -> str:
    """A moment in the reader's language: day, month and time, with seconds and year where the form has them."""
    if form == "clock":
        return f"{local:%H:%M:%S}"
    month = str(MONTHS_3[local.month]).title()
    if form == "short":
        return f"{local:%d} {month}, {local:%H:%M}"
    return f"{local:%d} {month} {local:%Y, %H:%M:%S}"


def _time(at: datetime, text: str) -> SafeString:
    return format_html(
        '<time datetime="{}" title="{} UTC">{}</time>', at.isoformat(), _utc(at), text
    )


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
