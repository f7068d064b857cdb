"""Human tasks: opened by the workflow, taken by people, reminded of by time. Time never decides one."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext

from apps.accounts.live import publish_live
from apps.accounts.models import User
from apps.accounts.permissions import Permission, Role
from apps.accounts.queries import name_of
from apps.alerts.models import Alert
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.reviews.models import HumanTask, TaskKind
from apps.sites.queries import allows, people_of_site
from apps.triage.states import TaskState


class UnableToTakeTask(Exception):
    """The task cannot be taken or given; `sentence` says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def open_task(
    *,
    alert: Alert,
    kind: TaskKind = TaskKind.REVIEW,
    due_at: datetime,
    required_confirmations: int = 1,
    now: datetime,
) -> HumanTask:
    """Put an alert in front of people. An alert has one open task at most: asked again, it is returned.

    Runs inside the tenant's scope. Two at the same moment: the second is refused by the database (IntegrityError).
    """
    known = HumanTask.objects.filter(alert=alert, state=TaskState.OPEN).first()
    if known is not None:
        return known
    task = HumanTask(
        tenant_id=alert.tenant_id,
        alert=alert,
        kind=kind,
        opened_at=now,
        due_at=due_at,
        required_confirmations=required_confirmations,
    )
    task.save(force_insert=True)
    details = {"kind": str(kind), "people": required_confirmations}
    _record(Actor.system(alert.tenant_id), task, Event.TASK_OPENED, details)
    return task


def remind_task(*, task_id: UUID, at: datetime, now: datetime) -> bool:
    """Remind of an open task, once for the moment `at`. False when there is nothing to remind of."""
    not_yet = Q(reminded_at__isnull=True) | Q(reminded_at__lt=at)
    return _take_step(task_id, not_yet, Event.TASK_REMINDED, reminded_at=now)


def reassign_task(*, task_id: UUID, at: datetime, now: datetime) -> bool:
    """Give an overdue task to the person of the site with the fewest, other than who had it; once for `at`."""
    with transaction.atomic():
        task = _locked(task_id)
        heir = _least_busy(_people(task, without=task.assignee_id))
        not_yet = Q(reassigned_at__isnull=True) | Q(reassigned_at__lt=at)
        changes: dict[str, object] = {"reassigned_at": now}
        if heir is not None:
            changes["assignee_id"] = heir.id
        return _take_step(task_id, not_yet, Event.TASK_REASSIGNED, **changes)


def escalate_task(*, task_id: UUID, at: datetime, now: datetime) -> bool:
    """Put an overdue task in front of a lead, who decides like anybody else; once for `at`."""
    with transaction.atomic():
        task = _locked(task_id)
        leads = [p for p in _people(task, without=None) if Role(p.role) is Role.LP_LEAD]
        lead = _least_busy(leads)
        not_yet = Q(escalated_at__isnull=True) | Q(escalated_at__lt=at)
        changes: dict[str, object] = {"escalated_at": now}
        if lead is not None:
            changes["assignee_id"] = lead.id
        return _take_step(task_id, not_yet, Event.TASK_ESCALATED, **changes)


def claim_task(*, actor: Actor, user: User, task: HumanTask) -> None:
    """Take an open task nobody has. Raises UnableToTakeTask."""
    if not allows(user, Permission.DECIDE, task.alert.site_id):
        raise UnableToTakeTask(gettext("You may not decide alerts at this site."))
    if task.assignee_id == user.id:
        return
    if _open(task.id).filter(assignee__isnull=True).update(assignee=user) != 1:
        raise UnableToTakeTask(_why_not_free(task.id))
    _record(actor, task, Event.TASK_CLAIMED, {"assignee": str(user.id)})


def release_task(*, actor: Actor, user: User, task: HumanTask) -> None:
    """Give an open task back to everybody. Raises UnableToTakeTask."""
    if _open(task.id).filter(assignee=user).update(assignee=None) != 1:
        raise UnableToTakeTask(gettext("This task is not yours, or it is done."))
    _record(actor, task, Event.TASK_RELEASED, {})


def assign_task(*, actor: Actor, user: User, task: HumanTask, to: User) -> None:
    """Give an open task to somebody who may decide it. Raises UnableToTakeTask."""
    site_id = task.alert.site_id
    if not allows(user, Permission.ASSIGN_TASKS, site_id):
        raise UnableToTakeTask(gettext("You may not assign tasks at this site."))
    if to.tenant_id != user.tenant_id or not allows(to, Permission.DECIDE, site_id):
        raise UnableToTakeTask(gettext("This person may not decide alerts at this site."))
    if _open(task.id).update(assignee=to) != 1:
        raise UnableToTakeTask(gettext("This task is done."))
    _record(actor, task, Event.TASK_REASSIGNED, {"assignee": str(to.id)})


def _take_step(task_id: UUID, not_yet: Q, event: Event, **changes: object) -> bool:
    if _open(task_id).filter(not_yet).update(**changes) != 1:
        return False
    task = HumanTask.objects.select_related("alert").get(id=task_id)
    details: dict[str, object] = {"assignee": str(task.assignee_id)} if task.assignee_id else {}
    _record(Actor.system(task.tenant_id), task, event, details)
    return True


def _record(actor: Actor, task: HumanTask, event: Event, details: dict[str, object]) -> None:
    record(
        actor=actor,
        event=event,
        subject=Subject("alert", task.alert_id),
        details={"task": str(task.id)} | details,
    )
    publish_live(
        tenant_id=task.tenant_id,
        topic="task",
        subject_id=task.alert_id,
        site_id=task.alert.site_id,
    )


def _open(task_id: UUID) -> QuerySet[HumanTask]:
    return HumanTask.objects.filter(id=task_id, state=TaskState.OPEN)


def _locked(task_id: UUID) -> HumanTask:
    tasks = HumanTask.objects.select_related("alert__site")
    return tasks.select_for_update(of=("self",)).get(id=task_id)


def _people(task: HumanTask, *, without: UUID | None) -> list[User]:
    """Who may decide at the task's site, but not who has confirmed it already."""
    confirmed = set(task.confirmations.values_list("user_id", flat=True))
    people = people_of_site(task.alert.site, Permission.DECIDE)
    return [p for p in people if p.id != without and p.id not in confirmed]


def _least_busy(people: Sequence[User]) -> User | None:
    """The one with the fewest open tasks; of equals the first by name, so that it can be foretold."""
    open_tasks = Count("human_tasks", filter=Q(human_tasks__state=TaskState.OPEN))
    ranked = User.objects.filter(id__in=[p.id for p in people]).annotate(open_tasks=open_tasks)
    return ranked.order_by("open_tasks", "username").first()


def _why_not_free(task_id: UUID) -> str:
    task = HumanTask.objects.get(id=task_id)
    if task.state != TaskState.OPEN:
        return gettext("This task is done.")
    return gettext("%(name)s has this task.") % {"name": name_of(task.assignee_id)}
