"""What people do at the desk beside deciding: saving views, handing alerts out among themselves."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.alerts.models import Alert
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.console.models import SavedView
from apps.reviews.models import HumanTask
from apps.reviews.operations import UnableToTakeTask, assign_task, claim_task, release_task
from apps.triage.states import TaskState

MOST_VIEWS = 20
MOST_AT_ONCE = 50


class UnableToSave(Exception):
    """The view cannot be kept; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Handed:
    """What became of handing out alerts: how many went, and why the others did not."""

    count: int
    refusals: tuple[str, ...]


def save_view(*, actor: Actor, user: User, name: str, query: str, now: datetime) -> SavedView:
    """Keep the filters under a name; the same name again replaces what was under it. Raises UnableToSave."""
    name = " ".join(name.split())
    if not name or len(name) > 60:
        raise UnableToSave(gettext("A view needs a name of at most 60 characters."))
    if len(query) > 400:
        raise UnableToSave(gettext("These filters are too long to keep."))
    with transaction.atomic():
        others = SavedView.objects.filter(user=user).exclude(name=name)
        if others.count() >= MOST_VIEWS:
            raise UnableToSave(
                gettext("You have %(most_views)s views. Delete one first.")
                % {"most_views": MOST_VIEWS}
            )
        view, _ = SavedView.objects.update_or_create(
            user=user,
            name=name,
            defaults={"tenant_id": user.tenant_id, "query": query, "saved_at": now},
        )
        record(
            actor=actor,
            event=Event.VIEW_SAVED,
            subject=Subject("saved_view", view.id),
            after={"query": query},
        )
    return view


def delete_view(*, actor: Actor, view: SavedView) -> None:
    """Forget a view."""
    with transaction.atomic():
        record(actor=actor, event=Event.VIEW_DELETED, subject=Subject("saved_view", view.id))
        view.delete()


def hand_out(*, actor: Actor, user: User, alerts: Sequence[Alert], to: User | None) -> Handed:
    """Give the open tasks of several alerts to one person, or with `to` None back to everybody.

    Each goes on its own: what somebody decided meanwhile does not hold up the rest. Only handing out is done to many
    at once, never deciding. At most MOST_AT_ONCE; the caller has narrowed `alerts` to what the person may see.
    """
    tasks = HumanTask.objects.select_related("alert").filter(
        alert__in=[alert.id for alert in alerts[:MOST_AT_ONCE]], state=TaskState.OPEN
    )
    refusals: list[str] = []
    waiting: set[UUID] = set()
    for task in tasks:
        waiting.add(task.alert_id)
        try:
            _hand(actor=actor, user=user, task=task, to=to)
        except UnableToTakeTask as refusal:
            refusals.append(f"{task.alert.reference}: {refusal.sentence}")
    refusals += [
        gettext("%(alert)s: nobody has to decide it any more.") % {"alert": alert.reference}
        for alert in alerts[:MOST_AT_ONCE]
        if alert.id not in waiting
    ]
    return Handed(count=len(alerts[:MOST_AT_ONCE]) - len(refusals), refusals=tuple(refusals))


def record_people_shown(
    *, actor: Actor, alert: Alert, people: Iterable[UUID], entries: Iterable[UUID]
) -> None:
    """Record that what is held of these people, and these watchlist entries, was shown beside an alert."""
    details = {"alert": str(alert.id)}
    shown = [(Event.PERSON_VIEWED, Subject("person", one)) for one in people]
    shown += [(Event.ENTRY_VIEWED, Subject("watchlist_entry", one)) for one in entries]
    with transaction.atomic():
        for event, subject in shown:
            record(actor=actor, event=event, subject=subject, details=details)


def _hand(*, actor: Actor, user: User, task: HumanTask, to: User | None) -> None:
    with transaction.atomic():
        if to is None:
            release_task(actor=actor, user=user, task=task)
        elif to.id == user.id and not user.may(Permission.ASSIGN_TASKS):
            claim_task(actor=actor, user=user, task=task)
        else:
            assign_task(actor=actor, user=user, task=task, to=to)
