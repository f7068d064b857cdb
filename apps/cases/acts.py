"""What people do in a case, as one table: the screen and the API take shape, operation and words from here."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils.translation import gettext, gettext_noop
from rest_framework.serializers import Serializer

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.alerts.models import Alert
from apps.alerts.queries import alerts_visible_to
from apps.audit.events import Actor
from apps.cases import operations, serializers
from apps.cases.models import AlertLink, Case, CaseLink, CasePerson, CaseRelation, PersonRole
from apps.cases.operations import UnableToChangeCase
from apps.cases.queries import cases_visible_to
from apps.sites.queries import allows

END_OF_DAY: Final = time(23, 59)
_REFERENCE = re.compile(r"(?:[ac]-)?([0-9a-f]{8})", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Doing:
    """Who does something to which case, and when."""

    actor: Actor
    user: User
    case: Case
    now: datetime


@dataclass(frozen=True, kw_only=True)
class Act:
    """One thing to do: its address, the shape of what is sent, what it does, and what is said afterwards."""

    name: str
    shape: type[Serializer[Any]]
    perform: Callable[[Doing, dict[str, Any]], object]
    done: str


def _common(doing: Doing) -> dict[str, Any]:
    return {"actor": doing.actor, "case": doing.case, "now": doing.now}


def _assign(doing: Doing, sent: dict[str, Any]) -> None:
    operations.assign_case(actor=doing.actor, case=doing.case, assignee=sent["assignee"])


def _note(doing: Doing, sent: dict[str, Any]) -> object:
    pins = {"incident_id": sent["incident"], "person_id": sent["person"]}
    return operations.add_note(**_common(doing), text=sent["text"], **pins)


def _edit(doing: Doing, sent: dict[str, Any]) -> object:
    return operations.edit_note(
        **_common(doing), note_id=sent["note"], base=sent["base"], text=sent["text"]
    )


def _task(doing: Doing, sent: dict[str, Any]) -> object:
    return operations.add_task(**_common(doing), title=sent["title"], **_plan(doing, sent))


def _task_plan(doing: Doing, sent: dict[str, Any]) -> None:
    operations.plan_task(
        actor=doing.actor, case=doing.case, task_id=sent["task"], **_plan(doing, sent)
    )


def _plan(doing: Doing, sent: dict[str, Any]) -> dict[str, Any]:
    due_at = sent["due_at"]
    if sent["due_on"]:
        zone = ZoneInfo(doing.case.site.timezone)
        due_at = datetime.combine(sent["due_on"], END_OF_DAY, tzinfo=zone)
    return {"due_at": due_at, "assignee": sent["assignee"]}


def _task_done(doing: Doing, sent: dict[str, Any]) -> None:
    operations.set_task_done(**_common(doing), task_id=sent["task"], done=sent["done"])


def _offence(doing: Doing, sent: dict[str, Any]) -> None:
    operations.set_offence(**_common(doing), offence=sent["offence"], fields=sent["particulars"])


def _person(doing: Doing, sent: dict[str, Any]) -> object:
    return operations.add_person(
        **_common(doing),
        role=PersonRole(sent["role"]),
        name=sent["name"],
        observed=sent["observed"],
        entry_id=sent["entry"],
        reason=sent["reason"],
    )


def _alert(doing: Doing, sent: dict[str, Any]) -> object:
    alert: Alert = _named(alerts_visible_to(doing.user), sent["alert"], "alert")
    return operations.link_alert(**_common(doing), alert=alert, reason=sent["reason"])


def _link(doing: Doing, sent: dict[str, Any]) -> object:
    relation = CaseRelation(sent["relation"])
    other = _case(doing.user, sent["other"])
    return operations.link_cases(
        **_common(doing), other=other, relation=relation, reason=sent["reason"]
    )


def _end(doing: Doing, sent: dict[str, Any]) -> None:
    case = doing.case
    rows: dict[str, QuerySet[Any]] = {
        "alert": AlertLink.objects.filter(case=case),
        "person": CasePerson.objects.filter(case=case),
        "case": CaseLink.objects.filter(case=case) | CaseLink.objects.filter(other=case),
    }
    found = rows[sent["kind"]].filter(id=sent["connection"]).first()
    if found is None:
        raise UnableToChangeCase(gettext("There is no such link in this case."))
    operations.end_connection(**_common(doing), connection=found, reason=sent["reason"])


def _merge(doing: Doing, sent: dict[str, Any]) -> object:
    target = _case(doing.user, sent["into"])
    return operations.merge_cases(
        actor=doing.actor, source=doing.case, target=target, reason=sent["reason"], now=doing.now
    )


def _split(doing: Doing, sent: dict[str, Any]) -> object:
    return operations.split_case(
        **_common(doing), incident_ids=sent["incidents"], reason=sent["reason"]
    )


def _undo(doing: Doing, sent: dict[str, Any]) -> object:
    target = doing.case.merged_into
    if target and not allows(doing.user, Permission.EDIT_CASES, target.site_id):
        raise UnableToChangeCase(gettext("You do not work on the case it was merged into."))
    return operations.undo_merge(
        actor=doing.actor, source=doing.case, reason=sent["reason"], now=doing.now
    )


def _case(user: User, text: str) -> Case:
    found: Case = _named(cases_visible_to(user), text, "case")
    if not allows(user, Permission.EDIT_CASES, found.site_id):
        raise UnableToChangeCase(gettext("You do not work on that case."))
    return found


def _named(rows: QuerySet[Any], text: str, kind: str) -> Any:
    """The one row the reference or id names. Raises UnableToChangeCase for none, or for several."""
    reference = _REFERENCE.fullmatch(text.strip())
    try:
        if reference:
            digits = reference.group(1)
            span = (UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f")))
            found = list(rows.filter(id__range=span)[:2])
        else:
            found = list(rows.filter(id=UUID(text.strip())))
    except ValueError:
        found = []
    if len(found) != 1:
        raise UnableToChangeCase(
            gettext("No %(kind)s you may see is called that.") % {"kind": kind}
        )
    return found[0]


ACTS = (
    Act(
        name="assign",
        shape=serializers.Assigning,
        perform=_assign,
        done=gettext_noop("The case was given."),
    ),
    Act(
        name="note",
        shape=serializers.NoteWriting,
        perform=_note,
        done=gettext_noop("The note is kept."),
    ),
    Act(
        name="note-edit",
        shape=serializers.NoteEditing,
        perform=_edit,
        done=gettext_noop("The note was rewritten."),
    ),
    Act(
        name="task",
        shape=serializers.TaskAdding,
        perform=_task,
        done=gettext_noop("The task was added."),
    ),
    Act(
        name="task-plan",
        shape=serializers.TaskPlanning,
        perform=_task_plan,
        done=gettext_noop("The task was planned."),
    ),
    Act(
        name="task-done",
        shape=serializers.TaskDoing,
        perform=_task_done,
        done=gettext_noop("The task was changed."),
    ),
    Act(
        name="offence",
        shape=serializers.OffenceSetting,
        perform=_offence,
        done=gettext_noop("The checklist was added."),
    ),
    Act(
        name="person",
        shape=serializers.PersonAdding,
        perform=_person,
        done=gettext_noop("The person was added."),
    ),
    Act(
        name="alert",
        shape=serializers.AlertLinking,
        perform=_alert,
        done=gettext_noop("The alert was linked."),
    ),
    Act(
        name="link",
        shape=serializers.CaseLinking,
        perform=_link,
        done=gettext_noop("The cases are linked."),
    ),
    Act(
        name="end",
        shape=serializers.Ending,
        perform=_end,
        done=gettext_noop("It was taken back and stays in the history."),
    ),
    Act(
        name="merge",
        shape=serializers.Merging,
        perform=_merge,
        done=gettext_noop("The cases are one now; this one stays readable."),
    ),
    Act(
        name="split",
        shape=serializers.Splitting,
        perform=_split,
        done=gettext_noop("The incidents are a case of their own now."),
    ),
    Act(
        name="unmerge",
        shape=serializers.Undoing,
        perform=_undo,
        done=gettext_noop("The merge was undone; the case is open again."),
    ),
)
