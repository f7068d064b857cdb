"""The questions a buyer should ask of an assisted system, answered from the running one.

Every answer is read when the page is asked for. What cannot be read says so: no answer is remembered from before.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.contrib.humanize.templatetags.humanize import intcomma
from django.db import DatabaseError, transaction
from django.db.models import Count, Exists, OuterRef
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.translation import gettext

from apps.accounts.models import User
from apps.accounts.permissions import ROLE_PERMISSIONS, Role
from apps.alerts.models import Alert, Assessment, DetectorSource, Disposition
from apps.audit.models import Leaf
from apps.audit.queries import chain_standing, latest_checks
from apps.reviews.models import Confirmation, HumanTask, Intervention

logger = logging.getLogger(__name__)

WINDOW_DAYS: Final = 30
LATEST_EVENTS: Final = 10_000
ASSISTANT_APP: Final = "apps.assistant"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A short answer, the facts it was read from, and whether it could be read at all."""

    verdict: str
    facts: tuple[str, ...]
    is_read: bool = True


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question in the buyer's words and its answer of this moment."""

    key: str
    text: str
    answer: Answer


def trust_questions(user: User, *, now: datetime) -> list[Question]:
    """The seven questions with their answers. Inside the tenant's scope; never raises for an answer that fails."""
    asked: list[tuple[str, str, Callable[[User, datetime], Answer]]] = [
        ("alone", gettext("Can it act alone?"), _alone),
        ("rights", gettext("Does it use the same interface and permissions as people?"), _rights),
        ("prompt", gettext("What enters a prompt?"), _prompt),
        (
            "provider",
            gettext("Which provider is behind it, and where is the off switch?"),
            _provider,
        ),
        ("audit", gettext("Do its acts land in the same audit log?"), _audit),
        ("failure", gettext("What does it say when a query fails?"), _failure),
        ("live", gettext("What is live today?"), _live),
    ]
    return [
        Question(key=key, text=text, answer=_answered(key, find, user, now))
        for key, text, find in asked
    ]


def assistant_installed() -> bool:
    """Whether an assistant is part of this installation."""
    return ASSISTANT_APP in settings.INSTALLED_APPS


def _answered(
    key: str, find: Callable[[User, datetime], Answer], user: User, now: datetime
) -> Answer:
    try:
        with transaction.atomic():
            return find(user, now)
    except DatabaseError as error:
        logger.warning("trust question %s could not be read: %s", key, type(error).__name__)
        return Answer(
            verdict=gettext("Could not read this just now."),
            facts=(
                gettext("The database did not answer. Nothing is shown in place of an answer."),
            ),
            is_read=False,
        )


def _alone(user: User, now: datetime) -> Answer:
    tenant = user.tenant_id
    decided = Disposition.objects.filter(tenant_id=tenant)
    tasks = HumanTask.objects.filter(disposition=OuterRef("pk"))
    confirmed = Confirmation.objects.filter(task__disposition=OuterRef("pk"))
    together = tasks.filter(settled_by__isnull=False)
    first = decided.filter(supersedes__isnull=True)
    without = first.exclude(Exists(confirmed)).exclude(Exists(together)).count()
    acts = Intervention.objects.filter(tenant_id=tenant)
    unconfirmed = acts.filter(confirmation__isnull=True).count()
    return Answer(
        verdict=gettext("No. Every decision rests on a person's confirmation.")
        if not without + unconfirmed
        else gettext("%(n)s records rest on no confirmation. Have them looked at.")
        % {"n": without + unconfirmed},
        facts=(
            gettext("%(n)s alerts decided, %(without)s of them without a person's confirmation.")
            % {"n": intcomma(first.count()), "without": without},
            gettext("%(n)s acts on the floor, %(without)s of them without a confirmation.")
            % {"n": intcomma(acts.count()), "without": unconfirmed},
            gettext("Time-outs remind, reassign and escalate; no time-out decides."),
        ),
    )


def _rights(user: User, now: datetime) -> Answer:
    held = len(ROLE_PERMISSIONS[Role(user.role)])
    return Answer(
        verdict=gettext("There is one interface, /api/v1, and one table of permissions."),
        facts=(
            gettext("%(n)s addresses under /api/v1 check the signed-in person's role and sites.")
            % {"n": _endpoints("api/v1/")},
            gettext("You are signed in as %(role)s, which holds %(held)s permissions.")
            % {"role": gettext(user.get_role_display()), "held": held},
            gettext(
                "No assistant is installed. One that is calls these addresses as the person it works for."
            )
            if not assistant_installed()
            else gettext("The assistant calls these addresses as the person it works for."),
        ),
    )


