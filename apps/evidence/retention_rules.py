"""When something may be deleted, and why not yet. Pure: no clock, no database.

Grounds go before one another in this order: a hold, an alert nobody has decided, an open case or an object lock, a pending
request or correction, and last the period of the category. Whatever stands in the way is named; nothing is ever due
because a ground is not known.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from django.utils.translation import gettext, gettext_noop

FLOOR_DAYS: Final = 183
LONGEST_DAYS: Final = 3_650


class Category(StrEnum):
    """What a tenant sets a period for."""

    CLIP_ARCHIVED = "clip_archived"
    CLIP_RESOLVED = "clip_resolved"
    WORKING_COPY = "working_copy"
    BEFORE_CLIP = "before_clip"
    STILL = "still"
    EXPLANATION = "explanation"
    RECORDING = "recording"
    DOSSIER = "dossier"
    EXHIBIT = "exhibit"
    CASE_PAPER = "case_paper"
    AUDIT_LOG = "audit_log"


RECORDS: Final = frozenset({Category.DOSSIER.value, Category.AUDIT_LOG.value})
"""Logs and records: kept for six months at least (AI Act, Arts. 19 and 26(6))."""


@dataclass(frozen=True, kw_only=True)
class Default:
    """The period a new tenant begins with, and why."""

    words: str
    days: int
    reason: str
    counts_from: str


DEFAULTS: Final[Mapping[Category, Default]] = {
    Category.CLIP_ARCHIVED: Default(
        words=gettext_noop("Clip of an archived alert"),
        days=30,
        reason=gettext_noop(
            "Nobody acted on it; a month leaves time for the random audit and for questions."
        ),
        counts_from=gettext_noop("when the alert came in"),
    ),
    Category.CLIP_RESOLVED: Default(
        words=gettext_noop("Clip of a resolved alert"),
        days=90,
        reason=gettext_noop(
            "Long enough to correct a decision and to answer a complaint about it."
        ),
        counts_from=gettext_noop("when the alert was resolved"),
    ),
    Category.WORKING_COPY: Default(
        words=gettext_noop("Working copy (blurred or playable footage, analysis)"),
        days=90,
        reason=gettext_noop("What people are shown goes with the footage it was made from."),
        counts_from=gettext_noop("when the alert was resolved, or came in"),
    ),
    Category.BEFORE_CLIP: Default(
        words=gettext_noop("Seconds before the clip"),
        days=30,
        reason=gettext_noop("Only needed while the alert is judged."),
        counts_from=gettext_noop("when the alert was resolved, or came in"),
    ),
    Category.STILL: Default(
        words=gettext_noop("Still picture"),
        days=90,
        reason=gettext_noop("Belongs to the footage it was taken from."),
        counts_from=gettext_noop("when the alert was resolved, or came in"),
    ),
    Category.EXPLANATION: Default(
        words=gettext_noop("Pictures of explanations (what moved the score, changed frames)"),
        days=90,
        reason=gettext_noop(
            "They show frames of the footage; the numbers behind them stay in the record."
        ),
        counts_from=gettext_noop("when the alert was resolved, or came in"),
    ),
    Category.RECORDING: Default(
        words=gettext_noop("Recording of a camera"),
        days=7,
        reason=gettext_noop(
            "Clips of late alerts are cut out of it; after that nobody needs the rest."
        ),
        counts_from=gettext_noop("when the recording ends"),
    ),
    Category.DOSSIER: Default(
        words=gettext_noop("Record of an alert (PDF)"),
        days=365,
        reason=gettext_noop(
            "Who decided what, and on which grounds. At least 183 days: AI Act, Arts. 19 and 26(6)."
        ),
        counts_from=gettext_noop("when it was rendered"),
    ),
    Category.EXHIBIT: Default(
        words=gettext_noop("Footage of a confirmed theft, and its sealed copy"),
        days=365,
        reason=gettext_noop(
            "Proceedings and claims come late; counted from when the case was closed."
        ),
        counts_from=gettext_noop("when the case was closed"),
    ),
    Category.CASE_PAPER: Default(
        words=gettext_noop("Signed report or statement of a case"),
        days=365,
        reason=gettext_noop("Stays with the footage it speaks of."),
        counts_from=gettext_noop("when the case was closed"),
    ),
    Category.AUDIT_LOG: Default(
        words=gettext_noop("Audit trail"),
        days=365,
        reason=gettext_noop(
            "No job deletes entries of the chain; the period is what is promised at least."
        ),
        counts_from=gettext_noop("when the event happened"),
    ),
}


class PeriodRefused(ValueError):
    """A period that may not be set; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Rules:
    """A tenant's periods in days, complete. Raises PeriodRefused for one beyond its bounds."""

    number: int
    days: Mapping[Category, int]

    def __post_init__(self) -> None:
        missing = set(Category) - set(self.days)
        if missing:
            raise PeriodRefused(
                gettext("No period is given for %(join_sorted_missing)s.")
                % {"join_sorted_missing": ", ".join(sorted(missing))}
            )
        for category, days in self.days.items():
            require_period(category=category, days=days)


