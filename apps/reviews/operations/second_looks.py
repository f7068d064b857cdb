"""Asking somebody else to look: a person who is not sure hands the task on, and says what to look at."""

from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Count, Q
from django.utils.translation import gettext

from apps.accounts.live import publish_live
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.reviews.models import HumanTask
from apps.reviews.operations.human_tasks import UnableToTakeTask
from apps.sites.queries import allows, people_of_site
from apps.triage.states import TaskState

SHORTEST: Final = 5
LONGEST: Final = 500


def ask_for_second_look(
    *, actor: Actor, user: User, task: HumanTask, reason: str, now: datetime
) -> User | None:
    """Hand an open task to another person of the site, with what they should look at; return that person.

    The one with the fewest open tasks gets it. With nobody else at the site it is free for everybody again, and None
    is returned. Deciding needs no second look, and asking for one decides nothing. Raises UnableToTakeTask.
    """
    if not allows(user, Permission.DECIDE, task.alert.site_id):
        raise UnableToTakeTask(gettext("You may not decide alerts at this site."))
    reason = reason.strip()
    if not SHORTEST <= len(reason) <= LONGEST:
        raise UnableToTakeTask(
            gettext(
                "Say in %(shortest)s to %(longest)s characters what the other person should look at."
            )
            % {"shortest": SHORTEST, "longest": LONGEST}
        )
    with transaction.atomic():
        other = _other(task, user)
        open_tasks = HumanTask.objects.filter(id=task.id, state=TaskState.OPEN)
        handed = open_tasks.update(
            assignee=other,
            second_look_by=user.id,
            second_look_at=now,
            second_look_reason=reason,
        )
        if handed != 1:
            raise UnableToTakeTask(gettext("This task is done."))
        record(
            actor=actor,
            event=Event.TASK_SECOND_LOOK,
            subject=Subject("alert", task.alert_id),
            reason=reason,
            details={"task": str(task.id), "assignee": str(other.id) if other else ""},
        )
        publish_live(
            tenant_id=task.tenant_id,
            topic="task",
            subject_id=task.alert_id,
            site_id=task.alert.site_id,
        )
    return other


def _other(task: HumanTask, user: User) -> User | None:
    """Somebody else who may decide here and has not confirmed this yet: of equals the first by name."""
    confirmed = set(task.confirmations.values_list("user_id", flat=True))
    people = [
        person.id
        for person in people_of_site(task.alert.site, Permission.DECIDE)
        if person.id != user.id and person.id not in confirmed
    ]
    open_tasks = Count("human_tasks", filter=Q(human_tasks__state=TaskState.OPEN))
    ranked = User.objects.filter(id__in=people).annotate(open_tasks=open_tasks)
    return ranked.order_by("open_tasks", "username").first()