def _endpoints(prefix: str) -> int:
    def count(patterns: list[URLPattern | URLResolver], below: str) -> int:
        total = 0
        for pattern in patterns:
            path = below + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                total += count(pattern.url_patterns, path)
            elif path.startswith(prefix):
                total += 1
        return total

    return count(get_resolver().url_patterns, "")


def _prompt(user: User, now: datetime) -> Answer:
    hosts = sorted(
        {
            urlsplit(url).netloc
            for url in DetectorSource.objects.filter(tenant_id=user.tenant_id)
            .exclude(rescore_url="")
            .values_list("rescore_url", flat=True)
        }
    )
    return Answer(
        verdict=gettext("Nothing: there is no language model and no prompt in this installation.")
        if not assistant_installed()
        else gettext("Pseudonymised text only; see the assistant's page."),
        facts=(
            gettext("Detectors asked to score frames again: %(hosts)s.")
            % {"hosts": ", ".join(hosts) or gettext("none")},
            gettext("Traces of operations are sent to: %(where)s.")
            % {"where": settings.OTEL_EXPORTER_OTLP_ENDPOINT or gettext("nobody")},
            gettext("Models run in this installation's own worker process."),
        ),
    )


def _provider(user: User, now: datetime) -> Answer:
    if assistant_installed():
        return Answer(verdict=gettext("See the assistant's page."), facts=())
    return Answer(
        verdict=gettext("None. No assistant is installed, so there is nothing to switch off."),
        facts=(
            gettext(
                "Triage can be halted for a camera, a site or everything: STOP, in the top bar."
            ),
        ),
    )


def _audit(user: User, now: datetime) -> Answer:
    standing = chain_standing(tenant_id=user.tenant_id)
    latest = Leaf.objects.filter(
        tenant_id=user.tenant_id, index__gte=standing.entries - LATEST_EVENTS
    )
    channels = latest.values_list("channel").annotate(events=Count("event_id")).order_by("-events")
    counted = ", ".join(f"{channel} {intcomma(events)}" for channel, events in channels)
    check = next(iter(latest_checks(tenant_id=user.tenant_id, limit=1)), None)
    return Answer(
        verdict=gettext(
            "Yes: one chain for screens, admin, interface, assistant and the system itself."
        ),
        facts=(
            gettext("%(n)s events, %(signed)s of them under a signed checkpoint.")
            % {"n": intcomma(standing.entries), "signed": intcomma(standing.signed)},
            gettext("Of the latest %(n)s by channel: %(counted)s.")
            % {"n": intcomma(LATEST_EVENTS), "counted": counted or gettext("none yet")},
            gettext("Last verification: %(state)s, %(at)s UTC.")
            % {"state": check.state, "at": f"{check.asked_at:%Y-%m-%d %H:%M}"}
            if check
            else gettext("Not verified yet."),
        ),
    )


def _failure(user: User, now: datetime) -> Answer:
    return Answer(
        verdict=gettext("“Could not read this just now.” — never a number from memory or a guess."),
        facts=(
            gettext(
                "Each answer on this page is asked of the database on its own; one that fails says so and the others stand."
            ),
            gettext("What is not known yet says how many labels it still needs."),
        ),
    )


def _live(user: User, now: datetime) -> Answer:
    since = now - timedelta(days=WINDOW_DAYS)
    alerts = Alert.objects.filter(tenant_id=user.tenant_id, received_at__gte=since)
    latest = Assessment.objects.filter(tenant_id=user.tenant_id).order_by("-created_at").first()
    digests = latest.record.get("inputs", {}).get("model_digests", {}) if latest else {}
    models = ", ".join(f"{name} {digest[:12]}" for name, digest in sorted(digests.items()))
    return Answer(
        verdict=gettext("%(n)s alerts in the last %(days)s days.")
        % {"n": intcomma(alerts.count()), "days": WINDOW_DAYS},
        facts=(
            gettext("Detectors: %(names)s.") % {"names": _detectors(user.tenant_id)},
            gettext("Models of the latest assessment: %(models)s.")
            % {"models": models or gettext("none yet")},
            gettext("Assistant: installed.")
            if assistant_installed()
            else gettext("Assistant: not installed."),
        ),
    )


def _detectors(tenant_id: UUID) -> str:
    names = DetectorSource.objects.filter(tenant_id=tenant_id, is_active=True)
    return ", ".join(sorted({source.name for source in names})) or gettext("none connected")