def require_period(*, category: Category, days: int) -> None:
    """Raise PeriodRefused, with the reason, for a period that this category may not have."""
    words = gettext(DEFAULTS[category].words)
    if category.value in RECORDS and days < FLOOR_DAYS:
        raise PeriodRefused(
            gettext(
                "%(words)s: %(days)s days is too short. Logs and records of a high-risk system are kept for six "
                "months at least, %(floor_days)s days (AI Act, Arts. 19 and 26(6))."
            )
            % {"words": words, "days": days, "floor_days": FLOOR_DAYS}
        )
    if not 1 <= days <= LONGEST_DAYS:
        raise PeriodRefused(
            gettext("%(words)s: a period is 1 to %(longest_days)s days, not %(days)s.")
            % {"words": words, "longest_days": LONGEST_DAYS, "days": days}
        )


DEFAULT_RULES: Final = Rules(
    number=0, days={category: default.days for category, default in DEFAULTS.items()}
)


class Ground(StrEnum):
    """Why something is kept, strongest first."""

    HOLD = "hold"
    UNDECIDED = "undecided"
    CASE_OPEN = "case_open"
    OBJECT_LOCK = "object_lock"
    PENDING = "pending"
    NOT_KNOWN = "not_known"
    PERIOD = "period"


GROUND_WORDS: Final[Mapping[str, str]] = {
    Ground.HOLD: gettext_noop("held by a person"),
    Ground.UNDECIDED: gettext_noop("alert not decided"),
    Ground.CASE_OPEN: gettext_noop("case open"),
    Ground.OBJECT_LOCK: gettext_noop("locked in the store"),
    Ground.PENDING: gettext_noop("request or correction pending"),
    Ground.NOT_KNOWN: gettext_noop("begin of the period not known"),
    Ground.PERIOD: gettext_noop("period not over"),
}


@dataclass(frozen=True, kw_only=True)
class Obstacle:
    """One ground that something is kept for; `until` is None where only a person ends it."""

    ground: Ground
    words: str
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known about one thing. `began_at` is when its period begins, None while that is not known.

    `made_from` is the category of the footage a derived file was made from: it is kept no longer than that.
    """

    category: Category
    began_at: datetime | None
    made_from: Category | None = None
    legal_holds: tuple[str, ...] = ()
    undecided: str = ""
    open_case: str = ""
    locked_until: datetime | None = None
    pending: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Whether something is kept and why. `due_at` is None while only a person can end what keeps it."""

    category: Category
    rules_number: int
    days: int
    due_at: datetime | None
    obstacles: tuple[Obstacle, ...] = field(default=())

    @property
    def decisive(self) -> Obstacle:
        """The strongest ground of those that last longest."""
        endless = [one for one in self.obstacles if one.until is None]
        if endless:
            return endless[0]
        lasting = [one for one in self.obstacles if one.until == self.due_at]
        return lasting[0]

    def is_due(self, now: datetime) -> bool:
        return self.due_at is not None and self.due_at <= now


def standing(facts: Facts, *, rules: Rules) -> Standing:
    """Weigh everything that keeps a thing, strongest ground first."""
    days = rules.days[facts.category]
    if facts.made_from is not None:
        days = min(days, rules.days[facts.made_from])
    obstacles = tuple(_obstacles(facts, days))
    ends = [one.until for one in obstacles]
    due_at = None if None in ends else max(end for end in ends if end is not None)
    return Standing(
        category=facts.category,
        rules_number=rules.number,
        days=days,
        due_at=due_at,
        obstacles=obstacles,
    )


def _obstacles(facts: Facts, days: int) -> list[Obstacle]:
    found = [Obstacle(ground=Ground.HOLD, words=words) for words in facts.legal_holds]
    if facts.undecided:
        found.append(Obstacle(ground=Ground.UNDECIDED, words=facts.undecided))
    if facts.open_case:
        found.append(Obstacle(ground=Ground.CASE_OPEN, words=facts.open_case))
    if facts.locked_until is not None:
        words = gettext("It is locked in the store; nobody can delete it before.")
        found.append(Obstacle(ground=Ground.OBJECT_LOCK, words=words, until=facts.locked_until))
    found += [Obstacle(ground=Ground.PENDING, words=words) for words in facts.pending]
    return [*found, _period(facts, days)]


def _period(facts: Facts, days: int) -> Obstacle:
    default = DEFAULTS[facts.category]
    if facts.began_at is None:
        words = gettext("The period counts from %(moment)s, which is not known yet.") % {
            "moment": gettext(default.counts_from)
        }
        return Obstacle(ground=Ground.NOT_KNOWN, words=words)
    words = gettext("%(words)s: %(days)s days from %(moment)s.") % {
        "words": gettext(default.words),
        "days": days,
        "moment": gettext(default.counts_from),
    }
    if facts.made_from is not None:
        words += " " + gettext("Never longer than the footage it was made from.")
    return Obstacle(ground=Ground.PERIOD, words=words, until=facts.began_at + timedelta(days=days))
