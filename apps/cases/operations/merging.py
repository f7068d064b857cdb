"""Merging two cases, splitting one, and undoing a merge: rows are pointed elsewhere, and the act is kept.

Exhibits stay where they were numbered, and released case files with the case they were written of.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from django.db import models, transaction
from django.db.models import F
from django.utils.translation import gettext

from apps.audit.events import Actor, Event
from apps.cases.models import (
    ActKind,
    AlertLink,
    Case,
    CaseAct,
    CasePerson,
    CaseTask,
    Incident,
    Note,
)
from apps.cases.operations.changing import UnableToChangeCase, lock_case, required, tell
from apps.cases.operations.working import person_of
from apps.triage.states import CASE, CaseState

Moved = Mapping[str, Collection[str]]
KINDS: dict[str, type[models.Model]] = {
    "incident": Incident,
    "note": Note,
    "task": CaseTask,
    "person": CasePerson,
    "alert_link": AlertLink,
}


def merge_cases(*, actor: Actor, source: Case, target: Case, reason: str, now: datetime) -> CaseAct:
    """Move everything of `source` into `target` and close it; it stays readable. Raises UnableToChangeCase."""
    reason = required(reason, "why the two are one case")
    if source.id == target.id:
        raise UnableToChangeCase(gettext("A case is not merged with itself."))
    with transaction.atomic():
        source, target = _lock_both(source, target)
        if source.is_drill != target.is_drill:
            raise UnableToChangeCase(gettext("A drill is not merged with a real case."))
        if source.state != CaseState.CLOSED and not CASE.allows(source.state, CaseState.CLOSED):
            raise UnableToChangeCase(
                gettext("A case that is %(source_state)s cannot be merged.")
                % {"source_state": source.state}
            )
        act = _move(
            actor, ActKind.MERGE, source, target, _all_of(source, target), reason=reason, now=now
        )
        Case.objects.filter(id=source.id).update(
            state=CaseState.CLOSED, merged_into=target, merged_at=now, version=F("version") + 1
        )
        _tell(actor, Event.CASE_MERGED, act)
    return act


def split_case(
    *, actor: Actor, case: Case, incident_ids: Collection[UUID], reason: str, now: datetime
) -> Case:
    """Take chosen incidents, and the notes pinned to them, into a new case. Raises UnableToChangeCase."""
    reason = required(reason, "why they are a case of their own")
    with transaction.atomic():
        locked = lock_case(case, extend=True)
        all_ids = set(locked.incidents.values_list("id", flat=True))
        chosen = set(incident_ids)
        if not chosen or not chosen < all_ids:
            raise UnableToChangeCase(
                gettext("Choose some of the case's incidents, but not all of them.")
            )
        first = Incident.objects.select_related("disposition").filter(id__in=chosen)[0]
        made = Case.objects.create(
            tenant_id=case.tenant_id,
            site_id=first.site_id,
            title=case.title,
            is_drill=locked.is_drill,
            opened_by=first.disposition.decided_by,
            opened_at=now,
        )
        notes = locked.notes.filter(incident_id__in=chosen).values_list("id", flat=True)
        moved = {"incident": _texts(chosen), "note": _texts(notes)}
        act = _move(actor, ActKind.SPLIT, locked, made, moved, reason=reason, now=now)
        _tell(actor, Event.CASE_SPLIT, act)
    return made


def undo_merge(*, actor: Actor, source: Case, reason: str, now: datetime) -> CaseAct:
    """Give a merged case back what it brought and open it again. Raises UnableToChangeCase.

    What was written in the other case since stays there.
    """
    reason = required(reason, "why they are two cases after all")
    with transaction.atomic():
        source = Case.objects.select_for_update(of=("self",)).get(id=source.id)
        if source.merged_into is None:
            raise UnableToChangeCase(gettext("This case is not merged into another one."))
        target = lock_case(source.merged_into, extend=True)
        merge = source.acts_away.filter(kind=ActKind.MERGE, target=target).latest("acted_at")
        still = {
            kind: _texts(
                KINDS[kind]
                ._default_manager.filter(id__in=ids, case_id=target.id)
                .values_list("id", flat=True)
            )
            for kind, ids in merge.moved.items()
        }
        if not Incident.objects.filter(case=target).exclude(id__in=still["incident"]).exists():
            raise UnableToChangeCase(gettext("The other case would be left without any incident."))
        Case.objects.filter(id=source.id).update(
            state=CaseState.REOPENED, merged_into=None, merged_at=None, version=F("version") + 1
        )
        act = _move(actor, ActKind.UNDO, target, source, still, reason=reason, now=now)
        _tell(actor, Event.CASE_MERGE_UNDONE, act)
    return act


def _lock_both(source: Case, target: Case) -> tuple[Case, Case]:
    """Both rows, locked in one order whichever way round two people merge them."""
    found = {
        one.id: lock_case(one, extend=True)
        for one in sorted((source, target), key=lambda one: one.id)
    }
    return found[source.id], found[target.id]


def _all_of(source: Case, target: Case) -> Moved:
    """What moves in a merge: all but links and people that the target has already."""
    alerts = target.alert_links.filter(ended_at=None).values("alert_id")
    links = source.alert_links.exclude(ended_at=None, alert_id__in=alerts)
    there = set(target.people.filter(ended_at=None).values_list("person_id", "role"))
    people = [
        one.id
        for one in source.people.all()
        if one.ended_at or (one.person_id, one.role) not in there
    ]
    return {
        "incident": _texts(source.incidents.values_list("id", flat=True)),
        "note": _texts(source.notes.values_list("id", flat=True)),
        "task": _texts(source.tasks.values_list("id", flat=True)),
        "person": _texts(people),
        "alert_link": _texts(links.values_list("id", flat=True)),
    }


def _move(
    actor: Actor,
    kind: ActKind,
    source: Case,
    target: Case,
    moved: Moved,
    *,
    reason: str,
    now: datetime,
) -> CaseAct:
    for name, ids in moved.items():
        KINDS[name]._default_manager.filter(id__in=ids, case_id=source.id).update(case_id=target.id)
    return CaseAct.objects.create(
        tenant_id=source.tenant_id,
        kind=kind,
        source=source,
        target=target,
        moved=moved,
        reason=reason,
        acted_by=person_of(actor),
        acted_at=now,
    )


def _tell(actor: Actor, event: Event, act: CaseAct) -> None:
    """Both cases say what happened: what went where, in numbers, and the act that lists it."""
    details: dict[str, str | int | bool] = {
        "source": str(act.source_id),
        "target": str(act.target_id),
        "act": str(act.id),
        "incidents": len(act.moved["incident"]),
    }
    for case in (act.source, act.target):
        tell(actor, event, case, reason=act.reason, **details)


def _texts(ids: Collection[UUID]) -> list[str]:
    return sorted(str(one) for one in ids)
